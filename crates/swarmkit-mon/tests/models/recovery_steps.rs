//! What the steps of the recovery protocol do to its world.

use std::collections::BTreeSet;

use swarm_lab::model_host::{address, uuid};
use swarmkit_mon::engine::{NodeState, Role};
use swarmkit_mon::observe::Observation;
use swarmkit_mon::plan::{Change, Plan, odd_at_most};
use swarmkit_mon::record::{Claim, Record};
use swarmkit_mon::state::State;

use super::recovery_world::{CLUSTER, MANAGERS, Seat, Step, World};

impl World {
    pub(super) fn look(&mut self, at: usize, expired: bool, judge: fn(&Observation) -> Plan) {
        let seen = self.view(at, expired);
        let mut plan = judge(&seen);
        if self.flying.iter().any(|(sender, _)| *sender == at) {
            plan.while_publishing();
        }
        let record = if seen.rancher.is_some() { &self.record } else { &self.told };
        self.hosts[at].was_known |= record.knows(&self.hosts[at].node(at), &uuid(at));
        if let Some(state) = plan.remember {
            // No record is written over in this model: what is kept of it would only make each state many.
            self.hosts[at].state = State { record: None, ..state };
        }
        if let Some(desired) = &plan.labels {
            let labels = &mut self.hosts[at].labels;
            desired.apply(labels);
            // What a host waits for is for people.
            if labels.get("swarm").is_some_and(|part| part.starts_with("wait")) {
                labels.remove("swarm");
            }
        }
        if let Some(desired_record) = &plan.desired_record
            && desired_record.may_be_written(&self.record, &seen.own.nonce)
            && !desired_record.is_published(&self.record)
        {
            let mut record = desired_record.write(&self.record, |_, key| Some(key.to_owned()));
            // How often it was written is time, which is left out.
            if let Some(lease) = &mut record.lease {
                lease.heartbeat = 0;
            }
            self.send(at, record);
        }
        let own = Claim { host: uuid(at), nonce: seen.own.nonce.clone() };
        match plan.change {
            Some(Change::ClaimRecovery) => {
                let before = seen.rancher_view().and_then(|view| view.record.recovery.clone());
                if let Some(record) = self.record.recovering(CLUSTER, before.as_ref(), own) {
                    self.send(at, record);
                }
            }
            Some(Change::ForceNewCluster { .. }) => {
                if let Some(record) = self.record.next_epoch(CLUSTER, &own) {
                    let epoch = record.epoch;
                    if self.send(at, record) {
                        self.hosts[at].begins = Some(epoch);
                    }
                }
            }
            Some(Change::Join { managers, .. }) => self.join(at, &managers),
            Some(Change::Leave { .. }) => {
                let left = Some(self.hosts[at].node(at));
                let host = &mut self.hosts[at];
                (host.raft, host.manages, host.state) = (None, false, State { left, ..State::default() });
            }
            Some(Change::Promote(node)) => self.set_role(at, &node.id, Role::Manager),
            Some(Change::Demote(node)) => self.set_role(at, &node.id, Role::Worker),
            Some(Change::Remove { node, .. }) => {
                if let Some(raft) = self.votes_in(at) {
                    self.rafts[raft].nodes.remove(&node.id);
                }
            }
            _ => {}
        }
    }

    /// A host has one write on its way at a time.
    pub(super) fn send(&mut self, at: usize, record: Record) -> bool {
        let sends = record != self.record && !self.flying.iter().any(|(host, _)| *host == at);
        if sends {
            self.flying.push((at, record));
        }
        sends
    }

    /// Only a voter can be made a worker, and only a worker that is there becomes one.
    pub(super) fn set_role(&mut self, at: usize, node: &str, role: Role) {
        let Some(raft) = self.votes_in(at) else { return };
        let host = self.rafts[raft].nodes[node].host;
        let is_worker = self.hosts[host].node(host) == node && self.votes_in(host).is_none();
        let seat = self.rafts[raft].nodes.get_mut(node).expect("a node that was seen");
        match role {
            Role::Worker if seat.votes => (seat.manages, seat.votes) = (false, false),
            Role::Manager => {
                seat.manages = true;
                if is_worker && self.hosts[host].raft.is_some() {
                    self.hosts[host].raft = Some(raft);
                }
            }
            _ => {}
        }
    }

    pub(super) fn join(&mut self, at: usize, managers: &[String]) {
        let of = |host: &usize| managers.contains(&format!("{}:2377", address(*host)));
        let mut reached = (0..self.hosts.len()).filter(of).filter(|host| self.reaches(at, *host));
        let raft = reached.find_map(|host| self.votes_in(host).filter(|_| self.leader(host).is_some()));
        let Some(raft) = raft else { return };
        let host = &mut self.hosts[at];
        (host.nodes, host.raft, host.was_known) = (host.nodes + 1, Some(raft), false);
        host.state = State { joining: Some(CLUSTER.into()), member: None, ..host.state.clone() };
        let node = host.node(at);
        self.rafts[raft].nodes.insert(node, Seat { host: at, manages: false, votes: false });
    }

    /// As `--force-new-cluster` does: the others are nodes still, and vote no more.
    pub(super) fn force(&mut self, at: usize) {
        let Some(old) = self.votes_in(at) else { return };
        let mut raft = self.rafts[old].clone();
        for seat in raft.nodes.values_mut() {
            seat.votes = seat.host == at && seat.votes;
        }
        self.rafts.push(raft);
        self.hosts[at].raft = Some(self.rafts.len() - 1);
    }

    /// Whether a registered host still has the swarm.
    pub(super) fn is_had(&self) -> bool {
        (0..self.hosts.len()).any(|at| self.hosts[at].registered && self.votes_in(at).is_some())
    }

