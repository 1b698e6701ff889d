//! What Rancher really answers, and does not: a lost host that stays active, a change that nobody is told of, a record
//! that is written over, a question that is never answered. Each is set up on real engines, and comes right in its time.

use std::thread;
use std::time::{Duration, Instant};
use swarm_lab::lab;
use swarm_lab::trial;
use swarm_lab::trial::Trial;
use swarm_lab::well;

use serde_json::{Value, json};
use swarm_lab::lab::{Fault, Filter, HostState, Lab, ServiceState, missing};
use swarm_lab::says::{says, standing};
use swarm_lab::trial::{campaign, trial};
use swarm_lab::well::{have_managers, is_well};

const LIMIT: Duration = Duration::from_secs(90);
const QUICK: [(&str, &str); 2] = [("RECONCILE_PERIOD", "3"), ("GRACE_PERIOD", "5")];

pub fn trials() -> Vec<Trial> {
    let missing = missing();
    vec![
        trial::ranchers_own_metadata(swarm_lab::real_parts::missing()),
        trial("two_hosts_with_one_identity_lose_nothing_and_say_so", missing, || {
            together(&[clone_of_a_worker, clone_that_registered_last, new_clone]);
        }),
        campaign("of_two_stacks_of_the_entry_none_is_taken_at_random", missing, two_stacks),
        campaign("a_lost_host_that_the_api_calls_active_is_not_counted_on", missing, lost_in_v1),
        campaign("a_host_that_waits_during_an_upgrade_joins_whatever_becomes_of_the_record", missing, || {
            together(&[upgraded, upgrading, upgrading_and_written_over]);
        }),
        campaign("a_record_that_is_written_over_is_written_again", missing, || {
            together(&[written_over, written_over_for_new_monitors]);
        }),
        campaign("metadata_that_was_away_is_looked_at_within_two_seconds", missing, metadata_was_away),
        trial("answers_without_bounds_are_put_off_at_once", missing, || together(&[huge, long_version])),
        campaign("in_a_calm_environment_nothing_is_written_or_said", missing, calm),
        campaign("who_cannot_be_asked_whether_it_acts_answers_in_the_record", missing, asked_by_label),
    ]
}

/// All at the same time, as they mostly wait.
fn together(tests: &[fn()]) {
    thread::scope(|scope| {
        let tests: Vec<_> = tests.iter().map(|test| scope.spawn(test)).collect();
        let failed = tests.into_iter().filter_map(|test| test.join().err()).count();
        assert_eq!(failed, 0, "so many failed; their reports are above");
    });
}

fn well_lab(hosts: usize, settings: &[(&str, &str)]) -> Lab {
    let lab = Lab::start(hosts);
    lab.start_monitors(settings);
    lab.eventually(LIMIT, || is_well(&lab, if hosts < 3 { 1 } else { 3 }));
    lab
}

fn worker(lab: &Lab) -> usize {
    (0..lab.hosts.len()).find(|index| !lab.managers().contains(index)).unwrap()
}

fn record(lab: &Lab) -> Value {
    lab.rancher.service_metadata().get("swarmkit").cloned().unwrap_or_default()
}

fn clones_lab() -> Lab {
    let lab = Lab::builder(5).rancher_metadata_if_there().start();
    lab.start_monitors(&QUICK);
    lab.eventually(LIMIT, || is_well(&lab, 3));
    lab
}

/// Every host is the node that it was, with its own address.
fn nothing_is_left(lab: &Lab, nodes: &[Value]) -> Result<(), String> {
    let is: Vec<Value> = lab.hosts.iter().map(node).collect();
    if is != nodes {
        return Err(format!("the nodes are {is:?}, and were {nodes:?}"));
    }
    let roles = lab.hosts.iter().filter(|host| lab.managers().contains(&host.index)).count();
    if roles != 3 {
        return Err(format!("{roles} managers"));
    }
    let addresses: Vec<Value> =
        lab.hosts.iter().map(|host| host.swarm().unwrap_or_default()["NodeAddr"].clone()).collect();
    let own: Vec<Value> = lab.hosts.iter().map(|host| json!(host.address().to_string())).collect();
    if addresses == own { Ok(()) } else { Err(format!("the addresses are {addresses:?}")) }
}

/// A host, its log, its status and its health say that its identity is there twice, and name both hosts.
fn says_twice(host: &lab::Host, other: &lab::Host) -> Result<(), String> {
    says(host, "refused", "two hosts have one Rancher identity")?;
    let (_, why) = standing(host)?;
    let names = [&host.place.hostname, &other.place.hostname];
    match names.iter().find(|name| !why.contains(**name)) {
        Some(name) => Err(format!("{name} is not named: {why}")),
        None => Ok(()),
    }
}

