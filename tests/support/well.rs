//! What is promised of a healthy environment, looked at from outside.

use super::lab::Lab;

/// One swarm of all hosts, with so many managers; labels, record and health say so.
pub fn is_well(lab: &Lab, managers: usize) -> Result<(), String> {
    let all: Vec<usize> = (0..lab.hosts.len()).collect();
    are_well(lab, &all, managers)
}

/// The same of some hosts.
pub fn are_well(lab: &Lab, hosts: &[usize], managers: usize) -> Result<(), String> {
    lab.expect_swarm_of(hosts, managers)?;
    let chosen: std::collections::BTreeSet<usize> =
        lab.managers().into_iter().filter(|index| hosts.contains(index)).collect();
    if chosen.len() != managers {
        return Err(format!("the engines that say they are managers are {chosen:?}"));
    }
    let record = lab.rancher.service_metadata().get("swarmkit").cloned().unwrap_or_default();
    let cluster = lab.clusters().into_iter().flatten().next();
    if record["cluster"].as_str() != cluster.as_deref() {
        return Err(format!("the record is {record}, the swarm is {cluster:?}"));
    }
    for host in lab.hosts.iter().filter(|host| hosts.contains(&host.index)) {
        let labels = lab.labels(host);
        let wanted = chosen.contains(&host.index).then_some("manager");
        if labels.get("swarm").map(String::as_str) != wanted || labels.contains_key("swarmkit.key") {
            return Err(format!("host {} has labels {labels:?}", host.index));
        }
        let node = host.swarm()?["NodeID"].clone();
        if labels.get("swarmkit.node").map(String::as_str) != node.as_str() || record["members"][host.uuid()] != node {
            return Err(format!("host {} is {node}, labels {labels:?}, record {record}", host.index));
        }
        let ping = host.ping()?;
        if ping != (200, "OK\n".to_owned()) {
            return Err(format!("host {}: {ping:?}", host.index));
        }
    }
    if record.get("tokens").is_some() || record.get("claim").is_some() {
        return Err(format!("not all is withdrawn from the record: {record}"));
    }
    Ok(())
}
