//! Two things at once, and what somebody else writes: labels, answers, a stack that is half upgraded. Each is set up on real
//! engines; a healthy swarm loses nothing by it, and what is to heal heals.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;
use swarm_lab::trial::Trial;

use serde_json::{Value, json};
use swarm_lab::lab::{self, Fault, Filter, Lab, ServiceState, missing};
use swarm_lab::says::standing;
use swarm_lab::trial::{campaign, trial};
use swarm_lab::well::{have_managers, is_well};
use swarmkit_mon::seal::{self, Joins, KeyPair};

const LIMIT: Duration = Duration::from_secs(90);
const QUICK: [(&str, &str); 2] = [("RECONCILE_PERIOD", "1"), ("GRACE_PERIOD", "5")];

pub fn trials() -> Vec<Trial> {
    let missing = missing();
    vec![
        campaign("a_clone_does_not_take_the_place_of_a_host_that_reboots", missing, clone_while_it_reboots),
        trial("metadata_that_lies_moves_no_host_out_of_its_swarm", missing, metadata_lies),
        trial("metadata_that_lies_brings_no_host_into_another_swarm", missing, metadata_lies_to_one_that_waits),
        campaign("two_lies_of_metadata_to_every_host_for_five_minutes_change_nothing", missing, two_lies),
        campaign("another_acts_for_a_leader_whose_monitor_cannot", missing, leader_without_api),
        campaign("a_token_in_the_record_comes_before_an_old_one_in_a_label", missing, old_token),
        campaign("a_join_token_is_of_no_use_two_minutes_after_the_last_host_joined", missing, no_use_of_a_token),
        campaign("a_node_removed_by_hand_while_an_upgrade_is_unfinished_joins_anew", missing, removed_while_upgraded),
        campaign("labels_that_others_write_make_no_storm_of_writes", missing, odd_labels),
    ]
}

fn well_lab(hosts: usize) -> Lab {
    let lab = Lab::start(hosts);
    lab.start_monitors(&QUICK);
    lab.eventually(LIMIT, || is_well(&lab, if hosts < 3 { 1 } else { 3 }));
    lab
}

fn worker(lab: &Lab) -> usize {
    (0..lab.hosts.len()).find(|index| !lab.managers().contains(index)).unwrap()
}

fn node(host: &lab::Host) -> Value {
    host.swarm().map(|swarm| swarm["NodeID"].clone()).unwrap_or_default()
}

fn is_active(host: &lab::Host) -> Result<(), String> {
    match host.swarm()?["LocalNodeState"].as_str() {
        Some("active") => Ok(()),
        state => Err(format!("host {} is {state:?}", host.index)),
    }
}

/// A new host with the identity of a manager, which is then off for as long as a reboot takes.
fn clone_while_it_reboots() {
    let settings = [QUICK[0], ("GRACE_PERIOD", "60")];
    let lab = Lab::builder(5).unregistered(&[4]).start();
    lab.hosts[..4].iter().for_each(|host| host.start_monitor(&settings));
    lab.eventually(LIMIT, || swarm_lab::well::are_well(&lab, &[0, 1, 2, 3], 3));
    let leader = lab.leader().unwrap();
    let of = &lab.hosts[*lab.managers().iter().find(|index| **index != leader).unwrap()];
    let (clone, before) = (&lab.hosts[4], node(of));
    lab.clone_identity(clone, of);
    clone.start_monitor(&settings);
    let refuses = || match standing(clone)? {
        (stage, _) if stage == "refused" => Ok(()),
        other => Err(format!("{other:?}")),
    };
    lab.eventually(LIMIT, refuses);
    of.kill_host();
    // One that starts anew meanwhile has never met the other.
    clone.restart_monitor();
    thread::sleep(Duration::from_secs(24));
    assert!(is_active(clone).is_err(), "{}", lab.report());
    of.start_host();
    lab.eventually(LIMIT, refuses);
    lab.eventually(LIMIT, || {
        is_active(of)?;
        if node(of) == before && lab.managers().contains(&of.index) {
            Ok(())
        } else {
            Err(format!("it is {}", node(of)))
        }
    });
    assert!(is_active(clone).is_err(), "{}", lab.report());
}

