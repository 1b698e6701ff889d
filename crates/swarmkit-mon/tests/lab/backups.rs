//! What is backed up of a running manager can be restored: with all that the swarm had, when no manager is left.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use swarm_lab::lab::{Host, Lab, missing};
use swarm_lab::trial::{Trial, campaign, trial};
use swarm_lab::well::{are_well, is_well};

const QUICK: [(&str, &str); 2] = [("RECONCILE_PERIOD", "3"), ("GRACE_PERIOD", "5")];
const LIMIT: Duration = Duration::from_secs(120);
/// After how many changes the engine makes a snapshot, and drops old logs; and how long after a change the next is made.
const SNAPSHOT_EVERY: u32 = 200;
const PAUSE: Duration = Duration::from_millis(15);
/// How many copies are restored of an engine under load; the variable `COPIES` asks for more.
const COPIES: usize = 20;

pub fn trials() -> Vec<Trial> {
    let missing = missing();
    vec![
        trial("all_managers_are_lost_and_the_swarm_is_restored_with_all_it_had", missing, on_its_host),
        campaign("a_backup_is_restored_on_a_host_that_got_the_address", missing, on_another_host),
        campaign("a_copy_of_an_engine_under_load_is_always_one_that_an_engine_takes", missing, under_load),
    ]
}

/// What `swarmkit-mon backup` makes on a host, taken from it.
fn backed_up(host: &Host, to: &Path) -> PathBuf {
    let (code, text, errors) = host.run(&["backup"]);
    assert_eq!((code, errors.as_str()), (0, ""), "{text}");
    assert!(text.starts_with("/var/lib/rancher/swarm-backups/swarm-") && text.contains(".tar.gz ("), "{text}");
    let name = text.rsplit_once('/').and_then(|(_, rest)| rest.split_once(' ')).unwrap().0;
    let copy = to.join(name);
    fs::copy(host.backup_folder().join(name), &copy).unwrap();
    copy
}

/// Puts a backup in place on a host that runs, and restarts its engine, as it says.
fn restore(host: &Host, backup: &Path) {
    let name = backup.file_name().unwrap();
    fs::copy(backup, host.backup_folder().join(name)).unwrap();
    let (code, text, errors) = host.run(&["restore", name.to_str().unwrap()]);
    assert_eq!((code, errors.as_str()), (0, ""), "{text}");
    assert!(text.contains("restart this host's engine"), "{text}");
    host.engine.restart();
}

/// A swarm that has something of each kind.
fn has_all(lab: &Lab) -> Result<(), String> {
    let manager = lab.managers().into_iter().next().ok_or("no manager")?;
    let engine = &lab.hosts[manager].engine;
    for (path, name) in [("/services", "sleeper"), ("/secrets", "key"), ("/configs", "text")] {
        let there = engine.get(path)?.good()?;
        if there[0]["Spec"]["Name"] != name || there.as_array().is_none_or(|there| there.len() != 1) {
            return Err(format!("{path}: {there}"));
        }
    }
    Ok(())
}

fn with_all(hosts: usize) -> (Lab, String) {
    let lab = Lab::start(hosts);
    lab.start_monitors(&QUICK);
    lab.eventually(LIMIT, || is_well(&lab, 3));
    let engine = &lab.hosts[lab.leader().unwrap()].engine;
    engine.import_busybox().unwrap();
    engine.create_sleeper("sleeper", 1, None).unwrap();
    for (path, name) in [("/secrets/create", "key"), ("/configs/create", "text")] {
        engine.post(path, &json!({ "Name": name, "Data": "dGV4dA==" })).unwrap().good().unwrap();
    }
    has_all(&lab).unwrap();
    let cluster = lab.clusters().into_iter().flatten().next().unwrap();
    (lab, cluster)
}

fn is_restored(lab: &Lab, hosts: &[usize], cluster: &str) {
    let took = lab.eventually(LIMIT, || are_well(lab, hosts, 3));
    println!("well again after {took:.1?}");
    assert!(lab.clusters().into_iter().flatten().all(|is| is == cluster), "{:?} beside {cluster}", lab.clusters());
    has_all(lab).unwrap();
}

/// Three managers lose their disks; a worker keeps its own. Before that a backup is not for what still goes on.
fn on_its_host() {
    let kept = tempfile::tempdir().unwrap();
    let (lab, cluster) = with_all(4);
    let managers = lab.managers();
    let leader = lab.leader().unwrap();
    let own = *managers.iter().find(|index| **index != leader).unwrap();
    let worker = (0..4).find(|index| !managers.contains(index)).unwrap();
    let host = &lab.hosts[own];

    let (code, _, errors) = lab.hosts[worker].run(&["backup"]);
    assert!(code == 2 && errors.contains("is no manager") && errors.contains("managers are at"), "{errors}");
    let (code, _, errors) = host.run(&["restore"]);
    assert!(code == 2 && errors.contains("there is no backup in /var/lib/rancher/swarm-backups"), "{errors}");
    let backup = backed_up(host, kept.path());
    let (code, text, _) = host.run(&["restore"]);
    assert!(code == 0 && text.contains(&cluster) && text.contains(&host.place.hostname), "{text}");
    let name = backup.file_name().unwrap().to_str().unwrap();
    let (code, _, errors) = host.run(&["restore", name]);
    assert!(code == 2 && errors.contains("docker swarm leave --force"), "{errors}");
    // What it was made of is gone.
    for path in ["/containers/json?all=1", "/images/json"] {
        let there = host.engine.get(path).unwrap().good().unwrap().to_string();
        assert!(!there.contains("swarmkit-mon-folder"), "{path}: {there}");
    }

    host.wipe();
    host.start_host();
    fs::copy(&backup, host.backup_folder().join(name)).unwrap();
    // Two managers still go on.
    let (code, _, errors) = host.run(&["restore", name]);
    assert!(code == 2 && (errors.contains("goes on") || errors.contains("is in a swarm")), "{errors}");
    managers.iter().for_each(|index| lab.hosts[*index].wipe());
    managers.iter().for_each(|index| lab.hosts[*index].start_host());
    fs::create_dir_all(host.backup_folder()).unwrap();
    let damaged = host.backup_folder().join("swarm-damaged.tar.gz");
    let bytes = fs::read(&backup).unwrap();
    fs::write(&damaged, &bytes[..bytes.len() / 2]).unwrap();
    let (code, _, errors) = host.run(&["restore", "swarm-damaged.tar.gz"]);
    assert!(code == 2 && errors.contains("it is damaged, or not whole"), "{errors}");
    restore(host, &backup);
    is_restored(&lab, &[0, 1, 2, 3], &cluster);
}

