//! Tests that cannot run everywhere: where one cannot, it is counted as ignored and the reason is printed. At the end it is
//! told which took longest.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Failed};

use crate::turn::Turns;

/// How many of those that took longest are told.
const LONGEST: usize = 10;
/// What is not worth telling.
const SHORT: Duration = Duration::from_secs(2);

/// A test, and why it cannot run here if it cannot.
pub struct Trial {
    name: String,
    missing: Option<String>,
    test: Box<dyn FnOnce() -> Result<(), Failed> + Send>,
}

/// A test, and why it cannot run here if it cannot.
pub fn trial(name: &str, missing: Option<&str>, test: fn()) -> Trial {
    let test = move || {
        test();
        Ok(())
    };
    Trial { name: name.to_owned(), missing: missing.map(str::to_owned), test: Box::new(test) }
}

/// Tests that can run everywhere, by the names of their functions.
#[macro_export]
macro_rules! trials {
    ($($test:ident),* $(,)?) => { vec![$($crate::trial::trial(stringify!($test), None, $test)),*] };
}

/// The same of what must be there where every change is tested: missing there, it fails.
pub fn trial_wanted_in_ci(name: &str, missing: Option<&'static str>, test: fn()) -> Trial {
    let in_ci = std::env::var_os("CI").is_some_and(|ci| ci == "true");
    match missing.filter(|_| in_ci) {
        Some(missing) => {
            Trial { name: name.to_owned(), missing: None, test: Box::new(move || Err(Failed::from(missing))) }
        }
        None => trial(name, missing, test),
    }
}

/// Says that the hosts of the other trials ask Rancher's own rancher-metadata: where it is missing they ask the stand-in.
pub fn ranchers_own_metadata(missing: Option<&'static str>) -> Trial {
    trial_wanted_in_ci("the_hosts_ask_ranchers_own_metadata", missing, || {})
}

/// Whether the campaigns are asked for: what takes long, and finds what the everyday run seldom does.
pub fn is_long() -> bool {
    std::env::var_os("LONG").is_some()
}

/// How often more than every day Rancher's own parts are asked about made-up inputs: `CASES=100` asks a hundred times as many.
pub fn cases() -> u64 {
    std::env::var("CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(1)
}

/// A test that takes long: a part of the campaigns.
pub fn campaign(name: &str, missing: Option<&str>, test: fn()) -> Trial {
    let short = (!is_long()).then_some("a campaign (./scripts/test --long)");
    trial(name, missing.or(short), test)
}

/// A module of trials: its name, and what makes them.
pub type Module = (&'static str, fn() -> Vec<Trial>);

/// Runs the trials of some modules as the command line asks, each under its module's name, and ends the process.
/// `most_at_a_time` is for those that mostly wait: so many run together, each begun once the processors have time for it.
/// Otherwise, and where the command line says how many, they simply run together: two for each processor, as each waits at times
/// for a program that it runs.
pub fn run(most_at_a_time: Option<usize>, modules: &[Module]) -> ! {
    let mut arguments = Arguments::from_args();
    let turns = most_at_a_time.filter(|_| arguments.test_threads.is_none()).map(|_| Arc::new(Turns::default()));
    arguments.test_threads = arguments.test_threads.or(most_at_a_time).or_else(|| Some(2 * processors()));
    let took = Arc::new(Mutex::new(Vec::new()));
    let all = modules.iter().flat_map(|(module, trials)| trials().into_iter().map(move |trial| (module, trial)));
    let trials = all.map(|(module, Trial { name, missing, test })| {
        let name = format!("{module}::{name}");
        if let Some(missing) = &missing {
            println!("ignored: {name}: {missing}");
        }
        let (took, of, turns) = (Arc::clone(&took), name.clone(), turns.clone());
        let timed = move || {
            let _turn = turns.as_ref().map(Turns::wait);
            let start = Instant::now();
            let outcome = test();
            took.lock().unwrap().push((start.elapsed(), of));
            outcome
        };
        libtest_mimic::Trial::test(name, timed).with_ignored_flag(missing.is_some())
    });
    let conclusion = libtest_mimic::run(&arguments, trials.collect());
    tell_the_longest(&mut took.lock().unwrap());
    conclusion.exit()
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

fn tell_the_longest(took: &mut [(Duration, String)]) {
    took.sort();
    for (time, name) in took.iter().rev().take(LONGEST).filter(|(time, _)| *time >= SHORT) {
        println!("{:6.1} s  {name}", time.as_secs_f64());
    }
}
