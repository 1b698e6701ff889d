//! Real faults of all kinds for hours, drawn from a seed, each of which has to heal by itself:
//!
//!     cargo run --release --all-features --example chaos -- --hours 8 --seed 7
//!
//! As root, with a Docker engine installed.

#[path = "../tests/support/chaos.rs"]
mod chaos;
#[path = "../tests/support/dice.rs"]
mod dice;
#[path = "../tests/support/lab/mod.rs"]
mod lab;
#[path = "../tests/support/well.rs"]
mod well;

use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Parser;

/// Breaks a swarm of five real engines again and again, and looks that it heals.
#[derive(Parser)]
#[command(name = "chaos", max_term_width = 100)]
struct Arguments {
    /// For how many hours
    #[arg(long, default_value_t = 1.0)]
    hours: f64,
    /// Which faults; the same seed brings the same ones in the same order [default: another one each time]
    #[arg(long)]
    seed: Option<u64>,
    /// The swarmkit-mon of another version, to run on every other host: as half way through an upgrade
    #[arg(long, value_name = "PROGRAM")]
    beside: Option<String>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(missing) = lab::missing() {
        eprintln!("chaos: {missing}");
        return ExitCode::from(2);
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    let Ok(time) = Duration::try_from_secs_f64(arguments.hours * 3600.0) else {
        eprintln!("chaos: --hours {}", arguments.hours);
        return ExitCode::from(2);
    };
    let beside = arguments.beside.as_deref();
    if let Some(program) = beside.filter(|program| !std::path::Path::new(program).is_file()) {
        eprintln!("chaos: --beside {program}: no such file");
        return ExitCode::from(2);
    }
    match chaos::run(arguments.seed.unwrap_or(now), time, beside) {
        Ok(faults) => {
            println!("{faults} faults, all healed");
            ExitCode::SUCCESS
        }
        Err(what) => {
            eprintln!("{what}");
            ExitCode::FAILURE
        }
    }
}
