//! The monitor's manners: it ends when it is told to, shows what it would do, logs a line an event, and takes little.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};
use swarm_lab::trial::Trial;

use serde_json::Value;
use swarm_lab::lab::engine::signal_to;
use swarm_lab::lab::{Fault, Filter, Host, Kind, Lab, missing};
use swarm_lab::says::{says, standing};
use swarm_lab::trial::trial;
use swarm_lab::well::{are_well, is_well};

const LIMIT: Duration = Duration::from_secs(90);
const QUICK: [(&str, &str); 1] = [("RECONCILE_PERIOD", "2")];
/// What it may take to end.
const END: Duration = Duration::from_secs(1);

pub fn trials() -> Vec<Trial> {
    let missing = missing();
    vec![
        trial("sigterm_ends_it_within_a_second_whatever_it_does", missing, ends),
        trial("plan_shows_what_it_would_do_and_does_nothing", missing, plan),
        trial("a_port_that_is_taken_is_a_clear_error", missing, port_taken),
        trial("an_event_is_a_line_of_text_or_json", missing, lines),
        trial("a_calm_swarm_costs_next_to_nothing", missing, calm),
    ]
}

/// SIGTERM: exit code 0, within the limit.
fn ends_at_once(host: &Host, doing: &str) {
    let start = Instant::now();
    signal_to(host.monitor.pid().expect("it runs"), "TERM");
    let code = loop {
        if let Some(code) = host.monitor.exit() {
            break code;
        }
        assert!(start.elapsed() < Duration::from_secs(20), "{doing}: it does not end");
        thread::sleep(Duration::from_millis(5));
    };
    let took = start.elapsed();
    println!("{doing}: ended after {took:.0?}");
    assert!(code == 0 && took < END, "{doing}: {code} after {took:?}\n{}", host.log());
}

fn ends() {
    let lab = Lab::start(2);
    let (host, joining) = (&lab.hosts[0], &lab.hosts[1]);
    let number = lab.rancher.fault(Filter::metadata(), Fault::hang());
    host.start_monitor(&QUICK);
    thread::sleep(Duration::from_millis(500));
    ends_at_once(host, "asks a metadata that hangs");
    lab.rancher.clear(number);
    let number = lab.rancher.fault(Filter::metadata(), Fault::status(404));
    host.start_monitor(&QUICK);
    lab.eventually(LIMIT, || says(host, "no_metadata", "404"));
    ends_at_once(host, "waits for metadata");
    lab.rancher.clear(number);
    let number = lab.rancher.fault(Filter::api(), Fault::hang());
    host.start_monitor(&QUICK);
    thread::sleep(Duration::from_secs(1));
    ends_at_once(host, "asks an API that hangs");
    lab.rancher.clear(number);
    lab.rancher.set_container_state(&joining.uuid(), "stopped");
    host.start_monitor(&QUICK);
    lab.eventually(LIMIT, || are_well(&lab, &[0], 1));
    ends_at_once(host, "acts");
    host.engine.freeze();
    host.start_monitor(&QUICK);
    thread::sleep(Duration::from_secs(1));
    ends_at_once(host, "asks an engine that hangs");
    host.engine.thaw();
    host.start_monitor(&QUICK);
    lab.cut(&[1]);
    lab.rancher.set_container_state(&joining.uuid(), "running");
    joining.start_monitor(&QUICK);
    lab.eventually(LIMIT, || says(joining, "join", "joins by"));
    ends_at_once(joining, "joins");
    lab.heal(&[1]);
    joining.start_monitor(&QUICK);
    lab.eventually(LIMIT, || is_well(&lab, 1));
    // And when it was stopped in the midst of everything, nothing is lost.
    for host in &lab.hosts {
        ends_at_once(host, "is done");
        host.resume_monitor();
    }
    lab.eventually(LIMIT, || is_well(&lab, 1));
}

/// `swarmkit-mon plan` in the container of a monitor that runs.
fn run_plan(host: &Host, args: &[&str]) -> (i32, String, String) {
    host.run(&[&["plan"], args].concat())
}

/// All that there is to change.
fn all_of_it(lab: &Lab) -> String {
    let files = |host: &Host| {
        let entries = fs::read_dir(host.state_folder()).unwrap().map(|entry| entry.unwrap().path());
        entries.map(|path| (fs::read(&path).unwrap(), path)).collect::<BTreeMap<_, _>>()
    };
    let parts = |swarm: Result<Value, String>| {
        let swarm = swarm.unwrap_or_default();
        ["NodeID", "LocalNodeState", "ControlAvailable"].map(|key| swarm[key].to_string())
    };
    let engines: Vec<_> = lab.look().swarms.into_iter().map(parts).collect();
    let networks = lab.list("/networks").unwrap_or_default();
    // Those of one host its engine makes when it likes, such as docker_gwbridge.
    let networks = networks.iter().filter(|network| network["Scope"] == "swarm");
    let mut networks: Vec<String> = networks.map(|network| network["Id"].to_string()).collect();
    networks.sort();
    let mut nodes = lab.nodes().unwrap_or_default();
    nodes.sort_by(|one, other| one.id.cmp(&other.id));
    let files: Vec<_> = lab.hosts.iter().map(files).collect();
    format!("{engines:?} {nodes:?} {networks:?} {files:?} {:?}", lab.rancher.environment())
}

