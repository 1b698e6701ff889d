//! Which nodes leave the swarm: those of hosts that were removed from Rancher, those that a host was before it joined anew,
//! and those of joins that were cut off. Never by name, never on a list that may be wrong, one at a time.

use std::collections::{BTreeMap, HashMap};

use crate::engine::{Availability, Node, NodeState, Role};
use crate::observe::{Observation, RancherView, SwarmView};
use crate::rancher::HostEntry;

use super::{Change, NodeChange, Warning, WarningKind};

/// For how long a host must not have been registered before it counts as removed, in milliseconds.
const UNLISTED_MS: u64 = 20_000;
/// The same when most hosts are gone at once, which may be somebody's mistake.
const MANY_UNLISTED_MS: u64 = 600_000;
/// How many of them are named.
const MOST_NAMED: usize = 5;
/// For how long after that its node is waited for to go down, before it is removed by force, in milliseconds.
const FORCE_MS: u64 = 600_000;
/// For how long a node must have said nothing since it was let in before its join counts as cut off, in milliseconds: an
/// engine that is stuck in a join is taken out of it in half that time.
const MUTE_MS: u64 = 60_000;

/// Whether a host with a node was removed from Rancher, by its UUID.
pub(super) fn is_removed(
    seen: &Observation,
    view: &RancherView,
    members: &BTreeMap<String, String>,
    host: &str,
) -> bool {
    let unlisted = &seen.past.unlisted_ms;
    let limit = if are_most(unlisted, members) { MANY_UNLISTED_MS } else { UNLISTED_MS };
    let is_long = unlisted.get(host).is_some_and(|ms| *ms >= limit);
    is_long && view.registered(host).is_none() && !is_there_anew(seen, view, members, host)
}

/// Whether the machine was added to Rancher anew, and still is that node, as it says.
fn is_there_anew(seen: &Observation, view: &RancherView, members: &BTreeMap<String, String>, host: &str) -> bool {
    let own = seen.metadata.as_ref().map_or("", |metadata| &metadata.host);
    let node = members.get(host).map(String::as_str);
    // One that is there as another node says something that is not so any more.
    let is_another = |other: &HostEntry| {
        let recorded = seen.swarm_view().zip(members.get(&other.uuid));
        let recorded = recorded.and_then(|(swarm, recorded)| swarm.node(recorded));
        recorded.is_some_and(|recorded| Some(recorded.id.as_str()) != node && recorded.status.state == NodeState::Ready)
    };
    let says = |other: &&HostEntry| other.uuid != own && other.node() == node;
    node.is_some() && view.registered_hosts().filter(says).any(|other| !is_another(other))
}

fn are_most(unlisted: &BTreeMap<String, u64>, members: &BTreeMap<String, String>) -> bool {
    unlisted.len() * 2 > members.len()
}

/// What a person should know while most hosts are gone at once.
pub(super) fn warning(seen: &Observation, members: &BTreeMap<String, String>) -> Option<Warning> {
    let unlisted = &seen.past.unlisted_ms;
    let waits = |ms: &u64| (UNLISTED_MS..MANY_UNLISTED_MS).contains(ms);
    if !are_most(unlisted, members) || !unlisted.values().any(waits) {
        return None;
    }
    let mut hosts: Vec<&str> = unlisted.keys().map(String::as_str).take(MOST_NAMED).collect();
    if unlisted.len() > hosts.len() {
        hosts.push("…");
    }
    Some(WarningKind::ManyUnlisted.of(format!(
        "Rancher no longer lists {} of the {} hosts of the swarm ({}): they are taken for removed only after {} minutes",
        unlisted.len(),
        members.len(),
        hosts.join(", "),
        MANY_UNLISTED_MS / 60_000
    )))
}

/// Whether a node was to become a manager, and went down before it voted. It cannot be made a worker again: only a voter
/// can be demoted (swarmkit's controlapi refuses with "can't find manager in raft memberlist").
pub(super) fn has_failed(node: &Node) -> bool {
    node.spec.role == Role::Manager && node.manager.is_none() && node.status.state == NodeState::Down
}

