//! When the plan has an engine leave its swarm, and when it never does: over views of every kind, made up by the thousand.

use swarm_lab::trial::Trial;
use swarm_lab::trials;

use super::made_up_views::{always, never};
use swarmkit_mon::engine::LocalNodeState;
use swarmkit_mon::observe::{Observation, SwarmView};
use swarmkit_mon::peers::Peer;
use swarmkit_mon::plan::{Advice, Change};
use swarmkit_mon::record::Record;

pub fn trials() -> Vec<Trial> {
    trials![
        a_swarm_that_is_not_provably_old_and_ours_is_never_left,
        an_engine_that_was_in_a_swarm_a_moment_ago_is_left_alone,
        nobody_is_told_a_command_that_ends_both_of_two_swarms,
        one_that_went_on_alone_after_its_epoch_was_taken_back_leaves_and_records_nothing,
    ]
}

/// Whether the lease holder is alive and says that this host has lost its place, or this host has another address; and
/// nobody counts on its vote.
fn may_be_orphaned(seen: &Observation) -> bool {
    let engine = &seen.engine.as_ref().unwrap().swarm;
    let Ok(record) = &seen.metadata.as_ref().unwrap().record else { return false };
    let state = &seen.own.state;
    // What it was in, or was about to join; an engine in trouble may not tell its node.
    let (cluster, node) = match (&state.member, &state.joining) {
        (Some(member), _) if member.node == engine.node_id => (&member.cluster, &member.node),
        (_, Some(cluster)) => (cluster, &engine.node_id),
        _ => return false,
    };
    let here = record.cluster.as_ref() == Some(cluster);
    let alive = seen.past.heartbeats > 0 && seen.past.heartbeat_ms <= 90_000;
    let answers = seen.swarm_view().is_some();
    let gone = !record.members.values().any(|member| member == node)
        && seen.past.is_orphaned
        && seen.past.orphaned_ms >= 15_000;
    let lost = record.lost.contains(node) && seen.past.stuck_ms >= 30_000;
    // One that is in error for long has no place to lose.
    let broken = engine.local_node_state == LocalNodeState::Error && seen.past.stuck_ms >= 30_000;
    let moved = seen.past.moved_ms >= 30_000;
    here && alive && !answers && !record.voters.contains(node) && (gone || lost || broken || moved)
}

/// Whether half of these nodes, or more, are managers of a swarm: a record may be late by one of two.
fn manage_here(swarm: &SwarmView, voters: &[String]) -> bool {
    let managers: Vec<&String> =
        swarm.nodes.iter().filter(|node| node.manager.is_some()).map(|node| &node.id).collect();
    voters.iter().filter(|voter| managers.contains(voter)).count() * 2 >= voters.len()
}

