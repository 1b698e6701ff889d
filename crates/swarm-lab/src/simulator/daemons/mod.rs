//! Whole daemons in a simulated environment: the daemon's own loop, its observation, its actions, its writers and its forwarding,
//! as they are, on a clock that jumps. What they call is the [`Simulation`]: `engine_api` is the engine of each host, and
//! `rancher_api` is Rancher's API and rancher-metadata. Faults and promises are those of the simulation.
//!
//! All of it is one thread with tokio's paused clock: while anything is ready time stands still, and when nothing is it goes on
//! to whatever is due next. The connections are real, over the loopback interface; each host has an address of 127.0.0.0/8. So
//! two limits hold: a cut keeps the engines of two hosts apart and not their monitors, as a firewall does that closes 2377 and
//! not 2378; and of one seed two runs differ, by keys and by which of two things that happen at once comes first.

mod engine_api;
mod network;
mod rancher_api;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use swarmkit_mon::admission::Admission;
use swarmkit_mon::identity;
use swarmkit_mon::metadata::Metadata;
use swarmkit_mon::overview::{self, Overview};
use swarmkit_mon::places::Places;
use swarmkit_mon::run::Monitor;
use swarmkit_mon::state::{State, StateFile};
use tempfile::TempDir;
use tokio::sync::Notify;
use tokio::task::{JoinHandle, LocalSet};
use tokio::time::{Instant, sleep};

use super::faults::Fault;
use super::{Broken, Promise, QUIET_MS, Settings, Simulation, Tally};
use network::{Loopback, SwarmPorts};

/// How many hosts have an address.
pub const MOST_HOSTS: usize = 20;
/// The longest step of the clock. What the kernel is late with costs no more than this.
const STEP: Duration = Duration::from_millis(5);

/// How long a daemon may take to say where it stands.
const ANSWERS: Duration = Duration::from_secs(2);

/// What the daemons, and what they call, have in common.
struct Shared {
    simulation: Mutex<Simulation>,
    start: Instant,
    folder: TempDir,
    loopback: Arc<Loopback>,
    /// The labels of hosts, as metadata tells them.
    told_labels: Mutex<BTreeMap<String, BTreeMap<String, String>>>,
    /// rancher-metadata has caught up.
    told: Notify,
    /// The engine of a host has news.
    events: Vec<Notify>,
    /// When the daemon of a host last asked for the nodes, in milliseconds.
    looked: Mutex<Vec<u64>>,
}

impl Shared {
    /// The environment, as it is by now.
    fn world(&self) -> MutexGuard<'_, Simulation> {
        let mut world = self.simulation.lock().unwrap();
        let now = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        world.run_until(now, |_| false);
        for at in std::mem::take(&mut world.wiped) {
            self.state_file(at).write(&State::default()).unwrap();
        }
        world
    }

    fn state_folder(&self, at: usize) -> std::path::PathBuf {
        self.folder.path().join(format!("state-{at}"))
    }

    fn state_file(&self, at: usize) -> StateFile {
        StateFile::new(&self.state_folder(at))
    }

    /// Has the simulation know what the hosts remember.
    fn read_states(&self, world: &mut Simulation) {
        for (at, host) in world.hosts.iter_mut().enumerate() {
            host.state = self.state_file(at).read().unwrap();
        }
    }
}

/// Why no daemon can run here; `None` if they can.
pub fn missing() -> Option<&'static str> {
    network::missing()
}

/// A run with whole daemons, of up to [`MOST_HOSTS`] hosts: trouble, then peace until all is as it shall be, then a time in which nothing may change.
///
/// # Errors
/// A promise is broken.
///
/// # Panics
/// This machine has no free address, or no room.
pub fn run(settings: Settings) -> (Result<Tally, Broken>, Vec<String>) {
    on_a_clock_that_jumps(async {
        let mut daemons = Daemons::start(Settings { daemons: true, ..settings });
        let outcome = daemons.course().await;
        let mut trace = std::mem::take(&mut daemons.shared.simulation.lock().unwrap().trace);
        if outcome.is_err() {
            trace.extend(daemons.say_where_they_stand().await);
        }
        (outcome, trace)
    })
}

