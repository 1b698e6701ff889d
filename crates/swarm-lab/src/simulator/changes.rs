//! What becomes of the changes that a plan asks for.

use swarmkit_mon::engine::{Availability, Role};
use swarmkit_mon::observe::Observation;
use swarmkit_mon::plan::{Change, DRAINED, Plan, said_to_be_inside};
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
            Change::Promote(node) | Change::Demote(node) => {
                let role = if matches!(change, Change::Promote(_)) { Role::Manager } else { Role::Worker };
                let good = self.engine_sets_role(at, node, role, looked);
                let took = self.between(5, 40);
                self.after(took, Event::Done { host: at, process, good });
            }
            Change::Availability { node, to } => {
                let to = *to;
                let good = self.engine_changes_node(at, node, |spec| {
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
                let good = self.engine_changes_node(at, node, |spec| {
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
                let group = self.governs(at);
                let good = self.engine_removes(at, &node.id, *force);
                if let Some(group) = group.filter(|_| good && *renew_token) {
                    self.groups[group].token += 1;
                }
                self.after(30, Event::Done { host: at, process, good });
            }
            Change::RenewToken => {
                let good = self.engine_renews_token(at);
                if good {
                    self.monitor(at, process).into_iter().for_each(|monitor| monitor.memory.token_renewed());
                }
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
        let Some(group) = self.engine_inits(at) else { return self.done(at, process, false) };
        self.say(|| format!("host {at}: has made group {group}, under {nonce}"));
        if alive {
            let made = Some(self.groups[group].cluster.clone());
            let state = &mut self.hosts[at].state;
            *state = State { init: None, made, ..state.clone() };
        }
        self.done(at, process, true);
    }

    fn begin_epoch(&mut self, at: usize, process: u64, seen: Observation) {
        let claim = self.own_claim(at, &seen);
        let cluster = seen.own.state.member.as_ref().map(|member| member.cluster.clone()).unwrap_or_default();
        let kept = self.hosts[at].state.record.clone().filter(|kept| kept.cluster.as_ref() == Some(&cluster));
        let next = self.api.record.or_kept(kept.as_ref()).next_epoch(&cluster, &claim);
        let took = self.call_api(at);
        let (Some(record), Some(took)) = (next, took) else {
            return self.after(took.unwrap_or(10_000), Event::Done { host: at, process, good: false });
        };
        let epoch = record.epoch;
        if !self.put_record(at, process, took, record) {
            return self.after(took, Event::Done { host: at, process, good: false });
        }
        let init = self.between(300, 900);
        self.after(took * 2, Event::Force { host: at, process, epoch, init, seen: Box::new(seen) });
    }

    /// Looks a last time before it goes on alone, which then takes the engine its time.
    pub fn force(&mut self, at: usize, process: u64, epoch: u64, init: u64, seen: &Observation) {
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
        self.after(init, Event::Forced { host: at, process });
    }

    pub fn forced(&mut self, at: usize, process: u64) {
        // Who has died meanwhile may have been heard, or not.
        let alive = self.monitor(at, process).is_some();
        let manages = self.hosts[at].answers() && self.takes_part_as_manager(at);
        let good = manages && (alive || self.one_in(2));
        if good {
            self.engine_forces(at);
        }
        self.done(at, process, good);
    }

    fn join(&mut self, at: usize, managers: &[String], token: &str) -> bool {
        let key = self.hosts[at].monitor.as_ref().map(|monitor| monitor.key.clone()).unwrap_or_default();
        let joined = self.engine_joins(at, managers, |group| token == sealed(&group.mark(), &key));
        if let (true, Some(seat)) = (joined, self.hosts[at].engine.seat()) {
            let joining = Some(self.groups[seat.group].cluster.clone());
            self.hosts[at].state = State { joining, member: None, ..self.hosts[at].state.clone() };
        }
        joined
    }

    fn leave(&mut self, at: usize, node: &str, manager: bool) -> bool {
        let Some(seat) = self.hosts[at].engine.seat().cloned() else { return false };
        let told = if seat.ails == Some(Ailment::BrokenDown) { "" } else { seat.node.as_str() };
        if told != node || self.takes_part_as_manager(at) != manager {
            return false;
        }
        let left = self.engine_leaves(at);
        self.hosts[at].state = State { left, ..State::default() };
        true
    }
}
