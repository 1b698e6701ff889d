//! The fewest faults with which a run still breaks its promise.

use super::{Broken, Promise, Settings, Simulation};

/// Leaves out faults as long as the same promise is broken. Answers with the settings of the smallest run, and what it
/// breaks; `None` if the run breaks none.
pub fn shrink(settings: &Settings) -> Option<(Settings, Broken)> {
    let attempt = |only: &[usize]| {
        let settings = Settings { only: Some(only.to_vec()), ..settings.clone() };
        let broken = Simulation::new(settings.clone()).run().err()?;
        Some((settings, broken))
    };
    let faults = Simulation::new(settings.clone()).faults().len();
    let mut all: Vec<usize> = match &settings.only {
        Some(only) => only.clone(),
        None => (0..faults).collect(),
    };
    let mut best = attempt(&all)?;
    let promise: Promise = best.1.promise;
    let mut part = all.len().div_ceil(2).max(1);
    while !all.is_empty() {
        let mut smaller = false;
        let mut from = 0;
        while from < all.len() {
            let to = (from + part).min(all.len());
            let rest: Vec<usize> = all[..from].iter().chain(&all[to..]).copied().collect();
            match attempt(&rest).filter(|(_, broken)| broken.promise == promise) {
                Some(found) => {
                    (all, best, smaller) = (rest, found, true);
                }
                None => from = to,
            }
        }
        if part == 1 && !smaller {
            break;
        }
        part = if smaller { part.min(all.len().max(1)) } else { part.div_ceil(2) };
        if part == 0 {
            break;
        }
    }
    Some(best)
}