/// Rancher tells a member of the swarm that it is another one, whose agent was cloned.
fn clone_of_a_worker() {
    let lab = clones_lab();
    let nodes: Vec<Value> = lab.hosts.iter().map(node).collect();
    let manager = *lab.managers().first().unwrap();
    let (clone, of) = (&lab.hosts[worker(&lab)], &lab.hosts[manager]);
    lab.clone_identity(clone, of);
    let took = lab.eventually(Duration::from_secs(30), || says_twice(clone, of));
    println!("a clone says so after {took:.1?}");
    lab.always(Duration::from_secs(40), || nothing_is_left(&lab, &nodes));
    lab.restore_identity(clone);
    lab.eventually(LIMIT, || is_well(&lab, 3));
}

/// The clone's agent has registered last: the address that Rancher has is the clone's.
fn clone_that_registered_last() {
    let lab = clones_lab();
    let nodes: Vec<Value> = lab.hosts.iter().map(node).collect();
    let (clone, of) = (&lab.hosts[worker(&lab)], &lab.hosts[*lab.managers().first().unwrap()]);
    lab.clone_identity(clone, of);
    lab.rancher.set_agent_ip(&of.uuid(), Some(clone.source()));
    let took = lab.eventually(Duration::from_secs(30), || says_twice(of, clone));
    println!("the one that was cloned says so after {took:.1?}");
    lab.always(Duration::from_secs(40), || nothing_is_left(&lab, &nodes));
    lab.rancher.set_agent_ip(&of.uuid(), Some(of.source()));
    lab.restore_identity(clone);
    lab.eventually(LIMIT, || is_well(&lab, 3));
}

/// The clone is in no swarm yet, and has nothing on its disk that tells it from a new host.
fn new_clone() {
    let lab = Lab::builder(4).unregistered(&[3]).rancher_metadata_if_there().start();
    lab.hosts[..3].iter().for_each(|host| host.start_monitor(&QUICK));
    lab.eventually(LIMIT, || well::are_well(&lab, &[0, 1, 2], 3));
    let nodes: Vec<Value> = lab.hosts[..3].iter().map(node).collect();
    let (clone, of) = (&lab.hosts[3], &lab.hosts[*lab.managers().first().unwrap()]);
    lab.clone_identity(clone, of);
    clone.start_monitor(&QUICK);
    let took = lab.eventually(Duration::from_secs(30), || says_twice(clone, of));
    println!("a new clone says so after {took:.1?}");
    // Rancher now has the clone's address.
    lab.rancher.set_agent_ip(&of.uuid(), Some(clone.source()));
    lab.eventually(Duration::from_secs(30), || says_twice(of, clone));
    let leader = &lab.hosts[lab.leader().unwrap()];
    let stays = || {
        if clone.swarm()?["LocalNodeState"] != "inactive" {
            return Err("the clone has joined".to_owned());
        }
        let is: Vec<Value> = lab.hosts[..3].iter().map(node).collect();
        if is == nodes && lab.managers().len() == 3 { Ok(()) } else { Err(format!("the nodes are {is:?}")) }
    };
    lab.always(Duration::from_secs(40), stays);
    if leader.index != of.index {
        assert!(leader.log().contains("two hosts may have one Rancher identity"), "{}", lab.report());
    }
}

/// A monitor that does not run in a container of Rancher's cannot tell which of two services is its own.
fn two_stacks() {
    let lab = well_lab(3, &QUICK);
    let host = lab.hosts.last().unwrap();
    let uuids: Vec<String> = lab.hosts.iter().map(lab::Host::uuid).collect();
    lab.rancher.change(|environment| {
        let stack = environment.add_stack("another", false);
        let service = environment.add_service(&stack, "swarmkit-mon", true);
        for uuid in &uuids {
            environment.add_container(uuid, Some(&service), None);
        }
    });
    // What it has found it keeps, whatever else there is.
    lab.always(Duration::from_secs(5), || is_well(&lab, 3));
    host.restart_monitor();
    let says = || match host.status()?["view"]["metadata"].to_string() {
        why if why.contains("2 services `swarmkit-mon`") && why.contains("remove the others") => Ok(()),
        why => Err(format!("{why:.300}")),
    };
    lab.eventually(LIMIT, says);
    // A stack that is called otherwise is the same stack.
    lab.rancher.change(|environment| environment.rename_stack("renamed"));
    lab.always(Duration::from_secs(3), || is_well(&lab, 3));
    lab.rancher.change(|environment| environment.remove_stack("another"));
    let knows = || match host.status()?["view"]["metadata"]["Ok"].is_object() {
        true => Ok(()),
        false => Err(format!("{:.300}", host.status()?["view"]["metadata"])),
    };
    lab.eventually(LIMIT, knows);
    lab.eventually(LIMIT, || is_well(&lab, 3));
}

