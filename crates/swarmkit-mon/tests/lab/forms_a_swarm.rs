//! Started on every host, in any order, at any time, the monitors make one healthy swarm, and tell Rancher so.

use std::time::Duration;

use serde_json::json;
use swarm_lab::trial;
use swarm_lab::trial::Trial;
use swarm_lab::well;

use swarm_lab::lab::{CreateIndex, Lab, missing};
use swarm_lab::trial::{campaign, trial};
use swarm_lab::well::is_well;

const QUICK: [(&str, &str); 1] = [("RECONCILE_PERIOD", "5")];
const LIMIT: Duration = Duration::from_secs(90);

pub fn trials() -> Vec<Trial> {
    let missing = missing();
    vec![
        trial::ranchers_own_metadata(swarm_lab::real_parts::missing()),
        trial("one_host", missing, || together(1, 1)),
        trial("two_hosts_have_one_manager", missing, || together(2, 1)),
        trial("three_hosts", missing, || together(3, 3)),
        trial("five_hosts", missing, || together(5, 3)),
        trial("a_swarm_and_its_network_are_made_as_set", missing, made_as_set),
        campaign("nine_hosts", missing, || together(9, 3)),
        campaign("one_by_one_in_any_order", missing, one_by_one),
        campaign("all_restarted_half_way", missing, restarted_half_way),
        campaign("hostnames_that_are_long_or_the_same_are_no_trouble", missing, hostnames),
        campaign("five_managers_when_five_are_wanted", missing, five_managers),
        campaign("again_and_again_without_a_miss", missing, again_and_again),
    ]
}

fn together(hosts: usize, managers: usize) {
    let lab = Lab::builder(hosts).create_index(CreateIndex::Text).rancher_metadata_if_there().start();
    lab.start_monitors(&QUICK);
    lab.eventually(LIMIT, || is_well(&lab, managers));
    // The network is made once all else is done.
    lab.eventually(LIMIT, || match lab.list("/networks?filters=%7B%22name%22%3A%5B%22rancher%22%5D%7D")?.as_slice() {
        [_] => Ok(()),
        all => Err(format!("networks of that name: {all:?}")),
    });
}

fn made_as_set() {
    let lab = Lab::start(1);
    lab.start_monitors(&[
        ("ADDRESS_POOL", "10.20.0.0/16, 10.30.0.0/16"),
        ("SUBNET_SIZE", "26"),
        ("DATA_PATH_PORT", "7789"),
        ("CERTIFICATE_DAYS", "365"),
        ("TASK_HISTORY", "2"),
        ("NETWORK_ENCRYPTION", "on"),
        ("NETWORK_MTU", "1400"),
    ]);
    lab.eventually(LIMIT, || is_well(&lab, 1));
    let network = || match lab.list("/networks?filters=%7B%22name%22%3A%5B%22rancher%22%5D%7D")?.as_slice() {
        [one] => Ok(one.clone()),
        all => Err(format!("networks of that name: {all:?}")),
    };
    lab.eventually(LIMIT, || network().map(drop));
    let network = network().unwrap();
    assert!(network["Options"].get("encrypted").is_some(), "{network}");
    assert_eq!(network["Options"]["com.docker.network.driver.mtu"], "1400", "{network}");
    let swarm = lab.hosts[0].engine.get("/swarm").unwrap().good().unwrap();
    assert_eq!(swarm["DefaultAddrPool"], json!(["10.20.0.0/16", "10.30.0.0/16"]), "{swarm}");
    assert_eq!((&swarm["SubnetSize"], &swarm["DataPathPort"]), (&json!(26), &json!(7789)), "{swarm}");
    assert_eq!(swarm["Spec"]["CAConfig"]["NodeCertExpiry"], 365 * 86_400_000_000_000_u64, "{swarm}");
    assert_eq!(swarm["Spec"]["Orchestration"]["TaskHistoryRetentionLimit"], 2, "{swarm}");
}

/// Containers that are not there yet are not in metadata either.
fn one_by_one() {
    let order = [2, 0, 3, 1];
    let lab = Lab::builder(4).created_in_order(&order).unregistered(&[0, 1, 2, 3]).rancher_metadata_if_there().start();
    for (at, index) in order.into_iter().enumerate() {
        let host = &lab.hosts[index];
        lab.register(host);
        host.start_monitor(&QUICK);
        let hosts = &order[..=at];
        lab.eventually(LIMIT, || well::are_well(&lab, hosts, if at < 2 { 1 } else { 3 }));
    }
}

fn restarted_half_way() {
    for pause_ms in [150, 400, 800, 1500, 2500] {
        let lab = Lab::builder(3).rancher_metadata_if_there().start();
        lab.start_monitors(&QUICK);
        std::thread::sleep(Duration::from_millis(pause_ms));
        for host in &lab.hosts {
            host.monitor.kill();
        }
        for host in lab.hosts.iter().rev() {
            host.resume_monitor();
        }
        lab.eventually(LIMIT, || is_well(&lab, 3));
    }
}

fn hostnames() {
    let lab = Lab::builder(4)
        .hostnames(&["node", "node", "node.example.org", "node.example.org"])
        .rancher_metadata_if_there()
        .start();
    lab.start_monitors(&QUICK);
    lab.eventually(LIMIT, || is_well(&lab, 3));
    lab.always(Duration::from_secs(10), || is_well(&lab, 3));
}

fn five_managers() {
    let lab = Lab::builder(6).rancher_metadata_if_there().start();
    lab.start_monitors(&[("RECONCILE_PERIOD", "5"), ("MANAGER_SCALE", "4")]);
    lab.eventually(LIMIT, || is_well(&lab, 5));
    assert!(lab.hosts[0].log().contains("so 5 is taken"), "{}", lab.hosts[0].log());
}

/// `RUNS=50` for the long form.
fn again_and_again() {
    let runs = std::env::var("RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(5);
    for run in 0..runs {
        let hosts = [3, 5, 2, 4, 1][run % 5];
        let lab = Lab::builder(hosts).rancher_metadata_if_there().start();
        lab.start_monitors(&[]);
        let took = lab.eventually(LIMIT, || is_well(&lab, if hosts < 3 { 1 } else { 3 }));
        println!("run {run}: {hosts} hosts in {took:.1?}");
    }
}
