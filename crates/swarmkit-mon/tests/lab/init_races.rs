//! One swarm, never two, on real engines: whoever else founds one, dies half-way, or has one already.

use std::fs;
use std::thread;
use std::time::Duration;
use swarm_lab::lab;
use swarm_lab::trial;
use swarm_lab::trial::Trial;

use serde_json::{Value, json};
use swarm_lab::lab::{Fault, Filter, Host, Lab, missing};
use swarm_lab::says::says;
use swarm_lab::trial::{campaign, trial};
use swarm_lab::well::{are_well, is_well};

const LIMIT: Duration = Duration::from_secs(90);
const QUICK: [(&str, &str); 1] = [("RECONCILE_PERIOD", "2")];

pub fn trials() -> Vec<Trial> {
    let missing = missing();
    vec![
        trial::ranchers_own_metadata(swarm_lab::real_parts::missing()),
        campaign("two_that_both_think_they_are_first_make_one", missing, both_first),
        campaign("a_founder_that_dies_at_any_step_comes_back_to_one_swarm_its_own_or_another", missing, || {
            together(&[
                killed_after_claim,
                killed_before_it_noted_the_swarm,
                killed_before_record,
                killed_after_record,
                claim_expires,
                made_and_never_recorded,
            ]);
        }),
        trial("what_is_there_already_is_adopted_or_left_alone", missing, || {
            together(&[adopted, two_swarms, unreachable, others_swarms]);
        }),
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

/// What somebody did by hand, or another program.
fn init(host: &Host) -> String {
    let body = json!({"ListenAddr": "0.0.0.0:2377", "AdvertiseAddr": host.address().to_string()});
    host.engine.post("/swarm/init", &body).unwrap().good().unwrap();
    cluster(host).unwrap()
}

fn join(host: &Host, to: &Host, role: &str) {
    let token = to.engine.get("/swarm").unwrap().good().unwrap()["JoinTokens"][role].take();
    let body = json!({
        "ListenAddr": "0.0.0.0:2377", "AdvertiseAddr": host.address().to_string(), "JoinToken": token,
        "RemoteAddrs": [format!("{}:2377", to.address())],
    });
    host.engine.post("/swarm/join", &body).unwrap().good().unwrap();
}

fn leave(host: &Host) {
    host.engine.post("/swarm/leave?force=1", &Value::Null).unwrap().good().unwrap();
}

fn cluster(host: &Host) -> Option<String> {
    host.swarm().ok()?["Cluster"]["ID"].as_str().map(str::to_owned)
}

fn node(host: &Host) -> String {
    host.swarm().unwrap()["NodeID"].as_str().unwrap().to_owned()
}

/// What the host remembers.
fn remember(host: &Host, state: &Value) {
    fs::create_dir_all(host.state_folder()).unwrap();
    fs::write(host.state_folder().join("swarmkit-mon.json"), state.to_string()).unwrap();
}

fn remembered(host: &Host) -> Value {
    let text = fs::read(host.state_folder().join("swarmkit-mon.json")).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

fn record(lab: &Lab) -> Value {
    lab.rancher.service_metadata().get("swarmkit").cloned().unwrap_or_default()
}

/// Tasks that run, by their IDs.
fn tasks(lab: &Lab) -> Vec<String> {
    let mut tasks: Vec<String> = lab.list("/tasks").unwrap_or_default().iter().map(task).collect();
    tasks.sort();
    tasks
}

fn task(task: &Value) -> String {
    format!("{} on {} {}", task["ID"], task["NodeID"], task["Status"]["State"])
}

fn run_a_service(host: &Host) {
    host.engine.import_busybox().unwrap();
    host.engine.create_sleeper("theirs", 1, None).unwrap();
}

fn good(good: bool, what: &str) -> Result<(), String> {
    if good { Ok(()) } else { Err(what.to_owned()) }
}

fn both_first() {
    let mut races = 0;
    for (round, api_ms) in [0, 200, 30].into_iter().enumerate() {
        let lab = Lab::builder(3).metadata_delay(Duration::from_millis(50 * round as u64)).start();
        lab.rancher.fault(Filter::api().method("PUT"), Fault::delay(Duration::from_millis(api_ms)).times(6));
        for host in &lab.hosts {
            // Each sees itself alone.
            let own = host.uuid();
            let lonely = Fault::edit(move |tree| {
                for service in tree["services"].as_array_mut().into_iter().flatten() {
                    if let Some(Value::Array(containers)) = service.get_mut("containers") {
                        containers.retain(|container| container["host_uuid"] == own.as_str());
                    }
                }
            });
            lab.rancher.fault(Filter::metadata().path("/services").from(host.source()), lonely);
        }
        lab.start_monitors(&QUICK);
        lab.eventually(LIMIT, || {
            good(lab.clusters().iter().collect::<std::collections::BTreeSet<_>>().len() == 1, "not one swarm yet")?;
            lab.expect_one_swarm(3)
        });
        lab.rancher.clear_faults();
        let took = lab.eventually(LIMIT, || is_well(&lab, 3));
        println!("round {round}: well {took:.1?} later");
        let claims: Vec<usize> = (0..3).filter(|at| lab.hosts[*at].log().contains("action=\"claim\" why=")).collect();
        println!("hosts that claimed: {claims:?}");
        races += usize::from(claims.len() > 1);
    }
    assert!(races > 0, "there was no race");
}

/// Two hosts, of which the first is to found; it can write nothing but its claim.
fn with_a_claim() -> Lab {
    let lab = Lab::builder(2).rancher_metadata_if_there().start();
    lab.start_monitors(&QUICK);
    lab.eventually(LIMIT, || good(record(&lab)["claim"]["host"] == lab.hosts[0].uuid().as_str(), "no claim"));
    lab.rancher.fault(Filter::api().method("PUT").from(lab.hosts[0].source()), Fault::status(503));
    lab
}

fn comes_back_to_one(lab: &Lab, cluster_before: Option<String>) {
    thread::sleep(Duration::from_secs(3));
    assert_eq!(cluster(&lab.hosts[1]), None, "{}", lab.report());
    lab.rancher.clear_faults();
    lab.hosts[0].resume_monitor();
    lab.eventually(LIMIT, || is_well(lab, 1));
    if cluster_before.is_some() {
        assert_eq!(cluster(&lab.hosts[0]), cluster_before, "{}", lab.report());
    }
    assert_eq!(record(lab)["cluster"].as_str(), cluster(&lab.hosts[0]).as_deref());
}

fn killed_after_claim() {
    let lab = with_a_claim();
    lab.hosts[0].monitor.kill();
    let made = cluster(&lab.hosts[0]);
    comes_back_to_one(&lab, made);
}

/// Between making the swarm and writing down which one it is.
fn killed_before_it_noted_the_swarm() {
    let lab = with_a_claim();
    lab.eventually(LIMIT, || good(cluster(&lab.hosts[0]).is_some(), "no swarm"));
    lab.hosts[0].monitor.kill();
    let nonce = record(&lab)["claim"]["nonce"].clone();
    remember(&lab.hosts[0], &json!({"init": nonce}));
    comes_back_to_one(&lab, cluster(&lab.hosts[0]));
}

fn killed_before_record() {
    let lab = with_a_claim();
    let host = &lab.hosts[0];
    lab.eventually(LIMIT, || good(remembered(host)["made"].is_string(), "it remembers no swarm"));
    host.monitor.kill();
    assert!(record(&lab).get("cluster").is_none());
    comes_back_to_one(&lab, cluster(host));
}

fn killed_after_record() {
    let lab = Lab::builder(2).rancher_metadata_if_there().start();
    lab.start_monitors(&QUICK);
    lab.eventually(LIMIT, || good(record(&lab)["cluster"].is_string(), "no record"));
    let host = &lab.hosts[0];
    host.monitor.kill();
    let made = cluster(host);
    host.resume_monitor();
    lab.eventually(LIMIT, || is_well(&lab, 1));
    assert_eq!(cluster(host), made);
}

/// The initiator's machine is lost before it made anything.
fn claim_expires() {
    let lab = Lab::builder(3).rancher_metadata_if_there().start();
    let lost = &lab.hosts[0];
    lab.start_monitors(&QUICK);
    lab.eventually(LIMIT, || good(record(&lab)["claim"].is_object(), "no claim"));
    lost.kill_host();
    lab.rancher.set_container_state(&lost.uuid(), "stopped");
    lab.rancher.set_host_state(&lost.uuid(), lab::HostState::Disconnected);
    let took = lab.eventually(LIMIT, || good(record(&lab)["cluster"].is_string(), "nobody else founds"));
    println!("another founds {took:.1?} after the initiator was lost");
    lab.eventually(LIMIT, || lab.expect_swarm_of(&[1, 2], 1));
    lab.rancher.set_host_state(&lost.uuid(), lab::HostState::Active);
    lab.rancher.set_container_state(&lost.uuid(), "running");
    lost.start_host();
    lab.eventually(LIMIT, || is_well(&lab, 3));
}

/// The initiator made one, could not record it, and comes back when another one is recorded.
fn made_and_never_recorded() {
    let lab = with_a_claim();
    let initiator = &lab.hosts[0];
    lab.eventually(LIMIT, || good(remembered(initiator)["made"].is_string(), "it remembers no swarm"));
    initiator.monitor.kill();
    lab.rancher.set_container_state(&initiator.uuid(), "stopped");
    let lost = cluster(initiator);
    lab.eventually(LIMIT, || good(record(&lab)["cluster"].is_string(), "nobody else founds"));
    assert!(cluster(&lab.hosts[1]) != lost && record(&lab)["cluster"].as_str() == cluster(&lab.hosts[1]).as_deref());
    // Services run in it by now: then it is somebody's, and stays.
    run_a_service(initiator);
    lab.rancher.clear_faults();
    lab.rancher.set_container_state(&initiator.uuid(), "running");
    initiator.resume_monitor();
    lab.eventually(LIMIT, || says(initiator, "foreign", "it is left alone"));
    lab.always(Duration::from_secs(4), || good(cluster(initiator) == lost, "it has left its swarm"));
    assert_eq!(initiator.ping().unwrap().0, 503);
    // And without them it is nobody's.
    initiator.engine.docker(&["service", "rm", "theirs"]).status().unwrap();
    lab.eventually(LIMIT, || is_well(&lab, 1));
}

fn adopted() {
    let lab = Lab::builder(3).rancher_metadata_if_there().start();
    // Not the host that would have made one.
    let host = &lab.hosts[1];
    let theirs = init(host);
    run_a_service(host);
    lab.eventually(LIMIT, || good(tasks(&lab).iter().any(|task| task.contains("running")), "no task runs"));
    let before = tasks(&lab);
    lab.start_monitors(&QUICK);
    let took = lab.eventually(LIMIT, || is_well(&lab, 3));
    println!("adopted after {took:.1?}");
    assert_eq!((record(&lab)["cluster"].as_str(), tasks(&lab)), (Some(theirs.as_str()), before));
}

fn two_swarms() {
    let lab = Lab::builder(3).rancher_metadata_if_there().start();
    let theirs = [init(&lab.hosts[0]), init(&lab.hosts[1])];
    lab.hosts[..2].iter().for_each(run_a_service);
    lab.start_monitors(&QUICK);
    for host in &lab.hosts[..2] {
        lab.eventually(LIMIT, || says(host, "foreign", "two swarms and none recorded"));
        assert_eq!(host.ping().unwrap().0, 503);
    }
    lab.eventually(LIMIT, || says(&lab.hosts[2], "wait_leader", "of a swarm, which is not recorded yet"));
    lab.always(Duration::from_secs(10), || {
        let both: Vec<_> = lab.hosts[..2].iter().filter_map(cluster).collect();
        good(both == theirs && cluster(&lab.hosts[2]).is_none() && record(&lab)["cluster"].is_null(), "not left alone")
    });
    // Whoever is right leaves the other: an operator says which.
    leave(&lab.hosts[0]);
    lab.eventually(LIMIT, || is_well(&lab, 3));
    assert_eq!(record(&lab)["cluster"], theirs[1].as_str());
}

/// However unreachable a recorded swarm looks, there is no second one.
fn unreachable() {
    let lab = Lab::builder(2).rancher_metadata_if_there().start();
    let gone = json!({"cluster": "gone", "managers": ["198.18.255.250:2377"], "members": {"a": "b"}});
    lab.rancher.set_service_metadata(json!({"swarmkit": gone}).as_object().unwrap().clone());
    lab.start_monitors(&QUICK);
    for host in &lab.hosts {
        lab.eventually(LIMIT, || says(host, "wait_token", "a swarm is recorded; this host waits for its join token"));
        assert_eq!(host.ping().unwrap().0, 503);
    }
    lab.always(Duration::from_secs(40), || {
        good(lab.hosts.iter().all(|host| cluster(host).is_none()), "there is a second swarm")?;
        good(record(&lab) == gone, "the record has changed")
    });
}

/// A host whose engine is in a swarm that is not this environment's.
fn others_swarms() {
    let lab = Lab::builder(4).unregistered(&[3]).rancher_metadata_if_there().start();
    let (host, stranger) = (&lab.hosts[2], &lab.hosts[3]);
    let theirs = init(stranger);
    for at in [0, 1] {
        lab.hosts[at].start_monitor(&QUICK);
    }
    lab.rancher.set_container_state(&host.uuid(), "stopped");
    lab.eventually(LIMIT, || are_well(&lab, &[0, 1], 1));
    lab.rancher.set_container_state(&host.uuid(), "running");

    join(host, stranger, "Worker");
    let own = node(host);
    host.start_monitor(&QUICK);
    let alone = |part: &str| {
        lab.eventually(LIMIT, || says(host, "foreign", part));
        lab.always(Duration::from_secs(4), || {
            good(node(host) == own, "it is another node")?;
            good(host.ping()?.0 == 503, "it says that it is well")
        });
    };
    alone("worker of a swarm that is not this environment's");
    // It becomes a manager there: still not ours.
    stranger.engine.docker(&["node", "promote", &own]).status().unwrap();
    lab.eventually(LIMIT, || good(cluster(host).as_ref() == Some(&theirs), "not promoted"));
    alone("it is left alone");
    stranger.engine.docker(&["node", "demote", &own]).status().unwrap();
    lab.eventually(LIMIT, || good(cluster(host).is_none(), "not demoted"));
    alone("worker of a swarm that is not this environment's");

    // It was in that swarm as a member of another environment, from where it has moved here: that is over.
    host.monitor.kill();
    remember(host, &json!({"member": {"cluster": theirs, "node": own}}));
    host.resume_monitor();
    lab.eventually(LIMIT, || are_well(&lab, &[0, 1, 2], 3));

    // A swarm of its own that it made, and in which nothing runs, gives way to the recorded one.
    host.monitor.kill();
    leave(host);
    let fresh = init(host);
    remember(host, &json!({"made": fresh}));
    host.resume_monitor();
    let ours = record(&lab)["cluster"].as_str().unwrap().to_owned();
    lab.eventually(LIMIT, || good(cluster(host).is_none_or(|now| now == ours), "it has not left"));
    lab.eventually(LIMIT, || {
        let swarm = host.swarm()?;
        good(swarm["LocalNodeState"] == "active" && swarm["NodeID"] != own.as_str(), "it has not joined")
    });
    assert_eq!(cluster(stranger).as_ref(), Some(&theirs));
}
