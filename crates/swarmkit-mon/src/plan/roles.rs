//! Who shall be a manager: one change at a time, each seen to have taken effect before the next.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};

use crate::engine::{Availability, ManagerStatus, Node, NodeState, Role};
use crate::observe::{MetadataView, Observation, RancherView, SwarmView};
use crate::rancher::HostEntry;

use super::claim::{Fitness, fitness};
use super::hosts_of_nodes::HostsOfNodes;
use super::{Change, DesiredRecord, NodeChange, Warning, WarningKind, availability, removal};

/// How long a promotion may take, in milliseconds. A manager that was left behind when another went on alone never becomes
/// one again unless it is a worker first.
const UNSETTLED_MS: u64 = 20_000;
/// For how long a host that is down is expected back, in milliseconds, before the managers are made fewer without it.
const EXPECTED_MS: u64 = 600_000;
/// How long a node that was made a worker is left one, in milliseconds, while it is ready.
const CHANGING_MS: u64 = 10_000;
/// The shortest grace of a manager that is away and not called down, in milliseconds: nodes turn to a new leader within
/// seconds.
const UNHEARD_MS: u64 = 5_000;
/// How long workers may take to learn which managers there are, in milliseconds.
const LEARNING_MS: u64 = 3_000;

/// What is next.
pub(super) enum Roles {
    /// A change of a role.
    Change(Change),
    /// A change has not taken effect yet, or cannot be made as things are.
    UnderWay,
    /// A change is due in so many milliseconds.
    Due(u64),
    /// Roles are as they shall be.
    Settled,
}

pub(super) struct RolePlan {
    pub(super) next: Roles,
    pub(super) reason: String,
    pub(super) warnings: Vec<Warning>,
}

/// The largest odd number that is not above `count`; at least one.
pub fn odd_at_most(count: usize) -> usize {
    if count == 0 { 1 } else { count - (count + 1) % 2 }
}

/// A node with what Rancher knows of its host.
struct Seats<'a> {
    node: &'a Node,
    host: Option<&'a HostEntry>,
    fitness: Fitness,
    zone: Option<&'a str>,
    /// Lower is older; those without a monitor come last.
    age: u64,
    /// Its host was removed from Rancher, or has joined anew, or has another address, or an engine in error.
    left: bool,
}

/// Whether a node is a manager, or about to become one. One that went down before it could vote is none: nothing makes it a
/// worker again, so its node has to go.
pub(super) fn is_manager(node: &Node) -> bool {
    node.spec.role == Role::Manager && !removal::has_failed(node)
}

impl Seats<'_> {
    fn is_manager(&self) -> bool {
        is_manager(self.node)
    }

    /// Whether it could be promoted now.
    fn is_able(&self) -> bool {
        self.node.status.state == NodeState::Ready
            && self.node.spec.availability != Availability::Pause
            && self.host.is_some_and(|host| host.is_active() && !availability::is_labelled(host))
            && self.is_rightful()
    }

    /// Whether it has its place among the managers. What keeps it there is less than what brings it there, so that a
    /// host which is away for a moment, or missing in one list, does not lose its role.
    fn is_rightful(&self) -> bool {
        self.fitness != Fitness::Kept && !self.left
    }

    fn is_reachable(&self) -> bool {
        self.node.manager.as_ref().is_some_and(ManagerStatus::is_reached)
    }

    fn change(&self) -> NodeChange {
        NodeChange {
            id: self.node.id.clone(),
            version: self.node.version.index,
            host: self.host.map(|host| host.uuid.clone()),
        }
    }
}

