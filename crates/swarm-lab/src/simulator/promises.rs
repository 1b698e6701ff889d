//! What holds after every step, whatever goes wrong.

use std::collections::BTreeSet;

use swarmkit_mon::engine::{Node, NodeState, Role};
use swarmkit_mon::labels;
use swarmkit_mon::plan::{NodeChange, odd_at_most};
use swarmkit_mon::record::Record;

use super::Simulation;
use super::api::Mood;
use super::host::{Ailment, Host, Seat};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Promise {
    KeepsQuorum,
    OneSwarm,
    ForcesRightly,
    RemovesNobodyWhoIsThere,
    OneChangeAReconcile,
    ServicesStay,
    Converges,
    StaysSettled,
    FewRoleChanges,
    KeepsEpoch,
    KeepsPlaces,
    FewWrites,
    TokensEnd,
    GoesOn,
}

impl Promise {
    pub fn text(self) -> &'static str {
        match self {
            Self::KeepsQuorum => "no action of a monitor costs the swarm its quorum",
            Self::OneSwarm => "there are never two swarms that anybody follows",
            Self::ForcesRightly => "nobody goes on alone while the others may come back as a majority",
            Self::RemovesNobodyWhoIsThere => "no node of a registered host that is there is removed",
            Self::OneChangeAReconcile => "no role is changed on a view from before the last change",
            Self::ServicesStay => "no service is lost",
            Self::Converges => "some time after the last fault all is as it shall be",
            Self::StaysSettled => "what is as it shall be is left alone",
            Self::FewRoleChanges => "roles change no more often than faults make them",
            Self::KeepsEpoch => "nobody puts back a record of an earlier epoch than it has heard of",
            Self::KeepsPlaces => "no host leaves the place that it has in the swarm",
            Self::FewWrites => "while nothing changes the record is written once in two periods",
            Self::GoesOn => "no daemon ends by itself",
            Self::TokensEnd => "a join token is of no use any more once nobody waits for one",
        }
    }
}

/// A promise that a run has broken.
#[derive(Debug, Clone)]
pub struct Broken {
    pub promise: Promise,
    pub what: String,
    pub at_ms: u64,
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "broken after {} s: {}: {}", self.at_ms / 1000, self.promise.text(), self.what)
    }
}

impl Simulation {
    /// Groups that somebody follows, and that no other one has gone on from.
    pub fn look_for_two(&mut self) {
        let followed: Vec<usize> = (0..self.groups.len())
            .filter(|group| {
                let of = &self.groups[*group];
                let seats = self.hosts.iter().filter_map(|host| host.engine.seat());
                let seated = seats.filter(|seat| seat.group == *group).take(2).count();
                !of.superseded && seated > 0 && (seated > 1 || of.services > 0)
            })
            .collect();
        if followed.len() > 1 {
            self.breaks(Promise::OneSwarm, format!("groups {followed:?}"));
        }
    }

    /// What a host has joined with is worth nothing by the time that nobody waits.
    pub fn look_at_tokens(&mut self) {
        let led = self.groups.iter().filter(|group| !group.superseded && group.leader.is_some());
        let open: Vec<String> =
            led.filter(|group| group.token == group.joined_with).map(|group| group.cluster.clone()).collect();
        if !open.is_empty() {
            self.breaks(Promise::TokensEnd, format!("swarm {}", open.join(", ")));
        }
    }

    pub fn look_at_calm(&mut self, what: &str) {
        if self.calm {
            self.breaks(Promise::StaysSettled, format!("{what}, with nothing to be changed"));
        }
    }

    /// Whether those that vote were struck by something after a time.
    fn troubled_since(&self, group: usize, since: u64) -> bool {
        let of = &self.groups[group];
        of.host_of.values().any(|host| self.hosts[*host].troubled_ms + 1_000 >= since)
    }

