//! The monitors: what they observe, when, and what becomes of what they do. The judgement is the daemon's own.

use swarmkit_mon::engine::Info;
use swarmkit_mon::labels::{self, DesiredLabels};
use swarmkit_mon::observe::{MetadataView, Observation, Own, RancherView, SwarmView};
use swarmkit_mon::pace::Pace;
use swarmkit_mon::past::Memory;
use swarmkit_mon::peers::{self, Peer};
use swarmkit_mon::plan::{Asked, Stage, asks_rancher};
use swarmkit_mon::record::Record;

use super::api::Upgrade;
use super::engines::Said;
use super::record_writing::{Publishing, Request};
use super::{Event, Simulation};
use crate::model_host::rancher_view;

/// The shortest wait, in milliseconds: what a reconcile itself takes.
pub(super) const SHORTEST_MS: u64 = 5;

pub struct Monitor {
    pub process: u64,
    pub nonce: String,
    pub(super) key: String,
    pub memory: Memory,
    pub desired: Option<DesiredLabels>,
    pub publishing: Publishing,
    pub labelling: bool,
    /// Something is under way that the next reconcile waits for.
    pub(super) busy: bool,
    /// When it reconciles next; a queued one at another time is void.
    next_reconcile: u64,
    pub(super) pace: Pace,
}

/// What the world has lent to a reconcile, and is to have back as it was.
#[derive(Default)]
struct Lent {
    group: Option<usize>,
    /// The hosts of Rancher's API.
    hosts: bool,
    /// The records in whose place what the host had kept was put.
    told: Option<Record>,
    record: Option<Record>,
}

impl Lent {
    fn keep_record(&mut self, seen: &mut Observation) {
        let blank = |record: &&Record| record.is_blank();
        let told = seen.metadata.as_ref().ok().and_then(|metadata| metadata.record.as_ref().ok());
        self.told = told.filter(blank).cloned();
        self.record = seen.rancher_view().map(|view| &view.record).filter(blank).cloned();
        seen.keep_record();
    }
}

impl Simulation {
    pub fn start_monitor(&mut self, at: usize) {
        let host = &self.hosts[at];
        if host.monitor.is_some() || !host.answers() || !host.is_registered {
            return;
        }
        // Keys are told apart by how they begin.
        let (nonce, key) = (self.fresh("nonce"), format!("{:012}-key", self.serial));
        let memory = Memory::new(self.instant());
        self.hosts[at].processes += 1;
        let process = self.hosts[at].processes;
        self.hosts[at].monitor = Some(Monitor {
            process,
            nonce,
            key,
            memory,
            desired: None,
            publishing: Publishing::default(),
            labelling: false,
            busy: false,
            next_reconcile: 0,
            pace: Pace::new(self.wanted.period_ms),
        });
        self.say(|| format!("host {at}: monitor starts"));
        self.metadata_changes();
        self.reconcile_after(at, 10);
    }

    pub fn kill_monitor(&mut self, at: usize) {
        if self.hosts[at].monitor.take().is_some() {
            self.say(|| format!("host {at}: monitor dies"));
            self.metadata_changes();
        }
    }

    pub fn monitor(&mut self, at: usize, process: u64) -> Option<&mut Monitor> {
        self.hosts[at].monitor.as_mut().filter(|monitor| monitor.process == process)
    }

    pub(super) fn reconcile_after(&mut self, at: usize, ms: u64) {
        if self.settings.daemons {
            return;
        }
        let due = self.now + ms;
        let Some(monitor) = &mut self.hosts[at].monitor else { return };
        monitor.next_reconcile = due;
        let process = monitor.process;
        self.schedule(due, Event::Reconcile { host: at, process, at: due });
    }

    /// News: it reconciles within so many milliseconds, unless it is busy or waits after a failure.
    pub fn wake(&mut self, at: usize, within_ms: u64) {
        if self.settings.daemons {
            self.woken.insert(at);
            return;
        }
        let now = self.now;
        let due = self.hosts[at].monitor.as_ref().is_some_and(|monitor| {
            !monitor.busy && monitor.pace.takes_news() && monitor.next_reconcile > now + within_ms
        });
        if due {
            let ms = self.between(1, within_ms);
            self.reconcile_after(at, ms);
        }
    }