fn places<'a>(
    seen: &'a Observation,
    view: &'a RancherView,
    swarm: &'a SwarmView,
    metadata: &'a MetadataView,
    desired_record: &'a DesiredRecord,
) -> Vec<Seats<'a>> {
    let members = &desired_record.members;
    let hosts = HostsOfNodes::new(view, members);
    let place = |node: &'a Node| {
        let uuid = hosts.uuid(&node.id);
        let host = hosts.registered(&node.id);
        Seats {
            node,
            host,
            fitness: host.map_or(Fitness::Fit, |host| fitness(host, &seen.wanted.manager_label)),
            zone: host.and_then(|host| host.labels.get(&seen.wanted.zone_label)).map(String::as_str),
            left: desired_record.former.contains_key(&node.id)
                || uuid.is_some_and(|uuid| removal::is_removed(seen, view, members, uuid))
                // One that failed to become a manager, and did at its second try, is in error until it has left.
                || host.is_some_and(|host| (host.has_moved() && has_moved(node, host)) || host.is_broken(&node.id)),
            age: uuid.and_then(|uuid| metadata.monitors.get(uuid)).map_or(u64::MAX, |monitor| monitor.age),
        }
    };
    swarm.nodes.iter().map(place).collect()
}

pub(super) fn plan(
    seen: &Observation,
    view: &RancherView,
    swarm: &SwarmView,
    metadata: &MetadataView,
    desired_record: &DesiredRecord,
) -> RolePlan {
    let places = places(seen, view, swarm, metadata, desired_record);
    let managers: Vec<&Seats> = places.iter().filter(|place| place.is_manager()).collect();
    let rightful = managers.iter().filter(|place| place.is_rightful()).count();
    let able = places.iter().filter(|place| !place.is_manager() && place.is_able()).count();
    let wanted = odd_at_most((rightful + able).min(seen.wanted.managers));
    let mut warnings = Vec::new();
    if wanted < seen.wanted.managers {
        let told = format!("{} managers are wanted; the hosts that can be one make {wanted}", seen.wanted.managers);
        warnings.push(WarningKind::FewManagers.of(told));
    }
    let plan = |next: Roles, reason: String| RolePlan { next, reason, warnings: warnings.clone() };

    if let Some(place) = places.iter().find(|place| place.is_manager() != place.node.manager.is_some()) {
        let since = seen.past.unsettled_ms.get(&place.node.id).copied().unwrap_or_default();
        // Others may have been lost since it was to become a worker; the swarm keeps it then, and waits.
        let others = places.iter().filter(|other| other.node.manager.is_some() && other.node.id != place.node.id);
        let (others, reachable) =
            others.fold((0, 0), |(all, met), other| (all + 1, met + usize::from(other.is_reachable())));
        if !place.is_manager() && reachable * 2 <= others {
            let reason =
                format!("node {} was to become a worker, but cannot be spared: it stays a manager", place.node.id);
            return plan(Roles::Change(Change::Promote(place.change())), reason);
        }
        // It votes not yet, so nothing is lost by taking it back.
        if place.is_manager() && since >= UNSETTLED_MS {
            let reason = format!("node {} was to become a manager and has not: it stays a worker", place.node.id);
            return plan(Roles::Change(Change::Demote(place.change())), reason);
        }
        return plan(Roles::UnderWay, format!("the new role of node {} has not taken effect yet", place.node.id));
    }
    if let Some(place) = managers.iter().find(|place| !place.is_reachable()) {
        let (next, reason) = lost(seen, &managers, place);
        return plan(next, reason);
    }
    if rightful < wanted {
        // A worker learns some time after it that a manager is lost; one that turns to the lost manager as it becomes one
        // itself breaks down.
        let learns = places.iter().any(|place| seen.past.down_ms.contains_key(&place.node.id))
            && seen.past.voters_ms < LEARNING_MS;
        if learns {
            return plan(
                Roles::UnderWay,
                format!("{} of {wanted} managers: the workers have yet to learn which", managers.len()),
            );
        }
        return match candidate(seen, &places) {
            Some(place) => plan(
                Roles::Change(Change::Promote(place.change())),
                format!("{} of {wanted} managers: node {} becomes one", managers.len(), place.node.id),
            ),
            None => plan(
                Roles::UnderWay,
                format!("{} of {wanted} managers, and no host that can be made one now", managers.len()),
            ),
        };
    }
    let enough = odd_at_most((rightful + able + soon_able(seen, view, &places)).min(seen.wanted.managers));
    if managers.len() > enough {
        return match surplus(&managers) {
            Some(place) => plan(
                Roles::Change(Change::Demote(place.change())),
                format!(
                    "{} managers where {enough} are to be: node {} becomes a worker",
                    managers.len(),
                    place.node.id
                ),
            ),
            None => plan(
                Roles::UnderWay,
                format!("{} managers where {enough} are to be, and none that can be spared", managers.len()),
            ),
        };
    }
    plan(Roles::Settled, format!("{} of {wanted} managers, {} nodes", managers.len(), places.len()))
}

