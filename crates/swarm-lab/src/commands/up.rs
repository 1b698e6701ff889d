//! The lab at a keyboard: real Docker engines, a stand-in for Rancher, and the monitors on them.
//!
//!     cargo run -p swarm-lab -- up 5

use std::error::Error;
use std::io::{IsTerminal as _, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use swarm_lab::deployer::Deployer;
use swarm_lab::deployer::registry::Registry;
use swarm_lab::lab::rancher::{ACCESS_KEY, SECRET_KEY};
use swarm_lab::lab::swarm::Node;
use swarm_lab::lab::{self, Host, Lab};
use swarm_lab::{programs, real_parts};

use super::end_wanted::end_wanted;
use super::pair::pair;

/// How often the table is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// The longest line of the table.
const WIDTH: usize = 110;
/// How often it looks whether it shall end.
const PAUSE: Duration = Duration::from_millis(50);
/// The port of the registry that has the built image.
const REGISTRY: u16 = 5000;

/// Start engines, stand-in and monitors, show how they do, and remove all of it at Ctrl-C.
#[derive(Args)]
pub struct Up {
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

pub fn run(up: &Up) -> Result<ExitCode, String> {
    bring_up(up).map_err(|error| error.to_string())?;
    Ok(ExitCode::SUCCESS)
}

fn bring_up(up: &Up) -> Result<(), Box<dyn Error>> {
    if let Some(missing) = lab::missing() {
        return Err(format!("`up` {missing}").into());
    }
    if !up.no_monitors {
        programs::build()?;
    }
    let entry = if up.entry { Some(Entry::make()?) } else { None };
    let end = end_wanted()?;
    let start = Instant::now();
    let builder = Lab::builder(up.hosts.into()).metadata_delay(Duration::from_millis(up.delay));
    let builder = if up.https { builder.https() } else { builder };
    let builder = if up.entry { builder.registry(REGISTRY) } else { builder };
    if let Some(missing) = real_parts::missing().filter(|_| up.real_metadata) {
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
}

impl Entry {
    fn make() -> Result<Self, Box<dyn Error>> {
        let root = programs::root();
        println!("building the image, which takes minutes the first time");
        done(Command::new(root.join("scripts/image")).env("GEN_CATALOG", programs::gen_catalog()))?;
        let folder = tempfile::tempdir()?;
        let archive = root.join("target/image/swarmkit.tar");
        std::fs::create_dir(folder.path().join("community-catalog"))?;
        done(Command::new(programs::gen_catalog()).current_dir(&folder).arg("lock").arg(&archive))?;
        done(Command::new(programs::gen_catalog()).current_dir(&folder).arg("render"))?;
        Ok(Self { folder, archive })
    }

    fn deploy(&self, lab: &Arc<Lab>, answers: &[(&str, &str)]) -> Result<(Deployer, Registry), Box<dyn Error>> {
        let registry = Registry::start(SocketAddr::new(lab.network.gateway().into(), REGISTRY))?;
        registry.push(&self.archive)?;
        let catalog = self.folder.path().join("community-catalog");
        Ok((Deployer::deploy(lab, &catalog, programs::gen_catalog().as_ref(), answers)?, registry))
    }
}

fn done(command: &mut Command) -> Result<(), Box<dyn Error>> {
    let status = command.status().map_err(|error| format!("{command:?}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?}: {status}").into()) }
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
