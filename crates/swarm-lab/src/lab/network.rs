//! Hosts on a network of their own: one bridge a lab, one network namespace a host. All of it goes when the lab does,
//! however the lab ends.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::net::Ipv4Addr;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;

use super::engine::Sandbox;
use super::metadata;
use super::rancher::DOCKER0;

/// How many labs can be at one time: as many as 198.18.0.0/15 has networks. That range is for benchmarks of networks
/// (RFC 2544); neither real machines nor Docker's address pools use it.
const LABS: u16 = 512;
const SWEEP: &str = include_str!("sweep.sh");
/// An address of hardware that no host has: what is sent to it is lost without a word, as on a cut cable.
const NOWHERE: &str = "02:00:00:00:00:01";

/// The network of a lab.
pub struct Network {
    name: String,
    number: u16,
    folder: PathBuf,
    hosts: Mutex<u8>,
    /// Sweeps when this process ends.
    guard: Child,
}

impl Network {
    /// Makes the bridge, after sweeping what dead labs left.
    pub fn start() -> Self {
        let base = base();
        sweep_the_dead(&base);
        let (number, lock) = (0..LABS).find_map(|number| claim(&base, number)).expect("a free network for the lab");
        let name = name(number);
        let folder = base.join(number.to_string());
        sweep(&name, &folder);
        fs::create_dir_all(&folder).unwrap();
        let guard = guard(&name, &folder, &lock_path(&base, number), lock);
        let network = Self { name, number, folder, hosts: Mutex::new(0), guard };
        ip(&["link", "add", &network.name, "type", "bridge"]);
        ip(&["addr", "add", &format!("{}/24", network.gateway()), "dev", &network.name]);
        ip(&["link", "set", &network.name, "up"]);
        network
    }

    /// The bridge's own address, which every host reaches.
    pub fn gateway(&self) -> Ipv4Addr {
        self.address(1)
    }

    /// Any address of the network by its last number.
    pub fn address(&self, last: u8) -> Ipv4Addr {
        let [high, low] = self.number.to_be_bytes();
        Ipv4Addr::new(198, 18 + high, low, last)
    }

    /// The lab's folder; goes with the lab.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The name that all which belongs to this lab begins with.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A new host, and its address.
    pub fn join(&self, hostname: &str) -> (Sandbox, Ipv4Addr) {
        let number = {
            let mut hosts = self.hosts.lock().unwrap();
            *hosts += 1;
            *hosts
        };
        let namespace = format!("{}-{number}", self.name);
        let address = self.address(10 + number);
        let link = format!("{}v{number}", self.name);
        ip(&["netns", "add", &namespace]);
        ip(&["link", "add", &link, "type", "veth", "peer", "name", "eth0", "netns", &namespace]);
        ip(&["link", "set", &link, "master", &self.name, "up"]);
        ip(&["-n", &namespace, "link", "set", "lo", "up"]);
        ip(&["-n", &namespace, "link", "set", "eth0", "up"]);
        let place = Sandbox {
            hostname: hostname.to_owned(),
            group: format!("{}/{number}", self.name),
            folder: self.folder.join(number.to_string()),
            namespace,
        };
        self.set_address(&place, address);
        fs::create_dir_all(&place.folder).unwrap();
        (place, address)
    }

    /// Puts rancher-metadata's network behind a host's docker0, as Rancher's network-services does; the namespace's name.
    pub fn add_metadata(&self, place: &Sandbox) -> String {
        let (host, name) = (place.namespace.as_str(), format!("{}-metadata", place.namespace));
        let (server, docker0) = (metadata::ADDRESS.to_string(), DOCKER0);
        let server = format!("{server}/32");
        ip(&["netns", "add", &name]);
        ip(&["-n", &name, "link", "set", "lo", "up"]);
        ip(&["-n", host, "link", "add", "docker0", "type", "bridge"]);
        ip(&["-n", host, "addr", "add", &format!("{docker0}/16"), "dev", "docker0"]);
        ip(&["-n", host, "link", "add", "metadata", "type", "veth", "peer", "name", "eth0", "netns", &name]);
        ip(&["-n", host, "link", "set", "metadata", "master", "docker0", "up"]);
        ip(&["-n", host, "link", "set", "docker0", "up"]);
        // The last address of the network is the one that the engine gives a container last.
        ip(&["-n", &name, "addr", "add", "172.17.255.254/16", "dev", "eth0"]);
        ip(&["-n", &name, "addr", "add", &server, "dev", "eth0"]);
        ip(&["-n", &name, "link", "set", "eth0", "up"]);
        ip(&["-n", &name, "route", "add", "default", "via", docker0]);
        ip(&["-n", host, "route", "add", &server, "dev", "docker0", "src", docker0]);
        name
    }

    /// Gives a host another address; the one that it had is gone.
    pub fn set_address(&self, place: &Sandbox, address: Ipv4Addr) {
        let namespace = &place.namespace;
        ip(&["-n", namespace, "addr", "flush", "dev", "eth0", "scope", "global"]);
        ip(&["-n", namespace, "addr", "add", &format!("{address}/24"), "dev", "eth0"]);
        ip(&["-n", namespace, "route", "replace", "default", "via", &self.gateway().to_string()]);
    }

