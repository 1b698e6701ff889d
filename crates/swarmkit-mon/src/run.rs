//! When: the loop that observes, plans and acts, its wake-ups and its back-off.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use super::act::{ActError, Executor};
use super::admission::Admission;
use super::backup::folder::Folder;
use super::backup::restore::Pending;
use super::backup::schedule::{self, Schedule};
use super::engine::Engine;
use super::forward::{self, Listening, Upstreams};
use super::gossip_port;
use super::health::{self, Health};
use super::identity::Mirror;
use super::journal::Journal;
use super::label_writer;
use super::making::Making;
use super::metadata::Metadata;
use super::names::Names;
use super::notify::{self, Notifier};
use super::observe::{Observation, Own, Recovery, Sources, Wanted};
use super::own_container::OwnContainer;
use super::pace::Pace;
use super::past::{Memory, ms};
use super::peers::{self, Peer};
use super::places::Places;
use super::plan::{Change, Plan, WarningKind, plan};
use super::rancher::Rancher;
use super::record_writer;
use super::seal::KeyPair;
use super::state::{State, StateFile};
use super::status::{Done, Status};
use super::wake;
use swarmkit_settings::{HEALTH_PORT, ManagerAvailability, QuorumRecovery, Settings};

/// Why the monitor cannot run at all.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// No client can be made.
    #[error("no HTTP client: {0}")]
    Client(#[from] reqwest::Error),
    /// What is told to an address of the operator's.
    #[error("{0}")]
    Notify(#[from] notify::SetupError),
    /// Something else listens on the health port.
    #[error("the health port {HEALTH_PORT} cannot be opened: another program, or another monitor, may have it: {0}")]
    HealthPort(std::io::Error),
}

impl From<&Settings> for Wanted {
    fn from(settings: &Settings) -> Self {
        Self {
            managers: usize::from(settings.manager_scale),
            drain_managers: settings.manager_availability == ManagerAvailability::Drain,
            manager_label: settings.manager_host_label.clone(),
            zone_label: settings.zone_host_label.clone(),
            network: Some(settings.network.clone()).filter(|name| !name.is_empty()),
            grace_ms: ms(settings.grace_period),
            recovery: match settings.quorum_recovery {
                QuorumRecovery::Off => Recovery::Off,
                QuorumRecovery::Removed => Recovery::Removed,
                QuorumRecovery::Auto => Recovery::After(ms(settings.quorum_recovery_after)),
            },
            period_ms: ms(settings.reconcile_period),
        }
    }
}

/// A monitor, ready to reconcile.
pub struct Monitor {
    wanted: Wanted,
    making: Making,
    sources: Arc<Sources>,
    keys: KeyPair,
    nonce: String,
    file: StateFile,
    memory: Memory,
    names: Names,
    status: Arc<RwLock<Status>>,
    /// What the managers' monitors say, while they are asked.
    peers: Option<watch::Receiver<Option<Vec<Peer>>>>,
    journal: Journal,
    notifier: Option<Notifier>,
    admission: Admission,
    backups: Schedule,
    restored: Pending,
    /// Whose port of overlay networks is closed, while that is looked at.
    closed: Option<watch::Receiver<BTreeSet<IpAddr>>>,
    places: Places,
}

impl Monitor {
    /// The one for this host; `answers` tells whether it is to run, and so to answer others. Nothing is called yet. What is
    /// wrong with the way to Rancher's API is part of what it sees: it keeps it from acting, not from answering health checks.
    ///
    /// # Errors
    /// No client can be made.
    pub fn new(
        settings: &Settings,
        places: &Places,
        answers: bool,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, RunError> {
        let rancher = Rancher::from_environment(&environment).map_err(|error| error.to_string());
        let sources = Sources {
            engine: Engine::new(&places.engine)?,
            metadata: Metadata::new(&places.metadata)?,
            clock: rancher.as_ref().map_or_else(|_| Arc::default(), |api| Arc::clone(api.clock())),
            rancher,
            container: OwnContainer::of_this_process(),
            mirror: answers.then(Mirror::new).transpose()?,
        };
        let keys = KeyPair::generate();
        let notifier = match answers {
            true => Notifier::new(&settings.notify_url, environment("CATTLE_CA_CERT").as_deref())?,
            false => None,
        };
        Ok(Self {
            wanted: settings.into(),
            making: settings.into(),
            sources: Arc::new(sources),
            // As random as the key, and no part of it can be told from it.
            nonce: super::seal::mark(keys.public()),
            keys,
            file: StateFile::new(&places.state),
            memory: Memory::new(Instant::now()),
            names: Names::default(),
            status: Arc::default(),
            peers: None,
            journal: Journal::default(),
            notifier,
            admission: Admission::new(&settings.status_token),
            backups: settings.into(),
            restored: Pending::new(&places.state),
            closed: None,
            places: places.clone(),
        })
    }

    /// Looks once for a person who asks. This process gives no heartbeats and misses none.
    pub async fn preview(&mut self) -> (Observation, Plan) {
        self.memory.heartbeat_given(Instant::now());
        self.observe().await
    }

    /// Looks once, and says what it would do.
    pub async fn observe(&mut self) -> (Observation, Plan) {
        let state = self.file.read();
        let own = Own { nonce: self.nonce.clone(), key: self.keys.public().to_owned(), state: State::default() };
        let (own, damage) = match state {
            Ok(state) => (Own { state, ..own }, None),
            Err(error) => (own, Some(error.to_string())),
        };
        let start = Instant::now();
        let peers = self.peers.as_ref().and_then(|peers| peers.borrow().clone());
        let mut seen = self.sources.observe(&self.wanted, own, self.memory.past(start), peers).await;
        seen.keep_record();
        let now = Instant::now();
        self.memory.saw_slowest(seen.rancher_ms);
        self.memory.see(&seen, now);
        seen.past = self.memory.past(now);
        let mut plan = plan(&seen);
        self.memory.planned(&plan);
        self.names.learn(&seen);
        let closed = self.closed.as_ref().map(|closed| closed.borrow().clone()).unwrap_or_default();
        if seen.metadata.is_ok() {
            self.names.ask(&plan, &closed, &self.sources.metadata).await;
        }
        let beside = [
            (WarningKind::StateFile, damage),
            (WarningKind::Backup, self.status.read().unwrap_or_else(PoisonError::into_inner).backups.warning()),
            (WarningKind::PortClosed, gossip_port::warning(closed.iter().map(|ip| self.names.of_address(*ip)))),
            (WarningKind::AddressDiffers, seen.has_stayed.then(|| stayed(&seen))),
            (WarningKind::ClockApart, self.sources.clock.warning()),
        ];
        plan.warnings.extend(beside.into_iter().filter_map(|(kind, text)| Some(kind.of(text?))));
        self.names.put(&mut plan);
        (seen, plan)
    }

    /// Looks, plans and acts until it is told to `stop`.
    ///
    /// # Errors
    /// The health port is taken.
    pub async fn run(mut self, stop: impl Future<Output = ()>) -> Result<(), RunError> {
        let listener = health::listen(self.places.listen).await.map_err(RunError::HealthPort)?;
        let admission = self.admission.clone();
        let health =
            Arc::new(Health::new(Arc::clone(&self.sources), Arc::clone(&self.status), self.nonce.clone(), admission));
        let wake = Arc::new(Notify::new());
        let (desired, wanted_labels) = watch::channel(label_writer::Wanted::default());
        let (standing, labels) = watch::channel(label_writer::Progress::default());
        let (request, requests) = watch::channel(None);
        let (publishes, published) = watch::channel(record_writer::Progress::default());
        let (ways, known_upstreams) = watch::channel(Upstreams::default());
        let (opened, listening) = watch::channel(None);
        let (ask_peers, asked_peers) = watch::channel(peers::Asked::default());
        let (found, peers_found) = watch::channel(None);
        let (managers, known_managers) = watch::channel(BTreeSet::new());
        let (tell_closed, closed) = watch::channel(BTreeSet::new());
        (self.peers, self.closed) = (Some(peers_found), Some(closed));
        let channels = Channels { desired, labels, request, published, ways, ask_peers, listening, managers };
        let sources = Arc::clone(&self.sources);
        let status = Arc::clone(&self.status);
        let backups = Folder::new(&self.places.backups);
        let backed_up = schedule::run(self.backups, backups, Arc::clone(&sources), Arc::clone(&status));
        let notified = notify::run(self.notifier.take(), Arc::clone(&self.status));
        // Whichever ends first ends all: what is under way is dropped where it waits.
        tokio::select! {
            () = stop => {}
            () = health::serve(listener, health) => {}
            () = wake::run(Arc::clone(&sources), Arc::clone(&wake)) => {}
            () = label_writer::run(Arc::clone(&sources), wanted_labels, standing) => {}
            () = record_writer::run(sources, requests, publishes, status) => {}
            () = peers::run(Arc::clone(&self.sources), asked_peers, found, Arc::clone(&wake)) => {}
            () = forward::run(known_upstreams, opened) => {}
            () = notified => {}
            () = backed_up => {}
            () = gossip_port::run(known_managers, tell_closed) => {}
            () = self.reconcile_loop(&wake, &channels) => {}
        }
        Ok(())
    }

    async fn reconcile_loop(&mut self, wake: &Notify, channels: &Channels) {
        let mut pace = Pace::new(self.wanted.period_ms);
        loop {
            if let Some(heartbeat) = channels.published.borrow().heartbeat {
                self.memory.heartbeat_given(heartbeat);
            }
            let began = Instant::now();
            let (seen, mut plan) = self.observe().await;
            if let Some(error) = &channels.labels.borrow().error {
                plan.without_labels(error);
            }
            if let Some(waits) = self.restored.finish(&self.sources.engine, &self.file).await {
                plan.while_restoring(waits);
            }
            if channels.published.borrow().busy {
                plan.while_publishing();
            }
            pace.see(&seen, &plan);
            self.journal.log(&plan, began);
            channels.send(&seen, &plan, &self.nonce, began);
            self.with_status(|status| {
                status.labels = channels.labels.borrow().clone();
                status.reconciled(seen.clone(), plan.clone());
            });
            let is_done = self.act(&seen, &plan, &channels.listening).await;
            let wait = Duration::from_millis(pace.wait_ms(is_done));
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = wake.notified(), if pace.takes_news() => {
                    // Several at once are one.
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
        }
    }

    fn with_status(&self, change: impl FnOnce(&mut Status)) {
        change(&mut self.status.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// Does what is planned. Answers whether all of it was done.
    async fn act(&mut self, seen: &Observation, plan: &Plan, listening: &watch::Receiver<Listening>) -> bool {
        let executor =
            Executor { sources: &self.sources, keys: &self.keys, file: &self.file, listening, making: &self.making };
        let remembered = match &plan.remember {
            Some(state) => Some(("remember", "remember".to_owned(), self.file.write(state).map_err(ActError::from))),
            None => None,
        };
        let changed = match &plan.change {
            Some(change) => {
                let what = self.names.in_text(&change.to_string());
                Some((change.kind(), what, executor.change(seen, change).await))
            }
            None => None,
        };
        if let (Some(Change::RenewToken), Some((.., Ok(())))) = (&plan.change, &changed) {
            self.memory.token_renewed();
        }
        let mut good = true;
        for (kind, what, outcome) in [remembered, changed].into_iter().flatten() {
            let error = outcome.err().map(|error| error.to_string());
            match &error {
                None => tracing::info!(action = what, why = plan.reason, "done"),
                Some(error) => tracing::warn!(action = what, why = plan.reason, error, "not done"),
            }
            good &= error.is_none();
            let why = plan.reason.clone();
            self.with_status(|status| status.action(Done { at: Instant::now(), kind, what, why, error }));
        }
        good
    }
}

fn stayed(seen: &Observation) -> String {
    let told = seen.metadata.as_ref().map_or("", |metadata| &metadata.agent_ip);
    let is = seen.engine.as_ref().map_or("", |info| &info.swarm.node_addr);
    format!(
        "Rancher says that this host's address is {told}, which it does not have; its node has the address {is}, which it \
         has, and keeps it. If {is} is right, set CATTLE_AGENT_IP={is} on its agent. If {told} is right, give it to this host, \
         and then take {is} away; behind address translation `docker swarm leave` has it join anew with {told}"
    )
}

/// What the loop shares with those that work beside it.
struct Channels {
    desired: watch::Sender<label_writer::Wanted>,
    labels: watch::Receiver<label_writer::Progress>,
    request: watch::Sender<Option<record_writer::Request>>,
    published: watch::Receiver<record_writer::Progress>,
    ways: watch::Sender<Upstreams>,
    ask_peers: watch::Sender<peers::Asked>,
    listening: watch::Receiver<Listening>,
    managers: watch::Sender<BTreeSet<IpAddr>>,
}

/// Whoever waits for a value hears of it only where it is another one.
fn send_if_changed<T: Clone + PartialEq>(to: &watch::Sender<T>, change: impl FnOnce(&mut T)) {
    to.send_if_modified(|value| {
        let before = value.clone();
        change(value);
        *value != before
    });
}

impl Channels {
    fn send(&self, seen: &Observation, plan: &Plan, nonce: &str, began: Instant) {
        send_if_changed(&self.ask_peers, |asked| asked.see(seen, plan));
        send_if_changed(&self.managers, |known| *known = gossip_port::managers(seen));
        let Ok(metadata) = &seen.metadata else { return };
        send_if_changed(&self.ways, |ways| ways.see(seen, plan));
        let (host, labels) = (metadata.host.clone(), metadata.labels.clone());
        let wanted = label_writer::Wanted { host, desired: plan.labels.clone(), seen: labels };
        send_if_changed(&self.desired, |desired| *desired = wanted);
        // Each reconcile asks anew: what was written may have been overwritten by somebody else.
        self.request.send_replace(plan.desired_record.clone().map(|desired_record| record_writer::Request {
            desired_record,
            heartbeat: plan.gives_heartbeat,
            began,
            service: metadata.service.clone(),
            nonce: nonce.to_owned(),
            why: plan.reason.clone(),
        }));
    }
}
