//! What a Rancher environment is: hosts, and one global service with a container on each of them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde_json::{Map, Value};

pub const ACCOUNT: &str = "1a5";
pub const STACK: &str = "swarm";
pub const SERVICE: &str = "swarmkit-mon";

/// The life of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostState {
    Active,
    Disconnected,
    Deactivating,
    Inactive,
    Removed,
    Purged,
}

impl HostState {
    /// As the API writes it.
    pub fn text(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disconnected => "disconnected",
            Self::Deactivating => "deactivating",
            Self::Inactive => "inactive",
            Self::Removed => "removed",
            Self::Purged => "purged",
        }
    }

    /// Whether lists and metadata still show it.
    pub fn is_listed(self) -> bool {
        !matches!(self, Self::Removed | Self::Purged)
    }
}

/// A host.
#[derive(Debug, Clone, PartialEq)]
pub struct Host {
    pub number: u64,
    pub uuid: String,
    pub hostname: String,
    /// Where its requests come from.
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

/// The service's container on a host.
#[derive(Debug, Clone, PartialEq)]
pub struct Container {
    pub uuid: String,
    pub host_uuid: String,
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
    pub hosts: Vec<Host>,
    pub containers: Vec<Container>,
    /// The service's metadata.
    pub metadata: Map<String, Value>,
    pub service_uuid: String,
    pub create_index: CreateIndex,
    numbers: u64,
}

impl Environment {
    /// One without hosts. Two of different `seed` share no uuid.
    pub fn new(seed: u32) -> Self {
        Self {
            hosts: Vec::new(),
            containers: Vec::new(),
            metadata: Map::new(),
            service_uuid: uuid(seed, 0),
            create_index: CreateIndex::Number,
            numbers: u64::from(seed) << 32,
        }
    }

    fn next(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers & 0xffff_ffff
    }

    fn next_uuid(&mut self) -> String {
        let number = self.next();
        uuid((self.numbers >> 32) as u32, number)
    }

    /// Registers a host, with the service's container on it; its uuid. `create_index` is that of the container, by
    /// default the next.
    pub fn register(&mut self, hostname: &str, source: IpAddr, create_index: Option<u64>) -> String {
        let uuid = self.next_uuid();
        let number = self.hosts.len() as u64 + 1;
        let next = self.containers.iter().map(|container| container.create_index + 1).max().unwrap_or(1);
        let container = Container {
            uuid: self.next_uuid(),
            host_uuid: uuid.clone(),
            create_index: create_index.unwrap_or(next),
            service_index: number,
            state: "running".to_owned(),
        };
        self.hosts.push(Host {
            number,
            uuid: uuid.clone(),
            hostname: hostname.to_owned(),
            source,
            agent_ip: Some(source),
            labels: BTreeMap::new(),
            state: HostState::Active,
        });
        self.containers.push(container);
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

    /// The service's container on this host.
    pub fn container_mut(&mut self, host: &str) -> &mut Container {
        let found = self.containers.iter_mut().find(|container| container.host_uuid == host);
        found.unwrap_or_else(|| panic!("no container on host {host}"))
    }

    /// Puts another container in the place of the service's on this host.
    pub fn replace_container(&mut self, host: &str) {
        let uuid = self.next_uuid();
        let next = self.containers.iter().map(|container| container.create_index + 1).max().unwrap_or(1);
        let container = self.container_mut(host);
        (container.uuid, container.create_index) = (uuid, next);
        "starting".clone_into(&mut container.state);
    }

    /// Moves a host to a state. A host that is removed takes its container along.
    pub fn set_state(&mut self, uuid: &str, state: HostState) {
        self.host_mut(uuid).state = state;
        if !state.is_listed() {
            self.containers.retain(|container| container.host_uuid != uuid);
        }
    }

    /// The host from which a request came: the newest that is there, as machines are registered again.
    pub fn host_at(&self, source: IpAddr) -> Option<&Host> {
        self.hosts.iter().rev().find(|host| host.source == source && host.state.is_listed())
    }
}

fn uuid(seed: u32, number: u64) -> String {
    format!("{seed:08x}-0000-4000-8000-{number:012x}")
}
