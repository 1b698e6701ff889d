//! What engines do when they are called, whoever calls them.

use swarmkit_mon::engine::{Description, Node, NodeState, NodeStatus, Role};
use swarmkit_mon::plan::NodeChange;

use super::group::Group;
use super::host::Engine;
use super::{SERVICES, Simulation};

impl Simulation {
    /// Makes a swarm. Answers with its group.
    pub fn engine_inits(&mut self, at: usize) -> Option<usize> {
        if !matches!(self.hosts[at].engine, Engine::Out) || !self.hosts[at].answers() {
            return None;
        }
        let group = self.make_group(at);
        self.tally.initialised += 1;
        self.look_for_two();
        Some(group)
    }

    /// Goes on alone with its swarm.
    pub fn engine_forces(&mut self, at: usize) {
        self.look_at_forcing(at);
        self.tally.forced += 1;
        let stands = self.api.record.recovery.is_some();
        self.force_new(at);
        let group = self.groups.len() - 1;
        self.groups[group].taken_back = !stands;
        self.say(|| format!("host {at}: has gone on alone as group {group}"));
        self.look_for_two();
    }

    /// Joins by the first of these managers that can be reached, and that has a leader to ask, if the token is that of its group.
    pub fn engine_joins(&mut self, at: usize, managers: &[String], fits: impl FnOnce(&Group) -> bool) -> bool {
        if !matches!(self.hosts[at].engine, Engine::Out) || !self.hosts[at].answers() {
            return false;
        }
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
        if !fits(&self.groups[group]) {
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
        let of = &mut self.groups[group];
        of.joined_with = of.token;
        of.nodes.push(node);
        of.services = SERVICES;
        self.sit(at, group, &id, Some(via));
        self.tally.joins += 1;
        self.look_for_two();
        self.wake_managers(group);
        true
    }

    /// Leaves its swarm. Answers with the node that it was.
    pub fn engine_leaves(&mut self, at: usize) -> Option<String> {
        let seat = self.hosts[at].engine.seat().cloned()?;
        let group = seat.group;
        self.look_at_leaving(at, &seat);
        self.hosts[at].engine = Engine::Out;
        let led = self.groups[group].leader.clone();
        let told = led
            .is_some_and(|leader| self.groups[group].host_of.get(&leader).is_some_and(|host| self.linked(at, *host)));
        if let Some(node) = self.groups[group].node_mut(&seat.node).filter(|_| told) {
            node.status.state = NodeState::Down;
            node.version.index += 1;
        }
        self.refresh(group);
        self.wake_managers(group);
        Some(seat.node)
    }

    /// Changes a node through this host's manager, if it is still as it was seen.
    pub fn engine_changes_node(&mut self, at: usize, change: &NodeChange, edit: impl FnOnce(&mut Node)) -> bool {
        let Some(group) = self.governs(at) else { return false };
        let Some(node) = self.groups[group].node_mut(&change.id) else { return false };
        if node.version.index != change.version {
            return false;
        }
        node.version.index += 1;
        edit(node);
        true
    }

    /// Changes the role of a node that was looked at then.
    pub fn engine_sets_role(&mut self, at: usize, change: &NodeChange, role: Role, looked: u64) -> bool {
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
        let good = !refused && self.engine_changes_node(at, change, |node| node.spec.role = role);
        if let (Some(group), true) = (group, good) {
            let ms = self.between(200, 5_000);
            self.settle_after(ms, group, &change.id);
        }
        good
    }

    /// Takes a node out of the swarm.
    pub fn engine_removes(&mut self, at: usize, id: &str, force: bool) -> bool {
        let Some(group) = self.governs(at) else { return false };
        let Some(node) = self.groups[group].node(id).cloned() else { return false };
        if node.manager.is_some() || (node.status.state == NodeState::Ready && !force) {
            return false;
        }
        self.look_at_removal(group, &node);
        self.look_at_calm("a removal");
        self.tally.removals += 1;
        let of = &mut self.groups[group];
        of.nodes.retain(|node| node.id != id);
        of.host_of.remove(id);
        of.unreached.remove(id);
        true
    }

    /// Makes a new worker token.
    pub fn engine_renews_token(&mut self, at: usize) -> bool {
        let Some(group) = self.governs(at) else { return false };
        self.look_at_calm("a new worker token");
        self.groups[group].token += 1;
        true
    }
}
