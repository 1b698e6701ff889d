//! The engines: whom they reach, what they say, and which swarms they make and lose.

use std::collections::BTreeMap;

use swarmkit_mon::engine::{
    Availability, Description, LocalNodeState, ManagerStatus, Node, NodeSpec, NodeState, NodeStatus, Reachability,
    Role, SwarmInfo, Version,
};

use super::group::Group;
use super::host::{Ailment, Engine, Seat};
use super::{Event, Simulation};

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
            control_available: seat.manages,
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
        // Those that are left tell one that was started anew that it is none of them any more.
        if seat.pending && self.was_made_a_worker(at, seat) {
            (info.local_node_state, info.control_available) = (LocalNodeState::Error, false);
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

    /// Whether a manager votes no more, and one that does can tell it so: it is asked, so its own address may be another one
    /// than its node's.
    pub fn was_made_a_worker(&self, at: usize, seat: &Seat) -> bool {
        let group = &self.groups[seat.group];
        let votes = group.node(&seat.node).is_some_and(|node| node.manager.is_some());
        let tells = |voter: &Node| {
            let host = group.host_of.get(&voter.id);
            host.is_some_and(|host| self.sits(*host, seat.group, &voter.id) && self.linked(at, *host))
        };
        !votes && group.voters().any(tells)
    }

    /// Whether a host's engine takes itself for a manager, and nobody has told it otherwise.
    pub fn takes_part_as_manager(&self, at: usize) -> bool {
        let seat = self.hosts[at].engine.seat().filter(|seat| seat.manages && seat.is_alive());
        seat.is_some_and(|seat| !(seat.pending && self.was_made_a_worker(at, seat)))
    }

    pub fn new_node(&self, at: usize, id: &str, role: Role) -> Node {
        let addr = self.hosts[at].address.clone();
        Node {
            id: id.to_owned(),
            version: Version { index: 1 },
            spec: NodeSpec { role, availability: Availability::Active, labels: BTreeMap::new() },
            description: Description { hostname: self.name(at) },
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
        let (cluster, services, host_of) = (old.cluster.clone(), old.services, old.host_of.clone());
        let (token, joined_with) = (old.token, old.joined_with);
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
        self.groups.push(Group { host_of, services, token, joined_with, ..new });
        let group = self.groups.len() - 1;
        self.sit(at, group, &seat.node, None);
        self.refresh(seat.group);
        self.refresh(group);
    }

    /// What follows from who reaches whom now: leaders, reachability, nodes that are lost or return.
    pub fn refresh(&mut self, group: usize) {
        self.refresh_alone(group);
        if self.groups[group].leader.is_none() {
            // Its workers may turn to one that has gone on without it; or to the one from which it has gone on, if that took it back.
            let first = if self.groups[group].taken_back { 0 } else { group + 1 };
            for other in (first..self.groups.len()).filter(|other| *other != group) {
                self.refresh_alone(other);
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

    /// Workers turn to a newer group of the same swarm which has their node, if its leader is the one they reach; from one that
    /// was taken back to the one before it, too.
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
            let turns = seat.group < group || (seat.group > group && other.taken_back);
            if turns && seat.node == node.id && !seat.manages && !led && self.linked(at, host) {
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
        self.groups[group].elected_ms = self.now;
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