fn plan() {
    let lab = Lab::start(3);
    // The monitors themselves do nothing meanwhile.
    let frozen = |host: &Host, args: &[&str]| {
        host.monitor.freeze();
        // What it has asked for may still be done.
        thread::sleep(Duration::from_millis(300));
        let (before, mark) = (all_of_it(&lab), lab.rancher.log_length());
        let outcome = run_plan(host, args);
        assert_eq!(all_of_it(&lab), before);
        let asked = lab.rancher.log_since(mark);
        assert!(asked.iter().all(|asked| asked.method == "GET"), "{asked:?}");
        host.monitor.thaw();
        outcome
    };
    for host in &lab.hosts {
        host.start_monitor(&[QUICK[0], ("MANAGER_SCALE", "1")]);
        host.monitor.freeze();
    }
    let host = &lab.hosts[0];
    lab.rancher.set_container_state(&lab.hosts[1].uuid(), "stopped");
    lab.rancher.set_container_state(&lab.hosts[2].uuid(), "stopped");
    thread::sleep(Duration::from_millis(500));
    let (code, text, errors) = frozen(host, &[]);
    assert_eq!((code, errors.as_str()), (1, ""), "{text}");
    assert!(text.contains("stands: init") && text.contains("would do: claim"), "{text}");
    for host in &lab.hosts {
        host.monitor.thaw();
        lab.rancher.set_container_state(&host.uuid(), "running");
    }
    lab.eventually(LIMIT, || is_well(&lab, 1));

    for host in &lab.hosts {
        let (code, text, errors) = frozen(host, &[]);
        assert_eq!((code, errors.as_str()), (0, ""), "{text}");
        assert!(text.contains("nothing to do"), "{text}");
    }
    let leader = &lab.hosts[lab.leader().unwrap()];
    let (code, text, errors) = frozen(leader, &["--manager-scale=3", "--format=json"]);
    assert_eq!((code, errors.as_str()), (1, ""), "{text}");
    let printed: Value = serde_json::from_str(&text).unwrap();
    // Nobody becomes a voter before the record tells so.
    let voters = &printed["plan"]["desired_record"]["voters"];
    assert_eq!(voters.as_array().map(Vec::len), Some(2), "{text}");
    assert!(printed["plan"]["change"].is_null(), "{text}");
    let (code, text, _) = frozen(leader, &["--manager-scale=3"]);
    assert!(code == 1 && text.contains("would record: 3 nodes"), "{text}");
    let record = || {
        leader.monitor.freeze();
        thread::sleep(Duration::from_millis(300));
        let mut metadata = lab.rancher.service_metadata();
        metadata["swarmkit"]["voters"] = voters.clone();
        lab.rancher.set_service_metadata(metadata);
    };
    record();
    let (code, text, errors) = frozen(leader, &["--manager-scale=3", "--format=json"]);
    assert_eq!((code, errors.as_str()), (1, ""), "{text}");
    let printed: Value = serde_json::from_str(&text).unwrap();
    assert!(printed["plan"]["change"]["promote"]["id"].is_string(), "{text}");
    assert_eq!(printed["view"]["swarm"]["Ok"]["nodes"].as_array().map(Vec::len), Some(3), "{text}");
    record();
    let (code, text, _) = frozen(leader, &["--manager-scale=3"]);
    assert!(code == 1 && text.contains("would do: promote"), "{text}");

    lab.rancher.refuse(Kind::Metadata);
    let (code, _, errors) = frozen(leader, &[]);
    assert!(code == 2 && errors.starts_with("swarmkit-mon: rancher-metadata cannot be seen: "), "{code} {errors}");
    assert_eq!(errors.lines().count(), 1, "{errors}");
    lab.rancher.accept(Kind::Metadata);
    let worker = lab.hosts.iter().find(|host| host.index != leader.index).unwrap();
    worker.engine.freeze();
    let (code, text, errors) = run_plan(worker, &["--format=json"]);
    worker.engine.thaw();
    assert!(code == 2 && errors.starts_with("swarmkit-mon: the engine cannot be seen: "), "{code} {errors}");
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["plan"]["stage"], "no_engine", "{text}");
    lab.eventually(LIMIT, || is_well(&lab, 1));
}

