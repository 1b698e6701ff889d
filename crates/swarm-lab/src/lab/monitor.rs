//! The daemon, running as its container would.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::engine::{Namespaced, Sandbox, signal_to, tail};

const SCRIPT: &str = include_str!("monitor.sh");
/// How long the namespaces may take to be made.
const START_LIMIT: Duration = Duration::from_secs(10);
/// How long it may take to end before it is killed, as `docker stop` does.
const STOP_LIMIT: Duration = Duration::from_secs(10);
/// How long a health check waits for its answer: `response_timeout` of the rendered entry.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
const HEALTH_PORT: u16 = 2378;
/// The ticks in a second of `/proc/<pid>/stat`: fixed for user space on Linux.
const TICKS: f64 = 100.0;

/// What the program's container is given by Rancher and by the host.
pub struct Container<'a> {
    pub place: &'a Sandbox,
    /// The folder with the engine's socket.
    pub sockets: &'a Path,
    /// What `/etc/hosts` is.
    pub hosts_file: &'a Path,
    /// The CA's certificate that Rancher's agent left on the host, if there is one.
    pub ca: &'a Path,
}

/// The monitor of a host, running or not. It is killed when dropped.
#[derive(Default)]
pub struct Monitor {
    process: Mutex<Option<Namespaced>>,
}

impl Monitor {
    /// Starts it, or another program, with these variables and no others. One that runs is killed first.
    pub fn start(&self, container: &Container<'_>, variables: &[(String, String)], command: &[String]) {
        self.kill();
        let state = state_folder(container.place);
        fs::create_dir_all(&state).unwrap();
        let text = |path: &Path| path.display().to_string();
        let mut args = vec![
            container.place.hostname.clone(),
            text(container.sockets),
            text(&state),
            text(container.hosts_file),
            text(container.ca),
        ];
        args.extend(variables.iter().map(|(name, value)| format!("{name}={value}")));
        args.extend_from_slice(command);
        let program = fs::canonicalize(&command[0]).unwrap_or_else(|error| panic!("{}: {error}", command[0]));
        let mut process = Namespaced::spawn(&container.place.namespace, SCRIPT, &args, &log_path(container.place));
        let start = Instant::now();
        while process.running().is_some_and(|pid| !runs(pid, &program)) {
            assert!(start.elapsed() < START_LIMIT, "the monitor does not start");
            thread::sleep(Duration::from_millis(2));
        }
        *self.process.lock().unwrap() = Some(process);
    }

    /// SIGTERM; how long it took to end, `None` where it had to be killed after ten seconds or did not run.
    pub fn stop(&self) -> Option<Duration> {
        self.process.lock().unwrap().take()?.terminate(STOP_LIMIT)
    }

    /// `kill -9`.
    pub fn kill(&self) {
        if let Some(mut process) = self.process.lock().unwrap().take() {
            process.kill();
        }
    }

    /// SIGSTOP.
    pub fn freeze(&self) {
        signal_to(self.pid().expect("a running monitor"), "STOP");
    }

    /// SIGCONT.
    pub fn thaw(&self) {
        signal_to(self.pid().expect("a running monitor"), "CONT");
    }

    /// Its process, if it runs.
    pub fn pid(&self) -> Option<u32> {
        self.process.lock().unwrap().as_mut().and_then(Namespaced::running)
    }

    /// How it ended by itself, if it did.
    pub fn exit(&self) -> Option<i32> {
        self.process.lock().unwrap().as_mut().and_then(Namespaced::exit)
    }

    /// Its resident memory, in bytes.
    pub fn memory(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid()?)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.split_whitespace().next()?.parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
    }

    /// The processor time that it used so far.
    pub fn processor_time(&self) -> Option<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid()?)).ok()?;
        // The program's name, in parentheses, may hold blanks.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let ticks = fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?;
        Some(Duration::from_secs_f64(ticks / TICKS))
    }
}

fn runs(pid: u32, program: &Path) -> bool {
    fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|path| path == program)
}

/// The file that the monitor of a host logs to.
pub fn log_path(place: &Sandbox) -> PathBuf {
    place.folder.join("monitor.log")
}

/// The last lines that it logged.
pub fn last_log_lines(place: &Sandbox, lines: usize) -> String {
    tail(&log_path(place), lines)
}

/// What the host has at `/var/lib/rancher/state`.
pub fn state_folder(place: &Sandbox) -> PathBuf {
    place.folder.join("state")
}

/// What it has at `/var/lib/rancher/swarm-backups`.
pub fn backup_folder(place: &Sandbox) -> PathBuf {
    place.folder.join("state-backups")
}

/// A health check, as Rancher makes it: HTTP/1.0 and a time limit. The status and the body.
pub fn ping(address: Ipv4Addr) -> Result<(u16, String), String> {
    fetch(address, "GET /ping HTTP/1.0\r\n\r\n")
}

/// What the monitor says at `/status`.
pub fn status(address: Ipv4Addr) -> Result<Value, String> {
    let body = page(address, "/status")?;
    serde_json::from_str(&body).map_err(|error| format!("/status is no JSON: {error}: {body}"))
}

/// What the monitor says at `/metrics`.
pub fn metrics(address: Ipv4Addr) -> Result<String, String> {
    page(address, "/metrics")
}

/// What the monitor says at another path.
pub fn page(address: Ipv4Addr, path: &str) -> Result<String, String> {
    let (status, body) =
        fetch(address, &format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"))?;
    if status == 200 { Ok(body) } else { Err(format!("{path}: {status} {body}")) }
}

fn fetch(address: Ipv4Addr, request: &str) -> Result<(u16, String), String> {
    let socket = SocketAddr::from((address, HEALTH_PORT));
    let text = |error: std::io::Error| error.to_string();
    let mut stream = TcpStream::connect_timeout(&socket, ANSWER_LIMIT).map_err(text)?;
    stream.set_read_timeout(Some(ANSWER_LIMIT)).map_err(text)?;
    stream.set_write_timeout(Some(ANSWER_LIMIT)).map_err(text)?;
    stream.write_all(request.as_bytes()).map_err(text)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).map_err(text)?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(|| format!("no HTTP: {answer:?}"))?;
    let status = head.split(' ').nth(1).and_then(|text| text.parse().ok());
    Ok((status.ok_or_else(|| format!("no HTTP: {head:?}"))?, body.to_owned()))
}