/// What rancher-metadata tells of another swarm that somebody keeps, with a token for this host in it.
fn lie(lab: &Lab, host: &lab::Host) -> Fault {
    let (uuid, heartbeat) = (host.uuid(), AtomicU64::new(100));
    // A member has no key among its labels any more; one that it never had will do then.
    let key = lab.labels(host).remove("swarmkit.key").unwrap_or_else(|| KeyPair::generate().public().to_owned());
    let sealed = seal::seal("SWMTKN-1-of-another-swarm", &key, Joins { host: &uuid, cluster: "another" }).unwrap();
    Fault::edit(move |tree| {
        let heartbeat = heartbeat.fetch_add(1, Ordering::SeqCst);
        for service in tree["services"].as_array_mut().into_iter().flatten() {
            service["metadata"]["swarmkit"] = json!({
                "cluster": "another", "managers": ["198.18.0.99:2377"], "members": {"x": "y"}, "voters": ["y"],
                "lease": {"host": "x", "heartbeat": heartbeat},
                "tokens": {uuid.as_str(): {"key": key, "mark": "x", "sealed": sealed}},
            });
        }
    })
}

/// rancher-metadata tells one host of another swarm; the API tells the truth.
fn metadata_lies() {
    let lab = well_lab(2);
    let host = &lab.hosts[worker(&lab)];
    let before = node(host);
    lab.rancher.fault(Filter::metadata().from(host.source()), lie(&lab, host));
    lab.always(Duration::from_secs(30), || {
        if node(host) == before { Ok(()) } else { Err("it is another node".to_owned()) }
    });
    assert!(host.log().contains("rancher-metadata tells another record than Rancher's API"), "{}", lab.report());
    lab.rancher.clear_faults();
    lab.eventually(LIMIT, || is_well(&lab, 1));
}

/// Every host is told of another swarm, half of them also that they are the only host there is; the API tells the truth.
fn two_lies() {
    let lab = well_lab(4);
    let (nodes, managers): (Vec<Value>, _) = (lab.hosts.iter().map(node).collect(), lab.managers());
    for host in &lab.hosts {
        lab.rancher.fault(Filter::metadata().from(host.source()), lie(&lab, host));
        if host.index % 2 == 0 {
            let uuid = host.uuid();
            let alone = Fault::edit(move |tree| {
                tree["hosts"].as_array_mut().into_iter().for_each(|hosts| hosts.retain(|host| host["uuid"] == *uuid));
            });
            lab.rancher.fault(Filter::metadata().from(host.source()), alone);
        }
    }
    lab.always(Duration::from_secs(300), || {
        let look = lab.look();
        let told: Vec<Value> =
            look.swarms.iter().map(|told| told.clone().unwrap_or_default()["NodeID"].take()).collect();
        if told != nodes || look.managers() != managers || look.nodes()?.len() != nodes.len() {
            return Err(format!("the nodes are {told:?}, the managers {:?}", look.managers()));
        }
        Ok(())
    });
    lab.rancher.clear_faults();
    lab.eventually(LIMIT, || is_well(&lab, 3));
}

/// The same to a host that waits: it is in no swarm, and finds a token that is sealed to its key.
fn metadata_lies_to_one_that_waits() {
    let lab = Lab::builder(3).unregistered(&[2]).start();
    lab.hosts[..2].iter().for_each(|host| host.start_monitor(&QUICK));
    lab.eventually(LIMIT, || swarm_lab::well::are_well(&lab, &[0, 1], 1));
    let (host, leader) = (&lab.hosts[2], &lab.hosts[lab.leader().unwrap()]);
    // It waits, as nobody gives it a token.
    leader.monitor.freeze();
    lab.register(host);
    host.start_monitor(&QUICK);
    lab.eventually(LIMIT, || match standing(host)? {
        (stage, _) if stage == "wait_token" => Ok(()),
        other => Err(format!("{other:?}")),
    });
    let mark = lab.rancher.log().len();
    lab.rancher.fault(Filter::metadata().from(host.source()), lie(&lab, host));
    lab.always(Duration::from_secs(15), || {
        if host.log().contains("joins by 198.18.0.99") { Err("it goes there".to_owned()) } else { Ok(()) }
    });
    assert!(lab.rancher.log_since(mark).iter().any(|asked| asked.path.contains("/services/")), "the API is asked");
    assert!(host.log().contains("tells another swarm to join than Rancher's API"), "{}", lab.report());
    lab.rancher.clear_faults();
    leader.monitor.thaw();
    lab.eventually(LIMIT, || is_well(&lab, 3));
}

