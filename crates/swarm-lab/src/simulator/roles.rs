//! How a change of a role takes effect: some time after it was made, and not always well.

use swarmkit_mon::engine::{ManagerStatus, Reachability, Role};

use super::host::{Ailment, Engine};
use super::{Event, Simulation};

impl Simulation {
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
}
