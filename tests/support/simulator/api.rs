//! Rancher: its API, which tells the truth as far as it answers, and its metadata, which tells it late.

use std::collections::BTreeMap;

use swarmkit_catalog::monitor::observe::MonitorView;
use swarmkit_catalog::monitor::rancher::HostEntry;
use swarmkit_catalog::monitor::record::Record;

use super::engines::Host;
use super::{Event, Simulation};

/// A PUT of the record on its way.
pub struct Write {
    pub host: usize,
    pub process: u64,
    pub record: Record,
}

/// How Rancher's API does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mood {
    #[default]
    Quick,
    Slow,
    Silent,
}

#[derive(Default)]
pub struct Api {
    /// Every host that ever was registered.
    pub hosts: Vec<HostEntry>,
    pub record: Record,
    pub mood: Mood,
    /// What metadata says.
    pub told: Record,
    pub monitors: BTreeMap<String, MonitorView>,
    /// Metadata stands still.
    pub frozen: bool,
    /// Metadata is on its way to catch up.
    pub catching_up: bool,
    pub registered: u64,
}

impl Api {
    /// Metadata catches up.
    pub fn tell(&mut self, hosts: &[Host]) {
        self.told.clone_from(&self.record);
        self.monitors = hosts
            .iter()
            .filter(|host| host.is_registered)
            .map(|host| {
                let view = MonitorView { age: host.age, running: host.monitor.is_some() };
                (self.hosts[host.entry].uuid.clone(), view)
            })
            .collect();
    }
}

impl Simulation {
    /// Rancher learns of a host.
    pub fn register(&mut self, at: usize) {
        self.api.registered += 1;
        let host = &mut self.hosts[at];
        host.entry = self.api.hosts.len();
        host.age = self.api.registered;
        host.is_registered = true;
        self.api.hosts.push(HostEntry {
            uuid: format!("host-{at}.{}", self.api.registered),
            agent_ip_address: Some(host.address.clone()),
            state: "active".into(),
            agent_state: None,
            labels: BTreeMap::new(),
        });
        self.metadata_changes();
    }

    /// Somebody removes a host from Rancher: its containers go.
    pub fn deregister(&mut self, at: usize) {
        if self.hosts[at].is_registered {
            self.hosts[at].is_registered = false;
            let entry = self.hosts[at].entry;
            self.api.hosts[entry].state = "removed".into();
            self.kill_monitor(at);
            self.metadata_changes();
        }
    }

    pub fn uuid(&self, at: usize) -> &str {
        &self.api.hosts[self.hosts[at].entry].uuid
    }

    /// Something has changed that metadata will tell of.
    pub fn metadata_changes(&mut self) {
        if !self.api.catching_up {
            self.api.catching_up = true;
            let late = self.between(300, 5_000);
            self.after(late, Event::Metadata);
        }
    }

    pub fn metadata_catches_up(&mut self) {
        if self.api.frozen {
            self.after(5_000, Event::Metadata);
            return;
        }
        self.api.catching_up = false;
        let Self { api, hosts, .. } = self;
        api.tell(hosts);
        for at in 0..self.hosts.len() {
            self.wake(at, 200);
        }
    }

    /// How long a call from a host to Rancher's API takes, in milliseconds; `None` if it brings nothing.
    pub fn call_api(&mut self, at: usize) -> Option<u64> {
        self.tally.api_requests += 1;
        if self.hosts[at].api_cut || !self.hosts[at].is_registered {
            return None;
        }
        match self.api.mood {
            Mood::Silent => None,
            Mood::Quick => Some(self.between(3, 60)),
            Mood::Slow => Some(self.between(200, 9_000)),
        }
    }

    /// A PUT of the record lands, unless it was lost on the way.
    pub fn land(&mut self, write: Write) {
        let alive = self.hosts[write.host].monitor.as_ref().is_some_and(|monitor| monitor.process == write.process);
        if self.api.mood == Mood::Silent || (!alive && self.one_in(2)) {
            return;
        }
        // A proxy that tries again.
        if self.one_in(200) {
            let late = self.between(500, 9_000);
            let again = Write { record: write.record.clone(), ..write };
            self.after(late, Event::Land(Box::new(again)));
        }
        self.say(|| {
            let record = &write.record;
            format!(
                "record by host {}: claim {:?} cluster {:?} generation {} members {} voters {:?} recovery {:?} tokens {}",
                write.host,
                record.claim.as_ref().map(|claim| &claim.host),
                record.cluster,
                record.generation,
                record.members.len(),
                record.voters,
                record.recovery.as_ref().map(|claim| &claim.host),
                record.tokens.len()
            )
        });
        self.api.record = write.record;
        self.metadata_changes();
    }
}
