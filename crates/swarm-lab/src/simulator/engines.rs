//! Hosts, their engines, and the swarms that these are in.

use std::collections::{BTreeMap, BTreeSet};

use swarmkit_mon::engine::{
    Availability, Description, LocalNodeState, ManagerStatus, Node, NodeSpec, NodeState, NodeStatus, Peer,
    Reachability, Role, SwarmInfo, Version,
};
use swarmkit_mon::observe::Observation;
use swarmkit_mon::state::State;

use super::monitors::Monitor;
use super::{Event, Simulation};

pub struct Host {
    pub entry: usize,
    pub is_registered: bool,
    /// When its monitor's container was made.
    pub age: u64,
    pub address: String,
    /// Whether the machine is on and the engine runs and answers.
    pub engine_up: bool,
    pub frozen: bool,
    /// Hosts reach those of the same side.
    pub side: u8,
    pub api_cut: bool,
    /// Whether Rancher has noticed that its agent is away.
    pub is_disconnected: bool,
    /// Counts what its agent suffers.
    pub agent_turn: u64,
    pub metadata_cut: bool,
    /// The machine is gone for good.
    pub lost: bool,
    pub engine: Engine,
    pub state: State,
    /// The latest epoch that this host was told of while it was a manager of the recorded swarm.
    pub heard_epoch: u64,
    pub monitor: Option<Monitor>,
    pub processes: u64,
    /// When it last changed from outside, in milliseconds.
    pub troubled_ms: u64,
    /// The faults that it suffers from, by number.
    pub struck: Vec<usize>,
}

impl Host {
    pub fn new(at: usize) -> Self {
        Self {
            entry: 0,
            is_registered: false,
            age: 0,
            address: format!("10.{}.{}.{}", at / 60_000, at / 240 % 250, at % 240 + 1),
            engine_up: true,
            frozen: false,
            side: 0,
            api_cut: false,
            is_disconnected: false,
            agent_turn: 0,
            metadata_cut: false,
            lost: false,
            engine: Engine::default(),
            state: State::default(),
            heard_epoch: 0,
            monitor: None,
            processes: 0,
            troubled_ms: 0,
            struck: Vec::new(),
        }
    }

    /// Whether its address is another one than its engine's: it is never reached as that node again.
    pub fn has_moved(&self) -> bool {
        self.engine.seat().is_some_and(|seat| seat.address != self.address)
    }

    pub fn answers(&self) -> bool {
        self.engine_up && !self.frozen && !self.lost
    }

    /// Hears what a reconcile tells of the epoch of the swarm that it manages.
    pub fn hear(&mut self, seen: &Observation) {
        let kept = self.state.kept_record(seen.engine.as_ref().ok().map(|info| &info.swarm));
        let read = seen.metadata.as_ref().ok().and_then(|metadata| metadata.record.as_ref().ok());
        let record = seen.rancher_view().map(|view| &view.record).or(read);
        self.heard_epoch = match (kept, record) {
            (Some(kept), Some(record)) if kept.cluster == record.cluster => record.epoch.max(self.heard_epoch),
            (None, _) => 0,
            _ => self.heard_epoch,
        };
    }

    /// Whether Rancher hears nothing of its agent, which its engine runs.
    pub fn is_unheard(&self) -> bool {
        !self.answers() || self.api_cut
    }
}

/// An engine's own idea of where it is.
#[derive(Default, Clone)]
pub enum Engine {
    #[default]
    Out,
    In(Seat),
}

#[derive(Clone)]
pub struct Seat {
    pub group: usize,
    pub node: String,
    /// Whether it takes itself for a manager.
    pub manages: bool,
    /// The host through which it joined, until the engine is started anew.
    pub via: Option<usize>,
    pub ails: Option<Ailment>,
    /// It was started anew and has not found its swarm yet.
    pub pending: bool,
    pub address: String,
}

/// How an engine's swarm can be in error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ailment {
    /// It broke down as it became a manager, and does not tell which node it is.
    BrokenDown,
    /// Its manager has stopped, though the others count it.
    Halted,
    /// It manages, and votes.
    Failing,
}

impl Engine {
    pub fn seat(&self) -> Option<&Seat> {
        match self {
            Self::In(seat) => Some(seat),
            Self::Out => None,
        }
    }
}

impl Seat {
    /// Whether it takes part in its swarm, whatever it says of itself.
    pub fn is_alive(&self) -> bool {
        matches!(self.ails, None | Some(Ailment::Failing))
    }
}

