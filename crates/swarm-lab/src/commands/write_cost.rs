//! What one heartbeat costs Rancher, by the number of hosts: the monitors' service with its record, as the API takes it,
//! and the metadata of the whole environment, which Rancher makes anew and sends to each host after every change. Where
//! Rancher's own rancher-metadata is there, also what a host spends to take them in.
//!
//!     cargo run --release -p swarm-lab -- write-cost 5 100 1000

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, TcpStream};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::{Value, json};
use swarm_lab::lab::feed;
use swarm_lab::lab::rancher::environment::Environment;
use swarm_lab::lab::rancher::objects::objects;
use swarm_lab::real_parts;

/// Measures what one write of the lease holder costs Rancher and its hosts.
#[derive(Args)]
pub struct WriteCost {
    /// How many hosts
    #[arg(default_values_t = [5, 100, 1000])]
    hosts: Vec<usize>,
}

pub fn run(arguments: &WriteCost) -> Result<ExitCode, String> {
    println!(
        "| hosts | record | service, as a PUT takes it | metadata of the environment, packed | to all hosts | taken in by a host |"
    );
    println!("|---|---|---|---|---|---|");
    for &hosts in &arguments.hosts {
        let environment = environment(hosts);
        let record = environment.service().metadata["swarmkit"].to_string().len();
        let service = serde_json::to_vec(&json!({ "metadata": environment.service().metadata })).unwrap().len();
        let objects = objects(&environment, environment.hosts.first());
        let folder = tempfile::tempdir().unwrap();
        let answers = folder.path().join("answers.json");
        feed::write(&answers, &objects);
        let file: Value = serde_json::from_slice(&std::fs::read(&answers).unwrap()).unwrap();
        let packed = file["Data"].as_str().unwrap().len() / 4 * 3;
        let taken_in = match real_parts::kit() {
            Ok(programs) => {
                format!("{:.0} ms of processor time", taken_in(&programs.metadata, folder.path()).as_secs_f64() * 1e3)
            }
            Err(why) => why,
        };
        let kb = |bytes: usize| format!("{:.1} kB", bytes as f64 / 1e3);
        let all = format!("{:.1} MB", (packed * hosts) as f64 / 1e6);
        println!("| {hosts} | {} | {} | {} | {all} | {taken_in} |", kb(record), kb(service), kb(packed));
    }
    Ok(ExitCode::SUCCESS)
}

/// A calm environment: all hosts in the swarm, three of them managers, and four containers of other services on each.
fn environment(hosts: usize) -> Environment {
    let mut environment = Environment::new(7);
    let stack = environment.add_stack("infrastructure", true);
    let others: Vec<String> =
        (0..4).map(|number| environment.add_service(&stack, &format!("service{number}"), true)).collect();
    let mut members = serde_json::Map::new();
    for number in 0..hosts {
        let address = IpAddr::from(Ipv4Addr::from(0x0a00_0001 + number as u32));
        let host = environment.register(&format!("host{number}.example.org"), address, None);
        let node = format!("{number:025x}");
        environment.host_mut(&host).labels.insert("swarmkit.node".to_owned(), node.clone());
        for service in &others {
            environment.add_container(&host, Some(service), None);
        }
        members.insert(host, node.into());
    }
    let managers: Vec<String> = (0..3.min(hosts)).map(|number| format!("10.0.0.{}:2377", number + 1)).collect();
    let voters: Vec<String> = (0..3.min(hosts)).map(|number| format!("{number:025x}")).collect();
    let record = json!({
        "cluster": "c".repeat(25), "managers": managers, "members": members, "voters": voters,
        "lease": {"host": environment.hosts.first().map(|host| host.uuid.clone()), "heartbeat": 7},
    });
    environment.service_mut().metadata.insert("swarmkit".to_owned(), record);
    environment
}

/// What Rancher's own server spends on one more set of answers.
fn taken_in(program: &std::path::Path, folder: &std::path::Path) -> Duration {
    let listen = "127.0.0.1:18380";
    let server = Command::new(program)
        .args(["--listen", listen, "--listenReload", "127.0.0.1:18381", "--answers", "answers.json"])
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let mut server = Running(server.unwrap());
    let end = Instant::now() + Duration::from_secs(30);
    while ask(listen, "GET /latest/version").is_err() && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(20));
    }
    const TIMES: u32 = 5;
    let before = server.spent();
    for _ in 0..TIMES {
        ask("127.0.0.1:18381", "POST /v1/reload").unwrap();
    }
    let spent = server.spent() - before;
    let _ = server.0.kill();
    spent / TIMES
}

/// Asks, and waits for the whole answer.
fn ask(address: &str, what: &str) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    write!(stream, "{what} HTTP/1.0\r\n\r\n")?;
    stream.read_to_end(&mut Vec::new()).map(drop)
}

struct Running(Child);

impl Running {
    fn spent(&mut self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0.id())).unwrap_or_default();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks: u64 = fields.iter().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
        // The kernel counts a hundred a second.
        Duration::from_millis(ticks * 10)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
