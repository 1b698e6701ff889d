//! The lab at a keyboard: real Docker engines, a stand-in for Rancher, and the monitors on them.
//!
//! `cargo run --all-features --example lab -- up 5`

#[path = "../tests/support/deployer/mod.rs"]
mod deployer;
#[path = "../tests/support/lab/mod.rs"]
mod lab;

use std::error::Error;
use std::io::{IsTerminal as _, Write as _};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use clap::{Args, Parser, Subcommand};
use deployer::Deployer;
use deployer::registry::Registry;
use lab::rancher::{ACCESS_KEY, Asked, Listen, SECRET_KEY};
use lab::swarm::Node;
use lab::{Host, Kind, Lab, Rancher, monitor};

/// How often the table is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// The longest line of the table.
const WIDTH: usize = 110;
/// How often a wish to end is looked for.
const PAUSE: Duration = Duration::from_millis(50);
/// The port of the registry that has the built image.
const REGISTRY: u16 = 5000;

/// A lab for swarmkit-mon on one machine: real Docker engines and a stand-in for Rancher.
#[derive(Parser)]
#[command(
    name = "lab",
    max_term_width = 100,
    after_help = "Examples:\n  \
        cargo run --all-features --example lab -- up 5\n  \
        cargo run --all-features --example lab -- up 5 --scale 3 --set LOG_LEVEL=debug\n  \
        cargo run --all-features --example lab -- up 3 --no-monitors\n  \
        cargo run --all-features --example lab -- up 3 --entry\n  \
        cargo run --all-features --example lab -- stand-in --host laptop=127.0.0.1\n\
        \n\
        `up` needs root, a Docker engine (Debian: docker.io) and iproute2. `stand-in` needs nothing."
)]
struct Arguments {
    #[command(subcommand)]
    command: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Start engines, stand-in and monitors, show how they do, and remove all of it at Ctrl-C
    Up(Up),
    /// Run the stand-in for Rancher alone, to try the daemon against
    StandIn(StandIn),
}

#[derive(Args)]
struct Up {
    /// How many hosts
    #[arg(default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=200))]
    hosts: u8,
    /// MANAGER_SCALE of the monitors
    #[arg(long, value_name = "MANAGERS")]
    scale: Option<String>,
    /// Another setting of the monitors; may be given again
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = pair)]
    settings: Vec<(String, String)>,
    /// Start no monitors: to run them by hand, or to see the engines alone
    #[arg(long)]
    no_monitors: bool,
    /// Build the image, render the entry, and deploy it as Rancher does; --scale and --set are its answers
    #[arg(long, conflicts_with = "no_monitors")]
    entry: bool,
    /// How long a write takes to show up in metadata, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 100)]
    delay: u64,
    /// The API speaks HTTPS under a CA of its own
    #[arg(long)]
    https: bool,
    /// Each host has Rancher's own rancher-metadata, which RANCHER_REAL builds
    #[arg(long)]
    real_metadata: bool,
}

#[derive(Args)]
struct StandIn {
    /// The address to listen on
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    listen: IpAddr,
    /// The port of metadata; Rancher's own is 80
    #[arg(long, value_name = "PORT", default_value_t = 8081)]
    metadata_port: u16,
    /// The port of the API
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    api_port: u16,
    /// A host by its name and the address that its requests come from; may be given again [default: localhost=127.0.0.1]
    #[arg(long = "host", value_name = "NAME=ADDRESS", value_parser = pair)]
    hosts: Vec<(String, String)>,
    /// How long a write takes to show up in metadata, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 1000)]
    delay: u64,
    /// The API speaks HTTPS; the CA's certificate is written to this file
    #[arg(long, value_name = "FILE")]
    https: Option<PathBuf>,
    /// Print every request, not only those that change something
    #[arg(long)]
    requests: bool,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("an equals sign is missing")?;
    if name.is_empty() { Err("a name is missing".to_owned()) } else { Ok((name.to_owned(), value.to_owned())) }
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Action::Up(up) => run_up(&up),
        Action::StandIn(stand_in) => run_stand_in(&stand_in),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lab: {error}");
            ExitCode::from(2)
        }
    }
}

