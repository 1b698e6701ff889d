//! The lab that the daemon is tested in is what it says: the engines are real and apart, each host asks its metadata as in
//! Rancher, and nothing is left behind.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use swarm_lab::trial::Trial;

use serde_json::{Value, json};
use swarm_lab::lab::rancher::{ACCESS_KEY, SECRET_KEY};
use swarm_lab::lab::{Fault, Filter, Host, Lab, Metadata, missing};
use swarm_lab::real_parts;
use swarm_lab::trial::{campaign, trial, trial_wanted_in_ci};

/// Set for the copy of this program that is killed in the midst of its work.
const VICTIM: &str = "LAB_TEST_VICTIM";

pub fn trials() -> Vec<Trial> {
    let no_real = missing().or_else(real_parts::missing);
    vec![
        trial("five_engines_form_a_swarm_with_an_overlay_network", missing(), five_engines_form_a_swarm),
        trial("a_killed_manager_is_missed_and_comes_back", missing(), a_killed_manager_is_missed),
        trial("cuts_cut_and_heal", missing(), cuts_cut_and_heal),
        trial_wanted_in_ci("ranchers_own_metadata_stands_behind_every_hosts_docker0", no_real, real_metadata),
        trial_wanted_in_ci("ranchers_own_metadata_fails_and_comes_back_with_its_host", no_real, real_metadata_fails),
        trial("one_identity_is_on_two_hosts_as_asked", missing(), || one_identity_on_two_hosts(Metadata::StandIn)),
        trial("a_monitor_runs_as_its_container_would", missing(), a_monitor_runs_as_its_container_would),
        trial("nothing_is_left_behind", missing(), nothing_is_left_behind),
        campaign(
            "one_that_is_started_anew_without_a_leader_and_votes_says_so",
            missing(),
            one_that_votes_says_that_it_manages,
        ),
        campaign("one_that_was_made_a_worker_says_it_without_a_leader", missing(), || {
            one_that_votes_no_more_says_it(false);
        }),
        campaign("one_that_was_made_a_worker_and_has_moved_says_it_without_a_leader", missing(), || {
            one_that_votes_no_more_says_it(true);
        }),
        trial("nothing_is_left_behind_by_a_killed_test", missing(), nothing_is_left_by_a_killed_test),
    ]
}