    /// Whether one of the recorded managers has it: all of them are never removed but by mistake.
    pub(super) fn can_go_on(&self) -> bool {
        let last = Some(self.rafts.len() - 1);
        let has = |at: &usize| self.votes_in(*at) == last && self.record.voters.contains(&self.hosts[*at].node(*at));
        (0..self.hosts.len()).filter(|at| self.hosts[*at].registered).any(|at| has(&at))
    }

    pub(super) fn take(&mut self, step: &Step, judge: fn(&Observation) -> Plan) {
        let was_had = self.is_had();
        match step {
            Step::Lose(at) => {
                self.faults.lost -= 1;
                self.hosts[*at].on = false;
                self.hosts[*at].stop();
            }
            Step::Return(at) => {
                self.faults.back -= 1;
                self.hosts[*at].on = true;
                self.hosts[*at].start();
            }
            Step::Remove(at) => {
                self.faults.removed -= 1;
                self.hosts[*at].registered = false;
            }
            Step::Cut => (self.faults.cut, self.is_cut) = (self.faults.cut - 1, true),
            Step::Join => self.is_cut = false,
            Step::Die(at) => {
                self.faults.deaths -= 1;
                self.hosts[*at].stop();
            }
            Step::Start(at) => self.hosts[*at].start(),
            Step::Reconcile(at, expired) => {
                self.faults.expired -= u8::from(*expired);
                self.look(*at, *expired, judge);
            }
            Step::Begin(at) => {
                let host = &mut self.hosts[*at];
                host.has_begun = host.begins == Some(self.record.epoch);
                if !host.has_begun {
                    host.begins = None;
                }
            }
            Step::Force(at, dies) => {
                // Asked a last time, the swarm does not answer.
                let silent = self.leader(*at).is_none();
                let host = &mut self.hosts[*at];
                host.has_begun = false;
                let epoch = host.begins.take().filter(|_| silent);
                if let (Some(epoch), Some(member)) = (epoch, &mut host.state.member) {
                    member.epoch = epoch;
                    if !dies {
                        self.force(*at);
                    }
                }
                if *dies {
                    self.faults.deaths -= 1;
                    self.hosts[*at].stop();
                }
            }
            Step::Land(number) => self.record = self.flying.remove(*number).1,
            Step::Drop(number) => drop(self.flying.remove(*number)),
            Step::Metadata => self.told = self.record.clone(),
        }
        self.learn();
        self.gave_up |= was_had && !self.is_had() && matches!(step, Step::Reconcile(..));
    }

    /// The rafts that registered hosts could go on with.
    pub(super) fn that_may_live(&self) -> usize {
        (0..self.rafts.len()).filter(|raft| self.has_most(*raft, |host| self.hosts[host].registered)).count()
    }

    /// Whether all registered hosts are in one swarm, with its managers, and it is recorded as it is.
    pub(super) fn is_well(&self) -> bool {
        let registered: Vec<usize> = (0..self.hosts.len()).filter(|at| self.hosts[*at].registered).collect();
        let leaders: BTreeSet<usize> = registered.iter().filter_map(|at| self.leader(*at)).collect();
        let Some(leader) = leaders.first().filter(|leader| leaders.len() == 1 && self.hosts[**leader].registered)
        else {
            return false;
        };
        let Some(raft) = self.votes_in(*leader) else { return false };
        let nodes = self.nodes(raft, *leader);
        let ready: BTreeSet<&str> =
            nodes.iter().filter(|node| node.status.state == NodeState::Ready).map(|node| node.id.as_str()).collect();
        let voters: Vec<&String> = nodes.iter().filter(|node| node.manager.is_some()).map(|node| &node.id).collect();
        registered.iter().all(|at| {
            let (host, node) = (&self.hosts[*at], self.hosts[*at].node(*at));
            host.process > 0 && ready.contains(node.as_str()) && self.record.members.get(&uuid(*at)) == Some(&node)
        }) && voters.len() == odd_at_most(registered.len().min(MANAGERS))
            && self.record.voters.iter().eq(voters)
            && self.record.recovery.is_none()
            && self.flying.is_empty()
    }

    /// Nothing goes wrong any more, and everybody takes turns: whether all registered hosts come to one swarm; if any
    /// of its managers is left.
    pub(super) fn gets_well(&self, judge: fn(&Observation) -> Plan, tell: &mut dyn FnMut(String)) -> bool {
        let mut world = self.clone();
        world.is_cut = false;
        for host in &mut world.hosts {
            host.on |= host.registered;
        }
        let mut record = Record::default();
        for round in 0..40 {
            // A claim that nobody has followed up for a whole round expires, and who has said nothing is silent.
            let stale = record == world.record;
            record.clone_from(&world.record);
            while !world.flying.is_empty() {
                world.take(&Step::Land(0), judge);
            }
            world.take(&Step::Metadata, judge);
            if round == 0 && !world.can_go_on() {
                return true;
            }
            for at in 0..world.hosts.len() {
                if !world.hosts[at].on {
                    continue;
                }
                if world.hosts[at].process == 0 {
                    world.take(&Step::Start(at), judge);
                }
                while world.hosts[at].begins.is_some() && !world.flying.iter().any(|(sender, _)| *sender == at) {
                    let step = if world.hosts[at].has_begun { Step::Force(at, false) } else { Step::Begin(at) };
                    world.take(&step, judge);
                }
                if world.hosts[at].begins.is_some() {
                    continue;
                }
                let plan = judge(&world.view(at, stale));
                tell(format!(
                    "host {at}: {}: {}; {:?}; record {:?}",
                    plan.stage.name(),
                    plan.reason,
                    plan.change,
                    world.record
                ));
                world.look(at, stale, judge);
            }
            if world.is_well() {
                return true;
            }
        }
        false
    }
}
