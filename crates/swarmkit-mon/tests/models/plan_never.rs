//! What the plan never does, whatever it sees: views of every kind, sensible or not, are made up by the thousand.

use swarm_lab::trial::Trial;
use swarm_lab::trials;

use super::made_up_views::{ME, always, never};
use swarmkit_mon::engine::{LocalNodeState, Node, NodeState, Reachability, Role};
use swarmkit_mon::hand_over::HandOver;
use swarmkit_mon::observe::Observation;
use swarmkit_mon::peers::Peer;
use swarmkit_mon::plan::{Asked, Change, Stage, WarningKind, asks_rancher, plan};
use swarmkit_mon::rancher::HostEntry;
use swarmkit_mon::record::{Claim, Record};

pub fn trials() -> Vec<Trial> {
    trials![
        a_second_swarm_is_never_made,
        the_quorum_is_never_spent,
        a_role_never_changes_before_the_record_tells_who_votes,
        roles_change_one_at_a_time_and_only_where_they_can,
        a_token_in_a_label_is_asked_for_where_it_stands,
        no_swarm_is_joined_on_the_word_of_metadata_alone,
        without_rancher_nothing_of_the_swarm_is_changed,
        only_the_recorded_swarm_is_changed,
        no_node_of_a_registered_host_is_removed_and_none_that_votes,
        a_host_or_a_stack_that_is_there_twice_does_nothing,
        a_member_whose_engine_is_silent_says_which_node_it_was_when_its_label_is_gone,
        the_worker_token_is_never_renewed_while_a_host_has_one_to_join_with,
        no_host_gets_a_token_while_the_node_that_it_does_not_say_it_left_is_ready,
        a_record_that_is_gone_is_written_again_with_what_this_host_kept_of_it,
        nobody_is_told_to_remove_managers_that_have_the_swarm_on_their_disks,
        a_host_is_not_called_two_while_what_it_says_of_itself_is_on_its_way,
    ]
}

pub(super) fn nodes(seen: &Observation) -> &[Node] {
    seen.swarm_view().map_or(&[], |swarm| &swarm.nodes)
}

/// Whether Rancher says that a host takes containers and its agent is there, in either form of the API.
pub(super) fn is_there(host: &HostEntry) -> bool {
    matches!(host.state.as_str(), "active" | "updating-active")
        && matches!(host.agent_state.as_deref(), None | Some("active"))
}

fn reachable(node: &Node) -> bool {
    node.manager.as_ref().is_some_and(|manager| manager.leader || manager.reachability == Reachability::Reachable)
}

/// Whether a manager's host is registered, may be one, has still the address by which it joined, and does not say that its
/// engine is in error.
fn has_its_place(seen: &Observation, node: &Node, host: Option<&String>) -> bool {
    let Some(host) = seen.rancher_view().unwrap().hosts.iter().find(|entry| Some(&entry.uuid) == host) else {
        return false;
    };
    let label = |name: &str| host.labels.get(name).map(String::as_str);
    let address = node.manager.as_ref().and_then(|manager| manager.addr.rsplit_once(':')).map(|(address, _)| address);
    let odd = matches!(label("swarm"), Some("broken" | "broken_manager")) || label("swarm.manager") == Some("false");
    let moved = host.agent_ip_address.as_deref().is_some_and(|told| !told.is_empty() && Some(told) != address);
    // Another address alone may be that of another host with the same identity.
    let moved = moved && label("swarm") == Some("moved_manager");
    !host.is_gone() && !odd && !moved
}

/// Whether a node was to become a manager, and has not for long or has gone down: it may be a worker again.
fn is_withdrawn(seen: &Observation, id: &str) -> bool {
    nodes(seen).iter().any(|node| {
        let long = seen.past.unsettled_ms.get(id).is_some_and(|ms| *ms >= 20_000);
        node.id == id && node.manager.is_none() && node.spec.role == Role::Manager && long
    })
}

fn nobody_is_told_to_remove_managers_that_have_the_swarm_on_their_disks() {
    always(|seen, plan| {
        let there = |peer: &&Peer| peer.is_lost() && peer.said.is_some();
        let there = seen.peers.iter().flatten().filter(there).any(|peer| plan.reason.contains(&format!("{peer}, ")));
        let advice = plan.advice().filter(|_| there && plan.reason.contains("managers are lost: "));
        match &advice {
            Some(advice) if advice.what.contains("remove their hosts") => Err(advice.what.to_owned()),
            _ => Ok(advice.is_some()),
        }
    });
}