fn five_engines_form_a_swarm() {
    let lab = Lab::builder(5).hostnames(&["short", "long.example.org", "twin", "twin"]).start();
    let took = lab.form_directly(3).unwrap();
    println!("a swarm of 3 managers and 2 workers by direct calls: {took:?}");
    assert_eq!(lab.managers().into_iter().collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!(lab.leader(), Some(0));
    let clusters = lab.clusters();
    assert!(clusters[0].is_some() && clusters.iter().all(|cluster| *cluster == clusters[0]), "{clusters:?}");
    let mut names: Vec<_> = lab.nodes().unwrap().into_iter().map(|node| node.hostname).collect();
    names.sort();
    assert_eq!(names, ["host5", "long.example.org", "short", "twin", "twin"]);

    for host in &lab.hosts {
        host.engine.import_busybox().unwrap();
    }
    let first = &lab.hosts[0].engine;
    let network = json!({"Name": "rancher", "Driver": "overlay", "Attachable": true});
    first.post("/networks/create", &network).unwrap().good().unwrap();
    first.create_sleeper("sleeper", 5, Some("rancher")).unwrap();
    lab.eventually(Duration::from_secs(60), || {
        let tasks = lab.list("/tasks")?;
        let running = tasks.iter().filter(|task| task["Status"]["State"] == "running").count();
        if running == 5 { Ok(()) } else { Err(format!("{running} of 5 tasks run: {tasks:?}")) }
    });
    assert_eq!(lab.services().unwrap(), ["sleeper"]);
    let last = &lab.hosts[4];
    assert_eq!(processes_in(&last.place.group), 1);
    last.kill_host();
    assert_eq!(processes_in(&last.place.group), 0, "the containers of a host end with it");
}

/// How many processes are in a control group or below it.
fn processes_in(group: &str) -> usize {
    let entries = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let groups = entries.filter_map(|entry| fs::read_to_string(entry.path().join("cgroup")).ok());
    groups.filter(|text| text.contains(&format!(":/{group}/"))).count()
}

fn a_killed_manager_is_missed() {
    let lab = Lab::start(3);
    lab.form_directly(3).unwrap();
    let victim = &lab.hosts[1];
    victim.kill_host();
    assert!(victim.swarm().is_err());
    let node = |reachability: &str, state: &str| {
        let nodes = lab.nodes()?;
        let address = victim.address().to_string();
        let node = nodes.into_iter().find(|node| node.hostname == "host2").ok_or("no node")?;
        let good = node.reachability.as_deref() == Some(reachability) && node.state == state;
        if good { Ok(()) } else { Err(format!("{address}: {node:?}")) }
    };
    let took = lab.eventually(Duration::from_secs(40), || node("unreachable", "down"));
    println!("a killed manager is unreachable and down after {took:?}");
    victim.start_host();
    let took = lab.eventually(Duration::from_secs(40), || lab.expect_one_swarm(3));
    println!("and well again after {took:?}");
    // One that hangs takes questions and answers none.
    victim.engine.freeze();
    assert!(victim.engine.get_within(Duration::from_millis(500), "/info").is_err());
    victim.engine.thaw();
    assert!(victim.engine.info().is_ok());
    victim.wipe();
    victim.start_host();
    assert_eq!(victim.swarm().unwrap()["LocalNodeState"], "inactive");
}

/// What an engine says of itself as time goes by: its state, and whether it manages.
fn said_of_itself(host: &Host, time: Duration) -> Vec<String> {
    let mut said: Vec<String> = Vec::new();
    let start = Instant::now();
    while start.elapsed() < time {
        let word = match host.swarm() {
            Ok(swarm) => format!("{} {}", swarm["LocalNodeState"], swarm["ControlAvailable"]),
            Err(_) => "nothing".to_owned(),
        };
        if said.last() != Some(&word) {
            said.push(word);
        }
        std::thread::sleep(Duration::from_millis(500));
    }
    println!("host {}: {said:?}", host.index);
    said
}

/// What the daemon goes by where it counts on managers that were started anew: one that votes says that it manages, though
/// there is no leader.
fn one_that_votes_says_that_it_manages() {
    let lab = Lab::start(3);
    lab.form_directly(3).unwrap();
    lab.hosts[1].kill_host();
    lab.hosts[2].kill_host();
    lab.hosts[0].engine.restart();
    assert_eq!(said_of_itself(&lab.hosts[0], Duration::from_secs(45)), ["\"pending\" true"]);
}

/// And one that was made a worker while it was away, and is not told so as the leader is gone by then.
fn one_that_votes_no_more_says_it(moves: bool) {
    let lab = Lab::start(3);
    lab.form_directly(3).unwrap();
    lab.hosts[2].kill_host();
    lab.eventually(Duration::from_secs(60), || {
        let nodes = lab.nodes()?;
        let node = nodes.iter().find(|node| node.hostname == "host3").ok_or("no node")?;
        if node.state == "down" { Ok(()) } else { Err(format!("{node:?}")) }
    });
    assert!(lab.hosts[0].engine.docker(&["node", "demote", "host3"]).status().unwrap().success());
    lab.eventually(Duration::from_secs(60), || {
        let nodes = lab.nodes()?;
        let node = nodes.iter().find(|node| node.hostname == "host3").ok_or("no node")?;
        if node.reachability.is_none() { Ok(()) } else { Err(format!("{node:?}")) }
    });
    lab.hosts[1].kill_host();
    if moves {
        lab.move_host(&lab.hosts[2], 77);
    }
    lab.hosts[2].start_host();
    let said = said_of_itself(&lab.hosts[2], Duration::from_secs(90));
    assert!(said.iter().all(|word| word.ends_with(" false")), "{said:?}");
    assert_eq!(said.last().unwrap(), "\"error\" false", "{said:?}");
}

fn cuts_cut_and_heal() {
    let lab = Lab::start(3);
    lab.form_directly(1).unwrap();
    let down = |names: &[&str]| {
        let nodes = lab.nodes()?;
        let down: Vec<_> = nodes.iter().filter(|node| node.state == "down").map(|node| &node.hostname).collect();
        if down == names { Ok(()) } else { Err(format!("down are {down:?}")) }
    };
    let answers = |host: &Host| told(&lab, host, "self/host/hostname").unwrap_or_default();
    // Rancher's own is on the host, and is not cut from it.
    let (cut, unplugged) = if lab.hosts[0].has_own_metadata() { ("host3", "host3") } else { ("", "") };
    assert_eq!(answers(&lab.hosts[2]), "host3");
    lab.cut(&[2]);
    let took = lab.eventually(Duration::from_secs(40), || down(&["host3"]));
    println!("a worker behind a cut is down after {took:?}");
    assert_eq!(answers(&lab.hosts[2]), "host3", "Rancher is not cut");
    lab.cut_rancher(&lab.hosts[2]);
    assert_eq!(answers(&lab.hosts[2]), cut);
    lab.heal_rancher(&lab.hosts[2]);
    assert_eq!(answers(&lab.hosts[2]), "host3");
    lab.heal(&[2]);
    let took = lab.eventually(Duration::from_secs(40), || lab.expect_one_swarm(1));
    println!("and ready after {took:?} when it is healed");
    lab.network.set_link(&lab.hosts[2].place, false);
    assert_eq!(answers(&lab.hosts[2]), unplugged);
    lab.network.set_link(&lab.hosts[2].place, true);
    lab.move_host(&lab.hosts[2], 200);
    assert_eq!(lab.hosts[2].address(), lab.network.address(200));
    lab.eventually(Duration::from_secs(10), || {
        let answer = answers(&lab.hosts[2]);
        if answer == "host3" { Ok(()) } else { Err(format!("{answer:?}")) }
    });
}

/// What a host is told by metadata, as a program on its network asks. `None` where nothing is there, or nobody answers.
fn told(lab: &Lab, host: &Host, path: &str) -> Option<String> {
    asked(lab, host, path, "text/plain")
}

fn told_json(lab: &Lab, host: &Host, path: &str) -> Option<Value> {
    asked(lab, host, path, "application/json").map(|text| serde_json::from_str(&text).unwrap())
}

fn asked(lab: &Lab, host: &Host, path: &str, form: &str) -> Option<String> {
    let output = Command::new("nsenter")
        .arg(format!("--net=/run/netns/{}", host.place.namespace))
        .args(["timeout", "1", "busybox", "wget", "-q", "-O", "-", "--header", &format!("Accept: {form}")])
        .arg(format!("http://{}/2016-07-29/{path}", lab.metadata_address()))
        .output()
        .unwrap();
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
}

/// Until a host is told this; how long that took.
#[track_caller]
fn is_told(lab: &Lab, host: &Host, path: &str, expected: Option<&str>) -> Duration {
    lab.eventually(Duration::from_secs(5), || match told(lab, host, path) {
        is if is.as_deref() == expected => Ok(()),
        other => Err(format!("{path} is {other:?}")),
    })
}

fn real_metadata() {
    let lab = Lab::builder(3).real_metadata().unregistered(&[2]).start();
    let [first, second, third] = &lab.hosts[..] else { unreachable!() };
    let own = told_json(&lab, first, "self").unwrap();
    assert_eq!(own.as_object().unwrap().keys().collect::<Vec<_>>(), ["host"], "it comes through docker0");
    assert_eq!(own["host"]["uuid"], first.uuid());
    assert_eq!(own["host"]["agent_ip"], first.address().to_string());
    for path in ["self/service", "self/container", "self/stack"] {
        assert_eq!(told(&lab, first, path), None, "{path}");
    }
    assert_eq!(told(&lab, second, "self/host/uuid").unwrap(), second.uuid());
    let service = told_json(&lab, first, "services/swarmkit-mon").unwrap();
    assert_eq!(service["containers"].as_array().unwrap().len(), 2);
    assert_eq!(told(&lab, third, "self/host"), None, "Rancher does not know it");
    assert_eq!(told_json(&lab, third, "hosts").unwrap().as_array().unwrap().len(), 2);
    lab.register(third);
    is_told(&lab, third, "self/host/uuid", Some(&third.uuid()));

    // News, and how late.
    lab.rancher.set_metadata_delay(Duration::ZERO);
    let version = told(&lab, first, "version").unwrap();
    let mut most = Duration::ZERO;
    for at in 0..20 {
        let value = at.to_string();
        lab.rancher.set_label(&second.uuid(), "at", Some(&value));
        for host in &lab.hosts {
            most = most.max(is_told(&lab, host, &format!("hosts/{}/labels/at", second.uuid()), Some(&value)));
        }
    }
    println!("a write is told after {most:?} at most");
    assert_ne!(told(&lab, first, "version").unwrap(), version);

    one_identity_on_two(&lab);
    lab.cut_rancher(first);
    lab.rancher.set_label(&second.uuid(), "at", Some("cut"));
    is_told(&lab, second, &format!("hosts/{}/labels/at", second.uuid()), Some("cut"));
    assert_eq!(told(&lab, first, &format!("hosts/{}/labels/at", second.uuid())).unwrap(), "19", "it hears of nothing");
    lab.heal_rancher(first);
    is_told(&lab, first, &format!("hosts/{}/labels/at", second.uuid()), Some("cut"));
    let news = format!("hosts/{}/labels/at", second.uuid());
    lab.network.set_link(&first.place, false);
    lab.rancher.set_label(&second.uuid(), "at", Some("unplugged"));
    is_told(&lab, second, &news, Some("unplugged"));
    assert_eq!(told(&lab, first, &news).unwrap(), "cut", "its cable is out");
    lab.network.set_link(&first.place, true);
    is_told(&lab, first, &news, Some("unplugged"));
    lab.move_host(third, 200);
    is_told(&lab, third, "self/host/agent_ip", Some(&third.address().to_string()));
    lab.rancher.remove_host(&third.uuid(), Duration::ZERO);
    is_told(&lab, third, "self/host", None);
}

fn real_metadata_fails() {
    let lab = Lab::builder(2).real_metadata().start();
    lab.form_directly(1).unwrap();
    let host = &lab.hosts[1];
    let name = Some("host2");
    host.metadata().freeze();
    assert_eq!(told(&lab, host, "self/host/name"), None);
    lab.rancher.set_label(&host.uuid(), "while", Some("it stood"));
    host.metadata().thaw();
    is_told(&lab, host, "self/host/labels/while", Some("it stood"));
    host.metadata().kill();
    assert_eq!(told(&lab, host, "self/host/name"), None);
    host.metadata().restart();
    is_told(&lab, host, "self/host/name", name);
    host.kill_host();
    assert_eq!(told(&lab, host, "self/host/name"), None, "its container ends with the engine");
    host.start_host();
    is_told(&lab, host, "self/host/name", name);
    host.engine.restart();
    is_told(&lab, host, "self/host/name", name);
    lab.eventually(Duration::from_secs(40), || lab.expect_one_swarm(1));
    let refused = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        lab.rancher.fault(Filter::metadata(), Fault::hang());
    }));
    assert!(refused.is_err(), "a fault that nobody meets");
    lab.rancher.fault(Filter::api(), Fault::hang());
}

