//! A real Prometheus that scrapes the monitors as docs/monitoring tells it to: its alerts fire in time, and not while all is well.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use swarm_lab::lab::{Lab, missing};
use swarm_lab::programs::root;
use swarm_lab::prometheus::{self, Prometheus};
use swarm_lab::trial::{Trial, campaign, trial};
use swarm_lab::well::is_well;

const LIMIT: Duration = Duration::from_secs(90);
/// Within what time it is known that the quorum is lost.
const TOLD: Duration = Duration::from_secs(60);

pub fn trials() -> Vec<Trial> {
    let missing = missing().or_else(prometheus::missing);
    vec![
        trial("every_query_of_the_dashboard_and_of_the_alerts_finds_what_it_asks_for", missing, queries),
        campaign("two_of_three_managers_dead_are_told_within_a_minute_and_no_healthy_swarm_is", missing, alerts),
    ]
}

fn expressions() -> Vec<String> {
    let read = |file: &str| std::fs::read_to_string(root().join("docs/monitoring").join(file)).unwrap();
    let dashboard: Value = serde_json::from_str(&read("dashboard.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let asked = panels.flat_map(|panel| panel["targets"].as_array().unwrap());
    asked.map(|target| target["expr"].as_str().unwrap().replace("$job", "swarm")).collect()
}

fn queries() {
    let lab = Lab::start(2);
    let prometheus = Prometheus::start(&lab);
    lab.start_monitors(&[("RECONCILE_PERIOD", "2"), ("MANAGER_SCALE", "1")]);
    lab.eventually(LIMIT, || is_well(&lab, 1));
    let scraped = || match prometheus.query("sum(swarmkit_mon_healthy) == 2")?.len() {
        1 => Ok(()),
        _ => Err("not scraped yet".to_owned()),
    };
    lab.eventually(LIMIT, scraped);
    let expressions = expressions();
    assert!(expressions.len() > 15);
    for expression in expressions {
        let found = prometheus.query(&expression).unwrap_or_else(|error| panic!("{expression}: {error}"));
        // Nothing fails while all is well, what was done was done before the first look, and no backup is made so soon.
        let may_be_none = expression.contains("outcome=") || expression.contains("backup_age");
        assert!(may_be_none || !found.is_empty() || expression.contains("increase("), "{expression} finds nothing");
    }
}

/// For how long nothing fires: `CALM_SECONDS=3600` for an hour.
fn calm() -> Duration {
    let asked = std::env::var("CALM_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(asked.unwrap_or(120))
}

fn alerts() {
    let lab = Lab::start(3);
    lab.start_monitors(&[("MANAGER_SCALE", "3")]);
    lab.eventually(LIMIT, || is_well(&lab, 3));
    let prometheus = Prometheus::start(&lab);
    let start = Instant::now();
    while start.elapsed() < calm() {
        assert_eq!(prometheus.firing(), Vec::<String>::new(), "after {:?}\n{}", start.elapsed(), lab.report());
        thread::sleep(Duration::from_secs(2));
    }
    let leader = lab.leader().unwrap();
    let start = Instant::now();
    for host in lab.hosts.iter().filter(|host| host.index == leader || host.index == (leader + 1) % 3) {
        host.kill_host();
    }
    let told = lab.eventually(TOLD, || match prometheus.firing() {
        firing if firing.iter().any(|alert| alert == "SwarmMostManagersSilent" || alert == "SwarmNoQuorum") => Ok(()),
        firing => Err(format!("{firing:?} fire")),
    });
    println!("told {told:.0?} after two of three managers died");
    // The manager that is left says the same in its own words.
    lab.eventually(2 * TOLD, || match prometheus.firing() {
        firing if firing.iter().any(|alert| alert == "SwarmNoQuorum") => Ok(()),
        firing => Err(format!("{firing:?} fire")),
    });
    println!("SwarmNoQuorum {:.0?} after", start.elapsed());
    for host in &lab.hosts {
        if host.index != (leader + 2) % 3 {
            host.start_host();
        }
    }
    lab.eventually(LIMIT, || is_well(&lab, 3));
    lab.eventually(2 * TOLD, || match prometheus.firing() {
        firing if firing.is_empty() => Ok(()),
        firing => Err(format!("{firing:?} still fire")),
    });
}
