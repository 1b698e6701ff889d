//! A simulator: thousands of hosts, their engines and swarms, Rancher's API and its metadata, and the monitors with the
//! daemon's own `plan`, `Memory`, `Record` and `DesiredRecord`, on a clock that jumps from event to event.
//!
//! What the parts around the daemon do is what they are known to do: rancher-metadata is late, a PUT replaces the whole
//! record and may land long after its sender has died, or twice; a service that is upgraded stores it and tells nobody,
//! or refuses it, and an upgrade may write other metadata over it; a role takes effect seconds after it was changed; a node
//! that is lost is called down after 10 to 15 s; a manager without a leader does not answer; a worker breaks down when it
//! is promoted and the manager that it joined through is gone.
//!
//! In the place of these monitors whole daemons can run: see [`daemons`].
//!
//! A run is its [`Settings`]: the same ones give the same run. Faults are a list that is made before the run, so that
//! they can be left out one by one: see [`shrink`].

pub mod api;
mod changes;
pub mod daemons;
mod engine_calls;
pub mod engines;
pub mod faults;
pub mod group;
pub mod host;
pub mod monitors;
pub mod promises;
pub mod record_writing;
mod roles;
pub mod shrink;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::time::Duration;

use swarmkit_mon::engine::Role;
use swarmkit_mon::observe::{Observation, Wanted};
use swarmkit_mon::plan::Plan;
use tokio::time::Instant;

use crate::dice::Dice;
use crate::wanted::wanted;
use api::{Api, Write};
use faults::Fault;
use group::Group;
use host::Host;
pub use promises::{Broken, Promise};
use record_writing::Outcome;

/// How many services there are once a swarm has two nodes.
pub const SERVICES: usize = 5;

/// What is late once all is well may still be put right for so long: labels and the record follow.
const QUIET_MS: u64 = 120_000;

/// What judges: the daemon's `plan`, or one with a bug.
pub type Judge = fn(&Observation) -> Plan;

/// All that a run is made of.
#[derive(Clone)]
pub struct Settings {
    pub seed: u64,
    pub hosts: usize,
    pub managers: usize,
    /// Within which time the monitors start for the first time, in milliseconds.
    pub start_within_ms: u64,
    /// For how long there are faults, in milliseconds.
    pub trouble_ms: u64,
    /// The mean time from one fault to the next, in milliseconds.
    pub fault_every_ms: u64,
    /// For how long it may take after the last fault until all is as it shall be, in milliseconds.
    pub bound_ms: u64,
    /// For how long nothing may change then, in milliseconds.
    pub calm_ms: u64,
    /// The faults to take of those that the seed makes, by number; all of them if `None`.
    pub only: Option<Vec<usize>>,
    pub judge: Judge,
    /// Whether the monitors are whole daemons, which run elsewhere: see [`daemons`].
    pub daemons: bool,
    /// Whether what happens is kept as text.
    pub trace: bool,
    /// Is told the simulated time in milliseconds, every hour of it.
    pub progress: Option<fn(u64)>,
}

impl Settings {
    /// From one host to nine, and one to seven managers, as the seed has it.
    pub fn of_seed(seed: u64) -> Self {
        let managers = [3, 3, 5, 1, 7][(seed / 9 % 5) as usize];
        Self { managers, ..Self::new(seed, 1 + (seed % 9) as usize) }
    }

    pub fn new(seed: u64, hosts: usize) -> Self {
        Self {
            seed,
            hosts,
            managers: 3,
            start_within_ms: 60_000,
            trouble_ms: 40 * 60_000,
            fault_every_ms: 90_000,
            bound_ms: 30 * 60_000,
            calm_ms: 3_600_000,
            only: None,
            judge: swarmkit_mon::plan::plan,
            daemons: false,
            trace: false,
            progress: None,
        }
    }
}