/// The host of the backup is lost, and so are all others. A new one takes its address, which stands in the backup.
fn on_another_host() {
    let kept = tempfile::tempdir().unwrap();
    let (lab, cluster) = with_all(4);
    let leader = lab.leader().unwrap();
    let lost = *lab.managers().iter().find(|index| **index != leader).unwrap();
    let backup = backed_up(&lab.hosts[lost], kept.path());
    lab.hosts.iter().for_each(Host::wipe);
    lab.rancher.remove_host(&lab.hosts[lost].uuid(), Duration::ZERO);
    let last = lab.hosts[lost].address().octets()[3];
    lab.move_host(&lab.hosts[lost], 101);
    let left: Vec<usize> = (0..4).filter(|index| *index != lost).collect();
    left.iter().for_each(|index| lab.hosts[*index].start_host());
    let host = &lab.hosts[left[0]];
    fs::copy(&backup, host.backup_folder().join("b.tar.gz")).unwrap();
    let (code, _, errors) = host.run(&["restore", "b.tar.gz"]);
    assert!(code == 2 && errors.contains("restore it there, or give this host that address"), "{errors}");
    host.kill_host();
    lab.move_host(host, last);
    host.start_host();
    restore(host, &backup);
    is_restored(&lab, &left, &cluster);
}

/// An engine writes all the time, makes snapshots every few changes, and drops old logs. What each copy has is at least what was
/// acknowledged before it was begun.
fn under_load() {
    let copies = std::env::var("COPIES").ok().map_or(COPIES, |copies| copies.parse().expect("a number"));
    let lab = Lab::start(1);
    lab.start_monitors(&[("MANAGER_SCALE", "1"), ("BACKUPS_KEPT", "1000")]);
    lab.eventually(LIMIT, || is_well(&lab, 1));
    let host = &lab.hosts[0];
    let engine = &host.engine;
    let mut swarm = engine.get("/swarm").unwrap().good().unwrap();
    swarm["Spec"]["Raft"]["SnapshotInterval"] = json!(SNAPSHOT_EVERY);
    let version = swarm["Version"]["Index"].as_u64().unwrap();
    engine.post(&format!("/swarm/update?version={version}"), &swarm["Spec"]).unwrap().good().unwrap();

    let (made, over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let mut begun = Vec::new();
    let kept = tempfile::tempdir().unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                let name = format!("c{}", made.load(Ordering::Relaxed));
                let config = json!({ "Name": name, "Data": "dGV4dA==" });
                if engine.post("/configs/create", &config).and_then(swarm_lab::lab::engine::Answer::good).is_ok() {
                    made.fetch_add(1, Ordering::Relaxed);
                }
                thread::sleep(PAUSE);
            }
        });
        let start = Instant::now();
        for at in 0..copies {
            let before = made.load(Ordering::Relaxed);
            let (code, text, errors) = host.run(&["backup"]);
            assert_eq!(code, 0, "copy {at}: {text}{errors}");
            let newest = newest(&host.backup_folder());
            let copy = kept.path().join(format!("{at}.tar.gz"));
            fs::rename(newest, &copy).unwrap();
            begun.push((copy, before));
        }
        over.store(true, Ordering::Relaxed);
        println!(
            "{copies} copies in {:.0?} of an engine with {} changes",
            start.elapsed(),
            made.load(Ordering::Relaxed)
        );
    });
    host.stop_monitor();
    let data = host.engine.data_folder();
    for (copy, before) in begun {
        engine.stop();
        fs::remove_dir_all(data.join("swarm")).unwrap();
        let unpacked = std::process::Command::new("tar").arg("-xzf").arg(&copy).arg("-C").arg(&data).status().unwrap();
        assert!(unpacked.success());
        engine.start();
        engine.wait_until_ready();
        lab.eventually(LIMIT, || {
            let configs = engine.get("/configs")?.good()?;
            let there = configs.as_array().map_or(0, Vec::len);
            if there >= before { Ok(()) } else { Err(format!("{}: {there} of {before}", copy.display())) }
        });
    }
}

fn newest(folder: &Path) -> PathBuf {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|end| end == "gz")).max().unwrap()
}
