//! Who manages, and whether managers work, on real engines: by host labels, zones and settings, never at the cost of the
//! quorum.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;
use swarm_lab::trial::Trial;

use serde_json::Value;
use swarm_lab::lab::swarm::nodes_seen_by;
use swarm_lab::lab::{Host, Lab, missing};
use swarm_lab::trial::{campaign, trial};
use swarm_lab::well::is_well;

const LIMIT: Duration = Duration::from_secs(240);
const QUICK: (&str, &str) = ("RECONCILE_PERIOD", "2");

pub fn trials() -> Vec<Trial> {
    let missing = missing();
    vec![
        campaign("labels_of_hosts_keep_prefer_and_spread_managers", missing, || together(&[labelled, zones])),
        campaign("the_only_manager_yields_to_the_other_of_two_hosts", missing, one_of_two),
        campaign("managers_are_drained_and_the_network_made_as_set", missing, || together(&[drained, network])),
        trial("more_managers_and_fewer_without_losing_the_quorum", missing, scaled),
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

fn restart_with(lab: &Lab, settings: &[(&str, &str)]) {
    let all: Vec<(&str, &str)> = settings.iter().copied().chain([QUICK]).collect();
    for host in &lab.hosts {
        host.stop_monitor();
    }
    lab.start_monitors(&all);
}

fn label(lab: &Lab, host: usize, name: &str, value: Option<&str>) {
    lab.rancher.set_label(&lab.hosts[host].uuid(), name, value);
}

fn labelled() {
    let lab = Lab::start(5);
    let own = ("MANAGER_HOST_LABEL", "example.org/manages");
    label(&lab, 0, own.1, Some("false"));
    label(&lab, 4, own.1, Some("true"));
    label(&lab, 1, "swarm.manager", Some("false"));
    restart_with(&lab, &[own]);
    lab.eventually(LIMIT, || is_well(&lab, 3));
    let managers = lab.managers();
    assert!(!managers.contains(&0) && managers.contains(&4) && managers.contains(&1), "{managers:?}\n{}", lab.report());
    // A manager that is to be none any more makes room for another.
    label(&lab, 1, own.1, Some("no"));
    lab.eventually(LIMIT, || is_well(&lab, 3).and_then(|()| among(&lab, &[2, 3, 4])));
    drop(lab);
    // Of hosts that are all kept from it none is forced.
    let lab = Lab::start(3);
    label(&lab, 0, "swarm.manager", Some("never"));
    label(&lab, 1, "swarm.manager", Some(" No "));
    restart_with(&lab, &[]);
    lab.eventually(LIMIT, || is_well(&lab, 1).and_then(|()| among(&lab, &[2])));
    assert!(lab.hosts[2].log().contains("the hosts that can be one make 1"), "{}", lab.report());
}

fn one_of_two() {
    let lab = Lab::start(2);
    lab.start_monitors(&[QUICK]);
    lab.eventually(LIMIT, || is_well(&lab, 1));
    let leader = lab.leader().unwrap();
    label(&lab, leader, "swarm.manager", Some("false"));
    lab.eventually(LIMIT, || is_well(&lab, 1).and_then(|()| among(&lab, &[1 - leader])));
    lab.always(Duration::from_secs(10), || among(&lab, &[1 - leader]));
}

fn among(lab: &Lab, hosts: &[usize]) -> Result<(), String> {
    let managers = lab.managers();
    let hosts: BTreeSet<usize> = hosts.iter().copied().collect();
    if managers.is_subset(&hosts) { Ok(()) } else { Err(format!("managers are {managers:?}, among {hosts:?} wanted")) }
}

fn zones() {
    let lab = Lab::start(6);
    for (host, zone) in ["a", "a", "a", "b", "b", "c"].into_iter().enumerate() {
        label(&lab, host, "swarm.zone", Some(zone));
    }
    let zone = |host: usize| lab.labels(&lab.hosts[host])["swarm.zone"].clone();
    restart_with(&lab, &[("MANAGER_SCALE", "5")]);
    lab.eventually(LIMIT, || is_well(&lab, 5));
    let mut zones: Vec<String> = lab.managers().into_iter().map(zone).collect();
    zones.sort();
    assert_eq!(zones, ["a", "a", "b", "b", "c"]);
    restart_with(&lab, &[]);
    lab.eventually(LIMIT, || is_well(&lab, 3));
    let zones: BTreeSet<String> = lab.managers().into_iter().map(zone).collect();
    assert_eq!(zones.len(), 3, "{zones:?}");
}

fn availability(lab: &Lab, host: &Host) -> Result<String, String> {
    let id = host.swarm()?["NodeID"].as_str().unwrap_or_default().to_owned();
    lab.nodes()?.into_iter().find(|node| node.id == id).map(|node| node.availability).ok_or("no node".to_owned())
}

fn are(lab: &Lab, wanted: impl Fn(usize) -> &'static str) -> Result<(), String> {
    for host in &lab.hosts {
        let is = availability(lab, host)?;
        if is != wanted(host.index) {
            return Err(format!("host {} is {is}, {} is wanted", host.index, wanted(host.index)));
        }
    }
    Ok(())
}

fn drained() {
    let lab = Lab::start(5);
    lab.start_monitors(&[QUICK, ("MANAGER_AVAILABILITY", "drain")]);
    lab.eventually(LIMIT, || is_well(&lab, 3));
    let managers = lab.managers();
    let worker = *BTreeSet::from([0, 1, 2, 3, 4]).difference(&managers).next().unwrap();
    lab.eventually(LIMIT, || are(&lab, |host| if managers.contains(&host) { "drain" } else { "active" }));
    // An operator drains a worker, for reasons of their own.
    let operators = &lab.hosts[worker];
    let node = operators.swarm().unwrap()["NodeID"].as_str().unwrap().to_owned();
    let leader = &lab.hosts[lab.leader().unwrap()];
    leader.engine.docker(&["node", "update", "--availability=drain", &node]).status().unwrap();
    let drain_or = |host: usize| if host == worker || managers.contains(&host) { "drain" } else { "active" };
    lab.eventually(LIMIT, || are(&lab, drain_or));
    restart_with(&lab, &[("MANAGER_AVAILABILITY", "active")]);
    lab.eventually(LIMIT, || are(&lab, |host| if host == worker { "drain" } else { "active" }));
    lab.always(Duration::from_secs(3), || are(&lab, |host| if host == worker { "drain" } else { "active" }));
    // A manager that becomes a worker works again.
    restart_with(&lab, &[("MANAGER_AVAILABILITY", "drain")]);
    lab.eventually(LIMIT, || are(&lab, drain_or));
    restart_with(&lab, &[("MANAGER_AVAILABILITY", "drain"), ("MANAGER_SCALE", "1")]);
    lab.eventually(LIMIT, || {
        is_well(&lab, 1)?;
        let managers = lab.managers();
        are(&lab, |host| if host == worker || managers.contains(&host) { "drain" } else { "active" })
    });
}

/// What was seen of the managers, one after the other.
fn watch(lab: &Lab, stop: &AtomicBool, seen: &Mutex<Vec<(usize, usize)>>) {
    while !stop.load(Ordering::Relaxed) {
        // Of several that can tell, whoever sees most.
        let views = lab.hosts.iter().filter_map(|host| nodes_seen_by(host).ok());
        let counted = views.map(|nodes| {
            let members = nodes.iter().filter(|node| node.reachability.is_some()).count();
            (members, nodes.iter().filter(|node| node.reachability.as_deref() == Some("reachable")).count())
        });
        let now = counted.max_by_key(|(members, reachable)| (*reachable, *members)).unwrap_or_default();
        let mut seen = seen.lock().unwrap();
        if seen.last() != Some(&now) {
            seen.push(now);
        }
        drop(seen);
        thread::sleep(Duration::from_millis(30));
    }
}

fn scaled() {
    let lab = Lab::start(5);
    lab.start_monitors(&[QUICK, ("MANAGER_SCALE", "1")]);
    lab.eventually(LIMIT, || is_well(&lab, 1));
    let cluster = lab.clusters();
    let (stop, seen) = (AtomicBool::new(false), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        scope.spawn(|| watch(&lab, &stop, &seen));
        let steps = thread::Builder::new().spawn_scoped(scope, || {
            for (scale, managers) in [("3", 3), ("5", 5), ("3", 3), ("1", 1)] {
                restart_with(&lab, &[("MANAGER_SCALE", scale)]);
                let took = lab.eventually(LIMIT, || is_well(&lab, managers));
                println!("{scale} managers after {took:.1?}");
            }
        });
        let done = steps.unwrap().join();
        stop.store(true, Ordering::Relaxed);
        assert!(done.is_ok());
    });
    assert_eq!(lab.clusters(), cluster);
    let seen = seen.into_inner().unwrap();
    println!("managers, and reachable ones, one after the other: {seen:?}");
    for (members, reachable) in &seen {
        // The second manager counts from the moment on in which it is let in.
        let first_step = (*members, *reachable) == (2, 1);
        assert!(*reachable > members / 2 || first_step, "the quorum was lost: {seen:?}");
    }
    // One change at a time, of which each has taken effect before the next.
    let logs: Vec<String> = lab.hosts.iter().map(Host::log).collect();
    let changed = |line: &&str| line.contains(" done action=\"promote") || line.contains(" done action=\"demote");
    let mut changes: Vec<&str> = logs.iter().flat_map(|log| log.lines()).filter(changed).collect();
    changes.sort_unstable();
    let before = |line: &str| line.split("why=\"").nth(1)?.split(' ').next()?.parse::<usize>().ok();
    let counts: Vec<Option<usize>> = changes.iter().map(|line| before(line)).collect();
    assert_eq!(counts, [1, 2, 3, 4, 5, 4, 3, 2].map(Some), "{changes:#?}");
}

fn networks(lab: &Lab) -> Vec<(String, String, bool)> {
    let of = |network: Value| {
        let text = |key: &str| network[key].as_str().unwrap_or_default().to_owned();
        (text("Name"), text("Driver"), network["Attachable"].as_bool().unwrap_or_default())
    };
    let all = lab.list("/networks").unwrap().into_iter().filter(|network| network["Scope"] == "swarm");
    let mut all: Vec<_> = all.map(of).filter(|(name, ..)| name != "ingress").collect();
    all.sort();
    all
}

fn network() {
    let lab = Lab::start(3);
    lab.start_monitors(&[QUICK, ("NETWORK", "")]);
    lab.eventually(LIMIT, || is_well(&lab, 3));
    thread::sleep(Duration::from_secs(2));
    assert_eq!(networks(&lab), []);
    let named = |name: &str| (name.to_owned(), "overlay".to_owned(), true);
    let has = |wanted: &[(String, String, bool)]| {
        let is = networks(&lab);
        if is == wanted { Ok(()) } else { Err(format!("networks are {is:?}, {wanted:?} are wanted")) }
    };
    restart_with(&lab, &[("NETWORK", "stacks")]);
    lab.eventually(LIMIT, || has(&[named("stacks")]));
    // Another leader, whose monitor finds it there.
    let leader = lab.leader().unwrap();
    lab.hosts[leader].kill_host();
    lab.eventually(LIMIT, || match lab.leader() {
        Some(now) if now != leader => Ok(()),
        other => Err(format!("the leader is {other:?}")),
    });
    lab.hosts[leader].start_host();
    lab.eventually(LIMIT, || is_well(&lab, 3));
    assert_eq!(has(&[named("stacks")]), Ok(()));
    // A name of which another's is a part is another name.
    restart_with(&lab, &[("NETWORK", "stack")]);
    lab.eventually(LIMIT, || has(&[named("stack"), named("stacks")]));
}
