//! What every host says while managers are lost or cut off: that there is no quorum only where there is none, who is lost by
//! name, and what to do; in the log, in the metrics, on the health check and by a host label.

use std::time::Duration;

use swarm_lab::lab::{Host, Lab, missing};
use swarm_lab::says::standing;
use swarm_lab::trial::{Trial, campaign, trial};
use swarm_lab::well::is_well;

const LIMIT: Duration = Duration::from_secs(90);
/// The reconcile period is the one that users have: what is told does not wait for it.
const GRACE: [(&str, &str); 1] = [("GRACE_PERIOD", "5")];
const NEVER: [(&str, &str); 1] = [("GRACE_PERIOD", "3600")];

pub fn trials() -> Vec<Trial> {
    let missing = missing();
    vec![
        trial("two_of_three_managers_are_lost_and_every_host_says_it", missing, most_are_lost),
        campaign("no_manager_is_left_and_the_workers_say_it", missing, none_is_left),
        campaign("the_engine_alone_of_a_manager_is_dead_and_nothing_is_said_of_the_quorum", missing, dead_engine),
        trial(
            "a_manager_to_which_one_port_is_closed_is_cut_off_and_goes_on_alone_for_nobody",
            missing,
            one_port_closed,
        ),
        campaign("a_port_of_overlay_networks_that_is_closed_is_named_and_no_other", missing, overlay_port_closed),
        campaign("a_manager_in_the_minority_is_not_healthy_and_says_whom_it_misses", missing, minority),
        campaign("a_log_that_tells_errors_alone_tells_of_a_lost_quorum", missing, quiet_log),
    ]
}

/// Five hosts, of which three manage; the leader first, then the other managers, then the workers.
fn well_lab(settings: &[(&str, &str)]) -> (Lab, Vec<usize>) {
    let lab = Lab::start(5);
    lab.start_monitors(settings);
    lab.eventually(LIMIT, || is_well(&lab, 3));
    let leader = lab.leader().unwrap();
    let mut order: Vec<usize> = (0..5).collect();
    order.sort_by_key(|index| (*index != leader, !lab.managers().contains(index)));
    (lab, order)
}

fn name(host: &Host) -> String {
    format!("host{}", host.index + 1)
}

/// What the monitor of a host notices of the port that engines gossip on.
fn noticed(host: &Host) -> Result<Vec<String>, String> {
    let status = host.status()?;
    let warnings = status["plan"]["warnings"].as_array().ok_or("no plan")?.iter();
    Ok(warnings
        .filter_map(|warning| warning["text"].as_str())
        .filter(|text| text.contains("7946"))
        .map(str::to_owned)
        .collect())
}

fn overlay_port_closed() {
    let lab = Lab::start(3);
    lab.start_monitors(&[("MANAGER_SCALE", "1")]);
    lab.eventually(LIMIT, || is_well(&lab, 1));
    let manager = lab.leader().unwrap();
    let (one, other) = (&lab.hosts[(manager + 1) % 3], &lab.hosts[(manager + 2) % 3]);
    let to = lab.hosts[manager].address();
    lab.network.close_port(&one.place, to, 7946);
    let took = lab.eventually(2 * LIMIT, || match noticed(one)?.as_slice() {
        [text] if text.contains(&to.to_string()) && text.contains("4789/udp") => Ok(()),
        other => Err(format!("{other:?}")),
    });
    println!("told after {took:.0?}");
    assert_eq!(noticed(other), Ok(Vec::new()));
    lab.network.open_port(&one.place, to, 7946);
    lab.eventually(2 * LIMIT, || match noticed(one)?.as_slice() {
        [] => Ok(()),
        other => Err(format!("{other:?}")),
    });
    // The engine that is looked at has nothing to complain of.
    let log = lab.hosts[manager].engine.log();
    let complaints = log.lines().filter(|line| line.contains("memberlist") && !line.contains("level=info"));
    let told: Vec<&str> = complaints.collect();
    assert_eq!(told, [""; 0]);
}

/// Whether a host stands there, and its reason names all of these.
fn says(host: &Host, stage: &str, names: &[&str]) -> Result<(), String> {
    match standing(host)? {
        (is, reason) if is == stage && names.iter().all(|name| reason.contains(name)) => Ok(()),
        other => Err(format!("{}: {other:?}", name(host))),
    }
}

fn is_red(host: &Host) -> Result<(), String> {
    match host.ping()? {
        (503, _) => Ok(()),
        other => Err(format!("{}: {other:?}", name(host))),
    }
}

fn has_label(lab: &Lab, host: &Host, trouble: Option<&str>) -> Result<(), String> {
    let label = lab.labels(host).remove("swarmkit.trouble");
    if label.as_deref() == trouble { Ok(()) } else { Err(format!("{}: {label:?}", name(host))) }
}

fn errors(host: &Host) -> Vec<String> {
    let log = host.log();
    log.lines().filter(|line| line.contains("ERROR")).map(str::to_owned).collect()
}

/// What recovers once a host that was lost is there again.
fn all_is_forgotten(lab: &Lab) {
    lab.eventually(LIMIT, || is_well(lab, 3));
    lab.eventually(LIMIT, || lab.hosts.iter().try_for_each(|host| has_label(lab, host, None)));
}

