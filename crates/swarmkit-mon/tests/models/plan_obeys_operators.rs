//! What an operator asks of the plan by hand or by label it does, whatever else it sees: views of every kind are made up by the
//! thousand.

use std::collections::BTreeMap;

use swarm_lab::trial::Trial;
use swarm_lab::trials;

use super::made_up_views::{always, never};
use super::plan_never::nodes;
use swarmkit_mon::engine::Availability;
use swarmkit_mon::plan::Change;

pub fn trials() -> Vec<Trial> {
    trials![
        what_an_operator_drained_stays_and_no_host_under_maintenance_takes_tasks_or_becomes_a_manager,
        while_it_is_paused_nothing_is_changed,
        labels_that_others_set_on_a_node_stay,
    ]
}

fn what_an_operator_drained_stays_and_no_host_under_maintenance_takes_tasks_or_becomes_a_manager() {
    never(|seen, change| {
        let (target, activates) = match change {
            Change::Availability { node, to } => (node, *to == Availability::Active),
            Change::Promote(node) => (node, false),
            _ => return Ok(false),
        };
        let is_promoted = matches!(change, Change::Promote(_));
        let node = nodes(seen).iter().find(|node| node.id == target.id).ok_or("there is no such node")?;
        if activates && !node.spec.labels.contains_key("swarmkit.drained") {
            return Err("an operator drained it".into());
        }
        if !is_promoted && !activates && node.spec.availability == Availability::Drain {
            return Err("it is drained twice".into());
        }
        let hosts = &seen.rancher_view().ok_or("Rancher's API was not seen")?.hosts;
        let host = hosts.iter().find(|host| Some(&host.uuid) == target.host.as_ref() && !host.is_gone());
        let Some(host) = host.filter(|_| activates || is_promoted) else { return Ok(false) };
        // One that was to become a worker, and cannot be spared, stays what it is.
        let stays = node.manager.is_some();
        let labelled = host.labels.get("swarm.maintenance").is_some_and(|value| value == "true");
        match host.state.as_str() {
            "inactive" if !stays => Err("it is deactivated".into()),
            _ if labelled && !(is_promoted && stays) => Err("it is under maintenance".into()),
            _ => Ok(true),
        }
    });
}

fn while_it_is_paused_nothing_is_changed() {
    always(|seen, planned| {
        let label = |labels: &BTreeMap<String, String>| labels.get("swarm.pause").cloned().unwrap_or_default();
        let here =
            seen.metadata.as_ref().is_ok_and(|metadata| ["true", "all"].contains(&label(&metadata.labels).as_str()));
        let hosts = seen.rancher_view().map_or(&[][..], |view| &view.hosts);
        let everywhere = hosts.iter().any(|host| !host.is_gone() && label(&host.labels) == "all");
        if seen.refusal.is_some() || !(here || everywhere) {
            return Ok(false);
        }
        let is_told = planned.reason.starts_with("paused on ");
        if planned.change.is_some() || planned.desired_record.is_some() || planned.gives_heartbeat || !is_told {
            return Err("it is paused".into());
        }
        Ok(true)
    });
}

fn labels_that_others_set_on_a_node_stay() {
    never(|seen, change| {
        let Change::Label { node: target, labels } = change else { return Ok(false) };
        let node = nodes(seen).iter().find(|node| node.id == target.id).ok_or("there is no such node")?;
        let is = &node.spec.labels;
        let ours: Vec<&str> = is.get("swarmkit.labels").map_or("", String::as_str).split(',').collect();
        let other =
            |name: &&String| is.contains_key(*name) && *name != "swarmkit.labels" && !ours.contains(&name.as_str());
        match labels.keys().find(|name| other(name) || name.as_str() == "swarmkit.drained") {
            Some(name) => Err(format!("{name} is somebody else's")),
            None => Ok(true),
        }
    });
}
