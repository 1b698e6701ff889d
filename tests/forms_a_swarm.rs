//! Started on every host, in any order, at any time, the monitors make one healthy swarm, and tell Rancher so.

#[path = "support/lab/mod.rs"]
mod lab;
#[path = "support/trial.rs"]
mod trial;

use std::time::Duration;

use lab::{Lab, missing};

const QUICK: [(&str, &str); 2] = [("RECONCILE_PERIOD", "2"), ("LOG_LEVEL", "debug")];
const LIMIT: Duration = Duration::from_secs(60);

fn main() {
    let missing = missing();
    trial::run(vec![
        trial::trial("one_host", missing, || together(1, 1)),
        trial::trial("two_hosts", missing, || together(2, 1)),
        trial::trial("three_hosts", missing, || together(3, 3)),
        trial::trial("five_hosts", missing, || together(5, 3)),
    ]);
}

/// What is promised of a healthy environment.
fn is_well(lab: &Lab, managers: usize) -> Result<(), String> {
    lab.expect_one_swarm(managers)?;
    let chosen = lab.managers();
    for host in &lab.hosts {
        let labels = lab.labels(host);
        let wanted = chosen.contains(&host.index).then_some("manager");
        if labels.get("swarm").map(String::as_str) != wanted {
            return Err(format!("host {} has labels {labels:?}", host.index));
        }
        if labels.contains_key("swarmkit.key") || !labels.contains_key("swarmkit.node") {
            return Err(format!("host {} has labels {labels:?}", host.index));
        }
        let ping = host.ping()?;
        if ping.0 != 200 {
            return Err(format!("host {}: {ping:?}", host.index));
        }
    }
    Ok(())
}

fn together(hosts: usize, managers: usize) {
    let lab = Lab::start(hosts);
    lab.start_monitors(&QUICK);
    let took = lab.eventually(LIMIT, || is_well(&lab, managers));
    println!("{hosts} hosts: {took:?}");
}
