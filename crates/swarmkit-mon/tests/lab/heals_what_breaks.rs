//! What breaks is fixed by itself, on real engines: the swarm has its managers again, services go on.

use std::cell::RefCell;
use std::thread;
use std::time::{Duration, Instant};
use swarm_lab::lab;
use swarm_lab::trial;
use swarm_lab::trial::Trial;

use serde_json::{Value, json};
use swarm_lab::lab::{HostState, Lab, missing};
use swarm_lab::trial::{campaign, trial};
use swarm_lab::well::{are_well, have_managers, is_the_only_swarm, is_well};

/// A short grace period, so that the tests are short.
const QUICK: [(&str, &str); 3] = [("RECONCILE_PERIOD", "3"), ("GRACE_PERIOD", "5"), ("LOG_LEVEL", "debug")];
const LIMIT: Duration = Duration::from_secs(120);

pub fn trials() -> Vec<Trial> {
    let missing = missing();
    vec![
        trial::ranchers_own_metadata(swarm_lab::real_parts::missing()),
        campaign("a_lost_manager_is_replaced_and_comes_back_as_a_worker", missing, lost_manager),
        trial("the_leading_host_is_lost_and_another_acts", missing, lost_leader),
        campaign("a_worker_that_becomes_manager_while_its_monitor_is_away_joins_anew", missing, promoted_alone),
        campaign("a_host_that_reboots_within_the_grace_period_keeps_its_role", missing, reboot),
        campaign("an_engine_that_is_restarted_in_good_order_keeps_its_node", missing, restarted),
        trial("a_host_removed_from_rancher_leaves_the_swarm", missing, removed_hosts),
        campaign("a_manager_made_a_worker_by_hand_is_replaced_at_once", missing, demoted),
        campaign("a_node_removed_by_hand_joins_anew", missing, removed_node),
        campaign("an_engine_that_lost_its_state_joins_anew_and_its_old_node_goes", missing, wiped_engine),
        trial("a_join_that_was_cut_off_leaves_no_node_behind", missing, cut_off_join),
        campaign("a_host_with_another_address_joins_anew", missing, moved_host),
        campaign("the_next_acts_while_the_leaders_monitor_is_silent", missing, silent_leader),
        trial("tokens_that_all_could_read_are_withdrawn_and_renewed", missing, plain_tokens),
        campaign("a_manager_that_is_cut_off_for_long_is_replaced_and_never_leaves_on_its_own", missing, cut_off),
        trial("a_quorum_lost_for_good_is_recovered_once_the_hosts_are_removed", missing, lost_quorum),
        campaign("old_managers_that_come_back_to_a_swarm_that_went_on_leave_it_at_once", missing, old_managers),
        campaign("a_quorum_lost_as_engines_were_set_up_anew_is_recovered", missing, set_up_anew),
        campaign("a_quorum_lost_before_a_thawed_manager_knows_that_it_is_none_is_recovered", missing, thawed),
    ]
}

/// A healthy swarm with a service in it.
fn well_lab(hosts: usize, settings: &[(&str, &str)]) -> (Lab, String) {
    let lab = Lab::builder(hosts).rancher_metadata_if_there().start();
    lab.start_monitors(settings);
    lab.eventually(LIMIT, || is_well(&lab, 3));
    let cluster = lab.clusters().into_iter().flatten().next().unwrap();
    let manager = *lab.managers().first().unwrap();
    for host in &lab.hosts {
        host.engine.import_busybox().unwrap();
    }
    lab.hosts[manager].engine.create_sleeper("sleeper", 2, None).unwrap();
    (lab, cluster)
}

/// The swarm is the one that it was, and its service is there.
#[track_caller]
fn is_the_same(lab: &Lab, cluster: &str) {
    lab.eventually(LIMIT, || is_the_only_swarm(lab, cluster));
    assert_eq!(lab.services().unwrap(), ["sleeper"]);
}

fn others(lab: &Lab, but: &[usize]) -> Vec<usize> {
    (0..lab.hosts.len()).filter(|index| !but.contains(index)).collect()
}

