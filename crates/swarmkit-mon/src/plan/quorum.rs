//! Most managers are lost, and the swarm cannot change any more: may this one go on alone?
//!
//! What keeps running keeps running, so there is time. Going on alone is right only if the others cannot come back as a
//! majority. That is what an operator says by removing their hosts from Rancher, and what a host says of its own engine:
//! that it is not the node any more which it was, or has broken down and manages nothing.

use std::net::IpAddr;

use crate::observe::{MetadataView, Observation, RancherView, Recovery};
use crate::rancher::HostEntry;

use super::claim::{self, ClaimState};
use super::reach::{self, Reach};
use super::{Change, Plan, Stage, advertised, inside, orphaned, rancher};

/// For how long the swarm must not have answered, in milliseconds: an election takes some seconds.
pub(super) const LEADERLESS_MS: u64 = 30_000;

/// Whether this host was a manager of a swarm that does not answer any more.
pub(super) fn is_in_question(seen: &Observation) -> bool {
    seen.past.leaderless_ms >= LEADERLESS_MS
}

/// What a person does where nobody else goes on.
const NOBODY_GOES_ON: &str = "Bring the lost managers back. Nothing else is done here, as QUORUM_RECOVERY is off: docs/faults.md has \
                              how you force a new cluster, and what comes before.";

/// What to do about a swarm that does not answer; `None` if that is not the case here.
pub(super) fn plan(seen: &Observation, metadata: &MetadataView, silence: &str) -> Option<Plan> {
    if !is_in_question(seen) {
        return None;
    }
    let told = |reason: String| Some(Plan::new(Stage::NoQuorum, format!("{reason} ({silence})")).requeue_after(2_000));
    let known = reach::of(seen, seen.past.leaderless_ms);
    let view = match rancher(seen) {
        Ok(view) => view,
        Err(reason) => {
            return Some(reach::silent(seen, &format!("{silence}; Rancher cannot be asked who is left: {reason}")));
        }
    };
    let member = seen.own.state.member.as_ref()?;
    if view.record.cluster.as_deref() != Some(member.cluster.as_str()) {
        return told("the swarm has no quorum, and is not the recorded one".to_owned());
    }
    if let Some(plan) = orphaned::silent(seen, &view.record) {
        return Some(plan);
    }
    // Whoever goes on with the swarm would lose it to one that went on alone.
    if let Reach::Served(who) = &known {
        return Some(reach::cut_off(seen, who));
    }
    let told = |reason: String| match &known {
        Reach::Lost(why, to_do) => told(format!("{reason}: {why}")).map(|plan| plan.advise(*to_do)),
        _ => told(reason),
    };
    if seen.wanted.recovery == Recovery::Off {
        let plan = told("the swarm has no quorum, and QUORUM_RECOVERY is off".to_owned());
        return plan.map(|plan| Plan { to_do: plan.to_do.or(Some(NOBODY_GOES_ON)), ..plan });
    }
    if inside::may_know_less(seen) {
        return told("the swarm has no quorum, and the record is gone: another manager may put it back".to_owned());
    }
    // What an engine is that has been set up anew, or has joined anew, is not what the swarm's record counts.
    if !view.record.voters.contains(&member.node) {
        return told("the swarm has no quorum, and this host's node is none of its recorded managers".to_owned());
    }
    match survivors(seen, metadata, view) {
        Err(reason) => told(reason),
        Ok(first) if first != metadata.host => told(format!("most managers are lost; host {first} is to go on alone")),
        Ok(_) => match advertised(metadata, Some(view)) {
            Err(reason) => told(reason),
            Ok(advertise) => Some(recover(seen, metadata, view, advertise)),
        },
    }
}

fn recover(seen: &Observation, metadata: &MetadataView, view: &RancherView, advertise: IpAddr) -> Plan {
    let plan = |reason: &str| Plan::new(Stage::NoQuorum, reason);
    match claim::standing_of(seen, metadata, view.record.recovery.as_ref(), seen.past.recovery_ms) {
        ClaimState::Free => {
            plan("most managers are lost, and this is the oldest that is left: it claims to go on alone")
                .change(Change::ClaimRecovery)
        }
        ClaimState::Settling(ms) => plan("this host's claim to go on alone must stand for a while").requeue_after(ms),
        ClaimState::Mine => plan("most managers are lost, and this host's claim stands: it goes on alone")
            .change(Change::ForceNewCluster { advertise }),
        ClaimState::Other(host) => plan(&format!("host {host} has claimed to go on alone")).requeue_after(2_000),
    }
}

/// The host that is to go on: the registered and active one with the oldest monitor among the managers that are left. One
/// that does not say so of itself may not have become one.
///
/// # Errors
/// Why nobody is to.
fn survivors<'a>(seen: &Observation, metadata: &MetadataView, view: &'a RancherView) -> Result<&'a str, String> {
    let record = &view.record;
    let all = record.voters.len();
    let entry = |uuid: &String| view.registered(uuid);
    if entry(&metadata.host).is_none() {
        return Err("the swarm has no quorum, and Rancher does not list this host".to_owned());
    }
    let out_of_reach = |host: &HostEntry| match seen.wanted.recovery {
        Recovery::After(ms) => seen.past.leaderless_ms >= ms && !host.is_active(),
        Recovery::Off | Recovery::Removed => false,
    };
    // An engine that was set up anew is counted, and never votes; nor does one that was made a worker, and joined the raft
    // once more before it knew.
    let host_is_lost = |host: &HostEntry, node: &str| out_of_reach(host) || host.has_lost(node);
    // A voter that is no host's may come back, for all that is known.
    let lost = |node: &&String| {
        let host = record.host_of(node);
        record.former.contains_key(*node)
            || host.is_some_and(|uuid| entry(uuid).is_none_or(|host| host_is_lost(host, node)))
    };
    let left: Vec<&String> = record.voters.iter().filter(|node| !lost(node)).collect();
    // One that does not say that it manages is not waited for: it was about to become a manager, and may not have; or the
    // others count it, and its engine does not vote. The record has one voter too many at the most, so even if it does vote
    // it must be no majority without this host.
    let manages = |uuid: &String| entry(uuid).is_some_and(HostEntry::manages);
    let own = |node: &String| record.host_of(node) == Some(&metadata.host);
    let is_doubtful = left.iter().any(|node| !own(node) && !record.host_of(node).is_some_and(manages));
    let others = left.len().saturating_sub(1);
    let is_no_majority = all == 2 || others * 2 < all;
    if left.len() > all / 2 && !(is_doubtful && is_no_majority) {
        return Err(format!(
            "the swarm has no quorum, and {} of {all} managers may come back, for all that Rancher knows: bring them back, or \
             remove from Rancher the hosts that are gone for good, and no other",
            left.len()
        ));
    }
    let hosts = left.into_iter().filter_map(|node| record.host_of(node));
    let active = hosts.filter(|uuid| entry(uuid).is_some_and(|host| host.is_active()));
    let age = |uuid: &String| metadata.monitors.get(uuid).map_or(u64::MAX, |monitor| monitor.age);
    let first = active.min_by_key(|uuid| (!manages(uuid), age(uuid), *uuid));
    first.map(String::as_str).ok_or_else(|| {
        "the swarm has no quorum, and no manager's host is active in Rancher: activate one of them, or reconnect its \
         agent"
            .to_owned()
    })
}
