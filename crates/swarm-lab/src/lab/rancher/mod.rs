//! A stand-in for Rancher: rancher-metadata and the API over one environment.
//!
//! What is written through the API, or by a test, shows up in metadata after a delay, write by write.

pub mod answers;
pub mod api;
pub mod environment;
mod exchange;
pub mod faults;
pub mod log;
pub mod metadata;
pub mod objects;
mod server;
pub mod states;
mod tls;
mod waiting;
mod world;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Map, Value};

use environment::HASH;
pub use environment::{ACCOUNT, CreateIndex, Environment, HostState};
pub use faults::{Fault, Filter, Kind};
pub use log::{Asked, Counts};
pub use states::{ApiVersion, ServiceState};
pub use waiting::DOCKER0;
use world::World;

/// The keys that the API takes.
pub const ACCESS_KEY: &str = "lab-access-key";
pub const SECRET_KEY: &str = "lab-secret-key";

/// How long a write takes to show up in metadata, where nothing else is said.
pub const METADATA_DELAY: Duration = Duration::from_millis(100);

/// What all connections share.
pub(crate) struct Shared {
    world: Mutex<World>,
    /// Tells those who wait for news.
    news: tokio::sync::Notify,
    started: Instant,
}

impl Shared {
    /// When one who waits looks again, though there may be no news.
    fn next_look(&self, every: Duration) -> Instant {
        let looks = self.started.elapsed().as_nanos() / every.as_nanos() + 1;
        self.started + every * u32::try_from(looks).unwrap_or(u32::MAX)
    }
}

/// Where it listens.
#[derive(Debug, Clone, Copy)]
pub struct Listen {
    pub metadata: SocketAddr,
    pub api: SocketAddr,
    /// HTTPS for the API, signed by a CA of its own.
    pub tls: bool,
}

/// The stand-in; it stops when dropped.
pub struct Rancher {
    shared: Arc<Shared>,
    runtime: Option<tokio::runtime::Runtime>,
    metadata: server::Endpoint,
    api: server::Endpoint,
    ca: Option<String>,
    /// Whether the hosts ask Rancher's own rancher-metadata, so that what is done to this one's would do nothing.
    metadata_is_real: AtomicBool,
}

/// A look at what metadata shows.
pub struct Watch(Arc<Shared>);

impl Watch {
    /// What it shows now, and its number.
    pub fn look(&self) -> (Arc<Environment>, u64) {
        let (environment, number, _) = self.0.world.lock().unwrap().look();
        (environment, number)
    }
}

impl Rancher {
    /// Starts it, with an environment without hosts. Port 0 takes any.
    ///
    /// # Errors
    /// An address that cannot be listened on.
    pub fn start(listen: Listen) -> std::io::Result<Self> {
        let world = World::new(Environment::new(std::process::id()));
        let shared =
            Arc::new(Shared { world: Mutex::new(world), news: tokio::sync::Notify::new(), started: Instant::now() });
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let identity = listen.tls.then(|| tls::Identity::new(listen.api.ip()));
        let acceptor = identity.as_ref().map(tls::Identity::acceptor);
        let metadata = server::Endpoint::start(&runtime, &shared, Kind::Metadata, listen.metadata, None)?;
        let api = server::Endpoint::start(&runtime, &shared, Kind::Api, listen.api, acceptor)?;
        let metadata_is_real = AtomicBool::new(false);
        let ca = identity.map(|identity| identity.ca);
        Ok(Self { shared, runtime: Some(runtime), metadata, api, ca, metadata_is_real })
    }

    /// What others may look at while this one is elsewhere.
    pub fn watch(&self) -> Watch {
        Watch(self.shared.clone())
    }

    /// Says whether the hosts ask another metadata than this one's: no fault of it is taken then.
    pub fn set_metadata_is_real(&self, is_real: bool) {
        self.metadata_is_real.store(is_real, Ordering::SeqCst);
    }

    #[track_caller]
    fn expect_own(&self, kind: Kind) {
        let is_own = kind == Kind::Api || !self.metadata_is_real.load(Ordering::SeqCst);
        assert!(is_own, "the hosts ask Rancher's own rancher-metadata, which has no such fault");
    }

    /// Where metadata is, such as `http://198.18.0.1:80`.
    pub fn metadata_url(&self) -> String {
        format!("http://{}", self.metadata.address)
    }