/// Becomes true at Ctrl-C or SIGTERM.
fn end_wanted() -> Result<Arc<AtomicBool>, Box<dyn Error>> {
    use tokio::signal::unix::{SignalKind, signal};
    let wanted = Arc::new(AtomicBool::new(false));
    let set = wanted.clone();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut interrupt, mut terminate) = {
        let _inside = runtime.enter();
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
    };
    thread::spawn(move || {
        runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        });
        set.store(true, Ordering::SeqCst);
    });
    Ok(wanted)
}

// ---- up

fn run_up(up: &Up) -> Result<(), Box<dyn Error>> {
    if let Some(missing) = lab::missing() {
        return Err(format!("`up` {missing}").into());
    }
    if !up.no_monitors {
        build_programs()?;
    }
    let entry = if up.entry { Some(Entry::make()?) } else { None };
    let end = end_wanted()?;
    let start = Instant::now();
    let builder = Lab::builder(up.hosts.into()).metadata_delay(Duration::from_millis(up.delay));
    let builder = if up.https { builder.https() } else { builder };
    let builder = if up.entry { builder.registry(REGISTRY) } else { builder };
    if let Some(missing) = lab::real_parts::missing().filter(|_| up.real_metadata) {
        return Err(format!("--real-metadata {missing}").into());
    }
    let builder = if up.real_metadata { builder.real_metadata() } else { builder };
    let lab = Arc::new(builder.start());
    println!("{} engines are up after {:.1} s\n", up.hosts, start.elapsed().as_secs_f64());
    describe(&lab);
    let scale = up.scale.as_ref().map(|scale| ("MANAGER_SCALE", scale.as_str()));
    let others = up.settings.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let settings: Vec<_> = scale.into_iter().chain(others).collect();
    let deployed = entry.as_ref().map(|entry| entry.deploy(&lab, &settings)).transpose()?;
    if !up.no_monitors && deployed.is_none() && !end.load(Ordering::SeqCst) {
        lab.start_monitors(&settings);
    }
    watch(&lab, deployed.as_ref().map(|(deployer, _)| deployer), &end);
    println!("\nremoving all of it");
    Ok(())
}

/// The rendered entry, pinned to the built image.
struct Entry {
    folder: tempfile::TempDir,
    archive: PathBuf,
    generator: PathBuf,
}

impl Entry {
    fn make() -> Result<Self, Box<dyn Error>> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let generator = monitor::program().with_file_name("gen-catalog");
        println!("building the image, which takes minutes the first time");
        run(Command::new(root.join("scripts/image")).env("GEN_CATALOG", &generator))?;
        let folder = tempfile::tempdir()?;
        let archive = root.join("target/image/swarmkit.tar");
        std::fs::create_dir(folder.path().join("community-catalog"))?;
        run(Command::new(&generator).current_dir(&folder).arg("lock").arg(&archive))?;
        run(Command::new(&generator).current_dir(&folder).arg("render"))?;
        Ok(Self { folder, archive, generator })
    }

    fn deploy(&self, lab: &Arc<Lab>, answers: &[(&str, &str)]) -> Result<(Deployer, Registry), Box<dyn Error>> {
        let registry = Registry::start(SocketAddr::new(lab.network.gateway().into(), REGISTRY))?;
        registry.push(&self.archive)?;
        let catalog = self.folder.path().join("community-catalog");
        Ok((Deployer::deploy(lab, &catalog, &self.generator, answers)?, registry))
    }
}

fn run(command: &mut Command) -> Result<(), Box<dyn Error>> {
    let status = command.status().map_err(|error| format!("{command:?}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?}: {status}").into()) }
}