fn a_swarm_that_is_not_provably_old_and_ours_is_never_left() {
    never(|seen, change| {
        let Change::Leave { node, manager } = change else { return Ok(false) };
        let state = &seen.own.state;
        // It sees no leader, and the others have gone on without it, as whoever keeps the record says.
        let gone_on = |record: &Record| {
            let Some(member) = state.member.as_ref().filter(|member| member.node == *node) else { return false };
            let alive =
                seen.past.heartbeats > 0 && seen.past.heartbeat_ms <= 90_000 && seen.past.leaderless_ms >= 30_000;
            let before = member.epoch < record.epoch;
            let unknown = !record.knows(node, "") && seen.past.is_orphaned && seen.past.orphaned_ms >= 15_000;
            let here = record.cluster.as_ref() == Some(&member.cluster);
            alive && here && (before || unknown) && !record.voters.contains(node)
        };
        let silent = seen.engine.is_err() || seen.swarm_view().is_none();
        if silent && seen.rancher_view().is_some_and(|view| gone_on(&view.record)) {
            return Ok(true);
        }
        let engine = &seen.engine.as_ref().map_err(|_| "the engine does not answer")?.swarm;
        if *node != engine.node_id || *manager != engine.control_available {
            return Err("it is about another node".into());
        }
        if may_be_orphaned(seen) {
            return Ok(true);
        }
        if !manager {
            let member =
                state.member.as_ref().filter(|member| member.node == *node).ok_or("nothing says that it is ours")?;
            let recorded = seen.metadata.as_ref().unwrap().record.as_ref().unwrap().cluster.clone();
            return if recorded.is_some_and(|recorded| recorded != member.cluster) {
                Ok(true)
            } else {
                Err("it is no other one".into())
            };
        }
        let swarm = seen.swarm.as_ref().unwrap().as_ref().unwrap();
        // Another manager has gone on alone with it.
        let told = seen.metadata.as_ref().unwrap().record.as_ref();
        let left_behind = |record: &Record| {
            let before = state.member.as_ref().is_some_and(|member| member.epoch < record.epoch);
            // Its swarm still lists it; or it had gone on alone, and that swarm has not.
            let is_there = record.voters.contains(node) && manage_here(swarm, &record.voters);
            before && record.cluster.as_ref() == Some(&swarm.cluster) && !is_there
        };
        if told.is_ok_and(left_behind) || seen.rancher_view().is_some_and(|view| left_behind(&view.record)) {
            return Ok(true);
        }
        if swarm.nodes.len() != 1 || swarm.services != Some(0) {
            return Err("somebody loses something".into());
        }
        let cluster = Some(&swarm.cluster);
        let ours = state.made.as_ref() == cluster
            || state.member.as_ref().map(|member| &member.cluster) == cluster
            || (state.init.is_some() && state.made.is_none());
        let recorded = seen.rancher_view().ok_or("Rancher's API was not seen")?.record.cluster.as_ref();
        if ours && recorded.is_some() && recorded != cluster {
            Ok(true)
        } else {
            Err("it is not ours, or the recorded one".into())
        }
    });
}

/// An engine that is about to stop says that it is in no swarm. To join then would cost it the node that it is.
fn an_engine_that_was_in_a_swarm_a_moment_ago_is_left_alone() {
    never(|seen, change| {
        let outside =
            seen.engine.as_ref().is_ok_and(|engine| engine.swarm.local_node_state == LocalNodeState::Inactive);
        if !outside || seen.own.state.member.is_none() {
            return Ok(false);
        }
        if seen.past.outside_ms >= 20_000 { Ok(true) } else { Err(format!("{change:?}")) }
    });
}

fn nobody_is_told_a_command_that_ends_both_of_two_swarms() {
    always(|_, plan| {
        let is_one_of_two = plan.reason.starts_with("two swarms and none recorded");
        match plan.advice().filter(|_| is_one_of_two) {
            Some(Advice { command: Some(command), .. }) => Err(format!("`{command}` is told on the hosts of both")),
            advice => Ok(advice.is_some()),
        }
    });
}

fn one_that_went_on_alone_after_its_epoch_was_taken_back_leaves_and_records_nothing() {
    always(|seen, planned| {
        let (Some(swarm), Some(view), Some(member)) =
            (seen.swarm_view(), seen.rancher_view(), seen.own.state.member.as_ref())
        else {
            return Ok(false);
        };
        let Ok(engine) = &seen.engine else { return Ok(false) };
        let record = &view.record;
        let alone = record.cluster.as_ref() == Some(&swarm.cluster)
            && member.cluster == swarm.cluster
            && member.epoch < record.epoch
            && record.recovery.is_none()
            && record.voters.contains(&engine.swarm.node_id)
            && !manage_here(swarm, &record.voters);
        if !alone {
            return Ok(false);
        }
        // Where nobody keeps the record, it is the swarm all the same, by an epoch of its own.
        let row = record.voters.len() as u64 + 1;
        let unheard = seen.past.unheard_ms >= (seen.wanted.period_ms * 8 * row).max(240_000)
            && !seen.peers.iter().flatten().any(Peer::serves);
        let is_kept = seen.past.heartbeats > 0 && seen.past.heartbeat_ms <= seen.wanted.period_ms * 3;
        match (&planned.desired_record, &planned.change) {
            (Some(desired), _) if !unheard || desired.epoch <= record.epoch => {
                Err("it takes the record for its own".into())
            }
            (None, Some(Change::Leave { .. })) if seen.past.superseded_ms < 5_000 || !is_kept => {
                Err("it leaves too soon".into())
            }
            (None, None | Some(Change::Leave { .. })) => Ok(true),
            (None, Some(change)) => Err(format!("it does this: {change}")),
            (Some(_), _) => Ok(true),
        }
    });
}
