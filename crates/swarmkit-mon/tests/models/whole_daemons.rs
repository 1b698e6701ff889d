//! Whole daemons, as they are, in environments with faults: what holds for their judgement holds for all of them.
//!
//! `SEED=n` runs one seed, `cargo run --release -p swarm-lab -- simulate --daemons` as many as are asked for.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use swarm_lab::simulator::daemons;
use swarm_lab::simulator::{Settings, Tally};
use swarm_lab::trial::{Trial, campaign, trial};

/// How many seeds the campaign runs.
const SEEDS: u64 = 24;

pub fn trials() -> Vec<Trial> {
    let missing = daemons::missing();
    vec![
        campaign("of_many_seeds_every_promise_is_kept", missing, of_many_seeds),
        trial("whatever_goes_wrong_every_promise_is_kept", missing, whatever_goes_wrong_every_promise_is_kept),
        trial(
            "hosts_on_which_nothing_goes_wrong_form_a_swarm",
            missing,
            hosts_on_which_nothing_goes_wrong_form_a_swarm,
        ),
    ]
}

/// A quarter of an hour of faults.
fn of_seed(seed: u64) -> Settings {
    Settings {
        hosts: 1 + (seed % 7) as usize,
        trouble_ms: 15 * 60_000,
        fault_every_ms: 60_000,
        calm_ms: 10 * 60_000,
        trace: true,
        ..Settings::of_seed(seed)
    }
}

fn run(settings: Settings) -> Tally {
    let seed = settings.seed;
    let (outcome, trace) = daemons::run(settings);
    outcome.unwrap_or_else(|broken| panic!("SEED={seed}: {broken}\n{}", trace.join("\n")))
}

fn whatever_goes_wrong_every_promise_is_kept() {
    if let Ok(seed) = std::env::var("SEED") {
        run(of_seed(seed.parse().unwrap()));
        return;
    }
    let tallies: Vec<Tally> = (1..6).map(|seed| run(of_seed(seed))).collect();
    let sum = |of: fn(&Tally) -> u64| tallies.iter().map(of).sum::<u64>();
    let (faults, joins, role_changes) =
        (sum(|tally| tally.faults), sum(|tally| tally.joins), sum(|tally| tally.role_changes));
    assert!(
        faults > 40 && joins > 10 && role_changes > 8,
        "{faults} faults, {joins} joins, {role_changes} role changes"
    );
}

fn hosts_on_which_nothing_goes_wrong_form_a_swarm() {
    let quiet = Settings { trouble_ms: 60_000, fault_every_ms: 0, start_within_ms: 2_000, ..of_seed(0) };
    let tally = run(Settings { hosts: 5, managers: 3, ..quiet });
    assert_eq!((tally.initialised, tally.joins, tally.role_changes, tally.removals, tally.forced), (1, 4, 2, 0, 0));
    // One hour's worth of what is at rest is known elsewhere; here only that it does not ask all the time.
    assert!(tally.calm_api_requests < 200, "{} requests", tally.calm_api_requests);
}

fn of_many_seeds() {
    let next = AtomicU64::new(1_000);
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= 1_000 + SEEDS {
                return;
            }
            run(of_seed(seed));
        }
    };
    thread::scope(|scope| {
        (0..thread::available_parallelism().map_or(1, usize::from)).for_each(|_| drop(scope.spawn(work)));
    });
}