/// What the swarm may need to find out that a manager is lost, for which it elects another leader if that was it; the
/// grace period of these tests; and what the monitors may need beyond it, on a machine that has more to do.
const REPAIR: Duration = Duration::from_secs(25 + 5 + 15);

/// The node that the engine of each host is.
fn node_ids(lab: &Lab, hosts: &[usize]) -> Vec<String> {
    let id = |index: &usize| lab.hosts[*index].swarm().map(|swarm| swarm["NodeID"].to_string());
    hosts.iter().map(|index| id(index).unwrap_or_default()).collect()
}

/// What is left of an engine that died once it had its certificate, before it said anything, and was set up anew.
fn cut_off_join() {
    let lab = Lab::builder(2).unregistered(&[1]).rancher_metadata_if_there().start();
    let (manager, joins) = (&lab.hosts[0].engine, &lab.hosts[1].engine);
    lab.hosts[0].start_monitor(&QUICK);
    lab.eventually(LIMIT, || are_well(&lab, &[0], 1));
    let token = manager.get("/swarm").unwrap().good().unwrap()["JoinTokens"]["Worker"].take();
    let join = json!({
        "ListenAddr": "0.0.0.0:2377", "AdvertiseAddr": lab.hosts[1].address().to_string(), "JoinToken": token,
        "RemoteAddrs": [format!("{}:2377", lab.hosts[0].address())],
    });
    let is_mute = |node: &Value| node["Description"]["Hostname"].as_str().unwrap_or_default().is_empty();
    let mute = || lab.list("/nodes").unwrap_or_default().into_iter().find(is_mute);
    let certificate = joins.data_folder().join("swarm/certificates/swarm-node.crt");
    let left = (0..20).find_map(|_| {
        thread::scope(|scope| {
            scope.spawn(|| joins.post("/swarm/join", &join));
            let begun = Instant::now();
            while !certificate.exists() && begun.elapsed() < LIMIT {
                thread::yield_now();
            }
            joins.wipe();
        });
        let left = mute();
        joins.start();
        joins.wait_until_ready();
        left
    });
    let left = left.expect("no join of twenty was cut off between its certificate and its first word");
    lab.register(&lab.hosts[1]);
    lab.hosts[1].start_monitor(&QUICK);
    let took = lab.eventually(LIMIT, || mute().map_or(Ok(()), |node| Err(format!("{node} is still there"))));
    println!("node {} went {took:.1?} later", left["ID"]);
    lab.eventually(LIMIT, || is_well(&lab, 1));
    let log = lab.hosts[0].log();
    assert!(log.contains("was cut off"), "{log}");
}

fn lost(lab: &Lab, cluster: &str, victim: usize) {
    let rest = others(lab, &[victim]);
    let before = node_ids(lab, &rest);
    lab.hosts[victim].kill_host();
    let took = lab.eventually(REPAIR, || have_managers(lab, &rest, 3));
    println!("repaired after {took:.1?}");
    assert_eq!(node_ids(lab, &rest), before, "an engine had to join anew");
    assert_eq!(lab.nodes().unwrap().len(), lab.hosts.len(), "the host is registered, so its node stays");
    lab.hosts[victim].start_host();
    lab.eventually(LIMIT, || is_well(lab, 3));
    is_the_same(lab, cluster);
}

fn lost_manager() {
    let (lab, cluster) = well_lab(4, &QUICK);
    let leader = lab.leader().unwrap();
    let victim = lab.managers().into_iter().find(|index| *index != leader).unwrap();
    lost(&lab, &cluster, victim);
    assert!(!lab.managers().contains(&victim));
}

fn lost_leader() {
    let (lab, cluster) = well_lab(4, &QUICK);
    let leader = lab.leader().unwrap();
    lost(&lab, &cluster, leader);
    assert_ne!(lab.leader(), Some(leader));
}

