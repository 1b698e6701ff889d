//! What is promised of a healthy environment, looked at from outside.

use crate::lab::Lab;

/// One swarm of all hosts, with so many managers; labels, record and health say so.
pub fn is_well(lab: &Lab, managers: usize) -> Result<(), String> {
    let all: Vec<usize> = (0..lab.hosts.len()).collect();
    are_well(lab, &all, managers)
}

/// The same of some hosts.
pub fn are_well(lab: &Lab, hosts: &[usize], managers: usize) -> Result<(), String> {
    let look = lab.look();
    look.expect_swarm_of(hosts, managers)?;
    let chosen: std::collections::BTreeSet<usize> =
        look.managers().into_iter().filter(|index| hosts.contains(index)).collect();
    if chosen.len() != managers {
        return Err(format!("the engines that say they are managers are {chosen:?}"));
    }
    let record = lab.rancher.service_metadata().get("swarmkit").cloned().unwrap_or_default();
    let cluster = look.clusters().into_iter().flatten().next();
    if record["cluster"].as_str() != cluster.as_deref() {
        return Err(format!("the record is {record}, the swarm is {cluster:?}"));
    }
    for host in lab.hosts.iter().filter(|host| hosts.contains(&host.index)) {
        let labels = lab.labels(host);
        let wanted = chosen.contains(&host.index).then_some("manager");
        if labels.get("swarm").map(String::as_str) != wanted || labels.contains_key("swarmkit.key") {
            return Err(format!("host {} has labels {labels:?}", host.index));
        }
        let node = look.swarms[host.index].clone()?["NodeID"].take();
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

/// No engine is in another swarm.
pub fn is_the_only_swarm(lab: &Lab, cluster: &str) -> Result<(), String> {
    let other = lab.clusters().into_iter().flatten().find(|other| other != cluster);
    other.map_or(Ok(()), |other| Err(format!("a swarm {other} beside {cluster}")))
}

/// The swarm has so many managers, all of these hosts; other nodes may still be in it.
pub fn have_managers(lab: &Lab, among: &[usize], wanted: usize) -> Result<(), String> {
    let look = lab.look();
    let managers = look.managers();
    let good = managers.iter().filter(|index| among.contains(index)).count();
    if good != wanted {
        return Err(format!("the managers are {managers:?}"));
    }
    let nodes = look.nodes()?;
    let reachable = nodes.iter().filter(|node| node.reachability.as_deref() == Some("reachable")).count();
    let meant = nodes.iter().filter(|node| node.role == "manager").count();
    if (reachable, meant) == (wanted, wanted) { Ok(()) } else { Err(format!("{nodes:?}")) }
}
