//! When the plan goes on without the other managers, and of which epoch it then is: over views of every kind, made up by the
//! thousand.

use swarm_lab::trial::Trial;
use swarm_lab::trials;

use super::made_up_views::{ME, always, never};
use super::plan_never::is_there;
use swarmkit_mon::observe::Recovery;
use swarmkit_mon::peers::Peer;
use swarmkit_mon::plan::{Change, Stage};
use swarmkit_mon::record::{Claim, Record};

pub fn trials() -> Vec<Trial> {
    trials![
        a_epoch_that_another_has_begun_is_never_taken_for_ones_own,
        nobody_goes_on_alone_while_the_others_may_come_back,
        nobody_goes_on_alone_while_a_manager_says_that_the_swarm_has_a_leader,
    ]
}

fn a_epoch_that_another_has_begun_is_never_taken_for_ones_own() {
    always(|seen, planned| {
        let Some(view) = seen.rancher_view() else { return Ok(false) };
        let record = &view.record;
        let own = seen.own.state.member.as_ref().filter(|member| record.cluster.as_ref() == Some(&member.cluster));
        let Some(own) = own.filter(|own| record.recovery.is_some() && own.epoch < record.epoch) else {
            return Ok(false);
        };
        let told = seen.metadata.as_ref().is_ok_and(|metadata| metadata.record.as_ref() == Ok(record));
        let remembered = planned.remember.as_ref().and_then(|state| state.member.as_ref()).filter(|_| told);
        if remembered.is_some_and(|member| member.epoch > own.epoch) {
            return Err("it is remembered".into());
        }
        let Some(desired_record) = &planned.desired_record else { return Ok(false) };
        if desired_record.epoch <= record.epoch {
            return Err("it is published".into());
        }
        let others = Record { epoch: record.epoch + 1, ..record.clone() };
        let done = Record { recovery: None, ..record.clone() };
        for record in [others, done] {
            if desired_record.may_be_written(&record, &seen.own.nonce) {
                return Err(format!("what was not seen is written over: {record:?}"));
            }
        }
        Ok(true)
    });
}

fn nobody_goes_on_alone_while_the_others_may_come_back() {
    never(|seen, change| {
        let Change::ForceNewCluster { .. } = change else { return Ok(false) };
        let view = seen.rancher_view().ok_or("Rancher's API was not seen")?;
        let member = seen.own.state.member.as_ref().ok_or("it was in no swarm")?;
        if !view.record.voters.contains(&member.node) {
            return Err("it was no manager".into());
        }
        if view.record.cluster.as_ref() != Some(&member.cluster) || seen.swarm_view().is_some() {
            return Err("it is another swarm, or one that answers".into());
        }
        if view.record.recovery != Some(Claim { host: ME.into(), nonce: seen.own.nonce.clone() }) {
            return Err("its claim does not stand".into());
        }
        let after = match seen.wanted.recovery {
            Recovery::Off => return Err("it is off".into()),
            Recovery::Removed => u64::MAX,
            Recovery::After(ms) => ms,
        };
        let may_come_back = |node: &&String| {
            // Its host had said before that it is another one now.
            if view.record.former.contains_key(*node) {
                return false;
            }
            let Some(uuid) = view.record.host_of(node) else { return true };
            let host = view.hosts.iter().find(|host| host.uuid == *uuid && !host.is_gone());
            // Its own host says that it has no vote, or is not that node any more.
            let label = |name: &str| host.and_then(|host| host.labels.get(name)).map(String::as_str);
            let says = label("swarmkit.node").is_some_and(|is| is != *node || label("swarm") == Some("broken"))
                || (label("swarmkit.node").is_none() && label("swarmkit.key").is_some());
            host.is_some_and(|host| is_there(host) || seen.past.leaderless_ms < after) && !says
        };
        let left: Vec<&String> = view.record.voters.iter().filter(may_come_back).collect();
        // One of them may not have become a manager: its host does not say that it is. The others are no majority alone.
        let says = |node: &String| {
            let host = view.hosts.iter().find(|host| Some(&host.uuid) == view.record.host_of(node));
            let part = host.and_then(|host| host.labels.get("swarm")).map(String::as_str);
            matches!(part, Some("manager" | "broken_manager" | "moved_manager"))
        };
        let doubtful = left.iter().any(|node| **node != member.node && !says(node));
        let all = view.record.voters.len();
        let counted_on = if doubtful && (all == 2 || (left.len() - 1) * 2 < all) { 0 } else { left.len() };
        if counted_on * 2 > all { Err(format!("{counted_on} may come back")) } else { Ok(true) }
    });
}

fn nobody_goes_on_alone_while_a_manager_says_that_the_swarm_has_a_leader() {
    always(|seen, planned| {
        let is_silent = seen.past.leaderless_ms >= 30_000 && seen.swarm_view().is_none();
        let served = seen.peers.iter().flatten().any(Peer::serves);
        if !is_silent || !served {
            return Ok(false);
        }
        if matches!(planned.change, Some(Change::ClaimRecovery | Change::ForceNewCluster { .. })) {
            return Err("it goes on alone".into());
        }
        if planned.stage == Stage::NoQuorum && planned.reason.contains("managers are lost") {
            return Err("it says that there is no quorum".into());
        }
        Ok(true)
    });
}
