//! What is not the monitor's to fix it reports and leaves alone: nothing is forced, nothing is fought over, nothing spins.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};
use swarm_lab::trial::Trial;

use serde_json::{Value, json};
use swarm_lab::lab::{Filter, Host, Kind, Lab, missing};
use swarm_lab::says::says;
use swarm_lab::trial::{campaign, trial};
use swarm_lab::well::{are_well, is_well};

const LIMIT: Duration = Duration::from_secs(90);
/// For how long is looked that nothing happens.
const WHILE: Duration = Duration::from_secs(10);
const QUICK: [(&str, &str); 1] = [("RECONCILE_PERIOD", "2")];

pub fn trials() -> Vec<Trial> {
    let missing = missing();
    vec![
        campaign("a_locked_engine_waits_for_its_key_and_is_never_forced", missing, locked),
        trial("the_swarm_stays_when_the_stack_is_deleted_and_is_adopted_by_the_next_one", missing, deleted),
        campaign("what_a_later_version_adds_to_the_record_stays_and_is_not_fought_over", missing, later_record),
        campaign("a_clock_that_is_far_off_is_reported_and_nothing_is_done_about_it", missing, clock),
        trial("a_state_folder_that_cannot_be_written_is_reported_and_does_not_make_it_spin", missing, no_folder),
    ]
}

fn node_of(host: &Host) -> Result<String, String> {
    Ok(host.swarm()?["NodeID"].as_str().unwrap_or_default().to_owned())
}

fn locked() {
    let lab = Lab::start(3);
    lab.start_monitors(&QUICK);
    lab.eventually(LIMIT, || is_well(&lab, 3));
    let leader = lab.leader().unwrap();
    let engine = &lab.hosts[leader].engine;
    let mut swarm = engine.get("/swarm").unwrap().good().unwrap();
    swarm["Spec"]["EncryptionConfig"]["AutoLockManagers"] = true.into();
    let update = format!("/swarm/update?version={}", swarm["Version"]["Index"]);
    engine.post(&update, &swarm["Spec"]).unwrap().good().unwrap();
    let key = engine.get("/swarm/unlockkey").unwrap().good().unwrap();
    let host = lab.hosts.iter().find(|host| host.index != leader).unwrap();
    let node = node_of(host).unwrap();
    // The engine encrypts its key when it is told of it.
    thread::sleep(Duration::from_secs(2));
    host.engine.restart();
    lab.eventually(LIMIT, || says(host, "locked", "docker swarm unlock"));
    lab.always(WHILE, || {
        let swarm = host.swarm()?;
        if swarm["LocalNodeState"] != "locked" {
            return Err(format!("{swarm}"));
        }
        let change = host.status()?["plan"]["change"].take();
        if change.is_null() { Ok(()) } else { Err(format!("{change} is planned")) }
    });
    assert_eq!(host.ping().unwrap().0, 503);
    // It answers once it has found the other managers again.
    let answer = host.engine.post("/swarm/unlock", &key);
    println!("unlock: {answer:?}");
    lab.eventually(LIMIT, || is_well(&lab, 3));
    assert_eq!(node_of(host).unwrap(), node);
}

fn deleted() {
    let lab = Lab::start(3);
    lab.start_monitors(&QUICK);
    lab.eventually(LIMIT, || is_well(&lab, 3));
    let manager = &lab.hosts[lab.leader().unwrap()].engine;
    for host in &lab.hosts {
        host.engine.import_busybox().unwrap();
    }
    manager.create_sleeper("theirs", 2, None).unwrap();
    let tasks = || -> Result<Vec<String>, String> {
        let text = |task: &Value| format!("{} {}", task["ID"], task["Status"]["State"]);
        let mut tasks: Vec<String> = lab.list("/tasks")?.iter().map(text).collect();
        tasks.sort();
        Ok(tasks)
    };
    let run = |tasks: &[String]| tasks.len() == 2 && tasks.iter().all(|task| task.ends_with("\"running\""));
    lab.eventually(LIMIT, || tasks().and_then(|tasks| if run(&tasks) { Ok(()) } else { Err(format!("{tasks:?}")) }));
    let clusters = lab.clusters();
    let before = (tasks().unwrap(), lab.nodes().unwrap());
    for host in &lab.hosts {
        host.stop_monitor();
        fs::remove_dir_all(host.state_folder()).unwrap();
    }
    lab.rancher.set_service_metadata(serde_json::Map::new());
    lab.always(WHILE, || {
        let now = (tasks()?, lab.nodes()?);
        if now == before { Ok(()) } else { Err(format!("{now:?}")) }
    });
    // The next stack is told nothing of it, not even by the hosts' disks.
    for host in &lab.hosts {
        host.resume_monitor();
    }
    lab.eventually(LIMIT, || is_well(&lab, 3));
    assert_eq!(lab.clusters(), clusters);
    assert_eq!(tasks().unwrap(), before.0);
}

