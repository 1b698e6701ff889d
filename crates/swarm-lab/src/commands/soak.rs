//! What a calm swarm's monitors take over a day's worth of reconciles: memory and processor time of each, every twentieth of
//! the way. A monitor reconciles every 30 s unless woken; here every second, so that a day's 2,880 reconciles take 48 minutes:
//!
//!     cargo run --release -p swarm-lab -- soak 4 2880
//!
//! As root, with a Docker engine installed.

use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use swarm_lab::lab::{Host, Lab, missing};
use swarm_lab::programs;

const LIMIT: Duration = Duration::from_secs(120);
/// How many times it is measured.
const STEPS: u32 = 20;

/// Measures what a calm swarm's monitors take over a day's worth of reconciles.
#[derive(Args)]
pub struct Soak {
    /// How many hosts
    #[arg(default_value_t = 4)]
    hosts: usize,
    /// How many reconciles
    #[arg(default_value_t = 2_880)]
    reconciles: u32,
}

pub fn run(arguments: &Soak) -> Result<ExitCode, String> {
    missing().map_or(Ok(()), |missing| Err(missing.to_owned()))?;
    programs::build()?;
    let Soak { hosts, reconciles } = *arguments;
    let managers = if hosts < 3 { 1 } else { 3 };
    let lab = Lab::start(hosts);
    lab.start_monitors(&[("RECONCILE_PERIOD", "1"), ("NETWORK", "")]);
    lab.eventually(LIMIT, || lab.expect_one_swarm(managers));
    println!("{hosts} hosts, {managers} managers; {reconciles} reconciles, one a second");
    println!("   reconciles  resident KiB, processor ms of each monitor");
    let start = Instant::now();
    for step in 0..=STEPS {
        let due = Duration::from_secs(u64::from(reconciles * step / STEPS));
        thread::sleep(due.saturating_sub(start.elapsed()));
        let each: Vec<String> = lab.hosts.iter().map(taken).collect();
        println!("{:>8}  {}", reconciles * step / STEPS, each.join("  "));
    }
    if let Err(what) = lab.expect_one_swarm(managers) {
        eprintln!("the swarm is not what it was: {what}");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

fn taken(host: &Host) -> String {
    let memory = host.monitor.memory().unwrap_or_default() / 1024;
    let time = host.monitor.processor_time().unwrap_or_default().as_millis();
    format!("{memory:>6} {time:>6}")
}