/// Builds the programs where cargo runs this: cargo builds only what an example links.
fn build_programs() -> Result<(), Box<dyn Error>> {
    let program = monitor::program();
    if let Some(cargo) = std::env::var_os("CARGO") {
        let release = program.parent().is_some_and(|folder| folder.ends_with("release"));
        let mut command = Command::new(cargo);
        // Named with the example, it is built with the same features of the same crates, which are there already.
        command.args(["build", "--quiet", "--all-features", "--bins", "--example", "lab"]);
        command.args(release.then_some("--release"));
        // What cargo told this example of its package would make it build some crates anew.
        for (name, _) in std::env::vars_os() {
            if ["CARGO_PKG_", "CARGO_MANIFEST_", "OUT_DIR"]
                .iter()
                .any(|prefix| name.to_string_lossy().starts_with(prefix))
            {
                command.env_remove(name);
            }
        }
        if !command.status()?.success() {
            return Err("the daemon does not build".into());
        }
    }
    if program.is_file() {
        return Ok(());
    }
    Err(format!("{} is not there: `cargo build --features monitor --bin swarmkit-mon` makes it", program.display())
        .into())
}

fn describe(lab: &Lab) {
    println!("metadata  http://{}/latest, for the hosts", lab.metadata_address());
    println!("API       {}   user {ACCESS_KEY}, password {SECRET_KEY}", lab.rancher.api_url());
    if lab.rancher.ca().is_some() {
        println!("its CA    {}", lab.network.folder().join("ca.crt").display());
    }
    for host in &lab.hosts {
        println!("\n{} at {}", host.place.hostname, host.address());
        println!("  export DOCKER_HOST=unix://{}", host.engine.socket().display());
        println!("  tail -f {}", host.log_path().display());
        println!("  curl http://{}:2378/status", host.address());
    }
    println!("\nCtrl-C removes all of it.\n");
}

/// Shows the table, anew whenever it differs, until the end is wanted.
fn watch(lab: &Lab, deployed: Option<&Deployer>, end: &AtomicBool) {
    let in_place = std::io::stdout().is_terminal();
    let mut shown: Vec<String> = Vec::new();
    while !end.load(Ordering::SeqCst) {
        let table = table(lab, deployed);
        if table != shown {
            if in_place && !shown.is_empty() {
                // Up to the table's first line, and away with all below.
                print!("\x1b[{}A\x1b[J", shown.len());
            }
            for line in &table {
                println!("{line}");
            }
            if !in_place {
                println!();
            }
            let _ = std::io::stdout().flush();
            shown = table;
        }
        let looked = Instant::now();
        while looked.elapsed() < LOOK && !end.load(Ordering::SeqCst) {
            thread::sleep(PAUSE);
        }
    }
}

fn table(lab: &Lab, deployed: Option<&Deployer>) -> Vec<String> {
    let nodes = lab.nodes().unwrap_or_default();
    let head = ["HOST", "ADDRESS", "ENGINE", "NODE", "LABEL", "HEALTH"].map(str::to_owned).to_vec();
    let mut rows = vec![head];
    let rest: Vec<_> = thread::scope(|scope| {
        let rows: Vec<_> = lab.hosts.iter().map(|host| scope.spawn(|| row(lab, host, &nodes, deployed))).collect();
        rows.into_iter().map(|row| row.join().expect("a row")).collect()
    });
    rows.extend(rest);
    let widths: Vec<usize> =
        (0..rows[0].len()).map(|column| rows.iter().map(|row| row[column].len()).max().unwrap_or(0)).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        // A line that a terminal breaks would make the next table appear in the wrong place.
        cells.collect::<Vec<_>>().join("  ").trim_end().chars().take(WIDTH).collect()
    };
    rows.iter().map(line).collect()
}

