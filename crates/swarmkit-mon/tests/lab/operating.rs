//! What docs/operating.md tells an operator to do leads out, on real engines; and it knows of every stage.

use std::time::Duration;
use swarm_lab::trial::Trial;

use swarm_lab::lab::{Host, Lab, missing};
use swarm_lab::says::says;
use swarm_lab::trial::{campaign, trial};
use swarm_lab::well::is_well;
use swarmkit_mon::plan::Stage;

const QUICK: [(&str, &str); 2] = [("RECONCILE_PERIOD", "3"), ("GRACE_PERIOD", "5")];
const LIMIT: Duration = Duration::from_secs(120);

pub fn trials() -> Vec<Trial> {
    let missing = missing();
    vec![
        trial("every_stage_has_a_way_out", None, every_stage),
        campaign("another_swarm_is_recorded", missing, another_swarm),
    ]
}

fn every_stage() {
    let text = std::fs::read_to_string(swarm_lab::programs::root().join("docs/operating.md")).unwrap();
    let (_, text) = text.split_once("| stage | what it means | the way out |\n|---|---|---|\n").unwrap();
    let (table, _) = text.split_once("\n\n").unwrap();
    let named: Vec<&str> = table.lines().map(|row| row.split('`').nth(1).unwrap()).collect();
    let all: Vec<&str> = Stage::ALL.iter().map(|stage| stage.name()).collect();
    assert_eq!(named, all);
}

/// The swarm of one host, with its own service, is to be that of all; another one is recorded.
fn another_swarm() {
    let lab = Lab::start(3);
    lab.start_monitors(&QUICK);
    lab.eventually(LIMIT, || is_well(&lab, 3));
    let given_up = lab.clusters().into_iter().flatten().next().unwrap();
    let (host, rest) = lab.hosts.split_last().unwrap();
    host.stop_monitor();
    assert!(host.engine.docker(&["swarm", "leave", "--force"]).status().unwrap().success());
    let address = host.address().to_string();
    assert!(host.engine.docker(&["swarm", "init", "--advertise-addr", &address]).status().unwrap().success());
    host.engine.import_busybox().unwrap();
    host.engine.create_sleeper("sleeper", 1, None).unwrap();
    host.resume_monitor();
    lab.eventually(LIMIT, || says(host, "foreign", "it is left alone"));

    for host in &lab.hosts {
        host.stop_monitor();
    }
    for host in rest {
        assert!(host.engine.docker(&["swarm", "leave", "--force"]).status().unwrap().success());
    }
    let mut metadata = lab.rancher.service_metadata();
    metadata.remove("swarmkit").unwrap();
    lab.rancher.set_service_metadata(metadata);
    lab.hosts.iter().for_each(Host::resume_monitor);
    let took = lab.eventually(LIMIT, || is_well(&lab, 3));
    println!("well after {took:.1?}");
    assert!(!lab.clusters().into_iter().flatten().any(|is| is == given_up));
    assert_eq!(lab.services().unwrap(), ["sleeper"]);
}