    pub fn look_at_role(&mut self, group: usize, change: &NodeChange, role: Role, looked: u64) {
        let of = &self.groups[group];
        let voters: Vec<String> = of.voters().map(|voter| voter.id.clone()).collect();
        let Some(leader) = of.leader.clone() else { return };
        let met = |id: &String| self.reaches(group, &leader, id);
        let before = voters.iter().filter(|id| met(id)).count();
        let votes = voters.contains(&change.id);
        let after = before - usize::from(votes && met(&change.id));
        let left = voters.len() - usize::from(votes);
        let costs = before * 2 > voters.len() && after * 2 <= left && left > 0;
        if role == Role::Worker && votes && costs && !self.troubled_since(group, looked) {
            let text = format!(
                "{} becomes a worker: {before} of {} were there, {after} of {left} would be",
                change.id,
                voters.len()
            );
            self.breaks(Promise::KeepsQuorum, text);
        }
        if role == Role::Worker && left == 0 {
            self.breaks(Promise::KeepsQuorum, format!("{} is the last manager", change.id));
        }
        let of = &self.groups[group];
        let unsettled =
            |node: &&Node| node.id != change.id && (node.spec.role == Role::Manager) != node.manager.is_some();
        // One that was down when it was looked at is nobody's concern.
        let there = |node: &&Node| {
            let since = of.returned.get(&node.id).copied().unwrap_or_default();
            node.status.state != NodeState::Down && since < looked
        };
        let other = of.nodes.iter().filter(unsettled).find(there);
        // To take back what has not settled is to be at rest again.
        let settled = of.node(&change.id).is_some_and(|node| (node.spec.role == Role::Manager) == votes);
        if let Some(other) = other.filter(|_| settled) {
            let text = format!("{} while {} has not settled", change.id, other.id);
            self.breaks(Promise::OneChangeAReconcile, text);
        }
        let changed = self.groups[group].changed_ms;
        if changed > looked {
            let text = format!("{}: looked at {looked} ms, changed at {changed} ms", change.id);
            self.breaks(Promise::OneChangeAReconcile, text);
        }
        let now = self.now;
        self.groups[group].changed_ms = now;
    }

    pub fn look_at_removal(&mut self, group: usize, node: &Node) {
        let of = &self.groups[group];
        let Some(&host) = of.host_of.get(&node.id) else { return };
        let leader = of.leader.clone().unwrap_or_default();
        // The swarm itself takes a moment to notice that one is back.
        let long = self.hosts[host].troubled_ms + 2_000 <= self.now;
        if long && self.hosts[host].is_registered && self.reaches(group, &leader, &node.id) {
            self.breaks(Promise::RemovesNobodyWhoIsThere, format!("{} of host {host}", node.id));
        }
    }

    pub fn look_at_leaving(&mut self, at: usize, seat: &Seat) {
        self.look_at_calm("leaving");
        if self.groups[seat.group].superseded || self.groups[seat.group].taken_back {
            return;
        }
        self.look_at_place(at, seat);
        let of = &self.groups[seat.group];
        let seated = self.hosts.iter().filter_map(|host| host.engine.seat()).filter(|other| other.group == seat.group);
        if seated.count() == 1 && of.services > 0 {
            self.breaks(Promise::ServicesStay, format!("host {at} is the last of group {}", seat.group));
            return;
        }
        let votes = of.node(&seat.node).is_some_and(|node| node.manager.is_some());
        let voters = of.voters().count();
        if votes && voters > 1 && self.has_quorum(seat.group) {
            let there = of.voters().filter(|voter| {
                of.host_of.get(&voter.id).is_some_and(|host| *host != at && self.hosts[*host].answers())
            });
            if there.count() * 2 <= voters {
                self.breaks(Promise::KeepsQuorum, format!("host {at} leaves as one of {voters} managers"));
            }
        }
    }

