//! Whatever breaks, in whatever order, heals by itself: real faults drawn from a seed, for `CHAOS_MINUTES` (6).

use std::time::{Duration, SystemTime, UNIX_EPOCH};
use swarm_lab::chaos;
use swarm_lab::lab;
use swarm_lab::trial::Trial;

use swarm_lab::trial::campaign;

pub fn trials() -> Vec<Trial> {
    vec![campaign("faults_of_all_kinds_in_any_order_heal_by_themselves", lab::missing(), any_order)]
}

fn any_order() {
    let number =
        |name: &str| std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name}={text}")));
    let seed = number("SEED").unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs());
    let minutes = number("CHAOS_MINUTES").unwrap_or(6);
    match chaos::run(seed, Duration::from_secs(minutes * 60), None) {
        Ok(faults) => println!("{faults} faults, all healed"),
        Err(what) => panic!("{what}"),
    }
}
