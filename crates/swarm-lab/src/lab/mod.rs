//! The lab: real Docker engines, each as on a machine of its own, a stand-in for Rancher, and the monitors.
//!
//! ```ignore
//! use std::time::Duration;
//! use swarm_lab::lab::Lab;
//!
//! let lab = Lab::builder(3).hostnames(&["a", "b", "b.example.org"]).start();
//! lab.start_monitors(&[("MANAGER_SCALE", "3")]);
//! lab.eventually(Duration::from_secs(30), || lab.expect_one_swarm(3));
//! ```

pub mod authority;
pub mod client;
pub mod engine;
pub mod feed;
pub mod floor;
pub mod host;
pub mod metadata;
pub mod monitor;
pub mod network;
pub mod rancher;
pub mod swarm;

use std::fmt::Write as _;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use engine::Engine;
pub use engine::missing;
pub use host::Host;
pub use metadata::Metadata;
use monitor::Monitor;
use network::Network;
use rancher::{ACCESS_KEY, Listen, METADATA_DELAY, SECRET_KEY};
pub use rancher::{ApiVersion, CreateIndex, Fault, Filter, HostState, Kind, Rancher, ServiceState};

/// How often [`Lab::always`] looks.
const LOOK: Duration = Duration::from_millis(500);
/// The same of [`Lab::eventually`], at first and at last: what takes long is not known better for being looked at often, and a
/// look costs every engine as much as a monitor's.
const PAUSES: [Duration; 2] = [Duration::from_millis(50), Duration::from_secs(1)];
/// How long a host's rancher-metadata may take to start.
const METADATA_START: Duration = Duration::from_secs(20);

/// The lab. It is gone when dropped, and when its process ends in whatever way.
pub struct Lab {
    // In the order in which they go: nothing may use what went before it.
    pub hosts: Vec<Host>,
    pub rancher: Rancher,
    pub network: Network,
}

/// How a lab shall be.
pub struct Builder {
    hostnames: Vec<String>,
    unregistered: Vec<usize>,
    order: Vec<usize>,
    create_index: CreateIndex,
    delay: Duration,
    tls: bool,
    registry: Option<u16>,
    metadata: Metadata,
    api: ApiVersion,
}

impl Builder {
    /// The names of the first hosts. The others are `host4` and so on.
    pub fn hostnames(mut self, names: &[&str]) -> Self {
        for (at, name) in names.iter().enumerate() {
            (*name).clone_into(&mut self.hostnames[at]);
        }
        self
    }

    /// The order in which the hosts' containers were made, as indices of hosts: the first has the lowest
    /// `create_index`. Without it they are in the hosts' order.
    pub fn created_in_order(mut self, order: &[usize]) -> Self {
        order.clone_into(&mut self.order);
        self
    }

    /// How metadata writes `create_index`.
    pub fn create_index(mut self, form: CreateIndex) -> Self {
        self.create_index = form;
        self
    }

    /// How long a write takes to show up in metadata.
    pub fn metadata_delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Who answers for metadata. The variable `LAB_METADATA` decides for all labs.
    pub fn metadata(mut self, metadata: Metadata) -> Self {
        self.metadata = metadata;
        self
    }

    /// Each host has Rancher's own rancher-metadata.
    pub fn real_metadata(self) -> Self {
        self.metadata(Metadata::Real)
    }

    /// The same where it is there, and else the stand-in.
    pub fn rancher_metadata_if_there(self) -> Self {
        self.metadata(Metadata::RealIfThere)
    }

    /// What `CATTLE_URL` ends in.
    pub fn api(mut self, version: ApiVersion) -> Self {
        self.api = version;
        self
    }

    /// These hosts run, but Rancher does not know them yet: see [`Lab::register`].
    pub fn unregistered(mut self, hosts: &[usize]) -> Self {
        hosts.clone_into(&mut self.unregistered);
        self
    }

    /// The API speaks HTTPS, with a certificate that only the lab's CA vouches for.
    pub fn https(mut self) -> Self {
        self.tls = true;
        self
    }

    /// The engines look at this port of the bridge's address for what is on Docker's own registry.
    pub fn registry(mut self, port: u16) -> Self {
        self.registry = Some(port);
        self
    }

