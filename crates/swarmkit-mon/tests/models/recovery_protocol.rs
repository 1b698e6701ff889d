//! The protocol by which a swarm that has lost most of its managers goes on, explored whole by a model checker: every order
//! of reconciles, claims, epochs, forced clusters, and of hosts that are lost, removed from Rancher, cut off and switched
//! on again, with writes that land late or after their sender has died, and metadata that is stale.
//!
//! What decides is the daemon's own: `plan`, `Record`, `DesiredRecord`. Time is left out, which only makes it harder: all that
//! has to be so for a while counts at once, and a claim of another may have expired at any moment.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use swarm_lab::trial::Trial;
use swarm_lab::trial::{campaign, trial};
use swarm_lab::wanted;

use stateright::{Checker, HasDiscoveries, Model, Property};
use swarm_lab::model_host::{address, metadata, uuid};
use swarmkit_mon::engine::{
    Availability, Description, Info, LocalNodeState, ManagerStatus, Node, NodeSpec, NodeState, NodeStatus,
    Reachability, Role, SwarmInfo, Version,
};
use swarmkit_mon::observe::{Observation, Own, RancherView, SwarmView};
use swarmkit_mon::past::Past;
use swarmkit_mon::plan::{Change, Plan, asks_rancher, odd_at_most, plan};
use swarmkit_mon::rancher::HostEntry;
use swarmkit_mon::record::{Claim, Lease, Record};
use swarmkit_mon::state::{Member, State};

pub fn trials() -> Vec<Trial> {
    vec![
        trial(
            "two_of_three_managers_are_lost_and_removed_and_one_returns",
            None,
            two_of_three_managers_are_lost_and_removed_and_one_returns,
        ),
        campaign("monitors_die_and_claims_expire_meanwhile", None, monitors_die_and_claims_expire_meanwhile),
        campaign(
            "one_of_three_is_cut_off_and_another_one_removed",
            None,
            one_of_three_is_cut_off_and_another_one_removed,
        ),
        campaign(
            "two_of_three_managers_are_lost_beside_a_worker",
            None,
            two_of_three_managers_are_lost_beside_a_worker,
        ),
        trial("one_that_waits_for_nobody_is_found_out", None, one_that_waits_for_nobody_is_found_out),
    ]
}

const CLUSTER: &str = "cluster";
const MANAGERS: usize = 3;
const NEVER_TWO: &str = "never two that registered hosts could go on with";
const GOES_ON: &str = "one goes on alone, and all is well";
/// Longer than anything has to be so.
const LONG_MS: u64 = 2_000_000;

/// What the checker explores: a swarm whose first three hosts are its managers.
#[derive(Clone)]
struct Protocol {
    hosts: usize,
    faults: Faults,
    /// Of how many states one is followed until all is well.
    one_in: u64,
    /// What decides.
    judge: fn(&Observation) -> Plan,
}

/// What may still go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Faults {
    /// How many hosts may be lost, and how many of those switched on again.
    lost: u8,
    back: u8,
    /// How many may be removed from Rancher.
    removed: u8,
    /// How often the first host may be cut off from the others, which all reach Rancher still.
    cut: u8,
    /// How many monitors may die and start anew.
    deaths: u8,
    /// How often a claim may expire, or the leader's monitor be silent for long.
    expired: u8,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct World {
    record: Record,
    /// What rancher-metadata says.
    told: Record,
    hosts: Vec<Host>,
    rafts: Vec<Raft>,
    /// Writes on their way, each with its sender.
    flying: Vec<(usize, Record)>,
    /// The first host does not reach the others.
    is_cut: bool,
    /// A monitor has given up the last that a registered host had of the swarm.
    gave_up: bool,
    faults: Faults,
}

