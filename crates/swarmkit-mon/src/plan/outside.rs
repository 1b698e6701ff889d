//! This host's engine is in no swarm: wait, found one, or join.

use crate::hand_over::HandOver;
use crate::labels;
use crate::observe::{MetadataView, Observation};
use crate::record::{Record, SealedToken};

use super::claim::{self, ClaimState};
use super::{Change, Plan, Stage, TOKENLESS_MS, advertised, doubted, rancher, waiting};

const UNLISTED: &str = "rancher-metadata does not list the monitor of this host";

/// For how long an engine that was in a swarm must have been in none, in milliseconds, before it joins one. Engines say so
/// while they stop, which takes some 15 s at the most; whoever makes such a one join costs it the node that it is.
const STOPPING_MS: u64 = 20_000;

/// How soon a host that waits for its token asks Rancher's API again, in milliseconds.
const ASK_AGAIN_MS: u64 = 5_000;

/// Whether this host has the oldest monitor, as far as rancher-metadata knows. It can be late, so it says no more than
/// whom to leave Rancher's API to for a while.
pub(super) fn could_be_first(metadata: &MetadataView) -> bool {
    let Some(own) = metadata.monitors.get(&metadata.host) else { return false };
    metadata.agent_ip.is_empty()
        || metadata.monitors.values().filter(|other| other.running).all(|other| own.age <= other.age)
}

pub(super) fn plan(seen: &Observation, metadata: &MetadataView) -> Plan {
    // One that this monitor made leave is not remembered as a member.
    let left = STOPPING_MS.saturating_sub(seen.past.outside_ms);
    if seen.own.state.member.is_some() && left > 0 {
        let reason = "the engine is in no swarm any more: it may be about to stop, so nothing is done for 20 s";
        return Plan::new(Stage::Join, reason).requeue_after(left);
    }
    // What the record has for this host is the later word.
    let view = seen.rancher_view().map(|view| &view.record);
    let records = metadata.record.as_ref().ok().into_iter().chain(view);
    let has_token = records.into_iter().any(|record| token(record, &metadata.host, &seen.own.key).is_some());
    if let Some(plan) = handed_over(seen, metadata).filter(|_| !has_token) {
        return plan;
    }
    let wait = |part: &'static str, stage: Stage, reason: String| Plan::new(stage, reason).labels(waiting(seen, part));
    match &metadata.record {
        Err(reason) => wait(labels::WAIT_LEADER, Stage::WaitLeader, reason.clone()),
        Ok(record) if record.cluster.is_some() => join(seen, metadata, record),
        Ok(_) if seen.rancher.is_none() => {
            let listed = metadata.monitors.contains_key(&metadata.host);
            let whom = if listed { "the host with the oldest monitor makes it" } else { UNLISTED };
            let reason = format!("no swarm is recorded yet; {whom}");
            wait(labels::WAIT_LEADER, Stage::WaitLeader, reason)
        }
        Ok(_) => match rancher(seen) {
            Err(reason) => wait(labels::WAIT_LEADER, Stage::NoRancher, reason),
            Ok(view) if view.record.cluster.is_some() => join(seen, metadata, &view.record),
            Ok(_) => found(seen, metadata),
        },
    }
}