/// What has happened in a run.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Events: reconciles, actions, writes, elections, faults.
    pub steps: u64,
    pub reconciles: u64,
    pub faults: u64,
    /// Service upgrades, and records that were written over.
    pub upgrades: u64,
    /// Records that were put back by one who knew an earlier epoch only.
    pub fallen: u64,
    /// Runs that ended early, as the record was lost while nobody was there who knew it.
    pub void: u64,
    /// Join tokens handed over by a host label.
    pub handed_over: u64,
    pub role_changes: u64,
    pub removals: u64,
    pub forced: u64,
    pub initialised: u64,
    pub joins: u64,
    /// Requests to rancher-metadata and to Rancher's API.
    pub metadata_requests: u64,
    pub api_requests: u64,
    /// How long it took after the last fault until all was as it shall be, in milliseconds.
    pub settled_ms: u64,
    /// The same requests in the calm hour at the end.
    pub calm_metadata_requests: u64,
    pub calm_api_requests: u64,
}

/// Something that happens at a time.
pub enum Event {
    Reconcile { host: usize, process: u64, at: u64 },
    Begin { host: usize, process: u64, planned: Box<(Observation, Plan, u64)> },
    Done { host: usize, process: u64, good: bool },
    Init { host: usize, process: u64, nonce: String },
    Force { host: usize, process: u64, epoch: u64, init: u64, seen: Box<Observation> },
    Forced { host: usize, process: u64 },
    Publish { host: usize, process: u64 },
    Published { host: usize, process: u64, outcome: Box<Outcome> },
    Rested { host: usize, process: u64 },
    Labels { host: usize, process: u64 },
    LandLabels { entry: usize, labels: BTreeMap<String, String> },
    Agent { host: usize, turn: u64 },
    Land(Box<Write>),
    Metadata,
    Settle { group: usize, node: String },
    Down { group: usize, node: String, since: u64 },
    Returns { group: usize, node: String },
    Election { group: usize },
    Fault(usize),
    Heal(usize),
    StartMonitor { host: usize },
}

struct Queued {
    at: u64,
    number: u64,
    event: Event,
}

impl PartialEq for Queued {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.number) == (other.at, other.number)
    }
}
impl Eq for Queued {}
impl PartialOrd for Queued {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Queued {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

/// The world of a run.
pub struct Simulation {
    pub settings: Settings,
    pub now: u64,
    pub tally: Tally,
    pub trace: Vec<String>,
    pub hosts: Vec<Host>,
    pub groups: Vec<Group>,
    pub api: Api,
    pub wanted: Wanted,
    faults: Vec<(u64, Fault)>,
    dice: Dice,
    base: Instant,
    queue: BinaryHeap<Reverse<Queued>>,
    number: u64,
    serial: u64,
    pub broken: Option<Broken>,
    /// The address of a host that has moved, by a number of its move.
    moved_to: Box<dyn Fn(usize, usize) -> String + Send>,
    /// Hosts whose engines have news for their daemons.
    woken: BTreeSet<usize>,
    /// Hosts whose disks were made anew.
    wiped: BTreeSet<usize>,
    /// The record was lost while nobody was there who knew of the latest epoch: nothing can be promised.
    pub is_void: bool,
    /// All is as it shall be, and has to stay so.
    calm: bool,
    /// Nothing goes wrong any more.
    peace: bool,
}

impl Simulation {
    pub fn new(settings: Settings) -> Self {
        let mut dice = Dice::new(settings.seed);
        let faults = faults::schedule(&settings, &mut Dice::new(settings.seed ^ 0x5eed));
        let mut world = Self {
            now: 0,
            tally: Tally::default(),
            trace: Vec::new(),
            hosts: (0..settings.hosts).map(Host::new).collect(),
            groups: Vec::new(),
            api: Api { is_v1: !settings.seed.is_multiple_of(4), ..Api::default() },
            wanted: wanted(settings.managers),
            faults,
            base: Instant::now(),
            queue: BinaryHeap::new(),
            number: 0,
            serial: 0,
            broken: None,
            moved_to: Box::new(|at, number| format!("11.{}.{}.{}", at / 250, at % 250, 250 + number % 5)),
            woken: BTreeSet::new(),
            wiped: BTreeSet::new(),
            is_void: false,
            calm: false,
            peace: false,
            settings,
            dice: Dice::new(0),
        };
        for at in 0..world.hosts.len() {
            world.register(at);
            let start = dice.below(world.settings.start_within_ms);
            world.schedule(start, Event::StartMonitor { host: at });
        }
        for number in 0..world.faults.len() {
            if world.settings.only.as_ref().is_none_or(|only| only.contains(&number)) {
                let at = world.faults[number].0;
                world.schedule(at, Event::Fault(number));
            }
        }
        world.api.tell(&world.hosts);
        world.dice = dice;
        world
    }

