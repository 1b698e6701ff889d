//! Simulates environments for hours, with faults of every kind, and checks after every step whether the daemon keeps its
//! promises:
//!
//!     cargo run --release -p swarm-lab -- simulate --hosts 2000 --hours 24 --seed 7
//!     cargo run --release -p swarm-lab -- simulate --seeds 1000 --steps 10000000
//!     cargo run --release -p swarm-lab -- simulate --daemons --hours 0.25 --fault-every 60 --seeds 100

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::time::Instant;

use clap::Args;
use swarm_lab::simulator::{Settings, Simulation, Tally, daemons, shrink};

/// Simulates Rancher environments with faults, and checks the daemon's promises after every step.
#[derive(Args)]
pub struct Simulate {
    /// How many hosts; where it is not given, 1 to 9, as the seed has it
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    hosts: Option<u32>,
    /// MANAGER_SCALE; where it is not given, 1 to 7, as the seed has it
    #[arg(long)]
    managers: Option<usize>,
    /// For how many simulated hours there are faults
    #[arg(long, default_value_t = 0.7)]
    hours: f64,
    /// Seconds from one fault to the next, on average; 0 for no faults
    #[arg(long, value_name = "SECONDS", default_value_t = 90)]
    fault_every: u64,
    /// The first seed
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How many seeds
    #[arg(long, default_value_t = 1)]
    seeds: u64,
    /// Go on with further seeds until so many steps were made
    #[arg(long, default_value_t = 0)]
    steps: u64,
    /// Only these faults of the seed, by number
    #[arg(long, value_delimiter = ',')]
    only: Option<Vec<usize>>,
    /// Print all that happens
    #[arg(long)]
    trace: bool,
    /// Run whole daemons in the place of their judgement alone: for up to 20 hosts, and never twice the same way
    #[arg(long)]
    daemons: bool,
}

pub fn run(arguments: &Simulate) -> Result<ExitCode, String> {
    if arguments.daemons && arguments.hosts.is_some_and(|hosts| hosts as usize > daemons::MOST_HOSTS) {
        return Err(format!("--daemons takes up to {} hosts", daemons::MOST_HOSTS));
    }
    let start = Instant::now();
    let mut all = Tally::default();
    let mut runs = 0;
    let mut seed = arguments.seed;
    while runs < arguments.seeds || all.steps < arguments.steps {
        let settings = settings(arguments, seed);
        let (outcome, trace) = if arguments.daemons {
            daemons::run(settings.clone())
        } else {
            let mut simulation = Simulation::new(settings.clone());
            let outcome = simulation.run();
            (outcome, simulation.trace)
        };
        for line in &trace {
            println!("{line}");
        }
        match outcome {
            Ok(tally) => add(&mut all, &tally),
            Err(broken) => {
                eprintln!("seed {seed}: {broken}");
                let found =
                    if arguments.only.is_some() || arguments.daemons { None } else { shrink::shrink(&settings) };
                if let Some((smallest, broken)) = found {
                    report(arguments, &smallest, &broken.to_string());
                }
                return Ok(ExitCode::FAILURE);
            }
        }
        runs += 1;
        seed += 1;
        if std::io::stderr().is_terminal() {
            eprint!("\r{runs} runs, {} steps", all.steps);
            let _ = std::io::stderr().flush();
        }
    }
    if std::io::stderr().is_terminal() {
        eprintln!();
    }
    let hosts = settings(arguments, arguments.seed).hosts;
    println!("{runs} runs, {} steps in {:.1} s: every promise was kept", all.steps, start.elapsed().as_secs_f64());
    println!(
        "{} reconciles, {} faults, {} swarms made, {} joins, {} role changes, {} nodes removed, {} gone on alone",
        all.reconciles, all.faults, all.initialised, all.joins, all.role_changes, all.removals, all.forced
    );
    println!(
        "{} upgrades of the service or records written over, {} put back as of an earlier epoch ({} while nobody was there who knew better: not gone on with), {} \
         tokens handed over by a label",
        all.upgrades, all.fallen, all.void, all.handed_over
    );
    println!("longest way back after the last fault: {:.0} s", all.settled_ms as f64 / 1000.0);
    if arguments.hosts.is_some() {
        let minutes = 60.0 * runs as f64 * hosts as f64;
        println!(
            "in the calm hour, requests per host and minute: {:.2} to metadata, {:.3} to the API",
            all.calm_metadata_requests as f64 / minutes,
            all.calm_api_requests as f64 / minutes
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn settings(arguments: &Simulate, seed: u64) -> Settings {
    let mut settings = Settings::of_seed(seed);
    settings.hosts = arguments.hosts.map_or(settings.hosts, |hosts| hosts as usize);
    settings.managers = arguments.managers.unwrap_or(settings.managers);
    settings.trouble_ms = (arguments.hours * 3_600_000.0) as u64;
    settings.fault_every_ms = arguments.fault_every * 1_000;
    settings.only.clone_from(&arguments.only);
    settings.trace = arguments.trace;
    settings.progress = std::io::stderr().is_terminal().then_some(|now_ms| {
        eprint!("\r{} h simulated", now_ms / 3_600_000);
        let _ = std::io::stderr().flush();
    });
    settings
}

fn add(all: &mut Tally, one: &Tally) {
    all.steps += one.steps;
    all.reconciles += one.reconciles;
    all.faults += one.faults;
    all.upgrades += one.upgrades;
    all.fallen += one.fallen;
    all.void += one.void;
    all.handed_over += one.handed_over;
    all.role_changes += one.role_changes;
    all.removals += one.removals;
    all.forced += one.forced;
    all.initialised += one.initialised;
    all.joins += one.joins;
    all.metadata_requests += one.metadata_requests;
    all.api_requests += one.api_requests;
    all.calm_metadata_requests += one.calm_metadata_requests;
    all.calm_api_requests += one.calm_api_requests;
    all.settled_ms = all.settled_ms.max(one.settled_ms);
}

/// The smallest run that breaks the promise, and how to see it.
fn report(arguments: &Simulate, smallest: &Settings, broken: &str) {
    let only = smallest.only.clone().unwrap_or_default();
    eprintln!("the fewest faults with which it happens: {broken}");
    let simulation = Simulation::new(smallest.clone());
    for number in &only {
        let (at, fault) = simulation.faults()[*number];
        eprintln!("  {number}: after {} s: {fault}", at / 1000);
    }
    let numbers: Vec<String> = only.iter().map(ToString::to_string).collect();
    eprintln!(
        "to see it: cargo run --release -p swarm-lab -- simulate --seed {} --hosts {} --managers {} --hours {} \
         --fault-every {} --only '{}' --trace",
        smallest.seed,
        smallest.hosts,
        smallest.managers,
        arguments.hours,
        arguments.fault_every,
        numbers.join(",")
    );
}
