//! How long the monitors take to heal what breaks, on real engines, beside the time that the swarm itself needs to show
//! that a node is gone; and how often they ask Rancher while nothing happens:
//!
//!     cargo run --release -p swarm-lab -- repair --runs 20
//!
//! As root, with a Docker engine installed.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use clap::Args;
use swarm_lab::chaos::{Arena, Fault, Healed, Step, Trouble, Whom};
use swarm_lab::lab::{self, Kind, Lab};
use swarm_lab::{programs, well};

/// What the swarms may take to form.
const FORM: Duration = Duration::from_secs(180);
/// When a swarm that has formed is calm: engines leave the connections by which they joined after a minute.
const CALM: Duration = Duration::from_secs(75);
/// For how long requests are counted.
const COUNT: Duration = Duration::from_secs(60);

/// Measures how long the monitors take to heal what breaks.
#[derive(Args)]
pub struct Repair {
    /// How often each fault
    #[arg(long, default_value = "5")]
    runs: NonZeroUsize,
    /// How many labs at once. It takes less time, and what it shows is who heals, not how fast
    #[arg(long, default_value = "1")]
    labs: NonZeroUsize,
    /// Only faults whose name has this in it
    #[arg(long)]
    only: Option<String>,
    /// GRACE_PERIOD of the monitors
    #[arg(long, default_value = "5")]
    grace: String,
    /// RECONCILE_PERIOD of the monitors
    #[arg(long, default_value = "30")]
    period: String,
    /// Leave out the requests
    #[arg(long)]
    no_requests: bool,
}

fn faults() -> Vec<(&'static str, Fault)> {
    vec![
        ("a manager's host is lost", Fault::Lost(Whom::Manager(0))),
        ("the leading host is lost", Fault::Lost(Whom::Leader)),
        ("a manager's host is off for 4 s", Fault::Reboots(Whom::Manager(0), 4)),
        ("the leader's monitor is killed", Fault::MonitorKilled(Whom::Leader, 1)),
        ("the leader's engine is restarted", Fault::EngineRestarts(Whom::Leader, false)),
        ("the leader's engine hangs for 20 s", Fault::EngineHangs(Whom::Leader, 20)),
        ("the leading host is cut off for 40 s", Fault::CutOff(Whom::Leader, 40)),
        ("two hosts are cut off from three for 40 s", Fault::Split([0, 1], 40)),
        ("a manager's host is removed from Rancher", Fault::Removed(Whom::Manager(0), true)),
        ("a worker's host is removed from Rancher", Fault::Removed(Whom::Worker(0), false)),
        ("two of three managers are lost and removed", Fault::QuorumLost),
        ("a node is removed by hand", Fault::NodeRemoved(0)),
        ("a worker leaves by hand", Fault::LeftByHand(0)),
        ("a manager is made a worker by hand", Fault::DemotedByHand(0)),
        ("a manager's engine loses its state", Fault::Wiped(Whom::Manager(0))),
        ("a worker has another address", Fault::Moved(Whom::Worker(0))),
        ("a manager has another address", Fault::Moved(Whom::Manager(0))),
        ("all hosts are off and on again", Fault::AllReboot),
        ("the API says 503 for 10 s", Fault::Rancher(Trouble::Says(Kind::Api, 503), 10)),
        ("metadata hangs for 10 s", Fault::Rancher(Trouble::Hangs(Kind::Metadata), 10)),
    ]
}