/// How many hosts are no manager, and cannot become one just now, but are expected to be back before long: because of
/// them no manager is spared.
fn soon_able(seen: &Observation, view: &RancherView, places: &[Seats]) -> usize {
    let hosts =
        view.hosts.iter().filter(|host| host.is_active() && fitness(host, &seen.wanted.manager_label) != Fitness::Kept);
    let by_host: HashMap<&str, &Seats> =
        places.iter().filter_map(|place| Some((place.host?.uuid.as_str(), place))).collect();
    let expected = |host: &&HostEntry| match by_host.get(host.uuid.as_str()) {
        None => host.key().is_some(),
        Some(place) if place.is_manager() || place.is_able() => false,
        Some(place) => seen.past.down_ms.get(&place.node.id).is_none_or(|ms| *ms < EXPECTED_MS),
    };
    hosts.filter(expected).count()
}

/// What becomes of a manager that is not reachable. It goes before another is promoted: with it in the count one more
/// loss could be one too many.
fn lost(seen: &Observation, managers: &[&Seats], place: &Seats) -> (Roles, String) {
    let id = &place.node.id;
    // One whose host has another address is never reached under its old one, though it still speaks to the others.
    if !place.left {
        if !place.node.is_away() {
            return (Roles::UnderWay, format!("manager {id} is not reachable; the swarm does not call it down yet"));
        }
        let down = seen.past.down_ms.get(id).copied().unwrap_or_default();
        // One that is not called down yet may be about to speak to a leader that is new.
        let called = place.node.status.state == NodeState::Down;
        let grace_ms = if called { seen.wanted.grace_ms } else { seen.wanted.grace_ms.max(UNHEARD_MS) };
        if down < grace_ms {
            let reason = format!("manager {id} is down; it has {} s to come back", grace_ms.div_ceil(1000));
            return (Roles::Due(grace_ms - down), reason);
        }
    }
    let reachable = managers.iter().filter(|place| place.is_reachable()).count();
    let (left, leads) = (managers.len() - 1, place.node.leads());
    if leads || reachable <= left / 2 {
        let reason =
            format!("manager {id} is lost, but {reachable} of {} are too few to go on without it", managers.len());
        return (Roles::UnderWay, reason);
    }
    (Roles::Change(Change::Demote(place.change())), format!("manager {id} is lost: it becomes a worker"))
}

/// Whether a manager's host has another address than the one under which it is joined.
fn has_moved(node: &Node, host: &HostEntry) -> bool {
    let address = |text: &str| text.parse::<IpAddr>().ok();
    let is = host.agent_ip_address.as_deref().and_then(address);
    let was = node.manager.as_ref().and_then(|manager| manager.addr.parse::<SocketAddr>().ok()).map(|addr| addr.ip());
    is.is_some() && was.is_some() && is != was
}

/// Whether a node has just been made a worker. Its engine has to be done with that first: one that becomes a manager again
/// meanwhile is neither for half a minute (swarmkit waits 16 s for its worker's certificate, twice).
fn is_changing(seen: &Observation, place: &Seats) -> bool {
    seen.past.demoted_ms.get(&place.node.id).is_some_and(|ms| *ms < CHANGING_MS)
}