fn cut_off() {
    let (lab, cluster) = well_lab(4, &QUICK);
    let before = node_ids(&lab, &others(&lab, &[]));
    let leader = lab.leader().unwrap();
    let victim = lab.managers().into_iter().find(|index| *index != leader).unwrap();
    let host = &lab.hosts[victim];
    // Rancher still sees it, and it sees Rancher.
    lab.cut(&[victim]);
    let rest = others(&lab, &[victim]);
    let took = lab.eventually(REPAIR, || have_managers_seen_by(&lab, &rest, 3));
    println!("repaired after {took:.1?}");
    // Longer than a swarm has to be without a leader for a monitor to think of going on alone.
    lab.always(Duration::from_secs(45), || {
        let change = host.status()?["plan"]["change"].take();
        if change.is_null() { Ok(()) } else { Err(format!("{change} is planned by the one that is cut off")) }
    });
    lab.heal(&[victim]);
    lab.eventually(LIMIT, || is_well(&lab, 3));
    assert_eq!(node_ids(&lab, &others(&lab, &[])), before, "an engine had to join anew");
    is_the_same(&lab, &cluster);
}

/// So many hosts among these are managers, as the first of them sees it that is one.
fn have_managers_seen_by(lab: &Lab, hosts: &[usize], wanted: usize) -> Result<(), String> {
    let managers = lab.managers();
    let first = hosts.iter().find(|index| managers.contains(index)).ok_or("no manager")?;
    let nodes = lab::swarm::nodes_seen_by(&lab.hosts[*first])?;
    let reachable = nodes.iter().filter(|node| node.reachability.as_deref() == Some("reachable")).count();
    if reachable == wanted { Ok(()) } else { Err(format!("{nodes:?}")) }
}

/// Its engine has nobody to forward it to the managers then, and breaks down.
fn promoted_alone() {
    let (lab, cluster) = well_lab(4, &QUICK);
    let leader = lab.leader().unwrap();
    let managers: Vec<usize> = lab.managers().into_iter().collect();
    let victim = managers.iter().copied().find(|index| *index != leader).unwrap();
    let worker = others(&lab, &managers)[0];
    lab.hosts[worker].monitor.kill();
    lab.hosts[victim].kill_host();
    lab.eventually(LIMIT, || match lab.hosts[worker].swarm()?["LocalNodeState"].as_str() {
        Some("error") => Ok(()),
        state => Err(format!("the worker's engine is {state:?}")),
    });
    lab.hosts[worker].resume_monitor();
    lab.eventually(LIMIT, || have_managers(&lab, &others(&lab, &[victim]), 3));
    lab.hosts[victim].start_host();
    lab.eventually(LIMIT, || is_well(&lab, 3));
    is_the_same(&lab, &cluster);
}

fn reboot() {
    let (lab, cluster) = well_lab(4, &[("RECONCILE_PERIOD", "3"), ("GRACE_PERIOD", "60")]);
    let before = lab.managers();
    let victim = lab.leader().unwrap();
    lab.hosts[victim].kill_host();
    thread::sleep(Duration::from_secs(25));
    lab.hosts[victim].start_host();
    lab.eventually(LIMIT, || is_well(&lab, 3));
    assert_eq!(lab.managers(), before);
    is_the_same(&lab, &cluster);
}

/// An engine that is about to stop says first that it is in no swarm. Its monitor sees that: it ends last, or lives on.
fn restarted() {
    let (lab, cluster) = well_lab(4, &[("RECONCILE_PERIOD", "3"), ("GRACE_PERIOD", "60")]);
    let all = others(&lab, &[]);
    let (before, managers) = (node_ids(&lab, &all), lab.managers());
    for round in 0..3 {
        for victim in &managers {
            lab.hosts[*victim].engine.restart();
            lab.eventually(LIMIT, || is_well(&lab, 3));
            assert_eq!(node_ids(&lab, &all), before, "round {round}, host {victim} had to join anew\n{}", lab.report());
        }
    }
    assert_eq!(lab.managers(), managers);
    is_the_same(&lab, &cluster);
}

