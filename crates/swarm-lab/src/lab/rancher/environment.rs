//! What a Rancher environment is: hosts, stacks, their services, and the containers of these on the hosts. One global
//! service is the one of the monitors, with a container on every host; a test may add others.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde_json::{Map, Value, json};

pub use super::states::{HostState, ServiceState};

pub const ACCOUNT: &str = "1a5";
pub const STACK: &str = "swarm";
pub const SERVICE: &str = "swarmkit-mon";
/// The executor's own key in a service's metadata.
pub const HASH: &str = "io.rancher.service.hash";

/// A host.
#[derive(Debug, Clone, PartialEq)]
pub struct Host {
    pub number: u64,
    pub uuid: String,
    pub hostname: String,
    /// Its real address.
    pub source: IpAddr,
    /// What Rancher knows its address to be; for some hosts it never learns it.
    pub agent_ip: Option<IpAddr>,
    pub labels: BTreeMap<String, String>,
    pub state: HostState,
}

impl Host {
    /// Its name in the API, such as `1h3`.
    pub fn id(&self) -> String {
        format!("1h{}", self.number)
    }
}

/// A stack.
#[derive(Debug, Clone, PartialEq)]
pub struct Stack {
    pub number: u64,
    pub uuid: String,
    pub name: String,
    /// Whether it is one of the infrastructure's.
    pub system: bool,
}

impl Stack {
    /// Its name in the API.
    pub fn id(&self) -> String {
        format!("1st{}", self.number)
    }
}

/// A service.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    pub number: u64,
    pub uuid: String,
    pub name: String,
    pub stack_uuid: String,
    pub metadata: Map<String, Value>,
    pub state: ServiceState,
    /// Whether it has one container on each host.
    pub global: bool,
}

impl Service {
    /// Its name in the API.
    pub fn id(&self) -> String {
        format!("1s{}", self.number)
    }
}

/// A container, of a service or on its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Container {
    pub uuid: String,
    pub name: String,
    pub host_uuid: String,
    pub service_uuid: Option<String>,
    /// What the host's engine calls it.
    pub external_id: String,
    /// Its own address; without one it is on the host's network.
    pub address: Option<IpAddr>,
    /// Such as `8080:80/tcp`.
    pub ports: Vec<String>,
    pub create_index: u64,
    pub service_index: u64,
    pub state: String,
}

/// How `create_index` is written: real servers do both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CreateIndex {
    Number,
    Text,
    /// Text where it is odd.
    Mixed,
}

/// The whole of it, at one time.
#[derive(Debug, Clone, PartialEq)]
pub struct Environment {
    pub uuid: String,
    pub hosts: Vec<Host>,
    pub stacks: Vec<Stack>,
    pub services: Vec<Service>,
    pub containers: Vec<Container>,
    /// The service of the monitors.
    pub service_uuid: String,
    pub create_index: CreateIndex,
    /// The machines whose agents say that they are another host: their addresses, and that host's uuid.
    pub clones: BTreeMap<IpAddr, String>,
    numbers: u64,
}

impl Environment {
    /// One without hosts. Two of different `seed` share no uuid.
    pub fn new(seed: u32) -> Self {
        let mut environment = Self {
            uuid: uuid(seed, 0xe),
            hosts: Vec::new(),
            stacks: Vec::new(),
            services: Vec::new(),
            containers: Vec::new(),
            service_uuid: String::new(),
            create_index: CreateIndex::Number,
            clones: BTreeMap::new(),
            numbers: (u64::from(seed) << 32) + 0x10,
        };
        let stack = environment.add_stack(STACK, true);
        environment.service_uuid = environment.add_service(&stack, SERVICE, true);
        environment
    }

    fn next(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers & 0xffff_ffff
    }

    fn next_uuid(&mut self) -> String {
        let number = self.next();
        uuid((self.numbers >> 32) as u32, number)
    }

    fn next_create_index(&self) -> u64 {
        self.containers.iter().map(|container| container.create_index + 1).max().unwrap_or(1)
    }

    /// Adds a stack; its uuid.
    pub fn add_stack(&mut self, name: &str, system: bool) -> String {
        let (uuid, number) = (self.next_uuid(), self.stacks.len() as u64 + 1);
        self.stacks.push(Stack { number, uuid: uuid.clone(), name: name.to_owned(), system });
        uuid
    }

    /// Adds a service, without containers; its uuid. Its metadata is what the executor writes.
    pub fn add_service(&mut self, stack: &str, name: &str, global: bool) -> String {
        let (uuid, number) = (self.next_uuid(), self.services.len() as u64 + 1);
        let service = Service {
            number,
            uuid: uuid.clone(),
            name: name.to_owned(),
            stack_uuid: stack.to_owned(),
            metadata: [(HASH.to_owned(), json!(format!("{number:040x}")))].into_iter().collect(),
            state: ServiceState::Active,
            global,
        };
        self.services.push(service);
        uuid
    }

    /// Adds a container to a host, of a service or on its own; its uuid.
    pub fn add_container(&mut self, host: &str, service: Option<&str>, address: Option<IpAddr>) -> String {
        let of = |container: &&Container| container.service_uuid.as_deref() == service;
        let service_index = self.containers.iter().filter(of).map(|one| one.service_index).max().unwrap_or(0) + 1;
        let (uuid, external_id, create_index) = (self.next_uuid(), self.next_external_id(), self.next_create_index());
        let name = match service.map(|service| self.service_of(service)) {
            Some(service) => format!("{}-{}-{service_index}", self.stack_of(service).name, service.name),
            None => format!("alone-{service_index}"),
        };
        self.containers.push(Container {
            uuid: uuid.clone(),
            name,
            host_uuid: host.to_owned(),
            service_uuid: service.map(str::to_owned),
            external_id,
            address,
            ports: Vec::new(),
            create_index,
            service_index,
            state: "running".to_owned(),
        });
        uuid
    }

