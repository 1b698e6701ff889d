//! This host's engine has lost its place in the recorded swarm: does it leave and join anew?
//!
//! An engine is not told that its node was removed, and goes on as if it were none of its business. What decides is what
//! the lease holder publishes; a time-out alone never does. A manager of a swarm that answers never leaves, and one that
//! merely sees no leader does not either: without a leader nobody publishes anything.

use crate::engine::{LocalNodeState, SwarmInfo};
use crate::observe::{MetadataView, Observation};
use crate::record::Record;

use super::{Change, Plan, Stage};

/// For how long the record must not have known this host's node, in milliseconds.
pub(super) const ORPHANED_MS: u64 = 15_000;
/// For how long this host's address must have been another one, in milliseconds.
const MOVED_MS: u64 = 30_000;
/// For how long the engine must have waited for its managers, in milliseconds, when the lease holder has lost its node
/// too.
const STUCK_MS: u64 = 30_000;
/// The same of an engine whose node has broken down: it does not come back by itself. So ends a worker that becomes a
/// manager when the one through which it had joined is gone: until it is started anew, the engine knows no other way.
pub(super) const BROKEN_MS: u64 = 8_000;

const UNKNOWN: &str = "the swarm does not know this host's node any more";

/// Leaves, if this host has lost its place; `None` if it has not, as far as can be said.
pub(super) fn plan(seen: &Observation, engine: &SwarmInfo, metadata: &MetadataView) -> Option<Plan> {
    let reason = reason(seen, engine, metadata).filter(|_| is_alive(seen))?;
    let leave = Change::Leave { node: engine.node_id.clone(), manager: engine.control_available };
    Some(Plan::new(Stage::Join, format!("{reason}: it leaves and joins anew")).change(leave))
}

/// Why this host has lost its place, if the record is kept by somebody.
pub(super) fn reason(seen: &Observation, engine: &SwarmInfo, metadata: &MetadataView) -> Option<&'static str> {
    let record = metadata.record.as_ref().ok()?;
    let place = seen.own.state.place(Some(engine))?;
    let node = place.node;
    let here = record.cluster.as_deref() == Some(place.cluster);
    // A swarm that answers this engine's manager has it as a manager.
    let answers = seen.swarm_view().is_some();
    // One that votes has to be made a worker first, by the lease holder.
    if !here || answers || record.voters.iter().any(|voter| voter == node) {
        return None;
    }
    let broken = engine.local_node_state == LocalNodeState::Error;
    let stuck_limit = if broken { BROKEN_MS } else { STUCK_MS };
    if is_orphaned(seen, record, node) {
        Some(UNKNOWN)
    } else if record.lost.iter().any(|lost| lost == node) && seen.past.stuck_ms >= stuck_limit {
        Some("the engine is stuck, and the swarm has lost this host's node")
    } else if broken && seen.past.stuck_ms >= STUCK_MS {
        Some("the engine's swarm is in error, though the swarm has this host's node")
    } else if seen.past.moved_ms >= MOVED_MS {
        Some("this host's address is another one than its node's")
    } else {
        None
    }
}

/// The same of an engine that was a manager and does not answer since it sees no leader. That alone is no reason; that the
/// others have a leader, and go on without it, is.
pub(super) fn silent(seen: &Observation, record: &Record) -> Option<Plan> {
    let member = seen.own.state.member.as_ref()?;
    let place = seen.own.state.place(seen.engine.as_ref().ok().map(|info| &info.swarm))?;
    let here = place.node == member.node && record.cluster.as_deref() == Some(place.cluster);
    if !here || record.voters.contains(&member.node) || !is_alive(seen) {
        return None;
    }
    let reason = if member.epoch < record.epoch {
        "another manager has gone on alone with this swarm, without this one"
    } else if is_orphaned(seen, record, &member.node) {
        UNKNOWN
    } else {
        return None;
    };
    // One that was started anew answers, but does not manage yet.
    let manager = seen.engine.as_ref().map_or(true, |info| info.swarm.control_available);
    let leave = Change::Leave { node: member.node.clone(), manager };
    Some(Plan::new(Stage::Join, format!("{reason}: it leaves and joins anew")).change(leave))
}

/// Whether whoever keeps the record has left out this host's node.
fn is_orphaned(seen: &Observation, record: &Record, node: &str) -> bool {
    let host = seen.metadata.as_ref().map_or("", |metadata| &metadata.host);
    seen.past.is_orphaned && seen.past.orphaned_ms >= ORPHANED_MS && !record.knows(node, host)
}

/// Whether somebody keeps the record: it has changed since this monitor started, and not long ago.
pub(super) fn is_alive(seen: &Observation) -> bool {
    seen.past.heartbeats > 0
        && seen.past.heartbeat_ms <= seen.wanted.period_ms.saturating_mul(super::HEARTBEAT_PERIODS + 1)
}