fn port_taken() {
    let lab = Lab::start(1);
    let host = &lab.hosts[0];
    host.start_monitor(&QUICK);
    lab.eventually(LIMIT, || is_well(&lab, 1));
    let second = Command::new("nsenter")
        .arg(format!("--net=/run/netns/{}", host.place.namespace))
        .args(["env", "-i"])
        .arg(swarm_lab::programs::swarmkit_mon())
        .output()
        .unwrap();
    let errors = String::from_utf8(second.stderr).unwrap();
    assert_eq!(second.status.code(), Some(2), "{errors}");
    let last = errors.lines().last().unwrap();
    assert!(last.starts_with("swarmkit-mon: the health port 2378 cannot be opened"), "{errors}");
    assert!(last.contains("another monitor"), "{errors}");
    assert_eq!(is_well(&lab, 1), Ok(()));
}

fn lines() {
    let lab = Lab::start(2);
    lab.hosts[0].start_monitor(&[QUICK[0], ("LOG_FORMAT", "json"), ("LOG_LEVEL", "debug")]);
    lab.hosts[1].start_monitor(&[QUICK[0], ("LOG_LEVEL", "debug")]);
    lab.eventually(LIMIT, || is_well(&lab, 1));
    lab.rancher.fault(Filter::api(), Fault::edit(|value| *value = Value::from("two\nlines \u{1b}[31m\r\nand more")));
    lab.rancher.fault(Filter::metadata(), Fault::status(404).times(2));
    lab.eventually(LIMIT, || says(&lab.hosts[0], "lease_holder", "is to act, but cannot"));
    lab.rancher.clear_faults();
    lab.eventually(LIMIT, || is_well(&lab, 1));
    for host in &lab.hosts {
        ends_at_once(host, "has logged");
    }
    let json = lab.hosts[0].log();
    let mut stages = 0;
    for line in json.lines() {
        let event: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(event["timestamp"].is_string() && event["level"].is_string() && event["message"].is_string(), "{line}");
        stages += usize::from(event["stage"].is_string() && event["reason"].is_string());
    }
    assert!(stages > 2, "{json}");
    let text = lab.hosts[1].log();
    assert!(text.lines().count() > 5, "{text}");
    for line in text.lines() {
        let level = line.split_whitespace().nth(1).unwrap_or_default();
        assert!(["ERROR", "WARN", "INFO", "DEBUG", "TRACE"].contains(&level), "{line:?}");
        assert!(!line.contains('\u{1b}') && line.starts_with("20"), "{line:?}");
    }
}

fn calm() {
    let labs: Vec<Lab> = [3, 6].into_iter().map(Lab::start).collect();
    for lab in &labs {
        lab.start_monitors(&[("MANAGER_SCALE", "1")]);
    }
    for lab in &labs {
        lab.eventually(LIMIT, || is_well(lab, 1));
    }
    thread::sleep(Duration::from_secs(5));
    let marks: Vec<usize> = labs.iter().map(|lab| lab.rancher.log_length()).collect();
    let used = |host: &Host| host.monitor.processor_time().unwrap();
    let before: Vec<Duration> = labs.iter().flat_map(|lab| &lab.hosts).map(used).collect();
    thread::sleep(Duration::from_secs(10));
    // One thing does happen.
    for lab in &labs {
        lab.rancher.set_label(&lab.hosts[0].uuid(), "news", Some("1"));
    }
    thread::sleep(Duration::from_secs(10));
    let after: Vec<Duration> = labs.iter().flat_map(|lab| &lab.hosts).map(used).collect();
    let most = before.iter().zip(&after).map(|(before, after)| *after - *before).max().unwrap();
    println!("processor time in 20 s: {most:?} at the most");
    assert!(most < Duration::from_millis(400), "{most:?}");

    for (lab, mark) in labs.iter().zip(marks) {
        let counts = lab.rancher.counts_since(mark);
        let (mut most_asked, mut writes) = (0, 0);
        for host in &lab.hosts {
            let own = counts.iter().filter(|((source, ..), _)| *source == host.source());
            let (mut metadata, mut api) = (0, 0);
            for ((_, kind, method, _), times) in own {
                *(if *kind == Kind::Metadata { &mut metadata } else { &mut api }) += times;
                writes += if method == "GET" { 0 } else { *times };
            }
            println!(
                "{} hosts, host {} ({}): {metadata} requests to metadata, {api} to the API, {} KiB",
                lab.hosts.len(),
                host.index,
                standing(host).unwrap().0,
                host.monitor.memory().unwrap() >> 10
            );
            if standing(host).unwrap().0 == "member" {
                assert_eq!(api, 0, "a worker asks the API: {counts:?}");
                most_asked = most_asked.max(metadata);
            }
        }
        assert!(writes <= 2, "more than a heartbeat: {counts:?}");
        // Each change is waited for and read, whatever the number of hosts; a wait that ends without one begins anew.
        let changes = writes + 1;
        assert!(most_asked <= 2 * changes + 3, "asked {most_asked} times in {changes} changes: {counts:?}");
    }

    let memory = labs.iter().flat_map(|lab| &lab.hosts).map(|host| host.monitor.memory().unwrap()).max().unwrap();
    println!("resident: {:.1} MB at the most", memory as f64 / 1e6);
    assert!(memory < if cfg!(debug_assertions) { 40_000_000 } else { 10_000_000 }, "{memory}");
}