    fn next_external_id(&mut self) -> String {
        format!("{:064x}", self.next())
    }

    /// Registers a host, with a container of each global service on it; its uuid. `create_index` is that of the monitors'
    /// container, by default the next.
    pub fn register(&mut self, hostname: &str, source: IpAddr, create_index: Option<u64>) -> String {
        let uuid = self.next_uuid();
        self.hosts.push(Host {
            number: self.hosts.len() as u64 + 1,
            uuid: uuid.clone(),
            hostname: hostname.to_owned(),
            source,
            agent_ip: Some(source),
            labels: BTreeMap::new(),
            state: HostState::Active,
        });
        let global: Vec<String> =
            self.services.iter().filter(|service| service.global).map(|service| service.uuid.clone()).collect();
        for service in global {
            self.add_container(&uuid, Some(&service), None);
        }
        if let Some(create_index) = create_index {
            self.container_mut(&uuid).create_index = create_index;
        }
        uuid
    }

    /// The host with this uuid.
    pub fn host(&self, uuid: &str) -> &Host {
        self.hosts.iter().find(|host| host.uuid == uuid).unwrap_or_else(|| panic!("no host {uuid}"))
    }

    /// The host with this uuid, to change it.
    pub fn host_mut(&mut self, uuid: &str) -> &mut Host {
        self.hosts.iter_mut().find(|host| host.uuid == uuid).unwrap_or_else(|| panic!("no host {uuid}"))
    }

    /// The service of the monitors.
    pub fn service(&self) -> &Service {
        self.service_of(&self.service_uuid)
    }

    /// The service of the monitors, to change it.
    pub fn service_mut(&mut self) -> &mut Service {
        let uuid = &self.service_uuid;
        self.services.iter_mut().find(|service| service.uuid == *uuid).expect("the monitors' service")
    }

    /// The service with this uuid.
    pub fn service_of(&self, uuid: &str) -> &Service {
        self.services.iter().find(|service| service.uuid == uuid).unwrap_or_else(|| panic!("no service {uuid}"))
    }

    /// The stack that a service is in.
    pub fn stack_of(&self, service: &Service) -> &Stack {
        let found = self.stacks.iter().find(|stack| stack.uuid == service.stack_uuid);
        found.unwrap_or_else(|| panic!("no stack {}", service.stack_uuid))
    }

    /// Gives the stack of the monitors another name, as a person may in the UI.
    pub fn rename_stack(&mut self, name: &str) {
        let uuid = self.service().stack_uuid.clone();
        let stack = self.stacks.iter_mut().find(|stack| stack.uuid == uuid).expect("the monitors' stack");
        name.clone_into(&mut stack.name);
    }

    /// Removes a stack with all that it has.
    pub fn remove_stack(&mut self, name: &str) {
        let stacks: Vec<String> =
            self.stacks.iter().filter(|stack| stack.name == name).map(|stack| stack.uuid.clone()).collect();
        let of = |service: &Service| stacks.contains(&service.stack_uuid);
        let services: Vec<String> =
            self.services.iter().filter(|service| of(service)).map(|service| service.uuid.clone()).collect();
        self.containers
            .retain(|container| !container.service_uuid.as_ref().is_some_and(|uuid| services.contains(uuid)));
        self.services.retain(|service| !of(service));
        self.stacks.retain(|stack| stack.name != name);
    }

    /// The monitors' container on this host.
    pub fn container_mut(&mut self, host: &str) -> &mut Container {
        let service = Some(&self.service_uuid);
        let mut all = self.containers.iter_mut();
        let found = all.find(|container| container.host_uuid == host && container.service_uuid.as_ref() == service);
        found.unwrap_or_else(|| panic!("no container on host {host}"))
    }

    /// Puts another container in the place of the monitors' on this host. Its engine has not started it yet.
    pub fn replace_container(&mut self, host: &str) {
        let (uuid, external_id, create_index) = (self.next_uuid(), self.next_external_id(), self.next_create_index());
        let container = self.container_mut(host);
        (container.uuid, container.external_id, container.create_index) = (uuid, external_id, create_index);
        "starting".clone_into(&mut container.state);
    }

    /// Moves a host to a state. A host that is removed takes its containers along.
    pub fn set_state(&mut self, uuid: &str, state: HostState) {
        self.host_mut(uuid).state = state;
        if !state.is_listed() {
            self.containers.retain(|container| container.host_uuid != uuid);
        }
    }

    /// The host that the agent of the machine at this address says it is: the newest that is there, as machines are
    /// registered again.
    pub fn host_at(&self, source: IpAddr) -> Option<&Host> {
        let clone = self.clones.get(&source);
        let is = |host: &&Host| clone.map_or(host.source == source, |uuid| host.uuid == *uuid);
        self.hosts.iter().rev().find(|host| is(host) && host.state.is_listed())
    }
}

fn uuid(seed: u32, number: u64) -> String {
    format!("{seed:08x}-0000-4000-8000-{number:012x}")
}