fn row(lab: &Lab, host: &Host, nodes: &[Node], deployed: Option<&Deployer>) -> Vec<String> {
    let swarm = host.swarm();
    let text = |key: &str| swarm.as_ref().ok().and_then(|swarm| swarm[key].as_str()).unwrap_or_default().to_owned();
    let engine = if swarm.is_ok() { text("LocalNodeState") } else { "does not answer".to_owned() };
    let node = match nodes.iter().find(|node| node.id == text("NodeID")) {
        Some(node) if node.leader => "leader".to_owned(),
        Some(node) if node.state == "ready" => node.role.clone(),
        Some(node) => format!("{} {}", node.role, node.state),
        None => "-".to_owned(),
    };
    let label = lab.labels(host).get("swarm").cloned().unwrap_or_else(|| "-".to_owned());
    let health = match (host.monitor.pid(), host.monitor.exit()) {
        _ if deployed.is_some() => deployed.map(|deployed| health(deployed, host.index)).unwrap_or_default(),
        (None, Some(code)) => format!("the monitor ended with {code}"),
        (None, None) => "no monitor".to_owned(),
        _ => match host.ping() {
            Ok((status, body)) => format!("{status} {}", body.lines().next().unwrap_or_default()),
            Err(error) => error,
        },
    };
    vec![host.place.hostname.clone(), host.address().to_string(), engine, node, label, health]
}

/// The health of a deployed container, as its checks see it.
fn health(deployed: &Deployer, index: usize) -> String {
    let health = format!("{:?}", deployed.health(index)).to_lowercase();
    match deployed.trouble(index) {
        Some(trouble) => format!("{health}: {}", trouble.lines().next().unwrap_or_default()),
        None => health,
    }
}

// ---- stand-in

fn run_stand_in(stand_in: &StandIn) -> Result<(), Box<dyn Error>> {
    let end = end_wanted()?;
    let listen = Listen {
        metadata: (stand_in.listen, stand_in.metadata_port).into(),
        api: (stand_in.listen, stand_in.api_port).into(),
        tls: stand_in.https.is_some(),
    };
    let rancher = Rancher::start(listen).map_err(|error| {
        format!("ports {} and {} of {}: {error}", listen.metadata.port(), listen.api.port(), stand_in.listen)
    })?;
    rancher.set_metadata_delay(Duration::ZERO);
    let default = [("localhost".to_owned(), "127.0.0.1".to_owned())];
    let hosts = if stand_in.hosts.is_empty() { &default[..] } else { &stand_in.hosts };
    for (name, address) in hosts {
        let address = address.parse().map_err(|_| format!("--host {name}={address}: {address} is no IP address"))?;
        println!("host {name} at {address} has the uuid {}", rancher.register(name, address));
    }
    rancher.set_metadata_delay(Duration::from_millis(stand_in.delay));
    println!("\nmetadata is at {}/latest; for the daemon:\n", rancher.metadata_url());
    println!("export CATTLE_URL={}", rancher.api_url());
    println!("export CATTLE_ACCESS_KEY={ACCESS_KEY}");
    println!("export CATTLE_SECRET_KEY={SECRET_KEY}");
    if let (Some(file), Some(ca)) = (&stand_in.https, rancher.ca()) {
        std::fs::write(file, ca).map_err(|error| format!("{}: {error}", file.display()))?;
        println!("export CATTLE_CA_CERT={}", file.display());
    }
    println!("\nBy hand:\n");
    println!("curl -H 'Accept: application/json' {}/latest/self", rancher.metadata_url());
    println!("curl -u {ACCESS_KEY}:{SECRET_KEY} {}/hosts", rancher.api_url());
    println!("\nCtrl-C ends it.\n");
    let mut told = 0;
    while !end.load(Ordering::SeqCst) {
        for asked in rancher.log_since(told) {
            told += 1;
            if stand_in.requests || asked.method != "GET" {
                println!("{}", told_of(&asked));
            }
        }
        thread::sleep(PAUSE);
    }
    Ok(())
}

fn told_of(asked: &Asked) -> String {
    let kind = match asked.kind {
        Kind::Metadata => "metadata",
        Kind::Api => "api",
    };
    let query = if asked.query.is_empty() { String::new() } else { format!("?{}", asked.query) };
    format!("{} {kind} {} {}{query} {}", asked.source, asked.method, asked.path, asked.body).trim_end().to_owned()
}