fn later_record() {
    let lab = Lab::start(3);
    lab.start_monitors(&QUICK);
    lab.eventually(LIMIT, || is_well(&lab, 3));
    let later = json!({"is": ["what", "nobody", "knows", 1]});
    let mut metadata = lab.rancher.service_metadata();
    metadata["swarmkit"]["later"] = later.clone();
    lab.rancher.set_service_metadata(metadata);
    // What the forming of the swarm has left to write is written by then.
    thread::sleep(Duration::from_secs(5));
    let (mark, start) = (lab.rancher.log_length(), Instant::now());
    lab.always(WHILE, || {
        let is = lab.rancher.service_metadata()["swarmkit"]["later"].clone();
        if is == later { is_well(&lab, 3) } else { Err(format!("it is {is}")) }
    });
    let writes: Vec<_> = lab.rancher.log_since(mark).into_iter().filter(|asked| asked.method != "GET").collect();
    // A heartbeat every two periods, and no other.
    let most = start.elapsed().as_secs() / 4 + 2;
    assert!(writes.len() as u64 <= most, "{} of at most {most}: {writes:?}", writes.len());
    // What is written for another reason leaves it there too.
    let worker = lab.hosts.iter().find(|host| Some(host.index) != lab.leader()).unwrap();
    worker.kill_host();
    worker.wipe();
    worker.start_host();
    lab.eventually(LIMIT, || is_well(&lab, 3));
    assert_eq!(lab.rancher.service_metadata()["swarmkit"]["later"], later);
}

fn clock() {
    let lab = Lab::start(2);
    lab.start_monitors(&QUICK);
    lab.eventually(LIMIT, || is_well(&lab, 1));
    let warnings = |host: &Host| host.status().map(|status| status["plan"]["warnings"].to_string());
    let lease = &lab.hosts[lab.leader().unwrap()];
    assert!(!warnings(lease).unwrap().contains("clock"), "{}", lab.report());
    lab.rancher.set_clock_back(Duration::from_secs(2 * 3600 + 30));
    lab.eventually(LIMIT, || match warnings(lease)? {
        told if told.contains("this host's clock is 120 min ahead of Rancher's") => Ok(()),
        told => Err(told),
    });
    assert!(lease.log().contains("120 min ahead of Rancher's"));
    lab.always(WHILE, || is_well(&lab, 1));
    lab.rancher.set_clock_back(Duration::ZERO);
    lab.eventually(LIMIT, || match warnings(lease)? {
        told if told.contains("clock") => Err(told),
        _ => Ok(()),
    });
}

/// In the container of a monitor that runs.
fn in_its_container(host: &Host, script: &str) {
    let pid = host.monitor.pid().unwrap().to_string();
    let done = Command::new("nsenter").args(["--target", &pid, "--mount", "--", "sh", "-ec", script]).status().unwrap();
    assert!(done.success(), "{script}");
}

/// Whether a host reports that something was not done, for a reason that has this part.
fn reports(host: &Host, part: &str) -> Result<(), String> {
    let status = host.status()?;
    let actions = status["last_actions"].as_array().ok_or("no actions")?;
    let told = actions.iter().any(|action| action["error"].as_str().is_some_and(|error| error.contains(part)));
    if told { Ok(()) } else { Err(format!("{part:?} is not reported: {status}")) }
}

fn no_folder() {
    let lab = Lab::start(2);
    let (first, second) = (&lab.hosts[0], &lab.hosts[1]);
    // A root that was given no capability is bound by a folder's mode as everybody is.
    fs::create_dir_all(first.state_folder()).unwrap();
    let set_mode = |mode: u32| fs::set_permissions(first.state_folder(), Permissions::from_mode(mode)).unwrap();
    set_mode(0o555);
    first.start_monitor(&QUICK);
    lab.rancher.set_container_state(&second.uuid(), "stopped");
    lab.eventually(LIMIT, || reports(first, "swarmkit-mon.json cannot be written: "));
    let looks = || first.status().unwrap()["reconciles"].as_u64().unwrap();
    thread::sleep(Duration::from_secs(3));
    let before = looks();
    lab.always(WHILE, || match first.swarm()?["LocalNodeState"].as_str() {
        Some("inactive") => Ok(()),
        state => Err(format!("the engine is {state:?}")),
    });
    let many = looks() - before;
    assert!(many <= WHILE.as_secs() * 2, "{many} looks in {WHILE:?}");
    set_mode(0o755);
    lab.eventually(LIMIT, || are_well(&lab, &[0], 1));

    // The other one's disk is full from the start; it joins all the same.
    lab.rancher.refuse(Kind::Metadata);
    second.start_monitor(&QUICK);
    in_its_container(
        second,
        "mount -t tmpfs -o size=4k tmpfs /var/lib/rancher/state; head -c 4096 /dev/zero > /var/lib/rancher/state/full",
    );
    lab.rancher.accept(Kind::Metadata);
    lab.rancher.set_container_state(&second.uuid(), "running");
    lab.eventually(LIMIT, || is_well(&lab, 1));
    lab.eventually(LIMIT, || reports(second, "cannot be written: "));
    let looks = || second.status().unwrap()["reconciles"].as_u64().unwrap();
    let (before, mark) = (looks(), lab.rancher.log_length());
    lab.always(WHILE, || is_well(&lab, 1));
    let many = looks() - before;
    assert!(many <= WHILE.as_secs() * 2, "{many} looks in {WHILE:?}");
    let from_it = lab.rancher.log_since(mark).into_iter().filter(|asked| asked.source == second.source());
    let writes = from_it.filter(|asked| Filter::api().matches(asked.kind, &asked.method, &asked.path, asked.source));
    assert_eq!(writes.count(), 0, "it asks the API, though its labels stand");
}
