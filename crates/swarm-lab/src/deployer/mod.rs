//! What Rancher does with a rendered entry, on the lab's engines: reads the environment template, asks the questions,
//! runs the compose files through template and interpolation, keeps one container a host, restarts one that ended, asks for
//! health, replaces what stays unhealthy, upgrades one host after the other.
//!
//! It takes the rendered files apart. A field, a label or a stack that it does not understand is an error: nothing of
//! what users get goes untested.

pub mod entry;
pub mod environment;
pub mod health;
pub mod names;
pub mod parts;
pub mod registry;
pub mod service;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::lab::rancher::environment::{SERVICE, STACK};
use crate::lab::{Host, Lab};
use entry::Entry;
use environment::Environment;
use health::{Health, Strategy, Watch};
use names::Names;
use service::{Given, Service};

/// How often the containers are looked at.
const LOOK: Duration = Duration::from_millis(200);
/// The pause between two hosts of an upgrade: the compose executor's own `interval_millis`.
const UPGRADE_PAUSE: Duration = Duration::from_secs(2);
/// How long a container may take to end before it is killed.
const STOP_S: u32 = 10;

/// A deployed environment. Its containers are left as they are when it is dropped.
pub struct Deployer {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
    /// Answers as long as it is there.
    _names: Option<Names>,
}

struct Shared {
    lab: Arc<Lab>,
    program: PathBuf,
    catalog: Mutex<PathBuf>,
    environment: Mutex<Environment>,
    slots: Vec<Mutex<Slot>>,
    seen: Vec<Mutex<Seen>>,
    end: AtomicBool,
}

/// What a host shall run, and runs.
#[derive(Default)]
struct Slot {
    service: Option<Arc<Service>>,
    container: Option<String>,
    watch: Option<Watch>,
}

/// What others may know of a host's container, at any time.
#[derive(Clone)]
struct Seen {
    health: Health,
    container: Option<String>,
    trouble: Option<String>,
}

impl Deployer {
    /// Makes the environment of the template that a rendered catalog has, with the questions' defaults for answers.
    /// `program` is gen-catalog.
    pub fn deploy(lab: &Arc<Lab>, catalog: &Path, program: &Path, answers: &[(&str, &str)]) -> Result<Self, String> {
        let environment = Environment::read(catalog, "swarm")?;
        let shared = Arc::new(Shared {
            lab: lab.clone(),
            program: program.to_owned(),
            catalog: Mutex::new(catalog.to_owned()),
            slots: lab.hosts.iter().map(|_| Mutex::default()).collect(),
            seen: lab
                .hosts
                .iter()
                .map(|_| Mutex::new(Seen { health: Health::Initializing, container: None, trouble: None }))
                .collect(),
            environment: Mutex::new(environment),
            end: AtomicBool::new(false),
        });
        let service = shared.service(answers)?;
        let names = if shared.environment.lock().unwrap().has_names {
            Some(
                Names::start(lab.network.gateway(), lab.metadata_address())
                    .map_err(|error| format!("the DNS server: {error}"))?,
            )
        } else {
            None
        };
        for slot in &shared.slots {
            slot.lock().unwrap().service = Some(service.clone());
        }
        let threads = (0..lab.hosts.len()).map(|index| {
            let shared = shared.clone();
            thread::spawn(move || shared.tend(index))
        });
        Ok(Self { threads: threads.collect(), shared, _names: names })
    }

    /// Upgrades the stack to what the catalog has now, with these answers: one host after the other, each healthy before
    /// the next.
    pub fn upgrade(&self, catalog: &Path, answers: &[(&str, &str)]) -> Result<(), String> {
        catalog.clone_into(&mut self.shared.catalog.lock().unwrap());
        let service = self.shared.service(answers)?;
        for (host, slot) in self.shared.lab.hosts.iter().zip(&self.shared.slots) {
            let mut slot = slot.lock().unwrap();
            self.shared.remove(host, &mut slot)?;
            slot.service = Some(service.clone());
            drop(slot);
            let start = Instant::now();
            while self.health(host.index) != Health::Healthy {
                if start.elapsed() > service.health_check.initializing_timeout {
                    return Err(format!("host {} is not healthy: {:?}", host.index, self.trouble(host.index)));
                }
                thread::sleep(LOOK);
            }
            thread::sleep(UPGRADE_PAUSE);
        }
        Ok(())
    }

    /// Whether every container is healthy.
    pub fn is_healthy(&self) -> Result<(), String> {
        let hosts = 0..self.shared.seen.len();
        let bad = hosts.into_iter().find(|index| self.health(*index) != Health::Healthy);
        bad.map_or(Ok(()), |index| Err(format!("host {index} is {:?}: {:?}", self.health(index), self.trouble(index))))
    }

    /// The health of a host's container.
    pub fn health(&self, index: usize) -> Health {
        self.shared.seen[index].lock().unwrap().health
    }

    /// What the engine calls a host's container.
    pub fn container(&self, index: usize) -> Option<String> {
        self.shared.seen[index].lock().unwrap().container.clone()
    }

    /// What stands in the way of a host's container.
    pub fn trouble(&self, index: usize) -> Option<String> {
        self.shared.seen[index].lock().unwrap().trouble.clone()
    }

    /// What runs now.
    pub fn service(&self) -> Arc<Service> {
        self.shared.slots[0].lock().unwrap().service.clone().expect("a deployed service")
    }

    /// The last lines of a container's log.
    pub fn log(&self, index: usize) -> String {
        let Some(container) = self.container(index) else { return String::new() };
        let path = format!("/containers/{container}/logs?stdout=1&stderr=1&tail=20");
        self.shared.lab.hosts[index].engine.get(&path).map_or_else(|error| error, |answer| answer.body.to_string())
    }
}