    /// Makes a swarm by hand, before the monitors start: of the first of these hosts, joined by the others.
    pub fn make_swarm(&mut self, hosts: &[usize]) -> usize {
        let group = self.make_group(hosts[0]);
        self.groups[group].services = SERVICES;
        for at in &hosts[1..] {
            let id = self.fresh("node");
            let node = self.new_node(*at, &id, Role::Worker);
            self.groups[group].nodes.push(node);
            self.sit(*at, group, &id, Some(hosts[0]));
        }
        group
    }

    /// Runs for some milliseconds, whatever comes of it.
    ///
    /// # Errors
    /// A promise is broken.
    pub fn run_for(&mut self, ms: u64) -> Result<(), Broken> {
        self.run_until(self.now + ms, |_| false);
        self.broken.clone().map_or(Ok(()), Err)
    }

    pub fn faults(&self) -> &[(u64, Fault)] {
        &self.faults
    }

    pub fn schedule(&mut self, at: u64, event: Event) {
        self.number += 1;
        self.queue.push(Reverse(Queued { at, number: self.number, event }));
    }

    /// After so many milliseconds.
    pub fn after(&mut self, ms: u64, event: Event) {
        self.schedule(self.now + ms, event);
    }

    /// Some milliseconds from `least` to `most`.
    pub fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.dice.below(most - least + 1)
    }

    pub fn one_in(&mut self, many: u64) -> bool {
        self.dice.one_in(many)
    }

    pub fn instant(&self) -> Instant {
        self.base + Duration::from_millis(self.now)
    }

    /// What a host is called. Names are of no use to tell nodes apart: but for people, all have the same.
    pub fn name(&self, at: usize) -> String {
        if self.settings.daemons { format!("h{at}") } else { "same.example".to_owned() }
    }

    pub fn fresh(&mut self, kind: &str) -> String {
        self.serial += 1;
        format!("{kind}-{}", self.serial)
    }

    pub fn say(&mut self, text: impl FnOnce() -> String) {
        if self.settings.trace {
            let line = format!("{:>10.3} s  {}", self.now as f64 / 1000.0, text());
            self.trace.push(line);
        }
    }

    /// A promise is broken. The first one ends the run.
    pub fn breaks(&mut self, promise: Promise, what: String) {
        self.say(|| format!("BROKEN: {}: {what}", promise.text()));
        if self.broken.is_none() {
            self.broken = Some(Broken { promise, what, at_ms: self.now });
        }
    }