    /// What `CATTLE_URL` is, such as `http://198.18.0.1:8080/v1`.
    pub fn api_url(&self) -> String {
        self.api_url_of(ApiVersion::default())
    }

    /// The same of another version of the API.
    pub fn api_url_of(&self, version: ApiVersion) -> String {
        let scheme = if self.ca.is_some() { "https" } else { "http" };
        format!("{scheme}://{}/{}", self.api.address, version.text())
    }

    /// The certificate of the CA which signed the API's, as PEM.
    pub fn ca(&self) -> Option<&str> {
        self.ca.as_deref()
    }

    /// Changes the environment at once, as one write.
    pub fn change<T>(&self, change: impl FnOnce(&mut Environment) -> T) -> T {
        let result = self.shared.world.lock().unwrap().change(change);
        self.shared.news.notify_waiters();
        result
    }

    /// The environment as the API has it.
    pub fn environment(&self) -> Environment {
        self.shared.world.lock().unwrap().environment.clone()
    }

    /// How long a write takes to show up in metadata, from now on.
    pub fn set_metadata_delay(&self, delay: Duration) {
        self.shared.world.lock().unwrap().delay = delay;
    }

    /// Sets the API's clock back, against that of all hosts.
    pub fn set_clock_back(&self, by: Duration) {
        self.shared.world.lock().unwrap().behind = by;
    }

    /// Registers a host whose requests come from this address, which is its agent_ip too; its uuid.
    pub fn register(&self, hostname: &str, source: IpAddr) -> String {
        self.change(|environment| environment.register(hostname, source, None))
    }

    /// Removes a host: through all states that it passes, with a pause between.
    pub fn remove_host(&self, uuid: &str, pause: Duration) {
        for state in [HostState::Deactivating, HostState::Inactive, HostState::Removed, HostState::Purged] {
            self.set_host_state(uuid, state);
            thread::sleep(pause);
        }
    }

    /// Moves a host to a state.
    pub fn set_host_state(&self, uuid: &str, state: HostState) {
        self.change(|environment| environment.set_state(uuid, state));
    }

    /// A host's labels.
    pub fn labels(&self, uuid: &str) -> BTreeMap<String, String> {
        self.shared.world.lock().unwrap().environment.host(uuid).labels.clone()
    }

    /// Sets one label of a host, or removes it.
    pub fn set_label(&self, uuid: &str, key: &str, value: Option<&str>) {
        self.change(|environment| {
            let labels = &mut environment.host_mut(uuid).labels;
            match value {
                Some(value) => labels.insert(key.to_owned(), value.to_owned()),
                None => labels.remove(key),
            }
        });
    }

    /// Makes Rancher know another address of a host, or none. Its requests are still known by where they come from.
    pub fn set_agent_ip(&self, uuid: &str, agent_ip: Option<IpAddr>) {
        self.change(|environment| environment.host_mut(uuid).agent_ip = agent_ip);
    }

    /// Moves a host to another address, as Rancher's agent reports it.
    pub fn set_address(&self, uuid: &str, address: IpAddr) {
        self.change(|environment| {
            let host = environment.host_mut(uuid);
            host.source = address;
            host.agent_ip = Some(address);
        });
    }

    /// The service's metadata.
    pub fn service_metadata(&self) -> Map<String, Value> {
        self.shared.world.lock().unwrap().environment.service().metadata.clone()
    }

    /// Replaces the service's metadata.
    pub fn set_service_metadata(&self, metadata: Map<String, Value>) {
        self.change(|environment| environment.service_mut().metadata = metadata);
    }

    /// Does to the service's metadata what the upgrade of a stack does whose health check is another: the executor writes
    /// them anew with its own keys alone.
    pub fn wipe_service_metadata(&self) {
        self.change(|environment| {
            let service = environment.service_mut();
            service.metadata.retain(|key, _| key == HASH);
            let hash = format!("{:040x}", service.metadata.get(HASH).map_or(1, |hash| hash.to_string().len() + 1));
            service.metadata.insert(HASH.to_owned(), hash.into());
        });
    }

    /// Moves the service to a state: that decides what comes of a PUT to it.
    pub fn set_service_state(&self, state: ServiceState) {
        self.change(|environment| environment.service_mut().state = state);
    }

