//! Rancher: its API, which tells the truth as far as it answers, and its metadata, which tells it late.

use std::collections::BTreeMap;

use swarmkit_mon::labels;
use swarmkit_mon::observe::MonitorView;
use swarmkit_mon::rancher::HostEntry;
use swarmkit_mon::record::Record;

use super::host::Host;
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

/// How far an upgrade of the service has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upgrade {
    /// The service cannot be changed.
    UnderWay,
    /// Nobody has finished it: a change of the service is stored, and metadata is not told.
    Done,
}

#[derive(Default)]
pub struct Api {
    /// Every host that ever was registered.
    pub hosts: Vec<HostEntry>,
    pub record: Record,
    pub mood: Mood,
    /// The upgrades of the service, by the fault that each one is; the last one counts.
    pub upgrades: Vec<(usize, Upgrade)>,
    /// When a monitor last wrote the record to publish, in milliseconds.
    pub wrote_ms: u64,
    /// Whether a lost host is told by the state of its agent alone.
    pub is_v1: bool,
    /// What metadata says.
    pub told: Record,
    /// How often it has caught up.
    pub told_times: u64,
    pub monitors: BTreeMap<String, MonitorView>,
    /// The join tokens in host labels, by the host's UUID.
    pub handed: BTreeMap<String, String>,
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
        self.told_times += 1;
        self.monitors = hosts
            .iter()
            .filter(|host| host.is_registered)
            .map(|host| {
                let view = MonitorView { age: host.age, running: host.monitor.is_some() };
                (self.hosts[host.entry].uuid.clone(), view)
            })
            .collect();
        let entries = hosts.iter().filter(|host| host.is_registered).map(|host| &self.hosts[host.entry]);
        self.handed =
            entries.filter_map(|entry| Some((entry.uuid.clone(), entry.labels.get(labels::TOKEN)?.clone()))).collect();
    }

    pub fn upgrade(&self) -> Option<Upgrade> {
        self.upgrades.last().map(|(_, upgrade)| *upgrade)
    }
}

impl Simulation {
    /// Rancher learns of a host.
    pub fn register(&mut self, at: usize) {
        self.api.registered += 1;
        let name = if self.settings.daemons { self.name(at) } else { String::new() };
        let host = &mut self.hosts[at];
        host.entry = self.api.hosts.len();
        host.age = self.api.registered;
        host.is_registered = true;
        host.is_disconnected = false;
        self.api.hosts.push(HostEntry {
            uuid: format!("host-{at}.{}", self.api.registered),
            hostname: name,
            agent_ip_address: Some(host.address.clone()),
            state: "active".into(),
            agent_state: None,
            labels: BTreeMap::new(),
        });
        self.agent_follows(at);
        self.metadata_changes();
    }

    /// Rancher notices some time after it that a host's agent is away, or back.
    pub fn agent_follows(&mut self, at: usize) {
        let host = &mut self.hosts[at];
        host.agent_turn += 1;
        let (turn, away) = (host.agent_turn, host.is_unheard());
        if away != host.is_disconnected {
            let late = if away { self.between(15_000, 60_000) } else { self.between(1_000, 5_000) };
            self.after(late, Event::Agent { host: at, turn });
        }
    }

    pub fn agent_is_told(&mut self, at: usize, turn: u64) {
        let host = &mut self.hosts[at];
        if host.agent_turn != turn || !host.is_registered {
            return;
        }
        host.is_disconnected = host.is_unheard();
        let state = if host.is_disconnected { "disconnected" } else { "active" };
        let entry = &mut self.api.hosts[host.entry];
        if self.api.is_v1 {
            entry.agent_state = Some(state.to_owned());
        } else {
            state.clone_into(&mut entry.state);
        }
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

    /// Sends a PUT of the record. Answers whether the service can be changed.
    pub fn put_record(&mut self, host: usize, process: u64, took: u64, record: Record) -> bool {
        let refused = self.api.upgrade() == Some(Upgrade::UnderWay);
        if !refused {
            self.after(took, Event::Land(Box::new(Write { host, process, record })));
        }
        !refused
    }

    /// The record has changed, or was written over.
    fn record_changes(&mut self) {
        if self.api.upgrade() != Some(Upgrade::Done) {
            self.metadata_changes();
        }
    }

    /// Rancher writes other metadata over the record.
    pub fn overwrite_record(&mut self) {
        self.api.record = Record::default();
        self.record_changes();
    }

    /// A PUT of a host with all its labels lands.
    pub fn land_labels(&mut self, entry: usize, labels: BTreeMap<String, String>) {
        if self.api.mood != Mood::Silent {
            self.api.hosts[entry].labels = labels;
            self.metadata_changes();
        }
    }

    /// A PUT of the record lands, unless it was lost on the way.
    pub fn land(&mut self, write: Write) {
        let alive = self.hosts[write.host].monitor.as_ref().is_some_and(|monitor| monitor.process == write.process);
        let refused = self.api.mood == Mood::Silent || self.api.upgrade() == Some(Upgrade::UnderWay);
        if refused || (!alive && self.one_in(2)) {
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
                "record by host {}: claim {:?} cluster {:?} epoch {} members {} voters {:?} recovery {:?} tokens {}",
                write.host,
                record.claim.as_ref().map(|claim| &claim.host),
                record.cluster,
                record.epoch,
                record.members.len(),
                record.voters,
                record.recovery.as_ref().map(|claim| &claim.host),
                record.tokens.len()
            )
        });
        self.look_at_record(write.host, &write.record);
        self.api.record = write.record;
        self.record_changes();
    }
}