/// In `/v1` a host whose agent is gone stays `active`; only `agentState` says it.
fn lost_in_v1() {
    let settings = [QUICK[0], QUICK[1], ("QUORUM_RECOVERY", "auto"), ("QUORUM_RECOVERY_AFTER", "60")];
    let lab = well_lab(5, &settings);
    let lost: Vec<usize> = lab.managers().into_iter().take(2).collect();
    for index in &lost {
        lab.hosts[*index].kill_host();
        lab.rancher.set_host_state(&lab.hosts[*index].uuid(), HostState::Disconnected);
    }
    let start = Instant::now();
    let rest: Vec<usize> = (0..5).filter(|index| !lost.contains(index)).collect();
    let goes_on = || {
        let alone = rest.iter().any(|index| {
            lab.hosts[*index].log().lines().any(|line| line.contains("force new cluster") && line.contains("done"))
        });
        if alone { Ok(()) } else { Err("nobody has gone on alone".to_owned()) }
    };
    lab.eventually(Duration::from_secs(60 + 5 + 30), goes_on);
    println!("goes on alone after {:.1?} of 60 s", start.elapsed());
    lab.eventually(LIMIT, || have_managers(&lab, &rest, 3));
}

/// A host leaves the swarm by hand while the service's upgrade is in this state.
fn joins_again(lab: &Lab, limit: Duration) {
    let index = worker(lab);
    let host = &lab.hosts[index];
    host.engine.post("/swarm/leave?force=1", &Value::Null).unwrap().good().unwrap();
    let active = || match host.swarm()?["LocalNodeState"].as_str() {
        Some("active") => Ok(()),
        state => Err(format!("host {index} is {state:?}")),
    };
    let took = lab.eventually(limit, active);
    println!("joined again after {took:.1?}");
}

/// Nobody has finished the upgrade: what is written is stored, and nobody is told.
fn upgraded() {
    let lab = well_lab(3 + 1, &QUICK);
    lab.rancher.set_service_state(ServiceState::Upgraded);
    joins_again(&lab, Duration::from_secs(45));
    lab.rancher.set_service_state(ServiceState::Active);
    lab.eventually(LIMIT, || is_well(&lab, 3));
}

/// The upgrade goes on: writes are refused.
fn upgrading() {
    let lab = well_lab(3 + 1, &QUICK);
    lab.rancher.set_service_state(ServiceState::Upgrading);
    joins_again(&lab, Duration::from_secs(45));
    let leader = lab.leader().unwrap();
    assert!(lab.hosts[leader].log().contains("its state is `upgrading`"), "{}", lab.report());
    lab.rancher.set_service_state(ServiceState::Active);
    lab.eventually(LIMIT, || is_well(&lab, 3));
    // It is taken away once the record may be written again.
    let is_taken_away = || match lab.hosts.iter().find(|host| lab.labels(host).contains_key("swarmkit.token")) {
        None => Ok(()),
        Some(host) => Err(format!("{} has its token still", host.uuid())),
    };
    lab.eventually(LIMIT, is_taken_away);
}

/// And the record was written over before.
fn upgrading_and_written_over() {
    let lab = well_lab(3 + 1, &QUICK);
    lab.rancher.change(|environment| environment.service_mut().state = ServiceState::Upgrading);
    lab.rancher.wipe_service_metadata();
    joins_again(&lab, Duration::from_secs(60));
    lab.rancher.set_service_state(ServiceState::Active);
    lab.eventually(LIMIT, || is_well(&lab, 3));
}

/// The swarm is what it was, node by node, and so is what the record tells of who votes.
fn is_as_before(lab: &Lab, before: &Value, nodes: &[Value]) -> Result<(), String> {
    let now = record(lab);
    for key in ["cluster", "epoch", "voters", "members", "managers"] {
        if now[key] != before[key] {
            return Err(format!("{key} is {} and was {}", now[key], before[key]));
        }
    }
    let is: Vec<Value> = lab.hosts.iter().map(node).collect();
    if is == nodes { Ok(()) } else { Err(format!("the nodes are {is:?}, and were {nodes:?}")) }
}

