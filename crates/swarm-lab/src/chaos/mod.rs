//! Real faults, one after the other, drawn from a seed, on a swarm with a service in it. After each one all has to be well
//! again within its bound: the same swarm, its managers, labels and record, and the service with all its tasks.

use std::time::{Duration, Instant};

use crate::dice::Dice;

mod arena;
mod fault;

pub use arena::{Arena, Healed, MANAGERS};
pub use fault::{Fault, Step, Trouble, Whom};

/// Faults from a seed for so long, on five hosts, with other monitors on every other one where they are given. Prints each;
/// answers how many there were.
///
/// # Errors
/// What was not healed, with the seed, all faults so far and a report.
pub fn run(seed: u64, time: Duration, beside: Option<&str>) -> Result<usize, String> {
    println!("seed {seed}: SEED={seed} repeats it");
    let failed = |done: &[String], what: String| format!("seed {seed}, after\n  {}\n{what}", done.join("\n  "));
    let settings = [("RECONCILE_PERIOD", "3"), ("GRACE_PERIOD", "5"), ("LOG_LEVEL", "debug")];
    let arena = Arena::start(5, &settings, beside).map_err(|what| failed(&[], what))?;
    let (mut dice, start, mut done) = (Dice::new(seed), Instant::now(), Vec::new());
    while start.elapsed() < time {
        let step = Step::draw(&mut dice);
        done.push(step.to_string());
        println!("{:6.1} s  {step}", start.elapsed().as_secs_f64());
        let healed = arena.strike(&step).map_err(|what| {
            let logs = arena.save_logs(seed).map_or_else(|error| error.to_string(), |path| path.display().to_string());
            failed(&done, format!("{what}\nall logs: {logs}"))
        })?;
        let repaired = healed.repaired.map_or(String::new(), |time| format!("repaired after {time:.1?}, "));
        println!("          {repaired}well after {:.1?}", healed.well);
    }
    Ok(done.len())
}
