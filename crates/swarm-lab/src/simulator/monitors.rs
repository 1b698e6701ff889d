//! The monitors: what they observe, when, and what becomes of what they do. The judgement is the daemon's own.

use swarmkit_mon::engine::{Availability, Info, NodeState, Role};
use swarmkit_mon::labels::{self, DesiredLabels};
use swarmkit_mon::observe::{MetadataView, Observation, Own, RancherView, SwarmView};
use swarmkit_mon::pace::Pace;
use swarmkit_mon::past::Memory;
use swarmkit_mon::plan::{Asked, Change, DRAINED, NodeChange, Plan, asks_rancher, said_to_be_inside};
use swarmkit_mon::record::{Claim, Record};
use swarmkit_mon::state::{Member, State};

use super::engines::{Ailment, Engine, Said};
use super::record_writing::{Publishing, Request, sealed};
use super::{Event, Simulation};

/// The shortest wait, in milliseconds: what a reconcile itself takes.
const SHORTEST_MS: u64 = 5;

pub struct Monitor {
    pub process: u64,
    pub nonce: String,
    key: String,
    pub memory: Memory,
    pub desired: Option<DesiredLabels>,
    pub publishing: Publishing,
    pub labelling: bool,
    /// Something is under way that the next reconcile waits for.
    busy: bool,
    /// When it reconciles next; a queued one at another time is void.
    next_reconcile: u64,
    pace: Pace,
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

    fn reconcile_after(&mut self, at: usize, ms: u64) {
        let due = self.now + ms;
        let Some(monitor) = &mut self.hosts[at].monitor else { return };
        monitor.next_reconcile = due;
        let process = monitor.process;
        self.schedule(due, Event::Reconcile { host: at, process, at: due });
    }