fn found(seen: &Observation, metadata: &MetadataView) -> Plan {
    let wait = |reason: String| Plan::new(Stage::WaitLeader, reason).labels(waiting(seen, labels::WAIT_LEADER));
    let view = match rancher(seen) {
        Ok(view) => view,
        Err(reason) => return wait(reason),
    };
    if let Some((host, node)) = claim::said_to_be_inside(&view.hosts, &metadata.host) {
        return wait(format!("host {host} says that its engine is node {node} of a swarm, which is not recorded yet"));
    }
    let mut candidates = claim::candidates(metadata, view);
    if !candidates.iter().any(|candidate| candidate.host.uuid == metadata.host) {
        return wait(match view.hosts.iter().find(|host| host.uuid == metadata.host) {
            None => "Rancher's API does not list this host".to_owned(),
            Some(host) if !host.is_active() => format!("Rancher lists this host as {}, not as active", host.standing()),
            Some(_) => UNLISTED.to_owned(),
        });
    }
    let awaited = claim::awaited(seen, &candidates, &metadata.host);
    if !awaited.is_empty() {
        return wait(format!("hosts have not said yet whether they are in a swarm: {}", awaited.join(", ")))
            .requeue_soon();
    }
    // Those that have said nothing in all that time are passed over.
    candidates.retain(|candidate| candidate.host.uuid == metadata.host || candidate.host.key().is_some());
    let order = |candidate: &claim::Candidate| {
        let kept = claim::fitness(candidate.host, &seen.wanted.manager_label) == claim::Fitness::Kept;
        (kept, candidate.age, candidate.host.uuid.clone())
    };
    let first = candidates.iter().min_by_key(|candidate| order(candidate)).map(|candidate| &candidate.host.uuid);
    if first != Some(&metadata.host) {
        let first = first.map_or("another host", String::as_str);
        return wait(format!("no swarm is recorded yet; host {first} has the oldest monitor and makes it"));
    }
    let advertise = match advertised(metadata, Some(view)) {
        Ok(address) => address,
        Err(reason) => return wait(reason),
    };
    let plan = |reason: &str| Plan::new(Stage::Init, reason).labels(waiting(seen, labels::WAIT_LEADER));
    match claim::state(seen, metadata, view) {
        ClaimState::Free => {
            plan("no swarm is recorded, and this host has the oldest monitor of all: it claims").change(Change::Claim)
        }
        ClaimState::Settling(ms) => plan("this host's claim must stand for a while").requeue_after(ms),
        ClaimState::Mine => {
            plan("no swarm is recorded, and this host's claim stands: it makes one").change(Change::Init { advertise })
        }
        ClaimState::Other(host) => wait(format!("host {host} has claimed to make the swarm")).requeue_soon(),
    }
}

/// A token that the lease holder has handed over by a label, as the record could not be written.
fn handed_over(seen: &Observation, metadata: &MetadataView) -> Option<Plan> {
    let given = HandOver::read(metadata.labels.get(labels::TOKEN)?, &seen.own.key)?;
    let recorded = metadata.record.as_ref().ok().and_then(|record| record.cluster.as_ref());
    let advertise = advertised(metadata, None).ok()?;
    recorded.is_none_or(|cluster| *cluster == given.cluster).then(|| {
        let reason = format!("joins by {}, with the token in its host label", given.managers.join(", "));
        Plan::new(Stage::Join, reason).labels(waiting(seen, labels::WAIT_JOIN)).change(Change::Join {
            advertise,
            cluster: given.cluster,
            managers: given.managers,
            sealed: given.sealed,
        })
    })
}

/// The token in a record that a host can open.
fn token<'a>(record: &'a Record, host: &str, key: &str) -> Option<&'a SealedToken> {
    record.tokens.get(host).filter(|token| token.key == key && !token.sealed.is_empty())
}

fn join(seen: &Observation, metadata: &MetadataView, record: &Record) -> Plan {
    let tokenless = seen.past.tokenless_ms;
    let ask = if tokenless < TOKENLESS_MS { TOKENLESS_MS - tokenless } else { ASK_AGAIN_MS };
    let wait = |reason: String| {
        Plan::new(Stage::WaitToken, reason).labels(waiting(seen, labels::WAIT_TOKEN)).requeue_after(ask)
    };
    let view = seen.rancher_view();
    let advertise = match advertised(metadata, view) {
        Ok(address) => address,
        Err(reason) => return wait(reason),
    };
    // What Rancher's API says is never late.
    let known = view.map(|view| &view.record).filter(|known| known.cluster.is_some()).unwrap_or(record);
    let mut plan = match token(known, &metadata.host, &seen.own.key) {
        None => wait("a swarm is recorded; this host waits for its join token".to_owned()),
        Some(_) if known.managers.is_empty() => wait("a swarm is recorded, but none of its managers".to_owned()),
        Some(token) => Plan::new(Stage::Join, format!("joins by {}", known.managers.join(", ")))
            .labels(waiting(seen, labels::WAIT_JOIN))
            .change(Change::Join {
                advertise,
                cluster: known.cluster.clone().unwrap_or_default(),
                managers: known.managers.clone(),
                sealed: token.sealed.clone(),
            }),
    };
    if known.cluster != record.cluster {
        plan.warnings.push(doubted("rancher-metadata tells another swarm to join than Rancher's API"));
    }
    plan
}