    /// Whether a host that leaves has a place: its swarm has it, as one that is there, and so it has been for a while.
    fn look_at_place(&mut self, at: usize, seat: &Seat) {
        let of = &self.groups[seat.group];
        let host = &self.hosts[at];
        let node = of.node(&seat.node).filter(|node| node.status.state == NodeState::Ready);
        let met = of.leader.as_ref().is_some_and(|leader| self.reaches(seat.group, leader, &seat.node));
        let since = of.returned.get(&seat.node).copied().unwrap_or_default().max(host.troubled_ms);
        let is_well = seat.ails.is_none() && !seat.pending && !host.has_moved() && since + 30_000 < self.now;
        if node.is_some() && met && is_well && of.services > 0 {
            self.breaks(Promise::KeepsPlaces, format!("host {at} leaves as {}", seat.node));
        }
    }

    /// The highest epoch that a registered manager of a swarm remembers, of those that nobody has gone on without.
    fn highest_remembered(&self, cluster: &str) -> u64 {
        let managers = self.hosts.iter().filter(|host| {
            let seat = host.engine.seat().filter(|seat| seat.manages && seat.is_alive());
            host.is_registered && seat.is_some_and(|seat| !self.groups[seat.group].superseded)
        });
        let members = managers.filter_map(|host| host.state.member.as_ref());
        members.filter(|member| member.cluster == cluster).map(|member| member.epoch).max().unwrap_or_default()
    }

    pub fn look_at_record(&mut self, at: usize, record: &Record) {
        let Some(cluster) = &record.cluster else { return };
        if !self.api.record.is_blank() {
            return;
        }
        // One that was away while another went on alone cannot know. A manager that does keeps the record, and raises it
        // again; a worker keeps none.
        if record.epoch < self.highest_remembered(cluster) {
            self.tally.fallen += 1;
            let knows = |host: &Host| {
                let kept = host.state.record.as_ref().filter(|kept| kept.cluster == record.cluster);
                kept.is_some_and(|kept| kept.epoch > record.epoch) && host.answers() && host.monitor.is_some()
            };
            // What comes back first is the swarm then, and what hangs comes back as another.
            self.is_void |= !self.hosts.iter().any(knows);
        }
        let heard = self.hosts[at].heard_epoch;
        if record.epoch < heard {
            let text = format!("host {at} records epoch {}, and has heard of {heard}", record.epoch);
            self.breaks(Promise::KeepsEpoch, text);
        }
    }

    /// A monitor writes the record to publish.
    pub fn look_at_writes(&mut self) {
        let since = self.now - self.api.wrote_ms;
        if self.calm && since < 2 * self.wanted.period_ms {
            self.breaks(Promise::FewWrites, format!("{since} ms after the last time"));
        }
        self.api.wrote_ms = self.now;
    }

    pub fn look_at_forcing(&mut self, at: usize) {
        let Some(seat) = self.hosts[at].engine.seat().cloned() else { return };
        let of = &self.groups[seat.group];
        let voters = of.voters().count();
        let counted_on = of.voters().filter(|voter| {
            let Some(&host) = of.host_of.get(&voter.id) else { return false };
            // Registered as the host that the record knows.
            let known = self.api.record.members.get(self.uuid(host)) == Some(&voter.id);
            // One that was set up anew, or whose manager has stopped, never votes again.
            let votes = self.hosts[host]
                .engine
                .seat()
                .is_some_and(|of| of.node == voter.id && of.ails != Some(Ailment::Halted));
            // One that has come back while this was decided is nobody's fault.
            let before = self.hosts[host].troubled_ms + 10_000 <= self.now;
            host != at && self.hosts[host].is_registered && known && before && !self.hosts[host].lost && votes
        });
        let counted_on = counted_on.count();
        // What it has begun to do takes an engine a second.
        let is_led = self.governs(at).is_some() && of.elected_ms + 2_000 < self.now;
        let another = self.groups.iter().enumerate().any(|(group, other)| {
            group != seat.group && other.cluster == of.cluster && !other.superseded && self.has_quorum(group)
        });
        if counted_on * 2 > voters {
            let text = format!("host {at}, while {counted_on} of {voters} managers are registered");
            self.breaks(Promise::ForcesRightly, text);
        }
        if is_led && self.api.mood == Mood::Quick {
            self.breaks(Promise::ForcesRightly, format!("host {at}, while its swarm has a leader"));
        }
        if another {
            self.breaks(Promise::ForcesRightly, format!("host {at}, after another one has gone on"));
        }
        self.look_at_calm("going on alone");
    }