fn one_identity_on_two_hosts(metadata: Metadata) {
    one_identity_on_two(&Lab::builder(2).metadata(metadata).start());
}

fn one_identity_on_two(lab: &Lab) {
    let (first, second) = (&lab.hosts[0], &lab.hosts[1]);
    lab.clone_identity(second, first);
    is_told(lab, second, "self/host/uuid", Some(&first.uuid()));
    is_told(lab, first, "self/host/uuid", Some(&first.uuid()));
    lab.restore_identity(second);
    is_told(lab, second, "self/host/uuid", Some(&second.uuid()));
}

fn a_monitor_runs_as_its_container_would() {
    let lab = Lab::builder(1).hostnames(&["node.example.org"]).https().start();
    let host = &lab.hosts[0];
    let busybox = Command::new("sh").args(["-c", "command -v busybox"]).output().unwrap();
    let busybox = String::from_utf8(busybox.stdout).unwrap().trim().to_owned();
    let script = r#"
        busybox env | busybox sort
        busybox grep -E '^(CapEff|CapBnd|NoNewPrivs)' /proc/self/status
        echo "pid $$ host $(busybox hostname)"
        [ -S /var/run/docker.sock ] && echo socket
        echo kept > /var/lib/rancher/state/probe && echo state
        (echo x > /etc/probe) 2>/dev/null || echo read-only
        [ -s /var/lib/rancher/etc/ssl/ca.crt ] && echo ca
        echo "self $(busybox wget -q -O - http://rancher-metadata.rancher.internal/latest/self/host/hostname)"
        [ -z "$SLOW" ] || trap 'busybox sleep 0.3; exit 0' TERM
        [ -n "$SLOW" ] || trap '' TERM
        echo ready
        while :; do busybox sleep 0.05; done
    "#;
    let start = |settings: &[(&str, &str)]| {
        let _ = fs::remove_file(host.log_path());
        host.start_in_its_place(settings, &[&busybox, "sh", "-c", script]);
        lab.eventually(Duration::from_secs(10), || {
            if host.log().contains("ready") { Ok(()) } else { Err("not ready".to_owned()) }
        });
        host.log()
    };
    let log = start(&[("MANAGER_SCALE", "3"), ("SLOW", "1")]);
    let none = "0000000000000000";
    let expected = [
        format!("CATTLE_ACCESS_KEY={ACCESS_KEY}"),
        format!("CATTLE_SECRET_KEY={SECRET_KEY}"),
        format!("CATTLE_URL=https://{}:8080/v1", lab.network.gateway()),
        "MANAGER_SCALE=3".to_owned(),
        format!("CapEff:\t{none}"),
        format!("CapBnd:\t{none}"),
        "NoNewPrivs:\t1".to_owned(),
        "pid 1 host node.example.org".to_owned(),
        "socket".to_owned(),
        "state".to_owned(),
        "read-only".to_owned(),
        "ca".to_owned(),
        "self node.example.org".to_owned(),
    ];
    for line in expected {
        assert!(log.lines().any(|this| this == line), "no {line:?} in:\n{log}");
    }
    assert_eq!(fs::read_to_string(host.state_folder().join("probe")).unwrap(), "kept\n");
    assert!(host.monitor.memory().unwrap() > 100_000);
    assert!(host.monitor.processor_time().is_some());
    // A new engine has a new socket, which the monitor sees too.
    host.engine.restart();
    assert!(host.monitor.pid().is_some());
    let took = host.stop_monitor().expect("it ends by itself");
    assert!((200..2000).contains(&took.as_millis()), "{took:?}");
    assert!(host.monitor.pid().is_none());

    start(&[]);
    host.kill_host();
    assert!(host.monitor.pid().is_none());
    host.start_host();
    assert!(host.monitor.pid().is_some(), "it starts with its engine");
    host.monitor.kill();
    // The program itself, with a setting that it refuses.
    host.start_monitor(&[("MANAGER_SCALE", "two")]);
    lab.eventually(Duration::from_secs(10), || match host.monitor.exit() {
        Some(2) => Ok(()),
        other => Err(format!("{other:?}")),
    });
    assert!(host.log().contains("MANAGER_SCALE"), "{}", host.log());
}

