//! The world of the recovery protocol: hosts, rafts, the record and what is on its way, in a form that a model checker can
//! compare.

use std::collections::BTreeMap;
use std::hash::Hash;
use swarm_lab::wanted;

use swarm_lab::model_host::{address, metadata, rancher_view, uuid};
use swarmkit_mon::engine::{
    Availability, Description, Info, LocalNodeState, ManagerStatus, Node, NodeSpec, NodeState, NodeStatus,
    Reachability, Role, SwarmInfo, Version,
};
use swarmkit_mon::observe::{Observation, Own, SwarmView};
use swarmkit_mon::past::Past;
use swarmkit_mon::plan::{Plan, asks_rancher};
use swarmkit_mon::rancher::HostEntry;
use swarmkit_mon::record::{Lease, Record};
use swarmkit_mon::state::{Member, State};

pub(super) const CLUSTER: &str = "cluster";
pub(super) const MANAGERS: usize = 3;
pub(super) const NEVER_TWO: &str = "never two that registered hosts could go on with";
pub(super) const GOES_ON: &str = "one goes on alone, and all is well";
/// Longer than anything has to be so.
pub(super) const LONG_MS: u64 = 2_000_000;

/// What the checker explores: a swarm whose first three hosts are its managers.
#[derive(Clone)]
pub(super) struct Protocol {
    pub(super) hosts: usize,
    pub(super) faults: Faults,
    /// Of how many states one is followed until all is well.
    pub(super) one_in: u64,
    /// What decides.
    pub(super) judge: fn(&Observation) -> Plan,
}

/// What may still go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Faults {
    /// How many hosts may be lost, and how many of those switched on again.
    pub(super) lost: u8,
    pub(super) back: u8,
    /// How many may be removed from Rancher.
    pub(super) removed: u8,
    /// How often the first host may be cut off from the others, which all reach Rancher still.
    pub(super) cut: u8,
    /// How many monitors may die and start anew.
    pub(super) deaths: u8,
    /// How often a claim may expire, or the leader's monitor be silent for long.
    pub(super) expired: u8,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct World {
    pub(super) record: Record,
    /// What rancher-metadata says.
    pub(super) told: Record,
    pub(super) hosts: Vec<Host>,
    pub(super) rafts: Vec<Raft>,
    /// Writes on their way, each with its sender.
    pub(super) flying: Vec<(usize, Record)>,
    /// The first host does not reach the others.
    pub(super) is_cut: bool,
    /// A monitor has given up the last that a registered host had of the swarm.
    pub(super) gave_up: bool,
    pub(super) faults: Faults,
}