/// The worker to promote: a preferred host, else one in the zone with the fewest managers, else the oldest.
fn candidate<'a, 'b>(seen: &Observation, places: &'b [Seats<'a>]) -> Option<&'b Seats<'a>> {
    let in_zone = |zone: Option<&str>| match zone {
        Some(zone) => places.iter().filter(|place| place.is_manager() && place.zone == Some(zone)).count(),
        None => 0,
    };
    let able = places.iter().filter(|place| !place.is_manager() && place.is_able() && !is_changing(seen, place));
    able.min_by_key(|place| (place.fitness, in_zone(place.zone), place.age, place.node.id.as_str()))
}

/// The manager to demote: one that should be none, else one whose host is not known, else one of the zone with the most,
/// else the youngest; the leader last, and only while three are there, or while the only other one is to stay and it is
/// not. All of them are reachable here, so those that are left keep their quorum.
fn surplus<'a, 'b>(managers: &'b [&'b Seats<'a>]) -> Option<&'b Seats<'a>> {
    let in_zone = |zone: Option<&str>| match zone {
        Some(zone) => managers.iter().filter(|place| place.zone == Some(zone)).count(),
        None => 0,
    };
    // Of two, one that is to stay is not given up for a leader that is not.
    let one_stays = managers.iter().filter(|place| place.is_rightful()).count() == 1;
    let may = managers.iter().filter(|place| match managers.len() {
        0 | 1 => false,
        2 if one_stays => !place.is_rightful(),
        // A host that is not listed any more may be gone with its manager.
        2 => !place.node.leads() && (place.host.is_none() || managers.iter().all(|other| other.host.is_some())),
        _ => true,
    });
    may.max_by_key(|place| {
        let unfit = (!place.is_rightful(), !place.node.leads(), place.host.is_none(), place.fitness);
        (unfit, in_zone(place.zone), place.age, place.node.id.as_str())
    })
    .copied()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::engine::{Description, NodeSpec, NodeStatus, Reachability, Version};

    fn manager(id: &str, leader: bool) -> Node {
        Node {
            id: id.into(),
            version: Version { index: 1 },
            spec: NodeSpec { role: Role::Manager, availability: Availability::Active, labels: BTreeMap::new() },
            description: Description::default(),
            status: NodeStatus { state: NodeState::Ready, addr: String::new() },
            manager: Some(ManagerStatus { leader, reachability: Reachability::Reachable, addr: String::new() }),
        }
    }

    fn seats<'a>(node: &'a Node, host: Option<&'a HostEntry>, left: bool) -> Seats<'a> {
        Seats { node, host, fitness: Fitness::Fit, zone: None, age: 1, left }
    }

    /// Seen in the simulator: the leader's host was removed from Rancher a moment ago and is not taken for removed yet. The
    /// other manager was made a worker, and the swarm left to a host that is gone.
    #[test]
    fn of_two_managers_the_one_of_a_listed_host_stays_while_the_leaders_is_not_listed() {
        let (leads, follows) = (manager("leads", true), manager("follows", false));
        let host = HostEntry {
            uuid: "host".into(),
            hostname: String::new(),
            agent_ip_address: None,
            state: "active".into(),
            agent_state: None,
            labels: BTreeMap::new(),
        };
        let spared = |leader: Option<&HostEntry>, left: bool| {
            let (leader, other) = (seats(&leads, leader, left), seats(&follows, Some(&host), false));
            let managers = [&leader, &other];
            surplus(&managers).map(|place| place.node.id.clone())
        };
        assert_eq!(spared(Some(&host), false).as_deref(), Some("follows"));
        assert_eq!(spared(None, false), None, "it is waited for until the leader's host is known to be gone");
        assert_eq!(spared(None, true).as_deref(), Some("leads"));
    }
}
