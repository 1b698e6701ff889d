//! Real faults of all kinds for hours, drawn from a seed, each of which has to heal by itself:
//!
//!     cargo run --release -p swarm-lab -- chaos --hours 8 --seed 7
//!
//! As root, with a Docker engine installed.

use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Args;
use swarm_lab::{chaos, lab, programs};

/// Breaks a swarm of five real engines again and again, and checks that it heals.
#[derive(Args)]
pub struct Chaos {
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

pub fn run(arguments: &Chaos) -> Result<ExitCode, String> {
    lab::missing().map_or(Ok(()), |missing| Err(missing.to_owned()))?;
    programs::build()?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    let time = Duration::try_from_secs_f64(arguments.hours * 3600.0).map_err(|error| format!("--hours: {error}"))?;
    let beside = arguments.beside.as_deref();
    if let Some(program) = beside.filter(|program| !std::path::Path::new(program).is_file()) {
        return Err(format!("--beside {program}: no such file"));
    }
    Ok(match chaos::run(arguments.seed.unwrap_or(now), time, beside) {
        Ok(faults) => {
            println!("{faults} faults, all healed");
            ExitCode::SUCCESS
        }
        Err(what) => {
            eprintln!("{what}");
            ExitCode::FAILURE
        }
    })
}
