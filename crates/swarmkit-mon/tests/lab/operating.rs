//! What docs/operating.md tells an operator to do leads out, on real engines; and it knows of every stage.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use swarm_lab::trial::Trial;

use swarm_lab::lab::{Host, Lab, missing};
use swarm_lab::says::says;
use swarm_lab::trial::{campaign, trial};
use swarm_lab::well::{are_well, is_well};
use swarmkit_mon::plan::Stage;

const QUICK: [(&str, &str); 2] = [("RECONCILE_PERIOD", "3"), ("GRACE_PERIOD", "5")];
const LIMIT: Duration = Duration::from_secs(120);

pub fn trials() -> Vec<Trial> {
    let missing = missing();
    vec![
        trial("every_stage_has_a_way_out", None, every_stage),
        trial("a_backup_is_restored_on_its_host", missing, on_its_host),
        campaign("a_backup_is_restored_on_a_host_that_got_the_address", missing, on_another_host),
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

fn state_of_the_swarm(host: &Host) -> PathBuf {
    host.place.folder.join("data/swarm")
}

fn copy(from: &Path, to: &Path) {
    let _ = std::fs::remove_dir_all(to);
    std::fs::create_dir_all(to.parent().unwrap()).unwrap();
    assert!(Command::new("cp").arg("-a").args([from, to]).status().unwrap().success());
}

/// A healthy swarm with a service, and a backup of one of its managers.
fn backed_up(hosts: usize, of: usize) -> (Lab, String, tempfile::TempDir) {
    let lab = Lab::start(hosts);
    lab.start_monitors(&QUICK);
    lab.eventually(LIMIT, || is_well(&lab, 3));
    let cluster = lab.clusters().into_iter().flatten().next().unwrap();
    let host = &lab.hosts[of];
    assert!(lab.managers().contains(&of));
    host.engine.import_busybox().unwrap();
    host.engine.create_sleeper("sleeper", 1, None).unwrap();
    let backup = tempfile::tempdir().unwrap();
    host.stop_monitor();
    host.engine.stop();
    copy(&state_of_the_swarm(host), &backup.path().join("swarm"));
    host.start_host();
    lab.eventually(LIMIT, || is_well(&lab, 3));
    (lab, cluster, backup)
}

fn restore(host: &Host, backup: &Path) {
    host.kill_host();
    let _ = std::fs::remove_file(host.state_folder().join("swarmkit-mon.json"));
    copy(&backup.join("swarm"), &state_of_the_swarm(host));
    host.engine.start();
    host.engine.wait_until_ready();
    let address = host.address().to_string();
    let forced = host.engine.docker(&["swarm", "init", "--force-new-cluster", "--advertise-addr", &address]).status();
    assert!(forced.unwrap().success());
    host.resume_monitor();
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

fn is_the_same(lab: &Lab, cluster: &str) {
    assert!(lab.clusters().into_iter().flatten().all(|is| is == cluster), "{:?} beside {cluster}", lab.clusters());
    assert_eq!(lab.services().unwrap(), ["sleeper"]);
}

/// Three managers lose their disks; a worker keeps its own.
fn on_its_host() {
    let (lab, cluster, backup) = backed_up(4, 0);
    let managers = lab.managers();
    managers.iter().for_each(|index| lab.hosts[*index].wipe());
    managers.iter().filter(|index| **index != 0).for_each(|index| lab.hosts[*index].start_host());
    restore(&lab.hosts[0], backup.path());
    let took = lab.eventually(LIMIT, || is_well(&lab, 3));
    println!("well again after {took:.1?}");
    is_the_same(&lab, &cluster);
}

/// The host of the backup is lost, and so are all others. A new one takes its address, which stands in the backup.
fn on_another_host() {
    let (lab, cluster, backup) = backed_up(4, 0);
    lab.hosts.iter().for_each(Host::wipe);
    lab.rancher.remove_host(&lab.hosts[0].uuid(), Duration::ZERO);
    let last = lab.hosts[0].address().octets()[3];
    lab.move_host(&lab.hosts[0], 101);
    lab.move_host(&lab.hosts[1], last);
    for index in [2, 3] {
        lab.hosts[index].start_host();
    }
    restore(&lab.hosts[1], backup.path());
    let took = lab.eventually(LIMIT, || are_well(&lab, &[1, 2, 3], 3));
    println!("well again after {took:.1?}");
    is_the_same(&lab, &cluster);
}