fn a_second_swarm_is_never_made() {
    never(|seen, change| {
        let Change::Init { .. } = change else { return Ok(false) };
        let view = seen.rancher_view().ok_or("Rancher's API was not seen")?;
        let engine = &seen.engine.as_ref().unwrap().swarm;
        let told = seen.metadata.as_ref().unwrap().record.as_ref().unwrap();
        if engine.local_node_state != LocalNodeState::Inactive {
            return Err("the engine is in a swarm".into());
        }
        if view.record.cluster.is_some() || told.cluster.is_some() {
            return Err("a swarm is recorded".into());
        }
        if view.record.claim != Some(Claim { host: ME.into(), nonce: seen.own.nonce.clone() })
            || seen.past.claim_ms < 100
        {
            return Err("this host's claim does not stand".into());
        }
        match view.hosts.iter().find(|host| host.uuid != ME && host.state != "removed" && host.node().is_some()) {
            Some(host) => Err(format!("{} is in a swarm", host.uuid)),
            None => Ok(true),
        }
    });
}

fn the_quorum_is_never_spent() {
    never(|seen, change| {
        let Change::Demote(node) = change else { return Ok(false) };
        if is_withdrawn(seen, &node.id) {
            return Ok(false);
        }
        let managers: Vec<&Node> = nodes(seen).iter().filter(|node| node.manager.is_some()).collect();
        let target = managers.iter().find(|manager| manager.id == node.id).ok_or("it is no manager")?;
        let left: Vec<&&Node> = managers.iter().filter(|manager| manager.id != node.id).collect();
        let well = left.iter().filter(|manager| reachable(manager)).count();
        if left.is_empty() || well < left.len() / 2 + 1 {
            return Err(format!("{well} of {} managers would be left", left.len()));
        }
        if target.manager.as_ref().unwrap().leader
            && managers.len() < 3
            && has_its_place(seen, target, node.host.as_ref())
        {
            return Err("the leader of two is demoted, though nothing is wrong with its host".into());
        }
        Ok(true)
    });
}

fn a_role_never_changes_before_the_record_tells_who_votes() {
    never(|seen, change| {
        let (target, promotes) = match change {
            Change::Promote(target) => (target, true),
            Change::Demote(target) => (target, false),
            _ => return Ok(false),
        };
        let view = seen.rancher_view().ok_or("Rancher's API was not seen")?;
        if !promotes && !view.takes_writes {
            return Err("the record goes on counting on it".into());
        }
        let record = &view.record;
        let votes = |node: &&Node| node.manager.is_some();
        let told = |id: &String| record.voters.contains(id);
        if let Some(node) = nodes(seen).iter().filter(votes).find(|node| !told(&node.id)) {
            return Err(format!("{} votes, and is not recorded", node.id));
        }
        if promotes && !told(&target.id) {
            return Err(format!("{} is to vote, and is not recorded", target.id));
        }
        let becomes =
            |node: &&Node| votes(node) || node.spec.role == Role::Manager || (promotes && node.id == target.id);
        let all = nodes(seen).iter().filter(becomes).map(|node| &node.id).collect::<Vec<_>>();
        if let Some(id) = record.voters.iter().find(|id| !all.contains(id)) {
            return Err(format!("{id} is recorded, and does not vote any more"));
        }
        if record.recovery.is_some() {
            return Err("somebody may be about to go on alone".into());
        }
        Ok(true)
    });
}

fn roles_change_one_at_a_time_and_only_where_they_can() {
    never(|seen, change| {
        let (Change::Promote(target) | Change::Demote(target)) = change else { return Ok(false) };
        seen.rancher_view().ok_or("Rancher's API was not seen")?;
        if is_withdrawn(seen, &target.id) {
            return if matches!(change, Change::Demote(_)) { Ok(true) } else { Err("it is promoted twice".into()) };
        }
        // One that went down before it voted is on its way out.
        let failed = |node: &&Node| node.manager.is_none() && node.status.state == NodeState::Down;
        let unsettled = |node: &&Node| (node.spec.role == Role::Manager) != node.manager.is_some();
        // One that was to become a worker, and without which there would be no quorum any more, is kept.
        let others: Vec<&Node> =
            nodes(seen).iter().filter(|node| node.manager.is_some() && node.id != target.id).collect();
        let short = others.iter().filter(|node| reachable(node)).count() * 2 <= others.len();
        let kept = |node: &Node| node.id == target.id && node.spec.role == Role::Worker && node.manager.is_some();
        if matches!(change, Change::Promote(_)) && nodes(seen).iter().any(kept) {
            return if short { Ok(true) } else { Err("it could be spared".into()) };
        }
        if let Some(node) = nodes(seen).iter().find(|node| unsettled(node) && !failed(node)) {
            return Err(format!("the role of {} has not taken effect yet", node.id));
        }
        let node = nodes(seen).iter().find(|node| node.id == target.id).ok_or("there is no such node")?;
        if node.version.index != target.version {
            return Err("it is of another version".into());
        }
        if matches!(change, Change::Promote(_)) {
            let host = target.host.as_ref().ok_or("its host is not known")?;
            let host = seen
                .rancher_view()
                .unwrap()
                .hosts
                .iter()
                .find(|entry| entry.uuid == *host)
                .ok_or("its host is not registered")?;
            let fit = is_there(host) && host.labels.get("swarm.manager").map(String::as_str) != Some("false");
            if node.status.state != NodeState::Ready || node.manager.is_some() || !fit {
                return Err(format!("{} cannot be a manager", node.id));
            }
            if seen.past.demoted_ms.get(&target.id).is_some_and(|ms| *ms < 10_000) {
                return Err(format!("{} has just been made a worker", node.id));
            }
        }
        Ok(true)
    });
}