    /// Starts it all but the monitors. All engines start together.
    pub fn start(self) -> Lab {
        let network = Network::start();
        let gateway = IpAddr::from(network.gateway());
        let listen =
            Listen { metadata: SocketAddr::new(gateway, 80), api: SocketAddr::new(gateway, 8080), tls: self.tls };
        let rancher = Rancher::start(listen).expect("the bridge's address");
        rancher.set_metadata_delay(Duration::ZERO);
        let ca = network.folder().join("ca.crt");
        if let Some(pem) = rancher.ca() {
            fs::write(&ca, pem).unwrap();
        }
        let given = [
            ("CATTLE_URL", rancher.api_url_of(self.api)),
            ("CATTLE_ACCESS_KEY", ACCESS_KEY.to_owned()),
            ("CATTLE_SECRET_KEY", SECRET_KEY.to_owned()),
        ];
        let given = given.map(|(name, value)| (name.to_owned(), value)).to_vec();
        let is_real = self.metadata.is_real();
        rancher.set_metadata_is_real(is_real);
        let server = if is_real { metadata::ADDRESS.into() } else { gateway };
        let hosts = self.hostnames.iter().enumerate().map(|(index, hostname)| {
            let (place, address) = network.join(hostname);
            let hosts_file = place.folder.join("hosts");
            let names = format!(
                "127.0.0.1 localhost\n{address} {hostname}\n{server} rancher-metadata.rancher.internal \
                 rancher-metadata\n"
            );
            fs::write(&hosts_file, names).unwrap();
            let files =
                [("etc", "daemon.json", self.settings(gateway)), ("ssl", "ca.crt", rancher.ca().map(str::to_owned))];
            for (folder, file, text) in files {
                fs::create_dir_all(place.folder.join(folder)).unwrap();
                if let Some(text) = text {
                    fs::write(place.folder.join(folder).join(file), text).unwrap();
                }
            }
            let metadata = is_real.then(|| {
                let namespace = network.add_metadata(&place);
                metadata::Server::start(&place, namespace, address.into(), rancher.watch())
            });
            Host {
                index,
                metadata,
                engine: Engine::spawn(place.clone()),
                place,
                monitor: Monitor::default(),
                address: Mutex::new(address),
                uuid: Mutex::new(None),
                given: given.clone(),
                hosts_file,
                ca: ca.clone(),
                started: Mutex::new(None),
            }
        });
        let lab = Lab { hosts: hosts.collect(), rancher, network };
        lab.rancher.change(|environment| environment.create_index = self.create_index);
        for host in &lab.hosts {
            if !self.unregistered.contains(&host.index) {
                let at = self.order.iter().position(|index| *index == host.index);
                lab.register_as(host, at.map(|at| at as u64 + 1));
            }
        }
        lab.rancher.set_metadata_delay(self.delay);
        for host in &lab.hosts {
            host.engine.wait_until_ready();
            host.metadata.iter().for_each(|metadata| metadata.wait_until_told(METADATA_START));
        }
        lab
    }
}

impl Builder {
    /// What the engines' own settings file says.
    fn settings(&self, gateway: IpAddr) -> Option<String> {
        self.registry.map(|port| format!("{{\"registry-mirrors\": [\"http://{gateway}:{port}\"]}}"))
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        // Together, as each takes a moment to end.
        thread::scope(|scope| {
            for host in &self.hosts {
                scope.spawn(|| host.kill_host());
            }
        });
    }
}

impl Lab {
    /// A lab of so many hosts that may be set up further.
    pub fn builder(hosts: usize) -> Builder {
        Builder {
            hostnames: (1..=hosts).map(|number| format!("host{number}")).collect(),
            unregistered: Vec::new(),
            order: Vec::new(),
            create_index: CreateIndex::Number,
            delay: METADATA_DELAY,
            tls: false,
            registry: None,
            metadata: Metadata::StandIn,
            api: ApiVersion::default(),
        }
    }

    /// Engines and stand-in, all hosts registered, no monitor yet.
    pub fn start(hosts: usize) -> Self {
        Self::builder(hosts).start()
    }

    /// Starts the monitors of all hosts together.
    pub fn start_monitors(&self, settings: &[(&str, &str)]) {
        thread::scope(|scope| {
            for host in &self.hosts {
                scope.spawn(|| host.start_monitor(settings));
            }
        });
    }

    /// Makes Rancher know a host, with a new uuid where it did before.
    pub fn register(&self, host: &Host) {
        self.register_as(host, None);
    }

    fn register_as(&self, host: &Host, create_index: Option<u64>) {
        let hostname = &host.place.hostname;
        let uuid = self.rancher.change(|environment| environment.register(hostname, host.source(), create_index));
        *host.uuid.lock().unwrap() = Some(uuid);
    }

    /// A host's labels in Rancher; none where it is not registered.
    pub fn labels(&self, host: &Host) -> std::collections::BTreeMap<String, String> {
        if host.is_registered() { self.rancher.labels(&host.uuid()) } else { Default::default() }
    }