pub fn run(arguments: &Repair) -> Result<ExitCode, String> {
    lab::missing().map_or(Ok(()), |missing| Err(missing.to_owned()))?;
    programs::build()?;
    let all = measure(arguments);
    if !arguments.no_requests {
        for hosts in [3, 9] {
            requests(hosts);
        }
    }
    Ok(if all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Answers whether all were healed.
fn measure(arguments: &Repair) -> bool {
    let (grace, period) = (arguments.grace.as_str(), arguments.period.as_str());
    let settings = [("GRACE_PERIOD", grace), ("RECONCILE_PERIOD", period)];
    println!("5 hosts, 3 managers, a grace period of {grace} s, a period of {period} s; times in seconds");
    if arguments.labs.get() > 1 {
        println!("{} labs at once: they slow each other down", arguments.labs);
    }
    println!(
        "\n| fault | healed | the swarm shows it: median, max | calls it down: median, max | healed after: median, max |"
    );
    println!("|---|---|---|---|---|");
    let wanted = |name: &str| arguments.only.as_ref().is_none_or(|part| name.contains(part.as_str()));
    let runs = arguments.runs.get();
    let rows: Vec<Row> = faults()
        .into_iter()
        .filter(|(name, _)| wanted(name))
        .map(|(name, fault)| Row { name, fault, healed: Mutex::default(), left: AtomicUsize::new(runs) })
        .collect();
    let (next, good) = (AtomicUsize::new(0), AtomicBool::new(true));
    thread::scope(|scope| {
        for _ in 0..arguments.labs.get() {
            scope.spawn(|| {
                let mut arena = None;
                while let Some(row) = rows.get(next.fetch_add(1, Ordering::Relaxed) / runs) {
                    match struck(&mut arena, &settings, &row.fault) {
                        Ok(one) => row.healed.lock().unwrap().push(one),
                        Err(what) => {
                            eprintln!("{}: {what}", row.name);
                            good.store(false, Ordering::Relaxed);
                            // The next one shall not suffer from it.
                            arena = None;
                        }
                    }
                    if row.left.fetch_sub(1, Ordering::AcqRel) == 1 {
                        row.print(runs);
                    }
                }
            });
        }
    });
    good.into_inner()
}

/// A fault, and how it was healed so far.
struct Row {
    name: &'static str,
    fault: Fault,
    healed: Mutex<Vec<Healed>>,
    /// How many of its runs have not ended.
    left: AtomicUsize,
}

impl Row {
    fn print(&self, runs: usize) {
        let healed = self.healed.lock().unwrap();
        let spread = |pick: &dyn Fn(&Healed) -> Option<Duration>| spread(healed.iter().filter_map(pick).collect());
        println!(
            "| {} | {} of {runs} | {} | {} | {} |",
            self.name,
            healed.len(),
            spread(&|one| one.shown),
            spread(&|one| one.down),
            spread(&|one| Some(one.took()))
        );
    }
}

/// A panic in the lab itself is one that was not healed, too.
fn struck(arena: &mut Option<Arena>, settings: &[(&str, &str)], fault: &Fault) -> Result<Healed, String> {
    let strike = || {
        let arena = match arena {
            Some(arena) => arena,
            None => arena.insert(Arena::start(5, settings, None)?),
        };
        arena.strike(&Step { fault: fault.clone(), with: None })
    };
    catch_unwind(AssertUnwindSafe(strike)).unwrap_or_else(|_| Err("a panic, see above".to_owned()))
}

fn spread(mut times: Vec<Duration>) -> String {
    times.sort();
    match times.last() {
        None => "-".to_owned(),
        Some(most) => format!("{:.1}, {:.1}", times[times.len() / 2].as_secs_f64(), most.as_secs_f64()),
    }
}

/// How often each host asks Rancher while nothing happens.
fn requests(hosts: usize) {
    let lab = Lab::start(hosts);
    lab.start_monitors(&[]);
    lab.eventually(FORM, || well::is_well(&lab, 3));
    thread::sleep(CALM);
    let lease = lab.leader();
    let mark = lab.rancher.log_length();
    thread::sleep(COUNT);
    let mut per_host = BTreeMap::new();
    for ((source, kind, _, _), times) in lab.rancher.counts_since(mark) {
        *per_host.entry((source, kind)).or_insert(0) += times;
    }
    let of = |index: usize, kind: Kind| per_host.get(&(lab.hosts[index].source(), kind)).copied().unwrap_or(0);
    let most = |kind: Kind| (0..hosts).filter(|index| Some(*index) != lease).map(|index| of(index, kind)).max();
    println!(
        "\n{hosts} hosts, requests a minute: the lease holder {} to metadata and {} to the API, each other one at most {} \
         and {}",
        lease.map_or(0, |index| of(index, Kind::Metadata)),
        lease.map_or(0, |index| of(index, Kind::Api)),
        most(Kind::Metadata).unwrap_or(0),
        most(Kind::Api).unwrap_or(0),
    );
}