/// Engines that agree with each other: of one swarm there is another one for each time that somebody went on alone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Raft {
    pub(super) nodes: BTreeMap<String, Seat>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Seat {
    pub(super) host: usize,
    /// Whether it shall vote, and whether it does.
    pub(super) manages: bool,
    pub(super) votes: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Host {
    pub(super) on: bool,
    pub(super) registered: bool,
    /// Which process of the monitor runs; 0 for none.
    pub(super) process: u8,
    pub(super) processes: u8,
    pub(super) raft: Option<usize>,
    /// Its engine takes itself for a manager.
    pub(super) manages: bool,
    /// How many nodes its engine has been.
    pub(super) nodes: u8,
    pub(super) state: State,
    pub(super) labels: BTreeMap<String, String>,
    /// Its process has seen a record with its node.
    pub(super) was_known: bool,
    /// The epoch that it begins, and whether it has read back that it has.
    pub(super) begins: Option<u64>,
    pub(super) has_begun: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Step {
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
    pub(super) fn new(at: usize, votes: bool) -> Self {
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

    pub(super) fn node(&self, at: usize) -> String {
        format!("node-{at}-{}", self.nodes)
    }

    pub(super) fn start(&mut self) {
        self.processes += 1;
        (self.process, self.was_known) = (self.processes, false);
    }

    pub(super) fn stop(&mut self) {
        (self.process, self.was_known, self.begins, self.has_begun) = (0, false, None, false);
    }
}

impl World {
    pub(super) fn new(protocol: &Protocol) -> Self {
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

    pub(super) fn nonce(&self, at: usize) -> String {
        format!("nonce-{at}-{}", self.hosts[at].process)
    }

    pub(super) fn reaches(&self, one: usize, other: usize) -> bool {
        let cut = self.is_cut && one != other && (one == 0 || other == 0);
        self.hosts[one].on && self.hosts[other].on && !cut
    }

    /// Whether a host's engine is this voter of a raft.
    pub(super) fn holds(&self, raft: usize, node: &str) -> bool {
        let seat = &self.rafts[raft].nodes[node];
        let host = &self.hosts[seat.host];
        seat.votes && host.raft == Some(raft) && host.node(seat.host) == node
    }

    /// Where a host's engine votes.
    pub(super) fn votes_in(&self, at: usize) -> Option<usize> {
        let raft = self.hosts[at].raft?;
        let node = self.hosts[at].node(at);
        (self.rafts[raft].nodes.contains_key(&node) && self.holds(raft, &node)).then_some(raft)
    }

    /// Whether more than half of a raft's voters are there, of those that are counted.
    pub(super) fn has_most(&self, raft: usize, counts: impl Fn(usize) -> bool) -> bool {
        let voters = self.rafts[raft].nodes.iter().filter(|(_, seat)| seat.votes);
        let (there, all) = voters.fold((0, 0), |(there, all), (node, seat)| {
            (there + usize::from(self.holds(raft, node) && counts(seat.host)), all + 1)
        });
        there * 2 > all
    }

    /// The host that leads the raft in which a host's engine votes, as far as that one reaches a quorum.
    pub(super) fn leader(&self, at: usize) -> Option<usize> {
        let raft = self.votes_in(at)?;
        let there = |host: usize| self.reaches(at, host) && self.votes_in(host) == Some(raft);
        self.has_most(raft, there).then(|| (0..self.hosts.len()).find(|host| there(*host)))?
    }

    /// Engines are told what they are by a leader alone. One that becomes a manager takes longer for it than its monitor for
    /// the next reconcile.
    pub(super) fn learn(&mut self) {
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
    pub(super) fn is_said(&self, at: usize) -> bool {
        let host = &self.hosts[at];
        let says = host.labels.get("swarm").is_some_and(|part| part == "manager");
        host.process == 0 || self.leader(at).is_none() || says
    }

    pub(super) fn leads(&self, at: usize) -> bool {
        self.leader(at) == Some(at)
    }

    /// Whether whoever wrote the record last still does.
    pub(super) fn is_kept(&self, record: &Record) -> bool {
        let lease = record.lease.as_ref().map(|lease| &lease.host);
        let keeps = |at: &usize| self.hosts[*at].process > 0 && self.hosts[*at].registered && self.leads(*at);
        record.recovery.is_none() && (0..self.hosts.len()).filter(keeps).any(|at| lease == Some(&uuid(at)))
    }

    pub(super) fn nodes(&self, raft: usize, leader: usize) -> Vec<Node> {
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

    pub(super) fn view(&self, at: usize, expired: bool) -> Observation {
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
            engine_is_up: true,
            peers: None,
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
            let swarm = SwarmView {
                cluster: CLUSTER.into(),
                token: "token".into(),
                nodes,
                services,
                pools: Vec::new(),
                networks: None,
            };
            seen.swarm = Some(Ok(swarm));
        }
        // The next manager stands in for a leader whose monitor says nothing.
        seen.past.stands_in = expired && seen.swarm.is_some() && !self.is_kept(&self.record);
        self.hear(at, &mut seen.past, expired, &self.told);
        if asks_rancher(&seen).is_some() {
            seen.rancher = Some(Ok(rancher_view(self.entries(), self.record.clone())));
            self.hear(at, &mut seen.past, expired, &self.record);
        }
        seen
    }

    /// What a host takes of a record that somebody keeps.
    pub(super) fn hear(&self, at: usize, past: &mut Past, expired: bool, record: &Record) {
        if !self.is_kept(record) {
            (past.heartbeats, past.superseded_ms, past.orphaned_ms, past.is_orphaned) = (0, 0, 0, false);
            past.unheard_ms = if expired { LONG_MS } else { 0 };
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

    pub(super) fn is_registered(&self, uuid: &str) -> bool {
        let number = uuid.strip_prefix("host-").and_then(|number| number.parse::<usize>().ok());
        number.is_some_and(|at| self.hosts[at].registered)
    }

    pub(super) fn entries(&self) -> Vec<HostEntry> {
        let entry = |at: usize| HostEntry {
            uuid: uuid(at),
            hostname: String::new(),
            agent_ip_address: Some(address(at)),
            state: "active".into(),
            agent_state: Some(if self.hosts[at].on { "active" } else { "reconnecting" }.into()),
            labels: self.hosts[at].labels.clone(),
        };
        (0..self.hosts.len()).filter(|at| self.hosts[*at].registered).map(entry).collect()
    }
}