// ---- cleanliness

/// What there is of the lab with this name.
fn left_of(name: &str) -> Vec<String> {
    let mut left = Vec::new();
    let has = |text: &str| text.split(|letter: char| !letter.is_alphanumeric()).any(|word| word == name);
    for args in [["netns", "list"], ["-o", "link"]] {
        let output = Command::new("ip").args(args).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        left.extend(text.lines().filter(|line| has(line)).map(str::to_owned));
    }
    let number = name.trim_start_matches("swlab");
    let folder = std::env::temp_dir().join("swarmkit-lab").join(number);
    let mounts = fs::read_to_string("/proc/mounts").unwrap();
    left.extend(mounts.lines().filter(|line| line.contains(folder.to_str().unwrap())).map(str::to_owned));
    let lock = folder.with_extension("lock");
    left.extend([&folder, &lock].iter().filter(|path| path.exists()).map(|path| path.display().to_string()));
    for entry in fs::read_dir("/proc").unwrap().filter_map(Result::ok) {
        let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        if line.contains(folder.join("").to_str().unwrap()) || has(&line) {
            left.push(line);
        }
    }
    for group in fs::read_dir("/sys/fs/cgroup").into_iter().flatten().filter_map(Result::ok) {
        left.extend(group.path().join(name).exists().then(|| group.path().display().to_string()));
    }
    left
}