    /// News: it reconciles within so many milliseconds, unless it is busy or waits after a failure.
    pub fn wake(&mut self, at: usize, within_ms: u64) {
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
        self.hosts[at].hear(&seen);
        let Some(mut monitor) = self.hosts[at].monitor.take() else { return };
        monitor.memory.saw_slowest(seen.rancher_ms);
        monitor.memory.see(&seen, instant);
        seen.past = monitor.memory.past(instant);
        let mut plan = (self.settings.judge)(&seen);
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
    fn observe(&mut self, at: usize) -> (Observation, Lent) {
        let said = self.said(at);
        let (engine, group) = match said {
            Said::Nothing(reason) => (Err(reason.to_owned()), None),
            Said::Itself(swarm) => (Ok(swarm), None),
            Said::Swarm(swarm, group) => (Ok(swarm), Some(group)),
        };
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
                has_network: None,
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
                    seen.rancher =
                        Some(Ok(RancherView { hosts, record, plain_tokens: Vec::new(), takes_writes: true }));
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

    pub fn begin(&mut self, at: usize, process: u64, planned: (Observation, Plan, u64)) {
        let (seen, plan, looked) = planned;
        if self.monitor(at, process).is_none() {
            return;
        }
        if let Some(state) = plan.remember {
            self.hosts[at].state = state;
        }
        let Some(change) = plan.change else { return self.done(at, process, true) };
        self.say(|| format!("host {at}: {change}"));
        match &change {
            Change::Claim => self.claim(at, process, &seen, false),
            Change::ClaimRecovery => self.claim(at, process, &seen, true),
            Change::Init { .. } => self.last_reconcile(at, process, &seen),
            Change::ForceNewCluster { .. } => self.begin_epoch(at, process, seen),
            Change::Join { managers, sealed, .. } => {
                let good = self.join(at, managers, sealed);
                let took = self.between(100, 900);
                self.after(took, Event::Done { host: at, process, good });
            }
            Change::Leave { node, manager } => {
                let good = self.leave(at, node, *manager);
                self.after(50, Event::Done { host: at, process, good });
            }
            Change::Promote(node) => self.set_role(at, process, node, Role::Manager, looked),
            Change::Demote(node) => self.set_role(at, process, node, Role::Worker, looked),
            Change::Availability { node, to } => {
                let to = *to;
                let good = self.change_node(at, node, |spec| {
                    spec.spec.availability = to;
                    if to == Availability::Drain {
                        spec.spec.labels.insert(DRAINED.into(), "true".into());
                    } else {
                        spec.spec.labels.remove(DRAINED);
                    }
                });
                self.after(20, Event::Done { host: at, process, good });
            }
            Change::Remove { node, force, renew_token } => {
                let good = self.remove(at, node, *force, *renew_token);
                self.after(30, Event::Done { host: at, process, good });
            }
            Change::WithdrawTokens | Change::CreateNetwork { .. } => {
                self.after(30, Event::Done { host: at, process, good: true });
            }
        }
    }

    pub fn done(&mut self, at: usize, process: u64, good: bool) {
        let Some(monitor) = self.monitor(at, process) else { return };
        monitor.busy = false;
        let wait = monitor.pace.wait_ms(good).max(SHORTEST_MS);
        self.reconcile_after(at, wait);
    }

    fn own_claim(&self, at: usize, seen: &Observation) -> Claim {
        Claim { host: self.uuid(at).to_owned(), nonce: seen.own.nonce.clone() }
    }

    fn claim(&mut self, at: usize, process: u64, seen: &Observation, recovery: bool) {
        let claim = self.own_claim(at, seen);
        let record = if recovery {
            seen.recovering(&self.api.record, claim)
        } else {
            let before = seen.rancher_view().and_then(|view| view.record.claim.as_ref());
            self.api.record.claimed(before, claim)
        };
        let took = self.call_api(at);
        let (Some(record), Some(took)) = (record, took) else {
            return self.after(took.unwrap_or(10_000), Event::Done { host: at, process, good: false });
        };
        let good = self.put_record(at, process, took, record);
        self.after(took * 2, Event::Done { host: at, process, good });
    }

    fn last_reconcile(&mut self, at: usize, process: u64, seen: &Observation) {
        let claim = self.own_claim(at, seen);
        let took = self.call_api(at);
        let free = self.api.record.is_free_for(&claim) && said_to_be_inside(&self.api.hosts, &claim.host).is_none();
        match took {
            Some(took) if free => {
                self.hosts[at].state = State { init: Some(claim.nonce.clone()), made: None, ..seen.own.state.clone() };
                let init = self.between(300, 900);
                self.after(took + init, Event::Init { host: at, process, nonce: claim.nonce });
            }
            took => self.after(took.unwrap_or(10_000), Event::Done { host: at, process, good: false }),
        }
    }

    pub fn init_done(&mut self, at: usize, process: u64, nonce: &str) {
        let alive = self.monitor(at, process).is_some();
        let out = matches!(self.hosts[at].engine, Engine::Out);
        if !out || !self.hosts[at].answers() || (!alive && self.one_in(2)) {
            return self.done(at, process, false);
        }
        let group = self.make_group(at);
        self.tally.initialised += 1;
        self.say(|| format!("host {at}: has made group {group}, under {nonce}"));
        if alive {
            let made = Some(self.groups[group].cluster.clone());
            let state = &mut self.hosts[at].state;
            *state = State { init: None, made, ..state.clone() };
        }
        self.look_for_two();
        self.done(at, process, true);
    }

    fn begin_epoch(&mut self, at: usize, process: u64, seen: Observation) {
        let claim = self.own_claim(at, &seen);
        let cluster = seen.own.state.member.as_ref().map(|member| member.cluster.clone()).unwrap_or_default();
        let next = self.api.record.next_epoch(&cluster, &claim);
        let took = self.call_api(at);
        let (Some(record), Some(took)) = (next, took) else {
            return self.after(took.unwrap_or(10_000), Event::Done { host: at, process, good: false });
        };
        let epoch = record.epoch;
        if !self.put_record(at, process, took, record) {
            return self.after(took, Event::Done { host: at, process, good: false });
        }
        let init = self.between(300, 900);
        self.after(took * 2 + init, Event::Force { host: at, process, epoch, seen: Box::new(seen) });
    }

    pub fn force(&mut self, at: usize, process: u64, epoch: u64, seen: &Observation) {
        let alive = self.monitor(at, process).is_some() && self.hosts[at].answers();
        let kept = Some(self.api.record.kept()).filter(|record| alive && record.epoch == epoch);
        if kept.is_some() {
            self.hosts[at].state.record.clone_from(&kept);
        }
        let answers = matches!(self.said(at), Said::Swarm(..));
        if !alive || answers || self.api.record.epoch != epoch {
            return self.done(at, process, false);
        }
        let member = seen.own.state.member.clone().map(|member| Member { epoch, ..member });
        self.hosts[at].state = State { member, record: kept, ..seen.own.state.clone() };
        self.look_at_forcing(at);
        self.tally.forced += 1;
        self.force_new(at);
        let group = self.groups.len() - 1;
        self.say(|| format!("host {at}: has gone on alone as group {group}"));
        self.look_for_two();
        self.done(at, process, true);
    }

    fn join(&mut self, at: usize, managers: &[String], token: &str) -> bool {
        if !matches!(self.hosts[at].engine, Engine::Out) || !self.hosts[at].answers() {
            return false;
        }
        // The first one that can be reached, and that has a leader to ask.
        let addresses = managers.iter().filter_map(|address| address.strip_suffix(":2377"));
        let mut found = None;
        for address in addresses {
            let host = (0..self.hosts.len()).find(|other| self.hosts[*other].address == address);
            let listens =
                |host: &usize| self.hosts[*host].engine.seat().is_some_and(|seat| seat.manages && seat.is_alive());
            if let Some(host) = host.filter(|host| self.linked(at, *host)).filter(listens) {
                found = Some(host);
                break;
            }
        }
        let Some((via, group)) = found.and_then(|via| Some((via, self.governs(via)?))) else { return false };
        let key = self.hosts[at].monitor.as_ref().map(|monitor| monitor.key.clone()).unwrap_or_default();
        if token != sealed(&self.groups[group].mark(), &key) {
            return false;
        }
        let id = self.fresh("node");
        let node = self.new_node(at, &id, Role::Worker);
        self.groups[group].nodes.push(node);
        self.hosts[at].state =
            State { joining: Some(self.groups[group].cluster.clone()), member: None, ..self.hosts[at].state.clone() };
        self.groups[group].services = super::SERVICES;
        self.sit(at, group, &id, Some(via));
        self.tally.joins += 1;
        self.look_for_two();
        self.wake_managers(group);
        true
    }

    fn leave(&mut self, at: usize, node: &str, manager: bool) -> bool {
        let Some(seat) = self.hosts[at].engine.seat().cloned() else { return false };
        let told = if seat.ails == Some(Ailment::BrokenDown) { "" } else { seat.node.as_str() };
        if told != node || (seat.manages && seat.is_alive() && !seat.pending) != manager {
            return false;
        }
        let group = seat.group;
        self.look_at_leaving(at, &seat);
        self.hosts[at].engine = Engine::Out;
        self.hosts[at].state = State { left: Some(seat.node.clone()), ..State::default() };
        let led = self.groups[group].leader.clone();
        let told = led
            .is_some_and(|leader| self.groups[group].host_of.get(&leader).is_some_and(|host| self.linked(at, *host)));
        if let Some(node) = self.groups[group].node_mut(&seat.node).filter(|_| told) {
            node.status.state = NodeState::Down;
            node.version.index += 1;
        }
        self.refresh(group);
        self.wake_managers(group);
        true
    }

    /// A change of a node through this host's manager, if it is still as it was seen.
    fn change_node(
        &mut self,
        at: usize,
        change: &NodeChange,
        edit: impl FnOnce(&mut swarmkit_mon::engine::Node),
    ) -> bool {
        let Some(group) = self.governs(at) else { return false };
        let Some(node) = self.groups[group].node_mut(&change.id) else { return false };
        if node.version.index != change.version {
            return false;
        }
        node.version.index += 1;
        edit(node);
        true
    }

    fn set_role(&mut self, at: usize, process: u64, change: &NodeChange, role: Role, looked: u64) {
        let group = self.governs(at);
        let node = group.and_then(|group| self.groups[group].node(&change.id));
        // Only one that votes can be made a worker.
        let refused = role == Role::Worker
            && node.is_none_or(|node| node.manager.is_none() && node.status.state == NodeState::Down);
        if let (Some(group), false) = (group, refused)
            && node.is_some_and(|node| node.version.index == change.version)
        {
            self.look_at_role(group, change, role, looked);
            self.tally.role_changes += 1;
            self.look_at_calm("a role change");
        }
        let good = !refused && self.change_node(at, change, |node| node.spec.role = role);
        if let (Some(group), true) = (group, good) {
            let ms = self.between(200, 5_000);
            self.settle_after(ms, group, &change.id);
        }
        let took = self.between(5, 40);
        self.after(took, Event::Done { host: at, process, good });
    }

    fn remove(&mut self, at: usize, change: &NodeChange, force: bool, renew_token: bool) -> bool {
        let Some(group) = self.governs(at) else { return false };
        let Some(node) = self.groups[group].node(&change.id).cloned() else { return false };
        if node.manager.is_some() || (node.status.state != NodeState::Down && !force) {
            return false;
        }
        self.look_at_removal(group, &node);
        self.look_at_calm("a removal");
        self.tally.removals += 1;
        let of = &mut self.groups[group];
        if renew_token {
            of.token += 1;
        }
        of.nodes.retain(|node| node.id != change.id);
        of.host_of.remove(&change.id);
        of.unreached.remove(&change.id);
        true
    }
}