fn removed_hosts() {
    let (lab, cluster) = well_lab(5, &QUICK);
    let leader = lab.leader().unwrap();
    let manager = lab.managers().into_iter().find(|index| *index != leader).unwrap();
    let worker = others(&lab, &lab.managers().into_iter().collect::<Vec<_>>())[0];
    for victim in [worker, manager] {
        // What Rancher does: the container goes, the engine stays until somebody switches the machine off.
        lab.hosts[victim].stop_monitor();
        lab.rancher.remove_host(&lab.hosts[victim].uuid(), Duration::from_millis(100));
        thread::sleep(Duration::from_secs(5));
        lab.hosts[victim].engine.kill();
    }
    let rest = others(&lab, &[worker, manager]);
    lab.eventually(LIMIT, || are_well(&lab, &rest, 3));
    is_the_same(&lab, &cluster);
    // It is registered anew, with all that it knew.
    lab.register(&lab.hosts[worker]);
    lab.hosts[worker].start_host();
    let now = others(&lab, &[manager]);
    lab.eventually(LIMIT, || are_well(&lab, &now, 3));
}

/// An engine that becomes a manager in the very moment in which it ceases to be one takes half a minute for it, in which
/// two managers are left: see `demoted_ms`.
fn demoted() {
    let (lab, cluster) = well_lab(4, &QUICK);
    let before = node_ids(&lab, &others(&lab, &[]));
    for at in 0..3 {
        let leader = lab.leader().unwrap();
        let others: Vec<usize> = lab.managers().into_iter().filter(|index| *index != leader).collect();
        let victim = others[at % others.len()];
        let engine = &lab.hosts[leader].engine;
        let node = lab.hosts[victim].swarm().unwrap()["NodeID"].as_str().unwrap().to_owned();
        let mut seen = engine.get(&format!("/nodes/{node}")).unwrap().good().unwrap();
        let update = format!("/nodes/{node}/update?version={}", seen["Version"]["Index"]);
        seen["Spec"]["Role"] = "worker".into();
        engine.post(&update, &seen["Spec"]).unwrap().good().unwrap();
        thread::sleep(Duration::from_secs(1));
        let took = lab.eventually(Duration::from_secs(20), || is_well(&lab, 3));
        println!("three managers again after {took:.1?}");
    }
    assert_eq!(node_ids(&lab, &others(&lab, &[])), before, "an engine had to join anew");
    is_the_same(&lab, &cluster);
}

fn removed_node() {
    let (lab, cluster) = well_lab(4, &QUICK);
    let managers = lab.managers();
    let victim = others(&lab, &managers.iter().copied().collect::<Vec<_>>())[0];
    let node = lab.hosts[victim].swarm().unwrap()["NodeID"].as_str().unwrap().to_owned();
    let manager = *managers.first().unwrap();
    lab.hosts[manager].engine.delete(&format!("/nodes/{node}?force=1")).unwrap().good().unwrap();
    lab.eventually(LIMIT, || {
        let is = lab.hosts[victim].swarm()?["NodeID"].as_str().unwrap_or_default().to_owned();
        if is == node || is.is_empty() { Err(format!("it is still {is}")) } else { is_well(&lab, 3) }
    });
    is_the_same(&lab, &cluster);
}

fn wiped_engine() {
    let (lab, cluster) = well_lab(4, &QUICK);
    let managers = lab.managers();
    let leader = lab.leader().unwrap();
    let worker = others(&lab, &managers.iter().copied().collect::<Vec<_>>())[0];
    let manager = managers.into_iter().find(|index| *index != leader).unwrap();
    for victim in [worker, manager] {
        lab.hosts[victim].kill_host();
        lab.hosts[victim].wipe();
        lab.hosts[victim].start_host();
        lab.eventually(LIMIT, || is_well(&lab, 3));
    }
    is_the_same(&lab, &cluster);
}