fn nothing_is_left_behind() {
    let name = {
        let lab = Lab::builder(2).rancher_metadata_if_there().start();
        lab.form_directly(1).unwrap();
        lab.hosts[0].engine.import_busybox().unwrap();
        lab.hosts[0].engine.create_sleeper("sleeper", 2, None).unwrap();
        lab.eventually(Duration::from_secs(30), || {
            let tasks = lab.list("/tasks")?;
            let runs = tasks.iter().any(|task| task["Status"]["State"] == "running");
            if runs { Ok(()) } else { Err(format!("{tasks:?}")) }
        });
        assert!(!left_of(lab.network.name()).is_empty(), "what is there is not found");
        lab.network.name().to_owned()
    };
    assert_eq!(left_of(&name), Vec::<String>::new());
}

fn nothing_is_left_by_a_killed_test() {
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .env(VICTIM, "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut name = String::new();
    BufReader::new(victim.stdout.as_mut().unwrap()).read_line(&mut name).unwrap();
    let name = name.trim();
    assert!(name.starts_with("swlab"), "{name}");
    // The numbers of its interfaces, which no other one has.
    let links = |left: Vec<String>| -> BTreeSet<String> {
        let links = left.iter().filter_map(|line| line.split_once(": swlab"));
        links.map(|(number, _)| number.to_owned()).collect()
    };
    let before = links(left_of(name));
    assert!(!before.is_empty());
    victim.kill().unwrap();
    victim.wait().unwrap();
    let start = Instant::now();
    loop {
        let left = left_of(name);
        // Another lab may have taken its name by then, which it cannot before all is swept.
        let now = links(left.clone());
        if left.is_empty() || (!now.is_empty() && now.is_disjoint(&before)) {
            break;
        }
        assert!(start.elapsed() < Duration::from_secs(30), "{left:#?}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Makes a lab, tells its name, and waits to be killed, if this process is the copy that is to be.
pub fn be_a_victim_if_asked() {
    if std::env::var_os(VICTIM).is_none() {
        return;
    }
    let lab = Lab::builder(2).rancher_metadata_if_there().start();
    lab.form_directly(1).unwrap();
    println!("{}", lab.network.name());
    loop {
        std::thread::sleep(Duration::from_secs(60));
    }
}