    /// Sets the state of the service's container on a host: `running`, `stopped`, …
    pub fn set_container_state(&self, host: &str, state: &str) {
        self.change(|environment| state.clone_into(&mut environment.container_mut(host).state));
    }

    /// The labels that Rancher gives the service's container on a host.
    pub fn container_labels(&self, host: &str) -> Map<String, Value> {
        let mut environment = self.environment();
        let container = environment.container_mut(host).clone();
        objects::labels(&environment, &container)
    }

    /// Makes something go wrong from now on; its number. Where several match a request, the first one counts.
    #[track_caller]
    pub fn fault(&self, filter: Filter, fault: Fault) -> u64 {
        self.expect_own(filter.kind());
        let mut world = self.shared.world.lock().unwrap();
        world.next_fault += 1;
        let number = world.next_fault;
        world.faults.push((number, filter, fault));
        number
    }

    /// Ends one fault.
    pub fn clear(&self, number: u64) {
        self.shared.world.lock().unwrap().faults.retain(|(this, _, _)| *this != number);
    }

    /// Ends all faults. Connections that hang already stay so.
    pub fn clear_faults(&self) {
        self.shared.world.lock().unwrap().faults.clear();
    }

    /// Refuses connections, and cuts those that there are.
    #[track_caller]
    pub fn refuse(&self, kind: Kind) {
        self.endpoint(kind).set_open(false);
    }

    /// Takes connections again.
    #[track_caller]
    pub fn accept(&self, kind: Kind) {
        self.endpoint(kind).set_open(true);
    }

    #[track_caller]
    fn endpoint(&self, kind: Kind) -> &server::Endpoint {
        self.expect_own(kind);
        match kind {
            Kind::Metadata => &self.metadata,
            Kind::Api => &self.api,
        }
    }

    /// Another writer: changes the environment right after the next GET that matches was answered, and so before the
    /// PUT of the one who asked.
    #[track_caller]
    pub fn after_next_read(&self, filter: Filter, change: impl FnOnce(&mut Environment) + Send + 'static) {
        self.expect_own(filter.kind());
        self.shared.world.lock().unwrap().hooks.push((filter.method("GET"), Box::new(change)));
    }

    /// All requests so far.
    pub fn log(&self) -> Vec<Asked> {
        self.log_since(0)
    }

    /// The requests since a mark.
    pub fn log_since(&self, mark: usize) -> Vec<Asked> {
        self.shared.world.lock().unwrap().log[mark..].to_vec()
    }

    /// How many there were so far; a mark to count from.
    pub fn log_length(&self) -> usize {
        self.shared.world.lock().unwrap().log.len()
    }

    /// Counts of the requests since a mark.
    pub fn counts_since(&self, mark: usize) -> Counts {
        log::counts(&self.shared.world.lock().unwrap().log[mark..])
    }

    /// The PUTs to services since a mark: each costs Rancher a service update, and new metadata for every host.
    pub fn service_writes_since(&self, mark: usize) -> Vec<Asked> {
        self.log_since(mark).into_iter().filter(Asked::writes_a_service).collect()
    }

    /// Where a text was ever seen: in a request's path, query or body, in a host label, in service metadata.
    pub fn ever_saw(&self, text: &str) -> Vec<String> {
        let world = self.shared.world.lock().unwrap();
        let decode = |raw: &str| percent_encoding::percent_decode_str(raw).decode_utf8_lossy().into_owned();
        let has = |part: &str| part.contains(text) || decode(part).contains(text);
        let asked = world.log.iter().filter(|asked| has(&asked.path) || has(&asked.query) || has(&asked.body));
        let asked = asked.map(|asked| format!("{} {} from {}", asked.method, asked.path, asked.source));
        asked.chain(world.written.iter().filter(|written| has(written)).cloned()).collect()
    }
}

impl Drop for Rancher {
    fn drop(&mut self) {
        // The next lab may take the same address at once: nothing may listen there any more.
        self.metadata.set_open(false);
        self.api.set_open(false);
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Sends a command and waits until it is done.
fn ordered<T>(channel: &tokio::sync::mpsc::UnboundedSender<(T, mpsc::Sender<()>)>, command: T) {
    let (done, wait) = mpsc::channel();
    if channel.send((command, done)).is_ok() {
        let _ = wait.recv_timeout(Duration::from_secs(10));
    }
}