    /// Whether all is as it shall be: what is not, if it is not.
    pub fn is_well(&self) -> Result<(), String> {
        let hosts: Vec<usize> = (0..self.hosts.len()).filter(|at| !self.hosts[*at].lost).collect();
        let mut groups = BTreeSet::new();
        for at in &hosts {
            let Some(seat) = self.hosts[*at].engine.seat() else { return Err(format!("host {at} is in no swarm")) };
            if seat.ails.is_some() || seat.pending {
                return Err(format!("the engine of host {at} is not well"));
            }
            groups.insert(seat.group);
        }
        if groups.len() != 1 {
            return Err(format!("hosts are in the groups {groups:?}"));
        }
        let group = *groups.first().unwrap_or(&0);
        let of = &self.groups[group];
        let Some(leader) = &of.leader else { return Err("the swarm has no leader".to_owned()) };
        // Where a record was written over, and who knew whose a node is was lost before it could be put back, that node is
        // nobody's for good: it stays in the list as down, and a person takes it out.
        let is_nobodys = |node: &Node| {
            let unknown = self.tally.upgrades > 0 && self.api.record.others.contains(&node.id);
            unknown && node.status.state == NodeState::Down && node.spec.role == Role::Worker
        };
        let nodes: Vec<&Node> = of.nodes.iter().filter(|node| !is_nobodys(node)).collect();
        if nodes.len() != hosts.len() {
            return Err(format!("{} nodes of {} hosts", nodes.len(), hosts.len()));
        }
        let wanted = odd_at_most(self.wanted.managers.min(hosts.len()));
        let voters = of.voters().count();
        let meant = of.nodes.iter().filter(|node| node.spec.role == Role::Manager).count();
        if (voters, meant) != (wanted, wanted) {
            return Err(format!("{voters} managers, {meant} to be, {wanted} wanted"));
        }
        if let Some(node) =
            nodes.iter().find(|node| node.status.state != NodeState::Ready || !self.reaches(group, leader, &node.id))
        {
            return Err(format!("node {} is not there", node.id));
        }
        if of.services != super::SERVICES && of.nodes.len() > 1 {
            return Err(format!("{} services", of.services));
        }
        let record = &self.api.record;
        if record.cluster.as_ref() != Some(&of.cluster) || record.claim.is_some() || record.recovery.is_some() {
            return Err(format!("the record has cluster {:?}, claim {:?}", record.cluster, record.claim));
        }
        if record.members.len() != hosts.len() || !record.tokens.is_empty() || !record.former.is_empty() {
            let (members, tokens) = (record.members.len(), record.tokens.len());
            return Err(format!("the record has {members} members, {tokens} tokens, former {:?}", record.former));
        }
        let highest = self.highest_remembered(&of.cluster);
        if record.epoch < highest {
            return Err(format!("the record has epoch {}, {highest} is remembered", record.epoch));
        }
        for at in hosts {
            let Some(seat) = self.hosts[at].engine.seat() else { continue };
            let labels = &self.api.hosts[self.hosts[at].entry].labels;
            let part = labels.get(labels::PART).map(String::as_str);
            if labels.get(labels::NODE) != Some(&seat.node)
                || labels.contains_key(labels::KEY)
                || labels.contains_key(labels::TOKEN)
                || part != seat.manages.then_some(labels::MANAGER)
            {
                return Err(format!("host {at} has labels {labels:?}"));
            }
            if record.members.get(self.uuid(at)) != Some(&seat.node) {
                return Err(format!("the record has host {at} as {:?}", record.members.get(self.uuid(at))));
            }
        }
        Ok(())
    }
}