/// The host that has a node's address, no other host has, and whose engine is there as another node.
fn twin<'a>(
    view: &RancherView,
    swarm: &SwarmView,
    members: &'a BTreeMap<String, String>,
    node: &Node,
) -> Option<&'a String> {
    let here = |host: &&HostEntry| host.agent_ip_address.as_deref().is_some_and(|address| address == node.status.addr);
    let mut hosts = view.registered_hosts().filter(here);
    let (host, another) = (hosts.next()?, hosts.next());
    let (host, is) = members.get_key_value(&host.uuid).filter(|_| another.is_none())?;
    let is = swarm.node(is)?;
    let there = is.status.state == NodeState::Ready && is.status.addr == node.status.addr;
    (there && !node.status.addr.is_empty()).then_some(host)
}

/// The next node to take out, or to make ready for it.
pub(super) fn plan(
    seen: &Observation,
    view: &RancherView,
    swarm: &SwarmView,
    members: &BTreeMap<String, String>,
) -> Option<(Change, String)> {
    let voteless = swarm.nodes.iter().filter(|node| node.manager.is_none());
    let workers = voteless.filter(|node| node.spec.role == Role::Worker || has_failed(node));
    let host_of: HashMap<&str, &String> = members.iter().map(|(host, node)| (node.as_str(), host)).collect();
    let of_node = |node: &Node| of_node(seen, view, swarm, members, host_of.get(node.id.as_str()).copied(), node);
    workers.filter_map(of_node).next()
}

fn of_node(
    seen: &Observation,
    view: &RancherView,
    swarm: &SwarmView,
    members: &BTreeMap<String, String>,
    host: Option<&String>,
    node: &Node,
) -> Option<(Change, String)> {
    let down = node.status.state == NodeState::Down;
    let change =
        |host: &str| NodeChange { id: node.id.clone(), version: node.version.index, host: Some(host.to_owned()) };
    if let Some(host) = host {
        if !is_removed(seen, view, members, host) {
            // Its host joins anew when it is back.
            let long = seen.past.down_ms.get(&node.id).is_some_and(|ms| *ms >= seen.wanted.grace_ms);
            let remove = Change::Remove { node: change(host), force: false, renew_token: false };
            let reason = || format!("node {} went down before it became a manager: it goes", node.id);
            return (has_failed(node) && long).then(|| (remove, reason()));
        }
        let since = seen.past.unlisted_ms.get(host).copied().unwrap_or_default();
        let force = !down && since >= UNLISTED_MS + FORCE_MS;
        if down || force {
            let remove = Change::Remove { node: change(host), force, renew_token: true };
            return Some((remove, format!("host {host} was removed from Rancher: its node {} goes", node.id)));
        }
        if node.spec.availability != Availability::Drain {
            let drain = Change::Availability { node: change(host), to: Availability::Drain };
            return Some((drain, format!("host {host} was removed from Rancher: its node {} is drained", node.id)));
        }
        return None;
    }
    let mute_ms = seen.past.mute_ms.get(&node.id).copied().unwrap_or_default();
    if node.is_mute() && mute_ms >= MUTE_MS {
        let node = NodeChange { id: node.id.clone(), version: node.version.index, host: None };
        let reason =
            format!("the join that was to make node {} was cut off {} s ago: it goes", node.id, mute_ms / 1_000);
        return Some((Change::Remove { node, force: false, renew_token: false }, reason));
    }
    // Only once the record says whose it was: the first one to notice may have been wrong. One that the record never had,
    // since nobody kept it then, is told by its address.
    if !down {
        return None;
    }
    let host = view.record.former.get(&node.id).or_else(|| twin(view, swarm, members, node))?;
    let remove = Change::Remove { node: change(host), force: false, renew_token: false };
    Some((remove, format!("host {host} has joined anew: the node that it was, {}, goes", node.id)))
}
