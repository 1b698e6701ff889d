//! What a calm swarm's monitors take over a day's worth of looks: memory and processor time of each, every twentieth of
//! the way. A monitor looks every 30 s unless woken; here every second, so that a day's 2,880 looks take 48 minutes:
//!
//!     cargo run --release --all-features --example long_run -- [HOSTS] [LOOKS]
//!
//! As root, with a Docker engine installed.

#[path = "../tests/support/lab/mod.rs"]
mod lab;

use std::thread;
use std::time::{Duration, Instant};

use lab::{Host, Lab, missing};

const LIMIT: Duration = Duration::from_secs(120);
/// How many times it is measured.
const STEPS: u32 = 20;

fn main() {
    if let Some(missing) = missing() {
        eprintln!("long_run: {missing}");
        std::process::exit(2);
    }
    let arguments: Vec<u32> = std::env::args().skip(1).filter_map(|text| text.parse().ok()).collect();
    let argument = |at: usize, default: u32| arguments.get(at).copied().unwrap_or(default);
    let (hosts, looks) = (argument(0, 4) as usize, argument(1, 2_880));
    let managers = if hosts < 3 { 1 } else { 3 };
    let lab = Lab::start(hosts);
    lab.start_monitors(&[("RECONCILE_PERIOD", "1"), ("NETWORK", "")]);
    lab.eventually(LIMIT, || lab.expect_one_swarm(managers));
    println!("{hosts} hosts, {managers} managers; a look every second, {looks} looks");
    println!("   looks  resident KiB, processor ms of each monitor");
    let start = Instant::now();
    for step in 0..=STEPS {
        let due = Duration::from_secs(u64::from(looks * step / STEPS));
        thread::sleep(due.saturating_sub(start.elapsed()));
        let each: Vec<String> = lab.hosts.iter().map(taken).collect();
        println!("{:>8}  {}", looks * step / STEPS, each.join("  "));
    }
    if let Err(what) = lab.expect_one_swarm(managers) {
        eprintln!("long_run: the swarm is not what it was: {what}");
        std::process::exit(1);
    }
}

fn taken(host: &Host) -> String {
    let memory = host.monitor.memory().unwrap_or_default() / 1024;
    let time = host.monitor.processor_time().unwrap_or_default().as_millis();
    format!("{memory:>6} {time:>6}")
}
