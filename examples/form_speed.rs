//! How long hosts take to become a healthy swarm, from a cold start of all their monitors, beside what direct Engine API
//! calls take that know everything beforehand: once with all managers joining as such, which takes a manager token, and once
//! by the steps that the monitors take, workers that become managers one after the other:
//!
//!     cargo run --release --all-features --example form_speed -- [HOSTS] [RUNS] [METADATA-DELAY-MS]
//!
//! As root, with a Docker engine installed. Both are measured in turn, on engines of their own.

#[path = "../tests/support/lab/mod.rs"]
mod lab;

use std::time::Duration;

use lab::{Lab, missing};

const LIMIT: Duration = Duration::from_secs(120);

fn main() {
    if let Some(missing) = missing() {
        eprintln!("form_speed: {missing}");
        std::process::exit(2);
    }
    let arguments: Vec<u64> = std::env::args().skip(1).filter_map(|text| text.parse().ok()).collect();
    let argument = |at: usize, default: u64| arguments.get(at).copied().unwrap_or(default);
    let (hosts, runs, delay) = (argument(0, 5) as usize, argument(1, 5), argument(2, 100));
    let managers = if hosts < 3 { 1 } else { 3 };
    println!("{hosts} hosts, {managers} managers, rancher-metadata {delay} ms late");
    let (mut directs, mut by_promotions, mut monitors) = (Vec::new(), Vec::new(), Vec::new());
    for run in 1..=runs {
        let direct = Lab::start(hosts).form_directly(managers).expect("a swarm by direct calls");
        let promoted = Lab::start(hosts).form_directly_by_promotions(managers).expect("a swarm by direct promotions");
        let lab = Lab::builder(hosts).metadata_delay(Duration::from_millis(delay)).start();
        lab.start_monitors(&[("NETWORK", "")]);
        let formed = lab.eventually(LIMIT, || {
            lab.expect_one_swarm(managers)?;
            let sick = lab.hosts.iter().find(|host| !matches!(host.ping(), Ok((200, _))));
            sick.map_or(Ok(()), |host| Err(format!("host {} is not healthy", host.index)))
        });
        println!("run {run}: {}", compared(direct, promoted, formed));
        if std::env::var_os("SHOW_LOGS").is_some() {
            for host in &lab.hosts {
                println!("--- host {}\n{}", host.index, host.log());
            }
        }
        directs.push(direct);
        by_promotions.push(promoted);
        monitors.push(formed);
    }
    let median = |times: &mut Vec<Duration>| {
        times.sort();
        times[times.len() / 2]
    };
    let (direct, promoted, formed) = (median(&mut directs), median(&mut by_promotions), median(&mut monitors));
    println!("median: {}", compared(direct, promoted, formed));
}

fn compared(direct: Duration, promoted: Duration, formed: Duration) -> String {
    let times = |of: Duration| formed.as_secs_f64() / of.as_secs_f64();
    format!(
        "directly {direct:.1?}, directly by promotions {promoted:.1?}, by the monitors {formed:.1?}: {:.2} and {:.2} times",
        times(direct),
        times(promoted)
    )
}
