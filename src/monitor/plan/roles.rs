//! Who shall be a manager: one change at a time, each seen to have taken effect before the next.

use std::collections::BTreeMap;

use crate::monitor::engine::{Availability, Node, NodeState, Reachability, Role};
use crate::monitor::observe::{MetadataView, Observation, RancherView, SwarmView};
use crate::monitor::rancher::HostEntry;

use super::claim::{Fitness, fitness};
use super::{Change, NodeChange};

/// What is next.
pub(super) enum Roles {
    /// A change of a role.
    Change(Change),
    /// A change has not taken effect yet, or cannot be made as things are.
    UnderWay,
    /// Roles are as they shall be.
    Settled,
}

pub(super) struct RolePlan {
    pub(super) next: Roles,
    pub(super) reason: String,
    pub(super) warnings: Vec<String>,
}

/// The largest odd number that is not above `count`; at least one.
pub fn odd_at_most(count: usize) -> usize {
    if count == 0 { 1 } else { count - (count + 1) % 2 }
}

/// A node with what Rancher knows of its host.
struct Place<'a> {
    node: &'a Node,
    host: Option<&'a HostEntry>,
    fitness: Fitness,
    zone: Option<&'a str>,
    /// Lower is older; those without a monitor come last.
    age: u64,
}

impl Place<'_> {
    fn is_manager(&self) -> bool {
        self.node.spec.role == Role::Manager
    }

    fn leads(&self) -> bool {
        self.node.manager.as_ref().is_some_and(|manager| manager.leader)
    }

    /// Whether it could be promoted now.
    fn is_able(&self) -> bool {
        self.node.status.state == NodeState::Ready
            && self.node.spec.availability != Availability::Pause
            && self.host.is_some_and(HostEntry::is_active)
            && self.fitness != Fitness::Kept
    }

    /// Whether it has its place among the managers. What keeps it there is less than what brings it there, so that a
    /// host which is away for a moment, or missing in one list, does not lose its role.
    fn is_rightful(&self) -> bool {
        self.fitness != Fitness::Kept
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
    members: &BTreeMap<String, String>,
) -> Vec<Place<'a>> {
    let place = |node: &'a Node| {
        let uuid = members.iter().find(|(_, member)| **member == node.id).map(|(host, _)| host);
        let host = uuid.and_then(|uuid| view.hosts.iter().find(|host| host.uuid == *uuid && !host.is_gone()));
        Place {
            node,
            host,
            fitness: host.map_or(Fitness::Fit, |host| fitness(host, &seen.wanted.manager_label)),
            zone: host.and_then(|host| host.labels.get(&seen.wanted.zone_label)).map(String::as_str),
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
    members: &BTreeMap<String, String>,
) -> RolePlan {
    let places = places(seen, view, swarm, metadata, members);
    let managers: Vec<&Place> = places.iter().filter(|place| place.is_manager()).collect();
    let rightful = managers.iter().filter(|place| place.is_rightful()).count();
    let able = places.iter().filter(|place| !place.is_manager() && place.is_able()).count();
    let wanted = odd_at_most((rightful + able).min(seen.wanted.managers));
    let mut warnings = Vec::new();
    if wanted < seen.wanted.managers {
        warnings.push(format!("{} managers are wanted; the hosts that can be one make {wanted}", seen.wanted.managers));
    }
    let plan = |next: Roles, reason: String| RolePlan { next, reason, warnings: warnings.clone() };

    if let Some(place) = places.iter().find(|place| place.is_manager() != place.node.manager.is_some()) {
        return plan(Roles::UnderWay, format!("the new role of node {} has not taken effect yet", place.node.id));
    }
    let reachable = |place: &Place| {
        place
            .node
            .manager
            .as_ref()
            .is_some_and(|manager| manager.leader || manager.reachability == Reachability::Reachable)
    };
    if let Some(place) = managers.iter().find(|place| !reachable(place)) {
        return plan(Roles::UnderWay, format!("no roles are changed while manager {} is not reachable", place.node.id));
    }
    if rightful < wanted {
        return match candidate(&places) {
            Some(place) => plan(
                Roles::Change(Change::Promote(place.change())),
                format!("{} of {wanted} managers: node {} becomes one", managers.len(), place.node.id),
            ),
            None => {
                plan(Roles::UnderWay, format!("{} of {wanted} managers, and no host to make one of", managers.len()))
            }
        };
    }
    if managers.len() > wanted {
        return match surplus(&managers) {
            Some(place) => plan(
                Roles::Change(Change::Demote(place.change())),
                format!(
                    "{} managers where {wanted} are to be: node {} becomes a worker",
                    managers.len(),
                    place.node.id
                ),
            ),
            None => plan(
                Roles::UnderWay,
                format!("{} managers where {wanted} are to be, and none that can be spared", managers.len()),
            ),
        };
    }
    plan(Roles::Settled, format!("{} of {wanted} managers, {} nodes", managers.len(), places.len()))
}

/// The worker to promote: a preferred host, else one in the zone with the fewest managers, else the oldest.
fn candidate<'a, 'b>(places: &'b [Place<'a>]) -> Option<&'b Place<'a>> {
    let in_zone = |zone: Option<&str>| match zone {
        Some(zone) => places.iter().filter(|place| place.is_manager() && place.zone == Some(zone)).count(),
        None => 0,
    };
    let able = places.iter().filter(|place| !place.is_manager() && place.is_able());
    able.min_by_key(|place| (place.fitness, in_zone(place.zone), place.age, place.node.id.as_str()))
}

/// The manager to demote: one that should be none, else one whose host is not known, else one of the zone with the most,
/// else the youngest; the leader last, and only while three are there. All of them are reachable here, so those that are
/// left keep their quorum.
fn surplus<'a, 'b>(managers: &'b [&'b Place<'a>]) -> Option<&'b Place<'a>> {
    let in_zone = |zone: Option<&str>| match zone {
        Some(zone) => managers.iter().filter(|place| place.zone == Some(zone)).count(),
        None => 0,
    };
    let may = managers.iter().filter(|place| managers.len() >= 2 && (!place.leads() || managers.len() >= 3));
    may.max_by_key(|place| {
        let unfit = (!place.is_rightful(), !place.leads(), place.host.is_none(), place.fitness);
        (unfit, in_zone(place.zone), place.age, place.node.id.as_str())
    })
    .copied()
}