fn node(host: &lab::Host) -> Value {
    host.swarm().map(|swarm| swarm["NodeID"].clone()).unwrap_or_default()
}

/// An epoch in the record, as after a manager has gone on alone.
fn with_epoch(lab: &Lab) {
    lab.rancher.change(|environment| {
        environment.service_mut().metadata["swarmkit"]["epoch"] = json!(3 << 20);
    });
    let all_know = || {
        let knows = |host: &lab::Host| {
            let state = std::fs::read_to_string(host.state_folder().join("swarmkit-mon.json")).unwrap_or_default();
            state.contains(&(3_u64 << 20).to_string())
        };
        if lab.hosts.iter().all(knows) { Ok(()) } else { Err("not all hosts know the epoch".to_owned()) }
    };
    lab.eventually(LIMIT, all_know);
    lab.eventually(LIMIT, || is_well(lab, 3));
}

/// An upgrade that changes the health check makes Rancher write the service's metadata anew, without the record.
fn written_over() {
    let lab = well_lab(4, &QUICK);
    with_epoch(&lab);
    let (before, nodes): (Value, Vec<Value>) = (record(&lab), lab.hosts.iter().map(node).collect());
    for _ in 0..3 {
        lab.rancher.wipe_service_metadata();
        let took = lab.eventually(Duration::from_secs(5), || is_as_before(&lab, &before, &nodes));
        println!("the record is back after {took:.1?}");
    }
    lab.always(Duration::from_secs(5), || is_as_before(&lab, &before, &nodes));
}

/// The same, and all monitors are new before the record can be written: what they know is on the hosts' disks.
fn written_over_for_new_monitors() {
    let lab = well_lab(4, &QUICK);
    with_epoch(&lab);
    let (before, nodes): (Value, Vec<Value>) = (record(&lab), lab.hosts.iter().map(node).collect());
    lab.hosts.iter().for_each(|host| host.monitor.kill());
    lab.rancher.wipe_service_metadata();
    lab.hosts.iter().for_each(lab::Host::resume_monitor);
    let took = lab.eventually(Duration::from_secs(10), || is_as_before(&lab, &before, &nodes));
    println!("the record is back after {took:.1?} with new monitors");
    lab.eventually(LIMIT, || is_well(&lab, 3));
}

/// New questions are refused, and a long poll that was open stays open through it; a manager is lost meanwhile.
fn metadata_was_away() {
    let lab = well_lab(4, &[("RECONCILE_PERIOD", "30"), ("GRACE_PERIOD", "5")]);
    let polls = lab.rancher.fault(Filter::metadata().path("/version"), Fault::hang());
    // Those that are open are answered once, and the next ones hang.
    lab.rancher.change(|environment| environment.service_mut().metadata.insert("news".to_owned(), json!(1)));
    thread::sleep(Duration::from_secs(1));
    let all = lab.rancher.fault(Filter::metadata(), Fault::status(500));
    let lost = *lab.managers().last().unwrap();
    lab.hosts[lost].kill_host();
    let rest: Vec<usize> = (0..4).filter(|index| *index != lost).collect();
    thread::sleep(Duration::from_secs(12));
    lab.rancher.clear(all);
    let start = Instant::now();
    let leader = &lab.hosts[lab.leader().unwrap()];
    let looked = || match standing(leader)? {
        (_, why) if why.contains("does not say yet") => Err(why),
        _ => Ok(()),
    };
    let took = lab.eventually(Duration::from_secs(2), looked);
    println!("looked at {took:.1?} after it was back");
    lab.eventually(Duration::from_secs(30), || have_managers(&lab, &rest, 3));
    println!("repaired {:.1?} after it was back", start.elapsed());
    lab.rancher.clear(polls);
}

/// Answers of metadata that are too long, and such as are not and would take many times their size if all of them was kept.
fn huge() {
    let lab = well_lab(1, &QUICK);
    let host = &lab.hosts[0];
    let lists = |bytes: usize| Value::Array(vec![json!([]); bytes / 3]);
    let long = Fault::edit(|tree| tree["self"]["host"]["labels"] = json!({ "x": "x".repeat(12_000_000) }));
    stays_small(&lab, host, "more than 1048576 bytes", Filter::metadata().path("/self/host"), long);
    let (others, record) = (lists(6_000_000), lists(1_000_000));
    let nested = Fault::edit(move |tree| {
        for service in tree["services"].as_array_mut().unwrap() {
            service["metadata"] = json!({ "others": others, "swarmkit": record });
        }
    });
    stays_small(&lab, host, "that is no record", Filter::metadata().path("/services/"), nested);
}