/// Engines that share one raft.
pub struct Group {
    pub cluster: String,
    pub nodes: Vec<Node>,
    /// The host of each node.
    pub host_of: BTreeMap<String, usize>,
    pub leader: Option<String>,
    pub services: usize,
    /// Which worker token is in force.
    pub token: u64,
    /// Since when a node has not been reached.
    pub unreached: BTreeMap<String, u64>,
    /// When a node was last found again.
    pub returned: BTreeMap<String, u64>,
    pub electing: bool,
    /// Another one has gone on without it.
    pub superseded: bool,
    /// When a monitor changed a role, in milliseconds.
    pub changed_ms: u64,
    /// Nodes whose roles are about to take effect.
    settling: BTreeSet<String>,
    /// Nodes that are about to be found again.
    returning: BTreeSet<String>,
    /// Its managers, as its nodes tell each other.
    peers: Vec<Peer>,
}

impl Group {
    /// A new one, of these nodes, of which the one leads.
    fn new(cluster: String, nodes: Vec<Node>, leader: String) -> Self {
        let mut group = Self {
            cluster,
            nodes,
            host_of: BTreeMap::new(),
            leader: Some(leader),
            services: 0,
            token: 1,
            unreached: BTreeMap::new(),
            returned: BTreeMap::new(),
            electing: false,
            superseded: false,
            changed_ms: 0,
            settling: BTreeSet::new(),
            returning: BTreeSet::new(),
            peers: Vec::new(),
        };
        group.tell_peers();
        group
    }

    fn tell_peers(&mut self) {
        let peer = |node: &Node| Some(Peer { node_id: node.id.clone(), addr: node.manager.as_ref()?.addr.clone() });
        self.peers = self.nodes.iter().filter_map(peer).collect();
    }

    pub fn node(&self, id: &str) -> Option<&Node> {
        self.nodes.iter().find(|node| node.id == id)
    }

    pub fn node_mut(&mut self, id: &str) -> Option<&mut Node> {
        self.nodes.iter_mut().find(|node| node.id == id)
    }

    pub fn voters(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(|node| node.manager.is_some())
    }

    pub fn mark(&self) -> String {
        format!("{}.token.{}", self.cluster, self.token)
    }
}

/// What a host's engine says: of itself, and of the swarm.
pub enum Said {
    Nothing(&'static str),
    Itself(SwarmInfo),
    /// As a manager of a group with a leader.
    Swarm(SwarmInfo, usize),
}

impl Simulation {
    pub fn linked(&self, one: usize, other: usize) -> bool {
        let (a, b) = (&self.hosts[one], &self.hosts[other]);
        a.answers() && b.answers() && (one == other || a.side == b.side)
    }

    /// Whether a host's engine is up as this node of this group.
    fn sits(&self, host: usize, group: usize, node: &str) -> bool {
        let host = &self.hosts[host];
        let sits = |seat: &Seat| seat.group == group && seat.node == node && seat.is_alive();
        host.answers() && !host.has_moved() && host.engine.seat().is_some_and(sits)
    }

    /// Whether the one node of a group reaches the other.
    pub fn reaches(&self, group: usize, from: &str, to: &str) -> bool {
        let hosts = &self.groups[group].host_of;
        let (Some(&a), Some(&b)) = (hosts.get(from), hosts.get(to)) else { return false };
        self.sits(a, group, from) && self.sits(b, group, to) && self.linked(a, b)
    }

    /// How many voters a voter reaches, with itself, and how many there are.
    fn reach(&self, group: usize, from: &str) -> (usize, usize) {
        let voters = self.groups[group].voters();
        let (mut met, mut all) = (0, 0);
        for voter in voters {
            all += 1;
            met += usize::from(self.reaches(group, from, &voter.id));
        }
        (met, all)
    }

    /// Whether some voters of a group could agree, as things are.
    pub fn has_quorum(&self, group: usize) -> bool {
        self.groups[group].voters().any(|voter| {
            let (met, all) = self.reach(group, &voter.id);
            met * 2 > all
        })
    }

    /// The group whose leader this host's engine, as a manager, can ask.
    pub fn governs(&self, at: usize) -> Option<usize> {
        let seat = self.hosts[at].engine.seat().filter(|seat| seat.manages && seat.is_alive())?;
        let leader = self.groups[seat.group].leader.as_ref()?;
        self.reaches(seat.group, &seat.node, leader).then_some(seat.group)
    }

