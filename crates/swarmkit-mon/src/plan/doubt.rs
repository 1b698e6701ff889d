//! Is this host in doubt whether somebody acts for the swarm? Then it asks for a heartbeat in the record, by a label.
//!
//! At rest none is given: each is a change of the environment's metadata, which Rancher sends to every host.

use crate::engine::{Node, SwarmInfo};
use crate::labels::{self, DesiredLabels};
use crate::observe::{MetadataView, Observation};
use crate::record::Record;

use super::{Plan, inside, orphaned, quorum, reach};

/// The plan, with the question in it where this host is in doubt.
pub(super) fn asked(seen: &Observation, metadata: &MetadataView, plan: Plan) -> Plan {
    if !is_there(seen, metadata) {
        return plan;
    }
    // A plan without labels leaves them as they are, which is what a member has.
    let Some(desired) = plan.labels.clone().or_else(|| as_member(seen)) else { return plan };
    plan.labels(DesiredLabels { in_doubt: true, ..desired })
}

/// What a host whose engine tells nothing says of itself: what it was.
pub(super) fn as_member(seen: &Observation) -> Option<DesiredLabels> {
    let member = seen.own.state.member.as_ref()?;
    // What it has said of an address or a breakdown is still so.
    let said = seen.metadata.as_ref().ok().and_then(|metadata| metadata.labels.get(labels::PART)).map(String::as_str);
    let word = [labels::MOVED_MANAGER, labels::BROKEN_MANAGER].into_iter().find(|word| said == Some(*word));
    let part = member.manager.then(|| word.unwrap_or(labels::MANAGER));
    Some(DesiredLabels { part, node: Some(member.node.clone()), ..DesiredLabels::default() })
}

fn is_there(seen: &Observation, metadata: &MetadataView) -> bool {
    let engine = seen.engine.as_ref().ok().map(|info| &info.swarm);
    let Ok(record) = &metadata.record else { return false };
    let is_orphan = engine.is_some_and(|engine| orphaned::reason(seen, engine, metadata).is_some());
    is_orphan
        || reach::is_in_doubt(seen)
        || is_unknown(seen, metadata, record, engine)
        || is_of_another(seen, seen.rancher_view().map_or(record, |view| &view.record), engine)
        || engine.is_some_and(|engine| misses_the_lease_holder(seen, engine))
}

/// The record does not know this host's node, and does not count on its vote.
fn is_unknown(seen: &Observation, metadata: &MetadataView, record: &Record, engine: Option<&SwarmInfo>) -> bool {
    let Some(place) = seen.own.state.place(engine) else { return false };
    let here = record.cluster.as_deref() == Some(place.cluster);
    // A manager of a swarm that answers knows better.
    let answers = seen.swarm_view().is_some();
    here && !answers && seen.past.orphaned_ms >= orphaned::ORPHANED_MS && !record.knows(place.node, &metadata.host)
}

/// The record is of another swarm than the one that this host is a worker of, or of one with which another manager has gone
/// on alone.
fn is_of_another(seen: &Observation, record: &Record, engine: Option<&SwarmInfo>) -> bool {
    let Some(member) = &seen.own.state.member else { return false };
    if record.cluster.as_ref() != Some(&member.cluster) {
        let works = |engine: &SwarmInfo| engine.node_id == member.node && !engine.control_available;
        return record.cluster.is_some() && engine.is_some_and(works);
    }
    let may_manage = engine.is_none_or(|engine| engine.control_available) || quorum::is_in_question(seen);
    let counts = record.voters.contains(&member.node) && !seen.was_taken_back(record);
    member.epoch < record.epoch && may_manage && !counts
}

/// This manager's monitor is about to act in the place of the one beside the leader, which it cannot reach. That one may act
/// all the same.
fn misses_the_lease_holder(seen: &Observation, engine: &SwarmInfo) -> bool {
    let Some(swarm) = seen.swarm_view() else { return false };
    let leads = swarm.node(&engine.node_id).is_none_or(Node::leads);
    !leads && seen.past.silent_ms() >= inside::silence_ms(&seen.wanted, swarm, &engine.node_id) / 2
}