fn moved_host() {
    let (lab, cluster) = well_lab(4, &QUICK);
    let managers = lab.managers();
    let leader = lab.leader().unwrap();
    let worker = others(&lab, &managers.iter().copied().collect::<Vec<_>>())[0];
    let manager = managers.into_iter().find(|index| *index != leader).unwrap();
    for (victim, last) in [(worker, 101), (manager, 102)] {
        let host = &lab.hosts[victim];
        host.kill_host();
        lab.move_host(host, last);
        host.start_host();
        let address = host.address().to_string();
        lab.eventually(LIMIT * 2, || {
            let is = host.swarm()?["NodeAddr"].clone();
            if is == address.as_str() { is_well(&lab, 3) } else { Err(format!("its node is at {is}")) }
        });
    }
    is_the_same(&lab, &cluster);
}

fn lost_quorum() {
    let (lab, cluster) = well_lab(4, &QUICK);
    let managers: Vec<usize> = lab.managers().into_iter().collect();
    for victim in &managers[1..] {
        lab.hosts[*victim].kill_host();
    }
    // They may come back: nobody goes on alone.
    thread::sleep(Duration::from_secs(50));
    let survivor = &lab.hosts[managers[0]];
    assert_eq!(survivor.status().unwrap()["plan"]["change"], serde_json::Value::Null);
    for victim in &managers[1..] {
        lab.rancher.set_host_state(&lab.hosts[*victim].uuid(), HostState::Removed);
    }
    let rest = others(&lab, &managers[1..]);
    lab.eventually(LIMIT * 2, || are_well(&lab, &rest, 1));
    is_the_same(&lab, &cluster);
    // They are switched on again and registered anew.
    for victim in &managers[1..] {
        lab.register(&lab.hosts[*victim]);
        lab.hosts[*victim].start_host();
    }
    lab.eventually(LIMIT * 2, || is_well(&lab, 3));
    is_the_same(&lab, &cluster);
}

/// They are a quorum of their own, of the same cluster, until they are told.
fn old_managers() {
    let (lab, cluster) = well_lab(5, &QUICK);
    let managers: Vec<usize> = lab.managers().into_iter().collect();
    let old: Vec<&lab::Host> = managers[1..].iter().map(|at| &lab.hosts[*at]).collect();
    for host in &old {
        host.kill_host();
        lab.rancher.set_host_state(&host.uuid(), HostState::Removed);
    }
    let rest = others(&lab, &managers[1..]);
    lab.eventually(LIMIT * 2, || are_well(&lab, &rest, 3));
    for host in &old {
        lab.register(host);
        host.start_host();
    }
    let serve = RefCell::new(Vec::new());
    lab.eventually(LIMIT * 2, || {
        if old.iter().any(|host| host.engine.get("/nodes").and_then(|answer| answer.good()).is_ok()) {
            serve.borrow_mut().push(Instant::now());
        }
        is_well(&lab, 3)
    });
    let serve = serve.into_inner();
    let took = serve.last().map_or(Duration::ZERO, |last| last.duration_since(serve[0]));
    println!("two of one swarm served for {took:.1?}");
    assert!(took < Duration::from_secs(10), "{}", lab.report());
    is_the_same(&lab, &cluster);
}

/// Their hosts are registered, and say themselves that their engines are not what they were.
fn set_up_anew() {
    let (lab, cluster) = well_lab(4, &QUICK);
    let managers: Vec<usize> = lab.managers().into_iter().collect();
    for victim in &managers[1..] {
        lab.hosts[*victim].wipe();
    }
    for victim in &managers[1..] {
        lab.hosts[*victim].start_host();
    }
    let took = lab.eventually(LIMIT * 2, || is_well(&lab, 3));
    println!("three managers again after {took:.1?}");
    is_the_same(&lab, &cluster);
}