    pub fn said(&self, at: usize) -> Said {
        let host = &self.hosts[at];
        if !host.answers() {
            return Said::Nothing("engine: GET /info: no answer within 5000 ms");
        }
        let Some(seat) = host.engine.seat() else { return Said::Itself(SwarmInfo::default()) };
        if seat.ails == Some(Ailment::BrokenDown) {
            let error = "can't initialize raft node".to_owned();
            return Said::Itself(SwarmInfo { local_node_state: LocalNodeState::Error, error, ..SwarmInfo::default() });
        }
        let group = &self.groups[seat.group];
        let mut info = SwarmInfo {
            node_id: seat.node.clone(),
            node_addr: seat.address.clone(),
            local_node_state: if seat.pending { LocalNodeState::Pending } else { LocalNodeState::Active },
            control_available: seat.manages && !seat.pending,
            remote_managers: group.peers.clone(),
            ..SwarmInfo::default()
        };
        if let Some(ailment) = seat.ails {
            (info.local_node_state, info.control_available) =
                (LocalNodeState::Error, seat.manages && ailment == Ailment::Failing);
            return Said::Itself(info);
        }
        if !seat.manages {
            return Said::Itself(info);
        }
        match self.governs(at) {
            Some(group) => {
                info.local_node_state = LocalNodeState::Active;
                info.control_available = true;
                Said::Swarm(info, group)
            }
            None if seat.pending => Said::Itself(info),
            None => Said::Nothing("engine: GET /info: no answer within 5000 ms"),
        }
    }

    pub fn new_node(&self, at: usize, id: &str, role: Role) -> Node {
        let addr = self.hosts[at].address.clone();
        Node {
            id: id.to_owned(),
            version: Version { index: 1 },
            spec: NodeSpec { role, availability: Availability::Active, labels: BTreeMap::new() },
            // Names are of no use to tell nodes apart: all have the same.
            description: Description { hostname: "same.example".into() },
            status: NodeStatus { state: NodeState::Ready, addr: addr.clone() },
            manager: (role == Role::Manager).then(|| ManagerStatus {
                leader: true,
                reachability: Reachability::Reachable,
                addr: format!("{addr}:2377"),
            }),
        }
    }

    pub fn sit(&mut self, at: usize, group: usize, node: &str, via: Option<usize>) {
        let manages = self.groups[group].node(node).is_some_and(|node| node.manager.is_some());
        let address = self.hosts[at].address.clone();
        self.hosts[at].engine =
            Engine::In(Seat { group, node: node.to_owned(), manages, via, ails: None, pending: false, address });
        self.groups[group].host_of.insert(node.to_owned(), at);
    }

    pub fn make_group(&mut self, at: usize) -> usize {
        let (cluster, id) = (self.fresh("cluster"), self.fresh("node"));
        let node = self.new_node(at, &id, Role::Manager);
        self.groups.push(Group::new(cluster, vec![node], id.clone()));
        let group = self.groups.len() - 1;
        self.sit(at, group, &id, None);
        group
    }

    /// Goes on alone with a swarm, with its services, as `--force-new-cluster` does.
    pub fn force_new(&mut self, at: usize) {
        let Some(seat) = self.hosts[at].engine.seat().cloned() else { return };
        let old = &self.groups[seat.group];
        let (cluster, services, token, host_of) = (old.cluster.clone(), old.services, old.token, old.host_of.clone());
        let mut nodes = old.nodes.clone();
        for node in &mut nodes {
            node.version.index += 1;
            node.manager = (node.id == seat.node).then(|| ManagerStatus {
                leader: true,
                reachability: Reachability::Reachable,
                addr: format!("{}:2377", self.hosts[at].address),
            });
        }
        self.groups[seat.group].superseded = true;
        let new = Group::new(cluster, nodes, seat.node.clone());
        self.groups.push(Group { host_of, services, token, ..new });
        let group = self.groups.len() - 1;
        self.sit(at, group, &seat.node, None);
        self.refresh(seat.group);
        self.refresh(group);
    }

    /// What follows from who reaches whom now: leaders, reachability, nodes that are lost or return.
    pub fn refresh(&mut self, group: usize) {
        self.refresh_alone(group);
        if self.groups[group].leader.is_none() {
            // Its workers may turn to one that has gone on without it.
            for newer in group + 1..self.groups.len() {
                self.refresh_alone(newer);
            }
        }
    }