fn on_a_clock_that_jumps<T>(run: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let outcome = LocalSet::new().block_on(&runtime, run);
    runtime.shutdown_background();
    outcome
}

/// What a host's page says, as `swarmkit-mon status` has it, so many milliseconds after some faults have struck a swarm of five
/// hosts with three managers that was well. A fault that names a host names the page's too, by its number.
///
/// # Panics
/// As [`run`]; the swarm does not form.
pub fn page_after(faults: &[Fault], ms: u64, of: usize) -> String {
    on_a_clock_that_jumps(async {
        let quiet = Settings { trouble_ms: u64::MAX, fault_every_ms: 0, start_within_ms: 1_000, ..Settings::new(1, 5) };
        let mut daemons = Daemons::start(Settings { daemons: true, ..quiet });
        assert!(daemons.until_well(600_000).await);
        // What forming has left to do, and to be heard of, is over.
        let well = daemons.shared.world().now;
        daemons.until(well + QUIET_MS, |_| false).await;
        let struck = {
            let mut world = daemons.shared.world();
            faults.iter().for_each(|fault| world.strike(*fault));
            world.now
        };
        daemons.until(struck + ms, |_| false).await;
        let metadata = Metadata::new(&format!("{}/{of}/metadata", daemons.rancher)).unwrap();
        match overview::gather(&metadata, &Admission::default()).await {
            Ok(said) => Overview::of(said).to_string(),
            Err(error) => error.to_string(),
        }
    })
}

struct Daemons {
    shared: Arc<Shared>,
    rancher: String,
    /// Those that run, each with the number of its process.
    running: Vec<Option<(u64, JoinHandle<()>)>>,
    ports: SwarmPorts,
    told_times: u64,
}

impl Daemons {
    fn start(settings: Settings) -> Self {
        let mut simulation = Simulation::new(settings);
        let loopback = Arc::new(Loopback::take());
        let moves = Arc::clone(&loopback);
        simulation.moved_to = Box::new(move |at, number| moves.address(at, 1 + number).to_string());
        for (at, host) in simulation.hosts.iter_mut().enumerate() {
            host.address = loopback.address(at, 0).to_string();
            simulation.api.hosts[host.entry].agent_ip_address = Some(host.address.clone());
        }
        let hosts = simulation.hosts.len();
        let shared = Arc::new(Shared {
            simulation: Mutex::new(simulation),
            start: Instant::now(),
            folder: tempfile::tempdir().unwrap(),
            loopback,
            told_labels: Mutex::default(),
            told: Notify::new(),
            events: (0..hosts).map(|_| Notify::new()).collect(),
            looked: Mutex::new(vec![0; hosts]),
        });
        for at in 0..hosts {
            std::fs::create_dir(shared.state_folder(at)).unwrap();
            engine_api::listen(&shared, at);
        }
        let rancher = rancher_api::listen(&shared);
        let running = (0..hosts).map(|_| None).collect();
        Self { shared, rancher, running, ports: SwarmPorts::new(hosts), told_times: 0 }
    }

    async fn course(&mut self) -> Result<Tally, Broken> {
        let shared = Arc::clone(&self.shared);
        let (trouble, bound, calm) = {
            let Settings { trouble_ms, bound_ms, calm_ms, .. } = shared.world().settings;
            (trouble_ms, bound_ms, calm_ms)
        };
        self.until(trouble, |_| false).await;
        let peace = shared.world().begin_peace();
        let good = self.until_well(peace + bound).await;
        let before = {
            let mut world = shared.world();
            match world.end_peace(peace, good) {
                Some(before) => before,
                None => return Ok(world.tally.clone()),
            }
        };
        let now = shared.world().now;
        self.until(now + QUIET_MS, |_| false).await;
        let counted = shared.world().begin_calm();
        let now = shared.world().now;
        self.until(now + calm, |_| false).await;
        let mut world = shared.world();
        shared.read_states(&mut world);
        world.end_calm(&before, &counted)
    }

    /// Lets time go on until all is as it shall be, looking once a second. Answers whether it is by `end`.
    async fn until_well(&mut self, end: u64) -> bool {
        let shared = Arc::clone(&self.shared);
        let (mut looked, mut good) = (0, false);
        self.until(end, |world| {
            if world.now >= looked + 1_000 {
                looked = world.now;
                shared.read_states(world);
                good = world.is_well().is_ok();
            }
            good
        })
        .await;
        good
    }