/// The API says what stands in the label only if it is asked for the hosts, whatever else it is asked for.
fn a_token_in_a_label_is_asked_for_where_it_stands() {
    always(|seen, _| {
        let by_metadata = Observation { rancher: None, ..seen.clone() };
        let would_join = plan(&by_metadata).reason.contains("with the token in its host label");
        match asks_rancher(&by_metadata) {
            asked if would_join && asked != Some(Asked::All) => Err(format!("it asks for {asked:?}")),
            _ => Ok(would_join),
        }
    });
}

/// What a host joins by is what Rancher's API says: its token in the record, or the one in its label.
fn no_swarm_is_joined_on_the_word_of_metadata_alone() {
    never(|seen, change| {
        let Change::Join { managers, sealed, .. } = change else { return Ok(false) };
        let Some(view) = seen.rancher_view() else { return Err("the API was not asked, or did not answer".to_owned()) };
        let host = seen.metadata.as_ref().map_or("", |metadata| &metadata.host);
        let token = view.record.tokens.get(host).filter(|token| token.key == seen.own.key);
        let recorded = token.is_some_and(|token| token.sealed == *sealed && view.record.managers == *managers);
        let own = view.hosts.iter().find(|entry| entry.uuid == host);
        let given = own.and_then(|own| HandOver::read(own.labels.get("swarmkit.token")?, &seen.own.key));
        let handed_over = given.is_some_and(|given| given.sealed == *sealed && given.managers == *managers);
        if recorded || handed_over { Ok(true) } else { Err("the API says otherwise".to_owned()) }
    });
}

fn without_rancher_nothing_of_the_swarm_is_changed() {
    never(|seen, change| match change {
        Change::Join { .. } | Change::Leave { .. } => Ok(false),
        _ if seen.rancher_view().is_none() => Err("Rancher's API was not seen".into()),
        _ => Ok(true),
    });
}

fn only_the_recorded_swarm_is_changed() {
    never(|seen, change| match change {
        Change::Promote(_)
        | Change::Demote(_)
        | Change::Label { .. }
        | Change::Availability { .. }
        | Change::Remove { .. }
        | Change::RenewToken
        | Change::WithdrawTokens
        | Change::CreateNetwork { .. } => {
            let swarm = seen.swarm.as_ref().unwrap().as_ref().unwrap();
            let recorded = seen.rancher_view().ok_or("Rancher's API was not seen")?.record.cluster.as_ref();
            if recorded == Some(&swarm.cluster) { Ok(true) } else { Err("it is not the recorded one".into()) }
        }
        _ => Ok(false),
    });
}

fn no_node_of_a_registered_host_is_removed_and_none_that_votes() {
    never(|seen, change| {
        let Change::Remove { node: target, force, .. } = change else { return Ok(false) };
        let view = seen.rancher_view().ok_or("Rancher's API was not seen")?;
        let node = nodes(seen).iter().find(|node| node.id == target.id).ok_or("there is no such node")?;
        let down = node.status.state == NodeState::Down;
        let failed =
            node.spec.role == Role::Manager && down && seen.past.down_ms.get(&node.id).is_some_and(|ms| *ms >= 60_000);
        if node.manager.is_some() || (node.spec.role == Role::Manager && !down) {
            return Err("it is a manager".into());
        }
        if !view.hosts.iter().any(|host| host.uuid == ME) {
            return Err("the list does not have this host, so it may lack others".into());
        }
        if failed && !force {
            // It went down before it voted. Its host joins anew.
            return Ok(true);
        }
        let registered = |uuid: &String| view.hosts.iter().any(|host| host.uuid == *uuid && !host.is_gone());
        let is_of = view.hosts.iter().find(|host| host.uuid != ME && host.node() == Some(&node.id) && !host.is_gone());
        if let Some(host) = is_of {
            return Err(format!("{} says that it is that node", host.uuid));
        }
        let of: Vec<&String> =
            view.record.members.iter().filter(|(_, member)| **member == node.id).map(|(host, _)| host).collect();
        let mute = seen.past.mute_ms.get(&node.id).is_some_and(|ms| *ms >= 60_000);
        let is_nobodys = of.iter().all(|host| registered(host));
        if is_nobodys && mute && node.is_mute() && !force {
            // Its join was cut off. A host may have said that it was to be that node, and is another one by now.
            return Ok(true);
        }
        if is_nobodys {
            // It is what a host was before it joined anew.
            return if down && !force { Ok(true) } else { Err("a node that is not down is removed".into()) };
        }
        let since = of.iter().filter_map(|host| seen.past.unlisted_ms.get(*host)).max().copied().unwrap_or_default();
        if since < 20_000 || (!down && (!force || since < 600_000)) {
            return Err(format!("its host has been unlisted for {since} ms only"));
        }
        Ok(true)
    });
}