    fn refresh_alone(&mut self, group: usize) {
        self.follow(group);
        if let Some(leader) = self.groups[group].leader.clone() {
            let (met, all) = self.reach(group, &leader);
            if met * 2 <= all || self.groups[group].node(&leader).is_none_or(|node| node.manager.is_none()) {
                self.groups[group].leader = None;
                self.say(|| format!("group {group} has no leader any more"));
            }
        }
        if self.groups[group].leader.is_none() && !self.groups[group].electing && self.has_quorum(group) {
            self.groups[group].electing = true;
            let ms = self.between(1_000, 8_000);
            self.after(ms, Event::Election { group });
        }
        let Some(leader) = self.groups[group].leader.clone() else { return };
        let mut events = Vec::new();
        let mut learns = Vec::new();
        for at in 0..self.groups[group].nodes.len() {
            let id = self.groups[group].nodes[at].id.clone();
            let met = self.reaches(group, &leader, &id);
            let now = self.now;
            let of = &mut self.groups[group];
            let node = &mut of.nodes[at];
            if let Some(manager) = &mut node.manager {
                manager.leader = id == leader;
                manager.reachability = if met { Reachability::Reachable } else { Reachability::Unreachable };
            }
            let ready = node.status.state == NodeState::Ready;
            let manages = node.manager.is_some();
            if met {
                of.unreached.remove(&id);
                if !ready && of.returning.insert(id.clone()) {
                    events.push((false, id.clone()));
                }
                learns.push((id, manages));
            } else if ready && !of.unreached.contains_key(&id) {
                of.unreached.insert(id.clone(), now);
                events.push((true, id));
            }
        }
        for (id, manages) in learns {
            if let Some(&host) = self.groups[group].host_of.get(&id)
                && let Engine::In(seat) = &mut self.hosts[host].engine
                && (seat.manages, seat.pending) != (manages, false)
            {
                (seat.manages, seat.pending) = (manages, false);
                self.wake(host, 50);
            }
        }
        for (lost, node) in events {
            let since = self.now;
            if lost {
                let ms = self.between(10_000, 15_000);
                self.after(ms, Event::Down { group, node, since });
            } else {
                let ms = self.between(300, 1_500);
                self.after(ms, Event::Returns { group, node });
            }
        }
    }

    /// Workers turn to a newer group of the same swarm which has their node, if its leader is the one they reach.
    fn follow(&mut self, group: usize) {
        if self.groups.len() < 2 {
            return;
        }
        let of = &self.groups[group];
        let Some(leader) = of.leader.clone() else { return };
        let Some(&at) = of.host_of.get(&leader) else { return };
        let mut moves = Vec::new();
        for node in &of.nodes {
            let Some(&host) = of.host_of.get(&node.id) else { continue };
            let Some(seat) = self.hosts[host].engine.seat() else { continue };
            let other = &self.groups[seat.group];
            let led = other.leader.as_ref().is_some_and(|leader| self.reaches(seat.group, &seat.node, leader));
            if seat.group < group && seat.node == node.id && !seat.manages && !led && self.linked(at, host) {
                moves.push(host);
            }
        }
        for host in moves {
            if let Engine::In(seat) = &mut self.hosts[host].engine {
                seat.group = group;
            }
        }
    }

    pub fn elect(&mut self, group: usize) {
        self.groups[group].electing = false;
        if self.groups[group].leader.is_some() {
            return;
        }
        let able: Vec<String> = self.groups[group]
            .voters()
            .filter(|voter| {
                let (met, all) = self.reach(group, &voter.id);
                met * 2 > all
            })
            .map(|voter| voter.id.clone())
            .collect();
        if able.is_empty() {
            return;
        }
        let pick = self.between(0, able.len() as u64 - 1) as usize;
        self.say(|| format!("group {group} elects {}", able[pick]));
        self.groups[group].leader = Some(able[pick].clone());
        self.groups[group].unreached.clear();
        self.refresh(group);
        self.wake_managers(group);
    }

    pub fn goes_down(&mut self, group: usize, node: &str, since: u64) {
        let of = &mut self.groups[group];
        if of.unreached.get(node) != Some(&since) {
            return;
        }
        if of.leader.is_none() {
            // Nobody is there to notice. Whoever leads next waits for a heartbeat anew.
            return;
        }
        of.unreached.remove(node);
        if let Some(node) = of.node_mut(node) {
            node.status.state = NodeState::Down;
            node.version.index += 1;
        }
        self.say(|| format!("group {group} calls {node} down"));
        self.wake_managers(group);
    }

    pub fn returns(&mut self, group: usize, node: &str) {
        self.groups[group].returning.remove(node);
        let leader = self.groups[group].leader.clone();
        if !leader.is_some_and(|leader| self.reaches(group, &leader, node)) {
            return;
        }
        if let Some(node) = self.groups[group].node_mut(node) {
            node.status.state = NodeState::Ready;
            node.version.index += 1;
        }
        let now = self.now;
        self.groups[group].returned.insert(node.to_owned(), now);
        // A role that could not take effect while it was away.
        self.settle_after(1_000, group, node);
        self.wake_managers(group);
    }

