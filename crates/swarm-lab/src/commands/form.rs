//! How long hosts take to become a healthy swarm, from a cold start of all their monitors, beside what direct Engine API
//! calls take that know everything beforehand: once with all managers joining as such, which takes a manager token, and once
//! by the steps that the monitors take, workers that become managers one after the other:
//!
//!     cargo run --release -p swarm-lab -- form 5 7
//!
//! As root, with a Docker engine installed. Both are measured in turn, on engines of their own.

use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use swarm_lab::lab::{Lab, missing};
use swarm_lab::programs;

const LIMIT: Duration = Duration::from_secs(120);

/// Measures how long hosts take to become a healthy swarm.
#[derive(Args)]
pub struct Form {
    /// How many hosts
    #[arg(default_value_t = 5)]
    hosts: usize,
    /// How often
    #[arg(default_value = "5")]
    runs: NonZeroUsize,
    /// How long a write takes to show up in metadata, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 100)]
    delay: u64,
    /// Print the logs of the monitors
    #[arg(long)]
    logs: bool,
}

pub fn run(arguments: &Form) -> Result<ExitCode, String> {
    missing().map_or(Ok(()), |missing| Err(missing.to_owned()))?;
    programs::build()?;
    let Form { hosts, delay, .. } = *arguments;
    let managers = if hosts < 3 { 1 } else { 3 };
    println!("{hosts} hosts, {managers} managers, rancher-metadata {delay} ms late");
    let (mut directs, mut by_promotions, mut monitors) = (Vec::new(), Vec::new(), Vec::new());
    for run in 1..=arguments.runs.get() {
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
        if arguments.logs {
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
    Ok(ExitCode::SUCCESS)
}

fn compared(direct: Duration, promoted: Duration, formed: Duration) -> String {
    let times = |of: Duration| formed.as_secs_f64() / of.as_secs_f64();
    format!(
        "directly {direct:.1?}, directly by promotions {promoted:.1?}, by the monitors {formed:.1?}: {:.2} and {:.2} times",
        times(direct),
        times(promoted)
    )
}