    /// Pulls the host's cable, or puts it back.
    pub fn set_link(&self, place: &Sandbox, up: bool) {
        let number = place.namespace.rsplit('-').next().unwrap();
        ip(&["link", "set", &format!("{}v{number}", self.name), if up { "up" } else { "down" }]);
    }

    /// From now on nothing from this host reaches the address; what comes from there still arrives.
    pub fn block(&self, place: &Sandbox, to: Ipv4Addr) {
        let to = to.to_string();
        ip(&["-n", &place.namespace, "neigh", "replace", &to, "lladdr", NOWHERE, "nud", "permanent", "dev", "eth0"]);
    }

    /// From now on what this host sends to a TCP port of the address is lost, as where a firewall is in the way.
    pub fn close_port(&self, place: &Sandbox, to: Ipv4Addr, port: u16) {
        firewall("-I", place, to, port);
    }

    /// Undoes [`Self::close_port`].
    pub fn open_port(&self, place: &Sandbox, to: Ipv4Addr, port: u16) {
        firewall("-D", place, to, port);
    }

    /// Undoes [`Self::block`]; fine where nothing is blocked.
    pub fn unblock(&self, place: &Sandbox, to: Ipv4Addr) {
        let args = ["-n", &place.namespace, "neigh", "del", &to.to_string(), "dev", "eth0"];
        let _ = Command::new("ip").args(args).stderr(Stdio::null()).status().unwrap();
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // The guard sweeps as soon as nobody holds the other end of its input.
        drop(self.guard.stdin.take());
        let _ = self.guard.wait();
    }
}

fn firewall(what: &str, place: &Sandbox, to: Ipv4Addr, port: u16) {
    let namespace = format!("--net=/run/netns/{}", place.namespace);
    let (to, port) = (to.to_string(), port.to_string());
    let rule = ["iptables", "-w", what, "OUTPUT", "-p", "tcp", "-d", &to, "--dport", &port, "-j", "DROP"];
    let output = Command::new("nsenter").arg(namespace).args(rule).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "iptables: {}", String::from_utf8_lossy(&output.stderr));
}

fn base() -> PathBuf {
    std::env::temp_dir().join("swarmkit-lab")
}

fn name(number: u16) -> String {
    format!("swlab{number}")
}

fn lock_path(base: &Path, number: u16) -> PathBuf {
    base.join(format!("{number}.lock"))
}

/// Takes a number that nobody has.
fn claim(base: &Path, number: u16) -> Option<(u16, File)> {
    fs::create_dir_all(base).unwrap();
    let path = lock_path(base, number);
    let file = File::create(&path).unwrap();
    file.try_lock().ok()?;
    // Between opening and locking it, its last holder may have removed it: then another file has the name.
    let ours = fs::metadata(&path).is_ok_and(|named| named.ino() == file.metadata().unwrap().ino());
    if ours && in_use(number) {
        let _ = fs::remove_file(&path);
        return None;
    }
    ours.then_some((number, file))
}

/// Whether the machine has an address in the network already that no lab made.
fn in_use(number: u16) -> bool {
    let [high, low] = number.to_be_bytes();
    let output = Command::new("ip").args(["-o", "-4", "addr", "show"]).output().unwrap();
    let prefix = format!(" {}.{}.{low}.", 198, 18 + high);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().any(|line| line.contains(&prefix) && line.split_whitespace().nth(1) != Some(&name(number)))
}

fn sweep_the_dead(base: &Path) {
    let entries = match fs::read_dir(base) {
        Err(error) if error.kind() == ErrorKind::NotFound => return,
        entries => entries.unwrap(),
    };
    for entry in entries.filter_map(Result::ok) {
        let file = entry.file_name();
        let number = file.to_str().and_then(|name| name.strip_suffix(".lock")).and_then(|text| text.parse().ok());
        let Some(number) = number else { continue };
        if let Some((number, lock)) = claim(base, number) {
            sweep(&name(number), &base.join(number.to_string()));
            let _ = fs::remove_file(lock_path(base, number));
            drop(lock);
        }
    }
}

fn sweep(name: &str, folder: &Path) {
    let status = Command::new("sh").args(["-c", SWEEP, "sweep", name]).arg(folder).stdin(Stdio::null()).status();
    assert!(status.unwrap().success());
}

/// A process that sweeps when this one ends, even by `kill -9`: its input ends then. In a group of its own, so that
/// Ctrl-C does not end it. It holds the number's lock, so nobody takes the number before all is swept.
fn guard(name: &str, folder: &Path, path: &Path, lock: File) -> Child {
    let script = format!("exec 3>&1 >/dev/null\ncat\n{SWEEP}\nrm -f \"$3\"");
    let mut command = Command::new("sh");
    command.args(["-c", &script, "guard", name]).arg(folder).arg(path);
    command.stdin(Stdio::piped()).stdout(lock).stderr(Stdio::null()).process_group(0).spawn().unwrap()
}

fn ip(args: &[&str]) {
    let output = Command::new("ip").args(args).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "ip {}: {}", args.join(" "), String::from_utf8_lossy(&output.stderr));
}