    pub fn look(&mut self, at: usize, process: u64, due: u64) {
        let Some(monitor) = self.monitor(at, process) else { return };
        if monitor.busy || monitor.next_reconcile != due {
            return;
        }
        self.tally.reconciles += 1;
        self.tally.metadata_requests += 2;
        let instant = self.instant();
        let (mut seen, mut lent) = self.observe(at);
        lent.keep_record(&mut seen);
        let read = seen.metadata.as_ref().ok().and_then(|metadata| metadata.record.as_ref().ok());
        if let Some(record) = seen.rancher_view().map(|view| &view.record).or(read) {
            self.hosts[at].hear(seen.engine.as_ref().ok().map(|info| &info.swarm), record);
        }
        let Some(mut monitor) = self.hosts[at].monitor.take() else { return };
        monitor.memory.saw_slowest(seen.rancher_ms);
        monitor.memory.see(&seen, instant);
        seen.past = monitor.memory.past(instant);
        let mut plan = (self.settings.judge)(&seen);
        monitor.memory.planned(&plan);
        if monitor.publishing.busy {
            plan.while_publishing();
        }
        let took = seen.rancher_ms.max(if lent.group.is_some() { 20 } else { 5 });
        monitor.desired.clone_from(&plan.labels);
        let (desired_record, heartbeat, looked) = (plan.desired_record.clone(), plan.gives_heartbeat, self.now);
        monitor.publishing.request = desired_record.map(|desired_record| Request { desired_record, heartbeat, looked });
        if monitor.pace.see(&seen, &plan) {
            self.say(|| format!("host {at}: {}: {}", plan.stage.name(), plan.reason));
        }
        let acts = plan.change.is_some() || plan.remember.is_some();
        monitor.busy = acts;
        let wait = if acts { 0 } else { monitor.pace.wait_ms(true) };
        self.hosts[at].monitor = Some(monitor);
        if acts {
            let kept = self.give_back_a_copy(seen, lent);
            let late = took + self.between(1, 40);
            let event = Event::Begin { host: at, process, planned: Box::new((kept, plan, self.now)) };
            self.after(late, event);
        } else {
            self.give_back(seen, lent);
            self.reconcile_after(at, wait.max(SHORTEST_MS));
        }
        self.beside(at, process, took);
    }

    /// What the monitor of a host sees now. What is large is not copied but lent by the
    /// world, and given back after the judgement.
    /// What the monitors of the recorded managers say, if they can be asked.
    fn peers(&self, at: usize) -> Option<Vec<Peer>> {
        let seat = self.hosts[at].engine.seat()?;
        let of = &self.groups[seat.group].host_of;
        let voters = self.api.told.voters.iter().filter(|node| **node != seat.node);
        let peer = |(node, host): (&String, usize)| {
            let asked = &self.hosts[host];
            let is_it = asked.engine.seat().is_some_and(|seat| seat.node == *node);
            let answers = self.linked(at, host) && asked.monitor.is_some() && !asked.has_moved();
            let stage = if asked.answers() { Stage::Member } else { Stage::NoEngine };
            Peer {
                node: node.clone(),
                name: asked.address.clone(),
                address: asked.address.clone(),
                said: (answers && is_it)
                    .then(|| peers::Said { stage: stage.name().to_owned(), serves: self.governs(host).is_some() }),
                is_open: None,
            }
        };
        Some(voters.filter_map(|node| Some((node, *of.get(node)?))).map(peer).collect())
    }

