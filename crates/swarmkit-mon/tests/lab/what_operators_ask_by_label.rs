//! What an operator asks of a host by its labels, or by deactivating it in Rancher, on real engines.

use std::time::Duration;

use serde_json::{Value, json};
use swarm_lab::lab::rancher::HostState;
use swarm_lab::lab::{Lab, missing};
use swarm_lab::trial::{Trial, trial};
use swarm_lab::well::is_well;

const LIMIT: Duration = Duration::from_secs(60);
const QUICK: [(&str, &str); 1] = [("RECONCILE_PERIOD", "2")];

pub fn trials() -> Vec<Trial> {
    let missing = missing();
    vec![
        trial("a_host_under_maintenance_is_drained_and_put_back", missing, maintained),
        trial("labels_of_hosts_become_labels_of_their_nodes_unless_it_is_paused", missing, labelled),
    ]
}

fn label(lab: &Lab, host: usize, name: &str, value: Option<&str>) {
    lab.rancher.set_label(&lab.hosts[host].uuid(), name, value);
}

/// What the swarm wants of a host's node.
fn spec(lab: &Lab, host: usize) -> Result<Value, String> {
    let id = lab.hosts[host].swarm()?["NodeID"].clone();
    let node = lab.list("/nodes")?.into_iter().find(|node| node["ID"] == id);
    Ok(node.ok_or("no node")?["Spec"].clone())
}

fn availabilities(lab: &Lab, wanted: &[&str]) -> Result<(), String> {
    let specs = (0..lab.hosts.len()).map(|host| spec(lab, host)).collect::<Result<Vec<_>, _>>()?;
    let is: Vec<&str> = specs.iter().map(|spec| spec["Availability"].as_str().unwrap_or_default()).collect();
    if is == wanted { Ok(()) } else { Err(format!("{is:?}, {wanted:?} is wanted")) }
}

fn maintained() {
    let lab = Lab::start(3);
    lab.start_monitors(&QUICK);
    lab.eventually(LIMIT, || is_well(&lab, 3));
    let leader = lab.leader().unwrap();
    let (other, third) = ((leader + 1) % 3, (leader + 2) % 3);
    let by_host = |of: [(usize, &'static str); 3]| {
        let mut all = [""; 3];
        of.into_iter().for_each(|(host, is)| all[host] = is);
        all
    };
    // One of them an operator drains by hand.
    let node = lab.hosts[third].swarm().unwrap()["NodeID"].as_str().unwrap().to_owned();
    lab.hosts[leader].engine.docker(&["node", "update", "--availability=drain", &node]).status().unwrap();
    label(&lab, leader, "swarm.maintenance", Some("true"));
    label(&lab, third, "swarm.maintenance", Some("true"));
    lab.rancher.set_host_state(&lab.hosts[other].uuid(), HostState::Inactive);
    let took = lab.eventually(LIMIT, || availabilities(&lab, &["drain"; 3]));
    println!("drained after {took:.1?}");
    // All of them are managers still, and the swarm works.
    assert_eq!(lab.managers().len(), 3, "{}", lab.report());
    label(&lab, leader, "swarm.maintenance", None);
    label(&lab, third, "swarm.maintenance", None);
    lab.rancher.set_host_state(&lab.hosts[other].uuid(), HostState::Active);
    let all = by_host([(leader, "active"), (other, "active"), (third, "drain")]);
    let took = lab.eventually(LIMIT, || availabilities(&lab, &all));
    println!("put back after {took:.1?}");
    lab.always(Duration::from_secs(5), || availabilities(&lab, &all));
    assert_eq!(lab.managers().len(), 3, "{}", lab.report());
}

fn labelled() {
    let lab = Lab::start(3);
    lab.start_monitors(&QUICK);
    lab.eventually(LIMIT, || is_well(&lab, 3));
    let leader = lab.leader().unwrap();
    let other = (leader + 1) % 3;
    let node = lab.hosts[other].swarm().unwrap()["NodeID"].as_str().unwrap().to_owned();
    lab.hosts[leader].engine.docker(&["node", "update", "--label-add=rack=7", &node]).status().unwrap();
    let has = |wanted: Value| {
        let is = spec(&lab, other)?["Labels"].clone();
        if is == wanted { Ok(()) } else { Err(format!("{is}, {wanted} is wanted")) }
    };
    label(&lab, other, "swarm.node.disk", Some("ssd"));
    label(&lab, other, "swarm.node.rack", Some("1"));
    let ssd = json!({"disk": "ssd", "rack": "7", "swarmkit.labels": "disk"});
    let took = lab.eventually(LIMIT, || has(ssd.clone()));
    println!("labelled after {took:.1?}");
    assert!(lab.hosts[leader].log().contains("is there with another value"), "{}", lab.report());
    // Paused by the label of any host, whoever acts changes nothing, and says so.
    label(&lab, (leader + 2) % 3, "swarm.pause", Some("all"));
    let is_paused = |host: usize| {
        let status = lab.hosts[host].status()?;
        let reason = status["plan"]["reason"].as_str().unwrap_or_default().to_owned();
        if reason.starts_with("paused on all hosts") { Ok(()) } else { Err(reason) }
    };
    lab.eventually(LIMIT, || is_paused(leader));
    label(&lab, other, "swarm.node.disk", Some("hdd"));
    lab.eventually(LIMIT, || match lab.hosts[leader].status()?["plan"]["reason"].as_str() {
        Some(reason) if reason.contains("it would label") => Ok(()),
        reason => Err(format!("{reason:?}")),
    });
    lab.always(Duration::from_secs(6), || has(ssd.clone()));
    label(&lab, (leader + 2) % 3, "swarm.pause", None);
    lab.eventually(LIMIT, || has(json!({"disk": "hdd", "rack": "7", "swarmkit.labels": "disk"})));
    // Paused alone, the leader's monitor leaves it to another one to act.
    label(&lab, leader, "swarm.pause", Some("true"));
    label(&lab, other, "swarm.node.disk", None);
    let took = lab.eventually(LIMIT, || has(json!({"rack": "7"})));
    println!("another monitor acted after {took:.1?}");
    let (code, page) = lab.hosts[leader].ping().unwrap();
    assert_eq!(code, 200, "{page}");
}