/// An engine that is none any more, and cannot ask, tries for half a minute to join the raft again. If it succeeds just
/// before it learns better, it is counted there and never votes.
fn thawed() {
    let (lab, cluster) = well_lab(5, &QUICK);
    let frozen = lab.leader().unwrap();
    let rest = others(&lab, &[frozen]);
    lab.hosts[frozen].engine.freeze();
    lab.eventually(LIMIT, || have_managers_seen_by(&lab, &rest, 3));
    let managers: Vec<usize> = rest.iter().copied().filter(|at| lab.managers().contains(at)).collect();
    lab.hosts[frozen].engine.thaw();
    thread::sleep(Duration::from_millis(500));
    for victim in &managers[1..] {
        lab.hosts[*victim].kill_host();
        lab.rancher.set_host_state(&lab.hosts[*victim].uuid(), HostState::Removed);
    }
    let rest = others(&lab, &managers[1..]);
    let took = lab.eventually(LIMIT * 3, || are_well(&lab, &rest, 3));
    println!("three managers again after {took:.1?}");
    is_the_same(&lab, &cluster);
}

/// The leader's engine is well, but its monitor is not there: a host that joins meanwhile needs one that acts.
fn silent_leader() {
    let settings = [("RECONCILE_PERIOD", "1"), ("GRACE_PERIOD", "5")];
    let lab = Lab::builder(4).unregistered(&[3]).rancher_metadata_if_there().start();
    for host in &lab.hosts[..3] {
        host.start_monitor(&settings);
    }
    lab.eventually(LIMIT, || are_well(&lab, &[0, 1, 2], 3));
    let leader = lab.leader().unwrap();
    lab.hosts[leader].stop_monitor();
    lab.register(&lab.hosts[3]);
    lab.hosts[3].start_monitor(&settings);
    lab.eventually(LIMIT, || lab.expect_one_swarm(3));
    assert_eq!(lab.leader(), Some(leader), "the leader was no other one meanwhile");
    // It goes on, and does not wait for the same silence again.
    let acts = |host: &&lab::Host| host.status().is_ok_and(|status| status["plan"]["stage"] == "lease_holder");
    let lease = || lab.hosts.iter().filter(acts).map(|host| host.index).collect::<Vec<_>>();
    let stands_in = lease();
    assert!(stands_in.len() == 1 && stands_in != [leader], "{stands_in:?}\n{}", lab.report());
    let same = |wanted: &[usize]| match lease() {
        lease if lease == wanted => Ok(()),
        lease => Err(format!("{lease:?} act, {wanted:?} did")),
    };
    lab.always(Duration::from_secs(12), || same(&stands_in));
    lab.hosts[leader].resume_monitor();
    lab.eventually(LIMIT, || is_well(&lab, 3).and_then(|()| same(&[leader])));
    lab.always(Duration::from_secs(12), || same(&[leader]));
}

/// What the shell monitor of earlier entries leaves: a swarm that nobody recorded, and its tokens in the metadata.
fn plain_tokens() {
    let lab = Lab::builder(3).rancher_metadata_if_there().start();
    lab.form_directly(3).unwrap();
    let tokens = || lab.hosts[0].engine.get("/swarm").unwrap().good().unwrap()["JoinTokens"].clone();
    let (cluster, before) = (lab.clusters()[0].clone().unwrap(), tokens());
    lab.hosts[0].engine.import_busybox().unwrap();
    lab.hosts[0].engine.create_sleeper("sleeper", 1, None).unwrap();
    let old = serde_json::json!({ "manager": before["Manager"], "worker": before["Worker"], "theirs": { "kept": 1 } });
    lab.rancher.set_service_metadata(old.as_object().unwrap().clone());
    lab.start_monitors(&QUICK);
    lab.eventually(LIMIT, || {
        is_well(&lab, 3)?;
        let metadata = serde_json::Value::Object(lab.rancher.service_metadata());
        if metadata.to_string().contains("SWMTKN") { Err(format!("{metadata}")) } else { Ok(()) }
    });
    let after = tokens();
    assert!(after["Worker"] != before["Worker"] && after["Manager"] != before["Manager"]);
    assert_eq!(lab.rancher.service_metadata()["theirs"]["kept"], 1);
    is_the_same(&lab, &cluster);
}