    fn observe(&mut self, at: usize) -> (Observation, Lent) {
        let said = self.said(at);
        let (engine, group) = match said {
            Said::Nothing(reason) => (Err(reason.to_owned()), None),
            Said::Itself(swarm) => (Ok(swarm), None),
            Said::Swarm(swarm, group) => (Ok(swarm), Some(group)),
        };
        let peers = self.peers(at);
        let host = &self.hosts[at];
        let (nonce, key) = host.monitor.as_ref().map(|of| (of.nonce.clone(), of.key.clone())).unwrap_or_default();
        let told = std::mem::take(&mut self.api.told);
        let monitors = std::mem::take(&mut self.api.monitors);
        let listed = host.is_registered && !host.metadata_cut && monitors.contains_key(self.uuid(at));
        let metadata = MetadataView {
            host: self.uuid(at).to_owned(),
            agent_ip: host.address.clone(),
            labels: self
                .api
                .handed
                .get(self.uuid(at))
                .map(|token| (labels::TOKEN.into(), token.clone()))
                .into_iter()
                .collect(),
            service: "service".into(),
            monitors,
            record: Ok(told),
            refusal: None,
        };
        let mut seen = Observation {
            wanted: self.wanted.clone(),
            own: Own { nonce, key, state: host.state.clone() },
            engine: engine.map(|swarm| Info { name: String::new(), server_version: "20.10".into(), swarm }),
            engine_is_up: host.answers(),
            peers,
            metadata: Ok(metadata),
            rancher: None,
            rancher_ms: 0,
            swarm: None,
            refusal: None,
            has_stayed: false,
            leader_holds_lease: false,
            record_is_gone: false,
            past: host
                .monitor
                .as_ref()
                .map(|monitor| monitor.memory.past(self.base + std::time::Duration::from_millis(self.now)))
                .unwrap_or_default(),
        };
        if let Some(group) = group {
            let nodes = std::mem::take(&mut self.groups[group].nodes);
            let of = &self.groups[group];
            seen.swarm = Some(Ok(SwarmView {
                cluster: of.cluster.clone(),
                token: of.mark(),
                services: (nodes.len() == 1).then_some(of.services),
                pools: Vec::new(),
                networks: None,
                nodes,
            }));
        }
        if !listed {
            let Ok(metadata) = std::mem::replace(&mut seen.metadata, Err("metadata: 404 Not found".into())) else {
                return (seen, Lent { group, ..Lent::default() });
            };
            self.take_metadata(metadata);
        }
        let mut lent = Lent { group, ..Lent::default() };
        if let Some(asked) = asks_rancher(&seen) {
            self.tally.api_requests += 1;
            match self.call_api(at) {
                None => {
                    seen.rancher = Some(Err("rancher: no answer within 10000 ms".into()));
                    seen.rancher_ms = 10_000;
                }
                Some(ms) => {
                    lent.hosts = asked == Asked::All;
                    let hosts = if lent.hosts { std::mem::take(&mut self.api.hosts) } else { Vec::new() };
                    let record = std::mem::take(&mut self.api.record);
                    let takes_writes = self.api.upgrade() != Some(Upgrade::UnderWay);
                    seen.rancher = Some(Ok(RancherView { takes_writes, ..rancher_view(hosts, record) }));
                    seen.rancher_ms = ms;
                }
            }
        }
        (seen, lent)
    }

    fn take_metadata(&mut self, metadata: MetadataView) {
        self.api.monitors = metadata.monitors;
        self.api.told = metadata.record.unwrap_or_default();
    }

    fn give_back(&mut self, seen: Observation, lent: Lent) {
        if let Ok(metadata) = seen.metadata {
            self.take_metadata(metadata);
            self.api.told = lent.told.unwrap_or_else(|| std::mem::take(&mut self.api.told));
        }
        if let Some(Ok(view)) = seen.rancher {
            if lent.hosts {
                self.api.hosts = view.hosts;
            }
            self.api.record = lent.record.unwrap_or(view.record);
        }
        if let (Some(group), Some(Ok(swarm))) = (lent.group, seen.swarm) {
            self.groups[group].nodes = swarm.nodes;
        }
    }

    fn give_back_a_copy(&mut self, seen: Observation, lent: Lent) -> Observation {
        let copy = seen.clone();
        self.give_back(seen, lent);
        copy
    }
}
