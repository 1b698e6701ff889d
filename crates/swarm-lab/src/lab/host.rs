//! A host of the lab: its engine, its monitor, its place in Rancher.

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Mutex;
use std::time::Duration;

use serde_json::Value;

use super::engine::{Engine, Sandbox};
use super::metadata::Server;
use super::monitor::{self, Container, Monitor};

/// A host. All that it does can be done while others hold it too.
pub struct Host {
    pub index: usize,
    pub place: Sandbox,
    pub engine: Engine,
    pub monitor: Monitor,
    /// Rancher's own rancher-metadata; `None` where the stand-in answers.
    pub(super) metadata: Option<Server>,
    pub(super) address: Mutex<Ipv4Addr>,
    pub(super) uuid: Mutex<Option<String>>,
    /// What Rancher gives every container of the service.
    pub(super) given: Vec<(String, String)>,
    pub(super) hosts_file: PathBuf,
    pub(super) ca: PathBuf,
    /// What the monitor was last started with.
    pub(super) started: Mutex<Option<Started>>,
}

/// How a monitor was started.
pub(super) struct Started {
    variables: Vec<(String, String)>,
    command: Vec<String>,
}

impl Host {
    /// Its address, which is its agent_ip unless a test says otherwise.
    pub fn address(&self) -> Ipv4Addr {
        *self.address.lock().unwrap()
    }

    /// The same, as the stand-in wants it.
    pub fn source(&self) -> IpAddr {
        self.address().into()
    }

    /// Its rancher-metadata, to stop, kill and start it. Panics where the stand-in answers: that has faults of its own.
    pub fn metadata(&self) -> &Server {
        self.metadata.as_ref().expect("a lab with Rancher's own rancher-metadata")
    }

    /// Whether Rancher's own rancher-metadata is on it.
    pub fn has_own_metadata(&self) -> bool {
        self.metadata.is_some()
    }

    /// Its uuid in Rancher. Panics where it is not registered.
    pub fn uuid(&self) -> String {
        self.uuid.lock().unwrap().clone().unwrap_or_else(|| panic!("host {} is not registered", self.index))
    }

    /// Whether Rancher knows it, or knew it.
    pub fn is_registered(&self) -> bool {
        self.uuid.lock().unwrap().is_some()
    }

    /// What Rancher gives every container of the service that asks for keys.
    pub fn given(&self) -> &[(String, String)] {
        &self.given
    }

    /// Starts the monitor, with what Rancher gives it and these settings. A variable given here wins.
    pub fn start_monitor(&self, settings: &[(&str, &str)]) {
        self.start_in_its_place(settings, &[crate::programs::swarmkit_mon()]);
    }

    /// Starts another program in the monitor's place, as its container would run.
    pub fn start_in_its_place(&self, settings: &[(&str, &str)], command: &[&str]) {
        let mut variables = self.given.clone();
        variables.retain(|(name, _)| !settings.iter().any(|(given, _)| given == name));
        variables.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        *self.started.lock().unwrap() =
            Some(Started { variables, command: command.iter().map(|word| (*word).to_owned()).collect() });
        self.resume_monitor();
    }

    /// Starts the monitor as it was last started; does nothing where it never was.
    pub fn resume_monitor(&self) {
        let started = self.started.lock().unwrap();
        let Some(Started { variables, command }) = started.as_ref() else { return };
        let socket = self.engine.socket();
        let container = Container {
            place: &self.place,
            sockets: socket.parent().unwrap(),
            hosts_file: &self.hosts_file,
            ca: &self.ca,
        };
        self.monitor.start(&container, variables, command);
    }

    /// Stops the monitor and starts it again.
    pub fn restart_monitor(&self) {
        self.monitor.stop();
        self.resume_monitor();
    }

    /// SIGTERM to the monitor; how long it took to end, `None` where it had to be killed.
    pub fn stop_monitor(&self) -> Option<Duration> {
        self.monitor.stop()
    }

    /// `kill -9` of the engine and with it of the monitor and of rancher-metadata, whose containers cannot live without it.
    pub fn kill_host(&self) {
        self.engine.kill();
        self.monitor.kill();
        self.metadata.iter().for_each(Server::kill);
    }

    /// Starts the engine with what it has on its disk, and then the monitor if there ever was one.
    pub fn start_host(&self) {
        self.engine.start();
        self.engine.wait_until_ready();
        self.metadata.iter().for_each(Server::restart);
        self.resume_monitor();
    }

    /// Kills it and removes all that is on its disk: the engine's data, the monitor's state and its backups.
    pub fn wipe(&self) {
        self.kill_host();
        self.engine.wipe();
        let _ = std::fs::remove_dir_all(self.state_folder());
        let _ = std::fs::remove_dir_all(self.backup_folder());
    }

    /// A health check, as Rancher makes it.
    pub fn ping(&self) -> Result<(u16, String), String> {
        monitor::ping(self.address())
    }

    /// What its monitor says of itself.
    pub fn status(&self) -> Result<Value, String> {
        monitor::status(self.address())
    }

    /// What its monitor counts.
    pub fn metrics(&self) -> Result<String, String> {
        monitor::metrics(self.address())
    }

    /// What its monitor answers at another path.
    pub fn page(&self, path: &str) -> Result<String, String> {
        monitor::page(self.address(), path)
    }

    /// The program once more in its running monitor's container, with the same variables.
    pub fn command(&self, args: &[&str]) -> Command {
        self.command_as(Path::new(crate::programs::swarmkit_mon()), args)
    }

    /// The same by another name of the program.
    pub fn command_as(&self, program: &Path, args: &[&str]) -> Command {
        let pid = self.monitor.pid().expect("a running monitor").to_string();
        let variables = std::fs::read_to_string(format!("/proc/{pid}/environ")).unwrap();
        let mut command = Command::new("nsenter");
        command
            .args(["--target", &pid, "--mount", "--uts", "--net", "--", "env", "-i"])
            .args(variables.split('\0').filter(|variable| !variable.is_empty()))
            .arg(program)
            .args(args);
        command
    }

    /// Runs it: its code and what it printed.
    pub fn run(&self, args: &[&str]) -> (i32, String, String) {
        let Output { status, stdout, stderr } = self.command(args).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (status.code().unwrap(), text(stdout), text(stderr))
    }

    /// The file that its monitor logs to.
    pub fn log_path(&self) -> PathBuf {
        monitor::log_path(&self.place)
    }

    /// All that its monitor logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    /// What it has at `/var/lib/rancher/state`.
    pub fn state_folder(&self) -> PathBuf {
        monitor::state_folder(&self.place)
    }

    /// What it has at `/var/lib/rancher/swarm-backups`.
    pub fn backup_folder(&self) -> PathBuf {
        monitor::backup_folder(&self.place)
    }

    /// The swarm as its engine sees it: `/info`'s `.Swarm`.
    pub fn swarm(&self) -> Result<Value, String> {
        Ok(self.engine.info()?["Swarm"].take())
    }
}