impl Drop for Deployer {
    fn drop(&mut self) {
        self.shared.end.store(true, Ordering::SeqCst);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl Shared {
    /// The one service of the one stack that the environment has of the catalog.
    fn service(&self, answers: &[(&str, &str)]) -> Result<Arc<Service>, String> {
        let environment = self.environment.lock().unwrap();
        let [(stack, folder)] = &environment.stacks[..] else {
            return Err(format!("one stack of the catalog is understood, not {:?}", environment.stacks));
        };
        let entry = Entry::read(&self.catalog.lock().unwrap(), folder, &self.program)?;
        let mut services = entry.services(answers)?;
        match (services.pop(), services.is_empty()) {
            (Some(service), true) if (stack.as_str(), service.name.as_str()) == (STACK, SERVICE) => {
                Ok(Arc::new(service))
            }
            (service, _) => {
                Err(format!("the lab's metadata tells of {STACK}/{SERVICE}, and not of {stack}/{service:?}"))
            }
        }
    }

    fn tend(&self, index: usize) {
        let host = &self.lab.hosts[index];
        while !self.end.load(Ordering::SeqCst) {
            let mut slot = self.slots[index].lock().unwrap();
            let trouble = self.step(host, &mut slot).err();
            let seen = Seen {
                health: slot.watch.as_ref().map_or(Health::Initializing, |watch| watch.health),
                container: slot.container.clone(),
                trouble: trouble.or_else(|| slot.watch.as_ref().and_then(|watch| watch.last.clone())),
            };
            *self.seen[index].lock().unwrap() = seen;
            drop(slot);
            thread::sleep(LOOK);
        }
    }

    fn step(&self, host: &Host, slot: &mut Slot) -> Result<(), String> {
        let Some(service) = slot.service.clone() else { return Ok(()) };
        let Some(container) = slot.container.clone() else {
            let container = self.create(host, &service)?;
            slot.container = Some(container.clone());
            return self.start(host, slot, &container, false);
        };
        let found = host.engine.get(&format!("/containers/{container}/json"))?;
        if found.status == 404 {
            slot.container = None;
            self.lab.rancher.change(|environment| environment.replace_container(&host.uuid()));
            return Ok(());
        }
        if found.good()?["State"]["Running"] != true {
            self.lab.rancher.set_container_state(&host.uuid(), "stopped");
            return self.start(host, slot, &container, true);
        }
        if !self.environment.lock().unwrap().has_health_checks {
            return Err("nobody makes health checks".to_owned());
        }
        let Some(watch) = slot.watch.as_mut().filter(|watch| watch.is_due()) else { return Ok(()) };
        watch.ask(&service.health_check, host.source());
        if watch.health == Health::Unhealthy && self.may_be_replaced(host.index, service.health_check.strategy) {
            self.remove(host, slot)?;
        }
        Ok(())
    }

    fn may_be_replaced(&self, index: usize, strategy: Strategy) -> bool {
        let others = self.seen.iter().enumerate().filter(|(other, _)| *other != index);
        let healthy = others.filter(|(_, seen)| seen.lock().unwrap().health == Health::Healthy).count();
        match strategy {
            Strategy::None => false,
            Strategy::Recreate => true,
            Strategy::RecreateOnQuorum(least) => healthy >= least,
        }
    }

    fn create(&self, host: &Host, service: &Service) -> Result<String, String> {
        if service.pulls {
            let (repository, reference) = service.image_parts();
            let answer =
                host.engine.post(&format!("/images/create?fromImage={repository}&tag={reference}"), &Value::Null)?;
            // The engine answers well before it knows whether it can pull.
            let told = answer.good()?.to_string();
            if told.contains("errorDetail") {
                return Err(format!("{} cannot be pulled: {told}", service.image));
            }
        }
        let labels = self.lab.rancher.container_labels(&host.uuid());
        let dns = self.lab.network.gateway().to_string();
        let given = Given { stack: STACK, keys: host.given(), dns, labels: &labels };
        let made = host.engine.post("/containers/create", &service.container(&given))?.good()?;
        let id = made["Id"].as_str().ok_or_else(|| format!("a container without an Id: {made}"))?;
        self.lab.rancher.change(|environment| id.clone_into(&mut environment.container_mut(&host.uuid()).external_id));
        Ok(id.to_owned())
    }

    fn start(&self, host: &Host, slot: &mut Slot, container: &str, again: bool) -> Result<(), String> {
        host.engine.post(&format!("/containers/{container}/start"), &json!({}))?.good()?;
        slot.watch = slot.service.as_ref().map(|service| Watch::new(&service.health_check, again));
        self.lab.rancher.set_container_state(&host.uuid(), "running");
        Ok(())
    }

    /// Removes a container; the next one is another to Rancher too.
    fn remove(&self, host: &Host, slot: &mut Slot) -> Result<(), String> {
        if let Some(container) = &slot.container {
            let stopped = host.engine.post(&format!("/containers/{container}/stop?t={STOP_S}"), &json!({}))?;
            if stopped.status != 304 {
                stopped.good()?;
            }
            host.engine.delete(&format!("/containers/{container}?force=1"))?.good()?;
        }
        slot.container = None;
        slot.watch = None;
        *self.seen[host.index].lock().unwrap() = Seen { health: Health::Initializing, container: None, trouble: None };
        self.lab.rancher.change(|environment| environment.replace_container(&host.uuid()));
        Ok(())
    }
}
