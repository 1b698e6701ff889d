//! What becomes of the changes that a plan asks for.

use swarmkit_mon::engine::{Availability, Description, NodeState, NodeStatus, Role};
use swarmkit_mon::observe::Observation;
use swarmkit_mon::plan::{Change, DRAINED, NodeChange, Plan, said_to_be_inside};
use swarmkit_mon::record::Claim;
use swarmkit_mon::state::{Member, State};

use super::engines::Said;
use super::host::{Ailment, Engine};
use super::monitors::SHORTEST_MS;
use super::record_writing::sealed;
use super::{Event, Simulation};

impl Simulation {
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
            Change::Label { node, labels } => {
                let labels = labels.clone();
                let good = self.change_node(at, node, |spec| {
                    for (name, value) in labels {
                        match value {
                            Some(value) => spec.spec.labels.insert(name, value),
                            None => spec.spec.labels.remove(&name),
                        };
                    }
                });
                self.look_at_calm("a label of a node");
                self.after(20, Event::Done { host: at, process, good });
            }
            Change::Remove { node, force, renew_token } => {
                let good = self.remove(at, node, *force, *renew_token);
                self.after(30, Event::Done { host: at, process, good });
            }
            Change::RenewToken => {
                let group = self.governs(at);
                if let Some(group) = group {
                    self.look_at_calm("a new worker token");
                    self.groups[group].token += 1;
                    self.monitor(at, process).into_iter().for_each(|monitor| monitor.memory.token_renewed());
                }
                self.after(30, Event::Done { host: at, process, good: group.is_some() });
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
        let mut node = self.new_node(at, &id, Role::Worker);
        // The engine dies once it has its certificate, and forgets that it was to join.
        if self.settings.fault_every_ms > 0 && self.now < self.settings.trouble_ms && self.one_in(16) {
            node.description = Description::default();
            node.status = NodeStatus::default();
            self.groups[group].nodes.push(node);
            self.say(|| format!("host {at}: its join as {id} is cut off"));
            self.wake_managers(group);
            return false;
        }
        self.groups[group].joined_with = self.groups[group].token;
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
        let manages = seat.manages && seat.is_alive() && !(seat.pending && self.was_made_a_worker(at, &seat));
        if told != node || manages != manager {
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
        if node.manager.is_some() || (node.status.state == NodeState::Ready && !force) {
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