    /// Gives a host another address, which Rancher learns too.
    pub fn move_host(&self, host: &Host, last: u8) {
        let address = self.network.address(last);
        self.network.set_address(&host.place, address);
        *host.address.lock().unwrap() = address;
        host.metadata.iter().for_each(|metadata| metadata.set_source(address.into()));
        if host.is_registered() {
            self.rancher.set_address(&host.uuid(), address.into());
        }
    }

    /// Cuts all traffic between the hosts of one side and all others. Rancher still reaches everyone.
    pub fn cut(&self, side: &[usize]) {
        self.between(side, |from, to| self.network.block(&from.place, to));
    }

    /// Undoes [`Self::cut`].
    pub fn heal(&self, side: &[usize]) {
        self.between(side, |from, to| self.network.unblock(&from.place, to));
    }

    fn between(&self, side: &[usize], act: impl Fn(&Host, Ipv4Addr)) {
        for one in self.hosts.iter().filter(|host| side.contains(&host.index)) {
            for other in self.hosts.iter().filter(|host| !side.contains(&host.index)) {
                act(one, other.address());
                act(other, one.address());
            }
        }
    }

    /// Makes the agent of one host say that it is another, as where a machine was copied with its disk: metadata tells the
    /// first that it is the second.
    pub fn clone_identity(&self, host: &Host, of: &Host) {
        let (source, uuid) = (host.source(), of.uuid());
        self.rancher.change(|environment| environment.clones.insert(source, uuid));
    }

    /// Undoes [`Self::clone_identity`].
    pub fn restore_identity(&self, host: &Host) {
        self.rancher.change(|environment| environment.clones.remove(&host.source()));
    }

    /// Where hosts find rancher-metadata.
    pub fn metadata_address(&self) -> Ipv4Addr {
        let is_real = self.hosts.iter().any(|host| host.metadata.is_some());
        if is_real { metadata::ADDRESS } else { self.network.gateway() }
    }

    /// Cuts what a host sends to Rancher. Its own rancher-metadata then tells what it knew.
    pub fn cut_rancher(&self, host: &Host) {
        host.metadata.iter().for_each(|metadata| metadata.set_deaf(true));
        self.network.block(&host.place, self.network.gateway());
    }

    /// Undoes [`Self::cut_rancher`].
    pub fn heal_rancher(&self, host: &Host) {
        host.metadata.iter().for_each(|metadata| metadata.set_deaf(false));
        self.network.unblock(&host.place, self.network.gateway());
    }

    /// Looks until it is good; how long that took. Panics with a report of the whole lab when the limit is over.
    #[track_caller]
    pub fn eventually(&self, limit: Duration, look: impl Fn() -> Result<(), String>) -> Duration {
        let start = Instant::now();
        loop {
            let Err(what) = look() else { return start.elapsed() };
            assert!(start.elapsed() < limit, "not within {limit:?}: {what}\n{}", self.report());
            thread::sleep((start.elapsed() / 32).clamp(PAUSES[0], PAUSES[1]));
        }
    }

    /// Looks all the time, and panics with a report as soon as it is not good.
    #[track_caller]
    pub fn always(&self, time: Duration, look: impl Fn() -> Result<(), String>) {
        let start = Instant::now();
        while start.elapsed() < time {
            if let Err(what) = look() {
                panic!("after {:?}: {what}\n{}", start.elapsed(), self.report());
            }
            thread::sleep(LOOK);
        }
    }

    /// All that helps to see why something is not as it should be.
    pub fn report(&self) -> String {
        let mut text = String::new();
        for host in &self.hosts {
            let engine = match host.swarm() {
                Ok(swarm) => swarm::in_short(&swarm),
                Err(error) => error,
            };
            let state = host.is_registered().then(|| self.rancher.environment().host(&host.uuid()).state);
            let _ = write!(
                text,
                "\n=== host {} {} {} rancher: {state:?}\nengine: {engine}\nlabels: {:?}\nping: {:?}\nstatus: {}\n\
                 monitor {}:\n{}\n",
                host.index,
                host.place.hostname,
                host.address(),
                self.labels(host),
                host.ping(),
                host.status().map_or_else(|error| error, |status| status.to_string()),
                match (host.monitor.pid(), host.monitor.exit()) {
                    (Some(pid), _) => format!("runs as {pid}"),
                    (None, Some(code)) => format!("ended with {code}"),
                    (None, None) => "does not run".to_owned(),
                },
                monitor::last_log_lines(&host.place, 30),
            );
        }
        let _ = write!(text, "\nservice metadata: {}\n", serde_json::Value::Object(self.rancher.service_metadata()));
        text
    }
}