/// Another host may be the one that Rancher takes this one for, or another stack of the entry keeps the swarm.
fn a_host_or_a_stack_that_is_there_twice_does_nothing() {
    always(|seen, _| {
        let refused = Observation { refusal: Some("it is there twice".into()), ..seen.clone() };
        let planned = plan(&refused);
        if planned.stage != Stage::Refused || !planned.is_quiet() || planned.labels.is_some() || planned.gives_heartbeat
        {
            return Err(format!("{planned:?}"));
        }
        if asks_rancher(&refused).is_some() { Err("it asks for more".into()) } else { Ok(true) }
    });
}

fn a_member_whose_engine_is_silent_says_which_node_it_was_when_its_label_is_gone() {
    always(|seen, planned| {
        let (Ok(metadata), Some(member)) = (&seen.metadata, &seen.own.state.member) else { return Ok(false) };
        let silent = [Stage::NoQuorum, Stage::NoEngine, Stage::NoLeader, Stage::CutOff];
        let is_silent = silent.contains(&planned.stage) && seen.refusal.is_none();
        if !is_silent || metadata.labels.contains_key("swarmkit.node") || planned.change.is_some() {
            return Ok(false);
        }
        match planned.labels.as_ref().and_then(|labels| labels.node.as_ref()) {
            Some(node) if *node == member.node => Ok(true),
            _ => Err(format!("{:?}", planned.labels)),
        }
    });
}

fn the_worker_token_is_never_renewed_while_a_host_has_one_to_join_with() {
    never(|seen, change| {
        let Change::RenewToken = change else { return Ok(false) };
        let past = &seen.past;
        if past.is_token_renewed || past.nobody_waits_ms < 60_000 {
            return Err("a host waits, or waited a moment ago, or it is renewed already".into());
        }
        Ok(true)
    });
}

fn no_host_gets_a_token_while_the_node_that_it_does_not_say_it_left_is_ready() {
    always(|seen, planned| {
        let Some(desired_record) = &planned.desired_record else { return Ok(false) };
        let view = seen.rancher_view().unwrap();
        let mut about = false;
        for host in view.hosts.iter().filter(|host| host.key().is_some() && host.node().is_none()) {
            let Some(node) = view.record.members.get(&host.uuid).filter(|node| host.left() != Some(node)) else {
                continue;
            };
            if nodes(seen).iter().any(|other| other.id == *node && other.status.state == NodeState::Ready) {
                about = true;
                if desired_record.waiting.contains_key(&host.uuid) {
                    return Err(format!("{} gets a token", host.uuid));
                }
            }
        }
        Ok(about)
    });
}

fn a_record_that_is_gone_is_written_again_with_what_this_host_kept_of_it() {
    always(|seen, planned| {
        let Some(desired_record) = planned.desired_record.as_ref().filter(|_| seen.record_is_gone) else {
            return Ok(false);
        };
        let kept = seen.own.state.record.as_ref().unwrap();
        let blank = Record::default();
        if !desired_record.may_be_written(&blank, "any") {
            return Err("it needs a claim".into());
        }
        let written = desired_record.write(&blank, |_, _| None);
        if written.epoch < kept.epoch || written.cluster != kept.cluster {
            return Err(format!("{written:?}"));
        }
        Ok(true)
    });
}

fn a_host_is_not_called_two_while_what_it_says_of_itself_is_on_its_way() {
    always(|seen, planned| {
        let called = planned.warnings.iter().filter(|warning| warning.kind == WarningKind::OneIdentity);
        let hosts: Vec<&str> = called.filter_map(|warning| warning.text.split(' ').nth(1)).collect();
        for host in &hosts {
            if seen.past.denied_ms.get(*host).is_none_or(|ms| *ms < 30_000) {
                return Err(format!("{host} may have joined a moment ago"));
            }
        }
        Ok(!hosts.is_empty())
    });
}
