//! What an operator asks of a host by its labels, or by deactivating it in Rancher, on real engines.

use std::time::Duration;

use serde_json::Value;
use swarm_lab::lab::rancher::HostState;
use swarm_lab::lab::{Lab, missing};
use swarm_lab::trial::{Trial, trial};
use swarm_lab::well::is_well;

const LIMIT: Duration = Duration::from_secs(60);
const QUICK: [(&str, &str); 1] = [("RECONCILE_PERIOD", "2")];

pub fn trials() -> Vec<Trial> {
    let missing = missing();
    vec![trial("a_host_under_maintenance_is_drained_and_put_back", missing, maintained)]
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