    /// Lets time go on until `end`, until a promise is broken, or until it is enough.
    async fn until(&mut self, end: u64, mut enough: impl FnMut(&mut Simulation) -> bool) {
        loop {
            {
                let shared = Arc::clone(&self.shared);
                let mut world = shared.world();
                self.follow(&mut world);
                if world.now >= end || world.broken.is_some() || world.is_void || enough(&mut world) {
                    return;
                }
            }
            sleep(STEP).await;
        }
    }

    /// Has what runs be what the simulation says that runs.
    fn follow(&mut self, world: &mut Simulation) {
        if self.told_times != world.api.told_times {
            self.told_times = world.api.told_times;
            let labels = world.api.hosts.iter().map(|host| (host.uuid.clone(), host.labels.clone()));
            *self.shared.told_labels.lock().unwrap() = labels.collect();
            self.shared.told.notify_waiters();
        }
        for at in std::mem::take(&mut world.woken) {
            self.shared.events[at].notify_waiters();
        }
        for at in 0..world.hosts.len() {
            let wanted = world.hosts[at].monitor.as_ref().map(|monitor| monitor.process);
            let runs = self.running[at].as_ref().map(|(process, _)| *process);
            let ended = self.running[at].as_ref().is_some_and(|(_, task)| task.is_finished());
            if ended && wanted == runs {
                world.breaks(Promise::GoesOn, format!("that of host {at} has ended"));
            }
            if wanted != runs {
                if let Some((_, task)) = self.running[at].take() {
                    task.abort();
                }
                self.running[at] = wanted.map(|process| (process, self.start_daemon(world, at)));
            }
        }
        self.ports.follow(world);
    }

    /// What each daemon says of itself, a line each.
    async fn say_where_they_stand(&self) -> Vec<String> {
        let client = identity::client(ANSWERS).build().unwrap();
        let addresses: Vec<String> =
            self.shared.simulation.lock().unwrap().hosts.iter().map(|host| host.address.clone()).collect();
        let mut said = Vec::new();
        for (at, address) in addresses.iter().enumerate() {
            said.push(match identity::ask(&client, "its daemon", address.parse().unwrap(), ANSWERS).await {
                Ok(it) => format!(
                    "host {at}: {}: {}; warnings {:?}; {:?}",
                    it.stage, it.reason, it.about.warnings, it.about.events
                ),
                Err(error) => format!("host {at}: {error}"),
            });
        }
        said
    }

    fn start_daemon(&self, world: &Simulation, at: usize) -> JoinHandle<()> {
        let managers = world.wanted.managers.to_string();
        let given = |variable: &str| match variable {
            "MANAGER_SCALE" => Some(managers.clone()),
            "NETWORK" => Some(String::new()),
            // The files of an engine are not simulated.
            "BACKUP_EVERY" => Some("0".to_owned()),
            _ => None,
        };
        let settings = swarmkit_settings::Settings::resolve(|setting| given(setting.variable)).unwrap();
        let places = Places {
            engine: engine_api::socket(&self.shared, at),
            metadata: format!("{}/{at}/metadata", self.rancher),
            state: self.shared.state_folder(at),
            backups: self.shared.folder.path().join(format!("backups-{at}")),
            listen: world.hosts[at].address.parse().unwrap(),
        };
        let environment = |name: &str| match name {
            "CATTLE_URL" => Some(format!("{}/{at}/v1", self.rancher)),
            "CATTLE_ACCESS_KEY" | "CATTLE_SECRET_KEY" => Some("key".to_owned()),
            _ => None,
        };
        let monitor = Monitor::new(&settings, &places, true, environment).unwrap();
        tokio::task::spawn_local(async move {
            // The port of one that was just killed may be open for a moment yet.
            sleep(2 * STEP).await;
            if let Err(error) = monitor.run(std::future::pending()).await {
                panic!("host {at}: {error}");
            }
        })
    }
}

impl Drop for Daemons {
    fn drop(&mut self) {
        for (_, task) in self.running.iter().flatten() {
            task.abort();
        }
    }
}