    /// Runs until `end`, or until a promise is broken.
    fn run_until(&mut self, end: u64, mut enough: impl FnMut(&mut Self) -> bool) {
        while self.broken.is_none() && !self.is_void {
            let Some(Reverse(next)) = self.queue.peek() else { break };
            if next.at > end {
                break;
            }
            let Some(Reverse(next)) = self.queue.pop() else { break };
            let hour = self.now / 3_600_000;
            self.now = self.now.max(next.at);
            if let Some(progress) = self.settings.progress
                && self.now / 3_600_000 > hour
            {
                progress(self.now);
            }
            self.tally.steps += 1;
            self.happen(next.event);
            if enough(self) {
                return;
            }
        }
        if self.broken.is_none() {
            self.now = self.now.max(end);
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::StartMonitor { host } => self.start_monitor(host),
            Event::Reconcile { host, process, at } => self.look(host, process, at),
            Event::Begin { host, process, planned } => self.begin(host, process, *planned),
            Event::Done { host, process, good } => self.done(host, process, good),
            Event::Init { host, process, nonce } => self.init_done(host, process, &nonce),
            Event::Force { host, process, epoch, init, seen } => self.force(host, process, epoch, init, &seen),
            Event::Forced { host, process } => self.forced(host, process),
            Event::Publish { host, process } => self.publish(host, process),
            Event::Published { host, process, outcome } => self.published(host, process, *outcome),
            Event::Rested { host, process } => self.rested(host, process),
            Event::Labels { host, process } => self.write_labels(host, process),
            Event::LandLabels { entry, labels } => self.land_labels(entry, labels),
            Event::Agent { host, turn } => self.agent_is_told(host, turn),
            Event::Land(write) => self.land(*write),
            Event::Metadata => self.metadata_catches_up(),
            Event::Settle { group, node } => self.settle(group, &node),
            Event::Down { group, node, since } => self.goes_down(group, &node, since),
            Event::Returns { group, node } => self.returns(group, &node),
            Event::Election { group } => self.elect(group),
            Event::Fault(number) => self.fault(number),
            Event::Heal(number) => self.heal(number),
        }
    }

    /// The whole run: trouble, then peace until all is as it shall be, then an hour in which nothing may change.
    ///
    /// # Errors
    /// A promise is broken.
    pub fn run(&mut self) -> Result<Tally, Broken> {
        let trouble = self.settings.trouble_ms;
        self.run_until(trouble, |_| false);
        let peace = self.begin_peace();
        let mut looked = 0;
        let bound = peace + self.settings.bound_ms;
        let mut good = false;
        self.run_until(bound, |world| {
            if world.now >= looked + 1_000 {
                looked = world.now;
                good = world.is_well().is_ok();
            }
            good
        });
        let Some(before) = self.end_peace(peace, good) else { return Ok(self.tally.clone()) };
        let quiet = self.now + QUIET_MS;
        self.run_until(quiet, |_| false);
        let counted = self.begin_calm();
        let end = self.now + self.settings.calm_ms;
        self.run_until(end, |_| false);
        self.end_calm(&before, &counted)
    }

    fn begin_peace(&mut self) -> u64 {
        self.make_peace();
        self.now
    }

    /// Judges whether all is as it shall be, some time after peace began. Answers with what was counted until then; with `None`
    /// where nothing can be promised.
    fn end_peace(&mut self, peace: u64, good: bool) -> Option<Tally> {
        if self.is_void {
            self.tally.void += 1;
            return None;
        }
        if self.broken.is_none() && !good {
            let why = self.is_well().err();
            if let Some(why) = why {
                let after = self.settings.bound_ms / 60_000;
                self.breaks(Promise::Converges, format!("{after} minutes after the last fault: {why}"));
            }
        }
        self.tally.settled_ms = self.now - peace;
        Some(self.tally.clone())
    }

    /// From now on nothing may change.
    fn begin_calm(&mut self) -> Tally {
        self.calm = true;
        self.tally.clone()
    }

    fn end_calm(&mut self, before: &Tally, counted: &Tally) -> Result<Tally, Broken> {
        self.tally.calm_metadata_requests = self.tally.metadata_requests - counted.metadata_requests;
        self.tally.calm_api_requests = self.tally.api_requests - counted.api_requests;
        if self.broken.is_none()
            && let Err(why) = self.is_well()
        {
            let minutes = self.settings.calm_ms / 60_000;
            self.breaks(Promise::Converges, format!("{minutes} minutes after it was well: {why}"));
        }
        if self.broken.is_none() {
            self.look_at_tokens();
        }
        let faults = self.tally.faults;
        let most = 6 * self.settings.managers as u64 + 8 * faults;
        if before.role_changes > most {
            let text = format!("{} role changes, {faults} faults", before.role_changes);
            self.breaks(Promise::FewRoleChanges, text);
        }
        match self.broken.clone() {
            None => Ok(self.tally.clone()),
            Some(broken) => Err(broken),
        }
    }
}