/// Rancher's API answers all but the host of the leader.
fn leader_without_api() {
    let lab = well_lab(5);
    let leader = lab.leader().unwrap();
    lab.rancher.fault(Filter::api().from(lab.hosts[leader].source()), Fault::status(503));
    let lost = *lab.managers().iter().find(|index| **index != leader).unwrap();
    lab.hosts[lost].kill_host();
    let rest: Vec<usize> = (0..5).filter(|index| *index != lost).collect();
    let took = lab.eventually(LIMIT, || have_managers(&lab, &rest, 3));
    println!("repaired by another after {took:.1?}");
}

/// A token was handed over by a label, and is worth nothing any more once the host can use it.
fn old_token() {
    let lab = well_lab(4);
    lab.rancher.set_service_state(ServiceState::Upgrading);
    let host = &lab.hosts[worker(&lab)];
    for manager in lab.managers() {
        lab.network.close_port(&host.place, lab.hosts[manager].address(), 2377);
    }
    host.engine.post("/swarm/leave?force=1", &Value::Null).unwrap().good().unwrap();
    lab.eventually(LIMIT, || match lab.labels(host).contains_key("swarmkit.token") {
        true => Ok(()),
        false => Err("no token is handed over".to_owned()),
    });
    lab.rancher.set_service_state(ServiceState::Active);
    let leader = &lab.hosts[lab.leader().unwrap()];
    assert!(leader.engine.docker(&["swarm", "join-token", "--rotate", "worker"]).status().unwrap().success());
    for manager in lab.managers() {
        lab.network.open_port(&host.place, lab.hosts[manager].address(), 2377);
    }
    let took = lab.eventually(Duration::from_secs(45), || is_active(host));
    println!("joined after {took:.1?}");
}

/// Whoever has learned the token that a host joined with joins by it no more; a host of the environment gets a new one.
fn no_use_of_a_token() {
    let lab = well_lab(4);
    let token = |host: &lab::Host| {
        let said = host.engine.get("/swarm").unwrap().good().unwrap();
        said["JoinTokens"]["Worker"].as_str().unwrap().to_owned()
    };
    let at_first = token(&lab.hosts[lab.leader().unwrap()]);
    lab.eventually(Duration::from_secs(120), || {
        match token(&lab.hosts[lab.leader().ok_or("no leader")?]) == at_first {
            true => Err("it is still the same".to_owned()),
            false => Ok(()),
        }
    });
    let host = &lab.hosts[worker(&lab)];
    host.engine.post("/swarm/leave?force=1", &Value::Null).unwrap().good().unwrap();
    let took = lab.eventually(LIMIT, || is_active(host));
    println!("joined with a new one after {took:.1?}");
}

/// What is recorded is stored and told to nobody, unless something else in the environment changes.
fn removed_while_upgraded() {
    let lab = well_lab(4);
    lab.rancher.set_service_state(ServiceState::Upgraded);
    let host = &lab.hosts[worker(&lab)];
    let before = node(host);
    let leader = &lab.hosts[lab.leader().unwrap()];
    let path = format!("/nodes/{}?force=1", before.as_str().unwrap());
    leader.engine.delete(&path).unwrap().good().unwrap();
    let took = lab.eventually(Duration::from_secs(60), || {
        is_active(host)?;
        if node(host) == before { Err("it is the node that was removed".to_owned()) } else { Ok(()) }
    });
    println!("joined anew after {took:.1?}");
    lab.rancher.set_service_state(ServiceState::Active);
    lab.eventually(LIMIT, || is_well(&lab, 3));
}

/// A key that is none, on a host whose monitor does not run; a question of a host that is gone.
fn odd_labels() {
    let lab = well_lab(4);
    let host = &lab.hosts[worker(&lab)];
    host.kill_host();
    lab.rancher.set_host_state(&host.uuid(), lab::HostState::Disconnected);
    thread::sleep(Duration::from_secs(20));
    lab.rancher.change(|environment| {
        let labels = &mut environment.host_mut(&host.uuid()).labels;
        labels.remove("swarmkit.node");
        labels.insert("swarmkit.key".to_owned(), "x\u{1b}[31m".to_owned());
        labels.insert("swarmkit.doubt".to_owned(), "true".to_owned());
    });
    thread::sleep(Duration::from_secs(5));
    let mark = lab.rancher.log_length();
    thread::sleep(Duration::from_secs(15));
    let writes = lab.rancher.log_since(mark).into_iter().filter(|asked| asked.method == "PUT").count();
    assert!(writes <= 2, "{writes} writes in 15 periods\n{}", lab.report());
}