    pub fn wake_managers(&mut self, group: usize) {
        let hosts: Vec<usize> = self.groups[group]
            .voters()
            .filter_map(|voter| self.groups[group].host_of.get(&voter.id).copied())
            .collect();
        for host in hosts {
            self.wake(host, 100);
        }
    }

    /// Has a role take effect in so many milliseconds, unless it is about to already.
    pub fn settle_after(&mut self, ms: u64, group: usize, id: &str) {
        if self.groups[group].settling.insert(id.to_owned()) {
            self.after(ms, Event::Settle { group, node: id.to_owned() });
        }
    }

    /// A role takes effect, if it can.
    pub fn settle(&mut self, group: usize, id: &str) {
        self.groups[group].settling.remove(id);
        let Some(node) = self.groups[group].node(id) else { return };
        let (role, votes) = (node.spec.role, node.manager.is_some());
        if (role == Role::Manager) == votes {
            return;
        }
        let leader = self.groups[group].leader.clone();
        let Some(leader) = leader else {
            self.settle_after(2_000, group, id);
            return;
        };
        match role {
            Role::Manager => self.becomes_manager(group, id, &leader),
            Role::Worker => self.becomes_worker(group, id, &leader),
        }
        self.refresh(group);
        self.wake_managers(group);
    }

    fn becomes_manager(&mut self, group: usize, id: &str, leader: &str) {
        if !self.reaches(group, leader, id) {
            self.settle_after(2_000, group, id);
            return;
        }
        let Some(&host) = self.groups[group].host_of.get(id) else { return };
        // It turns to the manager through which it had joined.
        let via = self.hosts[host].engine.seat().and_then(|seat| seat.via);
        let open = via.is_none_or(|via| {
            let seat = self.hosts[via].engine.seat();
            self.linked(host, via) && seat.is_some_and(|seat| seat.group == group && seat.manages && seat.is_alive())
        });
        if !open {
            self.say(|| format!("group {group}: {id} breaks down as it becomes a manager"));
            if let Engine::In(seat) = &mut self.hosts[host].engine {
                seat.ails = Some(Ailment::BrokenDown);
            }
            self.wake(host, 500);
            return;
        }
        let addr = format!("{}:2377", self.hosts[host].address);
        if let Some(node) = self.groups[group].node_mut(id) {
            node.version.index += 1;
            node.manager = Some(ManagerStatus { leader: false, reachability: Reachability::Reachable, addr });
        }
        self.groups[group].tell_peers();
        if let Engine::In(seat) = &mut self.hosts[host].engine {
            seat.manages = true;
        }
        self.say(|| format!("group {group}: {id} votes"));
    }

    fn becomes_worker(&mut self, group: usize, id: &str, leader: &str) {
        let voters = self.groups[group].voters().count();
        if voters == 1 {
            return;
        }
        // As swarmkit's `CanRemoveMember`: those who are left must be able to agree.
        let others = self.groups[group].voters().filter(|voter| voter.id != id);
        let (all, met) = others
            .fold((0, 0), |(all, met), voter| (all + 1, met + usize::from(self.reaches(group, leader, &voter.id))));
        if met * 2 <= all {
            self.settle_after(3_000, group, id);
            return;
        }
        if id == leader {
            // Another one leads first.
            self.settle_after(3_000, group, id);
            let others: Vec<String> = self.groups[group].voters().map(|voter| voter.id.clone()).collect();
            let next = others.into_iter().find(|other| other != id && self.reaches(group, other, id));
            if next.is_some() {
                self.groups[group].leader = next;
            }
            return;
        }
        if let Some(node) = self.groups[group].node_mut(id) {
            node.version.index += 1;
            node.manager = None;
        }
        self.groups[group].tell_peers();
        self.say(|| format!("group {group}: {id} votes no more"));
    }

    /// Hosts were cut off, lost or found again: what follows in all groups that they are part of.
    pub fn hosts_changed(&mut self, hosts: &[usize]) {
        for at in hosts {
            self.hosts[*at].troubled_ms = self.now;
            self.agent_follows(*at);
        }
        let is_in = |group: &Group| match hosts {
            [at] => group.host_of.values().any(|host| host == at),
            _ => true,
        };
        let groups: Vec<usize> = (0..self.groups.len()).filter(|group| is_in(&self.groups[*group])).collect();
        for group in groups {
            self.refresh(group);
        }
    }

    /// The engine is started anew.
    pub fn engine_starts(&mut self, at: usize) {
        self.hosts[at].engine_up = true;
        if let Engine::In(seat) = &mut self.hosts[at].engine {
            seat.via = None;
            seat.pending = true;
            // A broken one finds its way with the managers that it knows.
            seat.ails = None;
        }
    }
}
