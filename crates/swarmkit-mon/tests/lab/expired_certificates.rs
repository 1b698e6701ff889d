//! Hosts that were off for longer than their nodes' certificates last, on real engines: the swarm goes on, they join anew.

use std::time::Duration;
use swarm_lab::trial::Trial;

use swarm_lab::lab::authority::{self, Authority};
use swarm_lab::lab::{Lab, missing};
use swarm_lab::trial::campaign;
use swarm_lab::well::{have_managers, is_the_only_swarm, is_well};

const SETTINGS: [(&str, &str); 3] = [("RECONCILE_PERIOD", "3"), ("GRACE_PERIOD", "5"), ("LOG_LEVEL", "debug")];
const LIMIT: Duration = Duration::from_secs(120);

pub fn trials() -> Vec<Trial> {
    let missing = missing();
    vec![
        campaign("a_worker_and_a_manager_join_anew", missing, one_of_each),
        campaign("of_all_managers_none_leaves", missing, all_managers),
    ]
}

/// A healthy swarm whose certificates the test can make expire, and a service in it.
fn well_lab(hosts: usize) -> (Lab, Authority, String) {
    let lab = Lab::start(hosts);
    lab.start_monitors(&SETTINGS);
    lab.eventually(LIMIT, || is_well(&lab, 3));
    let cluster = lab.clusters().into_iter().flatten().next().unwrap();
    let leader = lab.leader().unwrap();
    lab.hosts[leader].engine.create_sleeper("sleeper", 0, None).unwrap();
    let authority = Authority::take_over(&lab);
    lab.eventually(LIMIT, || is_well(&lab, 3));
    (lab, authority, cluster)
}

/// Switches these hosts off, until after their certificates have expired; the ones that they had.
fn off_for_long(lab: &Lab, authority: &Authority, cluster: &str, hosts: &[usize]) -> Vec<String> {
    let managers = lab.managers();
    let node = |index: &usize| lab.hosts[*index].swarm().unwrap()["NodeID"].as_str().unwrap().to_owned();
    let nodes: Vec<String> = hosts.iter().map(node).collect();
    for index in hosts {
        lab.hosts[*index].kill_host();
    }
    let expire = |(index, node): (&usize, &String)| {
        let role = if managers.contains(index) { "swarm-manager" } else { "swarm-worker" };
        authority.expire(&lab.hosts[*index], cluster, node, role)
    };
    hosts.iter().zip(&nodes).map(expire).collect()
}

fn one_of_each() {
    let (lab, authority, cluster) = well_lab(5);
    let leader = lab.leader().unwrap();
    let managers = lab.managers();
    let manager = managers.iter().copied().find(|index| *index != leader).unwrap();
    let worker = (0..5).find(|index| !managers.contains(index)).unwrap();
    off_for_long(&lab, &authority, &cluster, &[worker, manager]);
    let rest: Vec<usize> = (0..5).filter(|index| ![worker, manager].contains(index)).collect();
    lab.eventually(LIMIT, || have_managers(&lab, &rest, 3));
    for index in [worker, manager] {
        lab.hosts[index].start_host();
        let swarm = lab.hosts[index].swarm().unwrap();
        assert!(swarm["Error"].as_str().unwrap().contains("certificate has expired"), "{swarm}");
    }
    lab.eventually(LIMIT, || is_well(&lab, 3));
    is_the_only_swarm(&lab, &cluster).unwrap();
    assert_eq!(lab.services().unwrap(), ["sleeper"]);
}

/// The engine's API has no way out of this one: what it says is that no manager is there to be forced. What the swarm knows
/// is on the managers' disks, so nobody must leave.
fn all_managers() {
    let (lab, authority, cluster) = well_lab(4);
    let all = [0, 1, 2, 3];
    let good = off_for_long(&lab, &authority, &cluster, &all);
    for host in &lab.hosts {
        host.start_host();
    }
    // Longer than an engine has to be in error to leave, where the swarm lives.
    lab.always(Duration::from_secs(60), || {
        for host in &lab.hosts {
            let swarm = host.swarm()?;
            if swarm["LocalNodeState"] != "error" {
                return Err(format!("host {}: {swarm}", host.index));
            }
        }
        Ok(())
    });
    for host in &lab.hosts {
        let status = host.status().unwrap();
        assert_eq!(status["plan"]["change"], serde_json::Value::Null, "{status}");
        let reason = status["plan"]["reason"].as_str().unwrap();
        assert!(reason.contains("certificate has expired"), "{reason}");
    }
    // As with a clock that is turned back.
    for (index, certificate) in all.iter().zip(&good) {
        lab.hosts[*index].kill_host();
        authority::put_back(&lab.hosts[*index], certificate);
    }
    for host in &lab.hosts {
        host.start_host();
    }
    lab.eventually(LIMIT, || is_well(&lab, 3));
    is_the_only_swarm(&lab, &cluster).unwrap();
    assert_eq!(lab.services().unwrap(), ["sleeper"]);
}