#[track_caller]
fn stays_small(lab: &Lab, host: &lab::Host, part: &str, filter: Filter, fault: Fault) {
    let number = lab.rancher.fault(filter, fault);
    let says = || {
        let metadata = host.status()?["view"]["metadata"].to_string();
        if metadata.contains(part) { Ok(()) } else { Err(format!("it reads {metadata:.300}")) }
    };
    lab.eventually(LIMIT, says);
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(4) {
        let asked = Instant::now();
        assert_eq!(host.ping().unwrap().0, 200);
        assert!(asked.elapsed() < Duration::from_secs(1), "/ping took {:?}", asked.elapsed());
        thread::sleep(Duration::from_millis(100));
    }
    let kib = resident_kib(host);
    println!("{part}: {kib} KiB at the most");
    assert!(kib < 64 * 1024, "{kib} KiB");
    lab.rancher.clear(number);
    lab.eventually(Duration::from_secs(4), || is_well(lab, 1));
}

fn resident_kib(host: &lab::Host) -> u64 {
    let pid = host.monitor.pid().expect("a monitor that runs");
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Nothing of an answer that is no version goes into a later question.
fn long_version() {
    let lab = well_lab(1, &QUICK);
    let version = Filter::metadata().path("/version");
    let letters = "a".repeat(70_000);
    let fault = Fault::edit(move |tree| tree["version"] = json!(letters)).times(1);
    lab.rancher.fault(version, fault);
    lab.rancher.change(|environment| environment.service_mut().metadata.insert("news".to_owned(), json!(1)));
    thread::sleep(Duration::from_secs(6));
    let mark = lab.rancher.log_length();
    thread::sleep(Duration::from_secs(5));
    let asked: Vec<_> = lab.rancher.log_since(mark);
    let polls = asked.iter().filter(|asked| asked.path.ends_with("/version")).count();
    assert!(polls <= 2, "{polls} questions for news in 5 s");
    let longest = lab.rancher.log().iter().map(|asked| asked.query.len()).max().unwrap();
    assert!(longest < 200, "a question of {longest} letters");
}

/// At rest nothing is written and nothing is said; who acts is asked from manager to manager. `PERIOD_S=30` for the period
/// that is the default. Where the machine itself stands still for seconds the monitors say so: then it is looked at once more.
fn calm() {
    let period: u64 = std::env::var("PERIOD_S").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    let lab = Lab::start(5);
    lab.start_monitors(&[("RECONCILE_PERIOD", &period.to_string())]);
    lab.eventually(LIMIT, || is_well(&lab, 3));
    // What forming leaves to do.
    thread::sleep(Duration::from_secs(5));
    let lines = || lab.hosts.iter().map(|host| host.log().lines().count()).sum::<usize>();
    let is_calm = || {
        let (mark, before, leader) = (lab.rancher.log_length(), lines(), lab.leader());
        // Longer than all managers together wait for one that is silent.
        thread::sleep(Duration::from_secs(period * 26));
        let writes: Vec<_> = lab.rancher.log_since(mark).into_iter().filter(|asked| asked.method == "PUT").collect();
        assert!(writes.is_empty(), "{} writes: {writes:#?}", writes.len());
        lines() == before && lab.leader() == leader
    };
    assert!((0..3).any(|_| is_calm()), "{}", lab.report());
}

/// Where the managers cannot ask each other, whoever is in doubt asks by a label, and whoever acts answers in the record:
/// nobody else acts beside it.
fn asked_by_label() {
    let lab = well_lab(5, &[("RECONCILE_PERIOD", "1"), QUICK[1]]);
    let leader = lab.leader().unwrap();
    for host in lab.hosts.iter().filter(|host| host.index != leader) {
        lab.network.close_port(&host.place, lab.hosts[leader].address(), 2378);
    }
    let mark = lab.rancher.log_length();
    let lease = || -> Vec<usize> {
        let acts = |host: &&lab::Host| standing(host).is_ok_and(|(stage, _)| stage == "lease_holder");
        lab.hosts.iter().filter(acts).map(|host| host.index).collect()
    };
    lab.always(Duration::from_secs(26), || match lease() {
        one if one == [leader] => Ok(()),
        lease => Err(format!("{lease:?} act, and {leader} is beside the leader")),
    });
    assert!(lab.rancher.ever_saw("swarmkit.doubt").len() > 1, "nobody has asked");
    let answers = lab.rancher.service_writes_since(mark);
    assert!((1..=13).contains(&answers.len()), "{} answers", answers.len());
}