/// Engines that agree with each other: of one swarm there is another one for each time that somebody went on alone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Raft {
    nodes: BTreeMap<String, Seat>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Seat {
    host: usize,
    /// Whether it shall vote, and whether it does.
    manages: bool,
    votes: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Host {
    on: bool,
    registered: bool,
    /// Which process of the monitor runs; 0 for none.
    process: u8,
    processes: u8,
    raft: Option<usize>,
    /// Its engine takes itself for a manager.
    manages: bool,
    /// How many nodes its engine has been.
    nodes: u8,
    state: State,
    labels: BTreeMap<String, String>,
    /// Its process has seen a record with its node.
    was_known: bool,
    /// The epoch that it begins, and whether it has read back that it has.
    begins: Option<u64>,
    has_begun: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Step {
    Lose(usize),
    Return(usize),
    Remove(usize),
    Cut,
    Join,
    Die(usize),
    Start(usize),
    /// A look, and the first half of what it leads to; whether the claim of another has expired by then, or the leader's
    /// monitor has been silent for long.
    Reconcile(usize, bool),
    Begin(usize),
    /// It goes on alone; or its monitor dies just before, and remembers that it has.
    Force(usize, bool),
    Land(usize),
    Drop(usize),
    Metadata,
}

impl Host {
    fn new(at: usize, votes: bool) -> Self {
        let node = format!("node-{at}-1");
        let mut labels = BTreeMap::from([("swarmkit.node".to_owned(), node.clone())]);
        if votes {
            labels.insert("swarm".to_owned(), "manager".to_owned());
        }
        let member = Some(Member { cluster: CLUSTER.into(), node, manager: votes, epoch: 0 });
        Self {
            on: true,
            registered: true,
            process: 1,
            processes: 1,
            raft: Some(0),
            manages: votes,
            nodes: 1,
            state: State { member, ..State::default() },
            labels,
            was_known: true,
            begins: None,
            has_begun: false,
        }
    }

    fn node(&self, at: usize) -> String {
        format!("node-{at}-{}", self.nodes)
    }

    fn start(&mut self) {
        self.processes += 1;
        (self.process, self.was_known) = (self.processes, false);
    }

    fn stop(&mut self) {
        (self.process, self.was_known, self.begins, self.has_begun) = (0, false, None, false);
    }
}

impl World {
    fn new(protocol: &Protocol) -> Self {
        let hosts: Vec<Host> = (0..protocol.hosts).map(|at| Host::new(at, at < MANAGERS)).collect();
        let seat = |at: usize| {
            let votes = at < MANAGERS;
            (hosts[at].node(at), Seat { host: at, manages: votes, votes })
        };
        let nodes: BTreeMap<String, Seat> = (0..protocol.hosts).map(seat).collect();
        let record = Record {
            cluster: Some(CLUSTER.into()),
            managers: (0..MANAGERS).map(|at| format!("{}:2377", address(at))).collect(),
            members: (0..protocol.hosts).map(|at| (uuid(at), hosts[at].node(at))).collect(),
            voters: (0..MANAGERS).map(|at| hosts[at].node(at)).collect(),
            lease: Some(Lease { host: uuid(0), heartbeat: 0 }),
            ..Record::default()
        };
        Self {
            told: record.clone(),
            record,
            hosts,
            rafts: vec![Raft { nodes }],
            flying: Vec::new(),
            is_cut: false,
            gave_up: false,
            faults: protocol.faults,
        }
    }

    fn nonce(&self, at: usize) -> String {
        format!("nonce-{at}-{}", self.hosts[at].process)
    }

    fn reaches(&self, one: usize, other: usize) -> bool {
        let cut = self.is_cut && one != other && (one == 0 || other == 0);
        self.hosts[one].on && self.hosts[other].on && !cut
    }

    /// Whether a host's engine is this voter of a raft.
    fn holds(&self, raft: usize, node: &str) -> bool {
        let seat = &self.rafts[raft].nodes[node];
        let host = &self.hosts[seat.host];
        seat.votes && host.raft == Some(raft) && host.node(seat.host) == node
    }

    /// Where a host's engine votes.
    fn votes_in(&self, at: usize) -> Option<usize> {
        let raft = self.hosts[at].raft?;
        let node = self.hosts[at].node(at);
        (self.rafts[raft].nodes.contains_key(&node) && self.holds(raft, &node)).then_some(raft)
    }

    /// Whether more than half of a raft's voters are there, of those that are counted.
    fn has_most(&self, raft: usize, counts: impl Fn(usize) -> bool) -> bool {
        let voters = self.rafts[raft].nodes.iter().filter(|(_, seat)| seat.votes);
        let (there, all) = voters.fold((0, 0), |(there, all), (node, seat)| {
            (there + usize::from(self.holds(raft, node) && counts(seat.host)), all + 1)
        });
        there * 2 > all
    }

    /// The host that leads the raft in which a host's engine votes, as far as that one reaches a quorum.
    fn leader(&self, at: usize) -> Option<usize> {
        let raft = self.votes_in(at)?;
        let there = |host: usize| self.reaches(at, host) && self.votes_in(host) == Some(raft);
        self.has_most(raft, there).then(|| (0..self.hosts.len()).find(|host| there(*host)))?
    }

    /// Engines are told what they are by a leader alone. One that becomes a manager takes longer for it than its monitor for
    /// the next reconcile.
    fn learn(&mut self) {
        for at in 0..self.hosts.len() {
            let Some(raft) = self.hosts[at].raft else { continue };
            let node = self.hosts[at].node(at);
            let leads =
                |other: usize| self.votes_in(other) == Some(raft) && self.reaches(at, other) && self.leads(other);
            if self.votes_in(at).is_none() && (0..self.hosts.len()).any(leads) {
                let remembers = self.hosts[at].state.member.as_ref().is_some_and(|member| member.node == node);
                let seat = self.rafts[raft].nodes.get_mut(&node);
                let becomes = seat.filter(|seat| seat.manages && remembers);
                self.hosts[at].manages = becomes.is_some();
                if let Some(seat) = becomes {
                    seat.votes = true;
                }
            }
        }
    }

    /// Whether a host's labels say of its engine what that tells its monitor.
    fn is_said(&self, at: usize) -> bool {
        let host = &self.hosts[at];
        let says = host.labels.get("swarm").is_some_and(|part| part == "manager");
        host.process == 0 || self.leader(at).is_none() || says
    }

    fn leads(&self, at: usize) -> bool {
        self.leader(at) == Some(at)
    }

    /// Whether whoever wrote the record last still does.
    fn is_kept(&self, record: &Record) -> bool {
        let lease = record.lease.as_ref().map(|lease| &lease.host);
        let keeps = |at: &usize| self.hosts[*at].process > 0 && self.hosts[*at].registered && self.leads(*at);
        record.recovery.is_none() && (0..self.hosts.len()).filter(keeps).any(|at| lease == Some(&uuid(at)))
    }

    fn nodes(&self, raft: usize, leader: usize) -> Vec<Node> {
        let node = |(id, seat): (&String, &Seat)| {
            let host = &self.hosts[seat.host];
            // A worker turns to whichever manager it reaches.
            let sits = host.raft == Some(raft) || (host.raft.is_some() && self.votes_in(seat.host).is_none());
            let met = self.reaches(leader, seat.host) && sits && host.node(seat.host) == *id;
            let reachability = if met { Reachability::Reachable } else { Reachability::Unreachable };
            let addr = format!("{}:2377", address(seat.host));
            Node {
                id: id.clone(),
                version: Version { index: 1 },
                spec: NodeSpec {
                    role: if seat.manages { Role::Manager } else { Role::Worker },
                    availability: Availability::Active,
                    labels: BTreeMap::new(),
                },
                description: Description::default(),
                status: NodeStatus {
                    state: if met { NodeState::Ready } else { NodeState::Down },
                    addr: address(seat.host),
                },
                manager: seat.votes.then_some(ManagerStatus { leader: seat.host == leader, reachability, addr }),
            }
        };
        self.rafts[raft].nodes.iter().map(node).collect()
    }

    fn view(&self, at: usize, expired: bool) -> Observation {
        let host = &self.hosts[at];
        let raft = self.votes_in(at);
        let leader = self.leader(at);
        let silent = raft.is_some() && leader.is_none();
        // The others tell it that it is none of theirs, and nobody tells it what it is.
        let ails = host.manages && raft.is_none();
        let info = host.raft.map_or_else(SwarmInfo::default, |_| SwarmInfo {
            node_id: host.node(at),
            local_node_state: if ails { LocalNodeState::Error } else { LocalNodeState::Active },
            control_available: raft.is_some(),
            ..SwarmInfo::default()
        });
        let nodes = raft.zip(leader).map(|(raft, leader)| self.nodes(raft, leader));
        // A write lands, or is lost, and a monitor says what its engine is, sooner than a silence is long.
        let may_land = self.flying.iter().any(|(sender, _)| self.hosts[*sender].process == 0);
        let is_long = !may_land && (0..self.hosts.len()).all(|at| self.is_said(at));
        let mine = self.record.recovery.as_ref().is_some_and(|claim| claim.nonce == self.nonce(at));
        let away = nodes.iter().flatten().filter(|node| node.status.state == NodeState::Down);
        let unlisted = self.record.members.keys().filter(|uuid| !self.is_registered(uuid));
        let mut seen = Observation {
            wanted: wanted::wanted(MANAGERS),
            own: Own { nonce: self.nonce(at), key: format!("key-{at}"), state: host.state.clone() },
            engine: if silent {
                Err("no answer".into())
            } else {
                Ok(Info { name: String::new(), server_version: String::new(), swarm: info })
            },
            metadata: Ok(metadata(at, self.hosts.iter().map(|host| host.process > 0), &self.told)),
            rancher: None,
            rancher_ms: 0,
            swarm: None,
            refusal: None,
            has_stayed: false,
            leader_holds_lease: false,
            record_is_gone: false,
            past: Past {
                recovery_ms: if mine || expired { LONG_MS } else { 0 },
                leaderless_ms: if silent && is_long { LONG_MS } else { 0 },
                outside_ms: LONG_MS,
                stuck_ms: if ails { LONG_MS } else { 0 },
                voters_ms: LONG_MS,
                down_ms: away.map(|node| (node.id.clone(), LONG_MS)).collect(),
                unlisted_ms: unlisted.map(|uuid| (uuid.clone(), LONG_MS)).collect(),
                ..Past::default()
            },
        };
        if let Some(nodes) = nodes {
            seen.past.unsettled_ms = nodes
                .iter()
                .filter(|node| (node.spec.role == Role::Manager) != node.manager.is_some())
                .map(|node| (node.id.clone(), LONG_MS))
                .collect();
            let services = (nodes.len() == 1).then_some(1);
            let swarm =
                SwarmView { cluster: CLUSTER.into(), token: "token".into(), nodes, services, has_network: None };
            seen.swarm = Some(Ok(swarm));
        }
        // The next manager stands in for a leader whose monitor says nothing.
        seen.past.stands_in = expired && seen.swarm.is_some() && !self.is_kept(&self.record);
        self.hear(at, &mut seen.past, expired, &self.told);
        if asks_rancher(&seen).is_some() {
            let view = RancherView {
                hosts: self.entries(),
                record: self.record.clone(),
                plain_tokens: Vec::new(),
                takes_writes: true,
            };
            seen.rancher = Some(Ok(view));
            self.hear(at, &mut seen.past, expired, &self.record);
        }
        seen
    }

    /// What a host takes of a record that somebody keeps.
    fn hear(&self, at: usize, past: &mut Past, expired: bool, record: &Record) {
        if !self.is_kept(record) {
            (past.heartbeats, past.superseded_ms, past.orphaned_ms, past.is_orphaned) = (0, 0, 0, false);
            return;
        }
        let host = &self.hosts[at];
        (past.heartbeats, past.heartbeat_ms) = (2, 0);
        let member = host.state.member.as_ref();
        let of_before = member.is_some_and(|it| it.epoch < record.epoch && !record.voters.contains(&it.node));
        past.superseded_ms = if of_before { LONG_MS } else { 0 };
        let orphaned = host.raft.is_some() && !record.knows(&host.node(at), &uuid(at));
        past.orphaned_ms = if orphaned { LONG_MS } else { 0 };
        past.is_orphaned = orphaned && (host.was_known || expired);
    }

    fn is_registered(&self, uuid: &str) -> bool {
        let number = uuid.strip_prefix("host-").and_then(|number| number.parse::<usize>().ok());
        number.is_some_and(|at| self.hosts[at].registered)
    }

    fn entries(&self) -> Vec<HostEntry> {
        let entry = |at: usize| HostEntry {
            uuid: uuid(at),
            agent_ip_address: Some(address(at)),
            state: "active".into(),
            agent_state: Some(if self.hosts[at].on { "active" } else { "reconnecting" }.into()),
            labels: self.hosts[at].labels.clone(),
        };
        (0..self.hosts.len()).filter(|at| self.hosts[*at].registered).map(entry).collect()
    }

    fn look(&mut self, at: usize, expired: bool, judge: fn(&Observation) -> Plan) {
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
    fn send(&mut self, at: usize, record: Record) -> bool {
        let sends = record != self.record && !self.flying.iter().any(|(host, _)| *host == at);
        if sends {
            self.flying.push((at, record));
        }
        sends
    }

    /// Only a voter can be made a worker, and only a worker that is there becomes one.
    fn set_role(&mut self, at: usize, node: &str, role: Role) {
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

    fn join(&mut self, at: usize, managers: &[String]) {
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
    fn force(&mut self, at: usize) {
        let Some(old) = self.votes_in(at) else { return };
        let mut raft = self.rafts[old].clone();
        for seat in raft.nodes.values_mut() {
            seat.votes = seat.host == at && seat.votes;
        }
        self.rafts.push(raft);
        self.hosts[at].raft = Some(self.rafts.len() - 1);
    }

    /// Whether a registered host still has the swarm.
    fn is_had(&self) -> bool {
        (0..self.hosts.len()).any(|at| self.hosts[at].registered && self.votes_in(at).is_some())
    }

    /// Whether one of the recorded managers has it: all of them are never removed but by mistake.
    fn can_go_on(&self) -> bool {
        let last = Some(self.rafts.len() - 1);
        let has = |at: &usize| self.votes_in(*at) == last && self.record.voters.contains(&self.hosts[*at].node(*at));
        (0..self.hosts.len()).filter(|at| self.hosts[*at].registered).any(|at| has(&at))
    }

    fn take(&mut self, step: &Step, judge: fn(&Observation) -> Plan) {
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
    fn that_may_live(&self) -> usize {
        (0..self.rafts.len()).filter(|raft| self.has_most(*raft, |host| self.hosts[host].registered)).count()
    }

    /// Whether all registered hosts are in one swarm, with its managers, and it is recorded as it is.
    fn is_well(&self) -> bool {
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
    fn gets_well(&self, judge: fn(&Observation) -> Plan, tell: &mut dyn FnMut(String)) -> bool {
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

impl Model for Protocol {
    type State = World;
    type Action = Step;

    fn init_states(&self) -> Vec<World> {
        vec![World::new(self)]
    }

    fn actions(&self, world: &World, steps: &mut Vec<Step>) {
        let flies = |at: usize| world.flying.iter().any(|(sender, _)| *sender == at);
        for (at, host) in world.hosts.iter().enumerate() {
            if host.registered && world.faults.removed > 0 {
                steps.push(Step::Remove(at));
            }
            if !host.on {
                if world.faults.back > 0 && !flies(at) {
                    steps.push(Step::Return(at));
                }
                continue;
            }
            if world.faults.lost > 0 {
                steps.push(Step::Lose(at));
            }
            if host.process == 0 {
                // The API answers a call within its limit or not at all, and a container takes longer to start anew.
                if !flies(at) {
                    steps.push(Step::Start(at));
                }
                continue;
            }
            if world.faults.deaths > 0 {
                steps.push(Step::Die(at));
            }
            match (host.begins, host.has_begun) {
                (Some(_), true) => {
                    steps.push(Step::Force(at, false));
                    if world.faults.deaths > 0 {
                        steps.push(Step::Force(at, true));
                    }
                }
                (Some(_), false) if flies(at) => {}
                (Some(_), false) => steps.push(Step::Begin(at)),
                (None, _) => {
                    steps.push(Step::Reconcile(at, false));
                    let other = world.record.recovery.as_ref().is_some_and(|claim| claim.host != uuid(at));
                    if (other || !world.is_kept(&world.record)) && world.faults.expired > 0 {
                        steps.push(Step::Reconcile(at, true));
                    }
                }
            }
        }
        if world.is_cut {
            steps.push(Step::Join);
        } else if world.faults.cut > 0 {
            steps.push(Step::Cut);
        }
        for number in 0..world.flying.len() {
            steps.push(Step::Land(number));
            if world.hosts[world.flying[number].0].process == 0 {
                steps.push(Step::Drop(number));
            }
        }
        if world.told != world.record {
            steps.push(Step::Metadata);
        }
    }

    fn next_state(&self, world: &World, step: Step) -> Option<World> {
        let mut next = world.clone();
        next.take(&step, self.judge);
        // A look that changes nothing leads nowhere.
        (next != *world).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(NEVER_TWO, |_, world: &World| world.that_may_live() <= 1),
            Property::always("never is the last of the swarm given up", |_, world: &World| !world.gave_up),
            // Of some states, as each is a run of its own.
            Property::always("once faults stop, all come to one swarm", |protocol: &Self, world: &World| {
                let mut hasher = DefaultHasher::new();
                world.hash(&mut hasher);
                !hasher.finish().is_multiple_of(protocol.one_in) || world.gets_well(protocol.judge, &mut |_| {})
            }),
            Property::sometimes(GOES_ON, |_, world: &World| world.rafts.len() == 2 && world.is_well()),
        ]
    }
}

/// The promise that is broken first, and how; `None` if all are kept.
fn broken(protocol: &Protocol) -> Option<(&'static str, String)> {
    let checker = protocol.clone().checker().threads(2).finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
    println!("{} hosts: {} states, up to {} steps", protocol.hosts, checker.unique_state_count(), checker.max_depth());
    let found = checker.discoveries();
    for (name, path) in &found {
        if *name != GOES_ON {
            let last = path.last_state();
            let mut story: Vec<String> = path.clone().into_actions().iter().map(|step| format!("{step:?}")).collect();
            story.push(format!("{last:#?}"));
            last.gets_well(protocol.judge, &mut |text| story.push(text));
            return Some((name, story.join("\n")));
        }
    }
    assert!(found.contains_key(GOES_ON), "nobody goes on alone");
    None
}

fn explore(protocol: &Protocol) {
    if let Some((promise, story)) = broken(protocol) {
        panic!("not so: {promise}:\n{story}");
    }
}

const NONE: Faults = Faults { lost: 0, back: 0, removed: 0, cut: 0, deaths: 0, expired: 0 };
const THREE: Protocol = Protocol { hosts: 3, faults: NONE, one_in: 32, judge: plan };

fn two_of_three_managers_are_lost_and_removed_and_one_returns() {
    explore(&Protocol { faults: Faults { lost: 2, back: 1, removed: 2, ..NONE }, ..THREE });
}

fn monitors_die_and_claims_expire_meanwhile() {
    explore(&Protocol { faults: Faults { lost: 2, removed: 2, deaths: 1, expired: 1, ..NONE }, ..THREE });
}

fn one_of_three_is_cut_off_and_another_one_removed() {
    explore(&Protocol { faults: Faults { lost: 1, back: 1, removed: 1, cut: 1, ..NONE }, ..THREE });
}

fn two_of_three_managers_are_lost_beside_a_worker() {
    explore(&Protocol { faults: Faults { lost: 2, removed: 2, ..NONE }, hosts: 4, ..THREE });
}

/// Whoever waits for nobody: to its eyes all others are removed.
fn rashly(seen: &Observation) -> Plan {
    let mut seen = seen.clone();
    if let (Ok(metadata), Some(Ok(view))) = (&seen.metadata, &mut seen.rancher) {
        view.hosts.retain(|host| host.uuid == metadata.host);
    }
    plan(&seen)
}

fn one_that_waits_for_nobody_is_found_out() {
    let found = broken(&Protocol { faults: Faults { lost: 2, ..NONE }, one_in: u64::MAX, judge: rashly, ..THREE });
    assert_eq!(found.map(|(promise, _)| promise), Some(NEVER_TWO));
}