fn most_are_lost() {
    let (lab, order) = well_lab(&NEVER);
    let (lost, left) = order.split_at(2);
    for host in lost {
        lab.hosts[*host].kill_host();
    }
    let names: Vec<String> = lost.iter().map(|host| name(&lab.hosts[*host])).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let took = lab.eventually(Duration::from_secs(60), || {
        for host in left.iter().map(|host| &lab.hosts[*host]) {
            says(host, "no_quorum", &names)?;
            has_label(&lab, host, Some("no_quorum"))?;
            if !host.metrics()?.contains("swarmkit_mon_healthy 0") {
                return Err(format!("{}: healthy", name(host)));
            }
        }
        Ok(())
    });
    println!("said by all after {took:.1?}");
    let survivor = &lab.hosts[left[0]];
    assert!(!survivor.log().contains("stage=no_engine"), "its engine is not to blame: {}", survivor.log());
    for host in left.iter().map(|host| &lab.hosts[*host]) {
        std::thread::sleep(Duration::from_secs(4));
        assert_eq!(errors(host).len(), 1, "{:?}", errors(host));
        assert!(errors(host)[0].contains("remove their hosts from Rancher"), "{:?}", errors(host));
    }
    // The workers' monitors may be replaced; the manager's has to know for how long it has waited.
    left[1..].iter().for_each(|host| is_red(&lab.hosts[*host]).unwrap());
    assert_eq!(survivor.ping().unwrap().0, 200);
    for host in lost {
        lab.hosts[*host].start_host();
    }
    all_is_forgotten(&lab);
}

fn none_is_left() {
    let (lab, order) = well_lab(&GRACE);
    let (lost, left) = order.split_at(3);
    for host in lost.iter().map(|host| &lab.hosts[*host]) {
        host.kill_host();
        lab.rancher.remove_host(&host.uuid(), Duration::ZERO);
    }
    let took = lab.eventually(Duration::from_secs(60), || {
        left.iter().map(|host| &lab.hosts[*host]).try_for_each(|host| {
            says(host, "no_quorum", &["3 of 3 managers are lost"])?;
            is_red(host)
        })
    });
    println!("said by both workers after {took:.1?}");
    assert!(errors(&lab.hosts[left[0]])[0].contains("#no_quorum"), "{:?}", errors(&lab.hosts[left[0]]));
}

fn dead_engine() {
    let (lab, order) = well_lab(&NEVER);
    let host = &lab.hosts[order[1]];
    host.engine.kill();
    lab.eventually(Duration::from_secs(20), || says(host, "no_engine", &[]));
    lab.always(Duration::from_secs(45), || says(host, "no_engine", &[]));
    host.engine.start();
    all_is_forgotten(&lab);
}

/// The leader's host drops what comes to 2377 from one manager; the two others are a quorum all the time. Then an operator
/// removes those two from Rancher, though they run.
fn one_port_closed() {
    let (lab, order) = well_lab(&GRACE);
    let (leader, host) = (&lab.hosts[order[0]], &lab.hosts[order[1]]);
    lab.network.close_port(&host.place, leader.address(), 2377);
    lab.eventually(Duration::from_secs(60), || {
        says(host, "cut_off", &[name(leader).as_str()])?;
        is_red(host)
    });
    assert!(!host.log().contains("stage=no_quorum"), "{}", host.log());
    for gone in [order[0], order[2]] {
        lab.rancher.remove_host(&lab.hosts[gone].uuid(), Duration::ZERO);
    }
    lab.always(Duration::from_secs(120), || {
        if host.log().contains("force new cluster") { Err("it goes on alone".to_owned()) } else { Ok(()) }
    });
}

fn minority() {
    let (lab, order) = well_lab(&NEVER);
    let host = &lab.hosts[order[0]];
    lab.cut(&[order[0]]);
    let took = lab.eventually(Duration::from_secs(60), || is_red(host));
    println!("red after {took:.1?}: {:?}", standing(host));
    lab.eventually(Duration::from_secs(30), || {
        says(host, "cut_off", &[name(&lab.hosts[order[1]]).as_str(), "does not answer"])
    });
    std::thread::sleep(Duration::from_secs(20));
    lab.heal(&[order[0]]);
    let took = lab.eventually(LIMIT, || {
        host.ping().map(|(code, _)| code).and_then(|code| if code == 200 { Ok(()) } else { Err("red".into()) })
    });
    println!("green after {took:.1?}");
    all_is_forgotten(&lab);
}

fn quiet_log() {
    let (lab, order) = well_lab(&[("GRACE_PERIOD", "3600"), ("LOG_LEVEL", "error")]);
    let calm: Vec<String> = lab.hosts.iter().flat_map(errors).collect();
    assert_eq!(calm, Vec::<String>::new(), "a healthy start is calm");
    lab.hosts[order[0]].kill_host();
    lab.hosts[order[1]].kill_host();
    lab.eventually(Duration::from_secs(45), || {
        order[2..].iter().try_for_each(|host| match errors(&lab.hosts[*host]).len() {
            1 => Ok(()),
            lines => Err(format!("{lines} lines")),
        })
    });
}
