//! Rancher's own rancher-metadata on a host: behind docker0 in a network of its own, and fed as Rancher's agent feeds it.

use std::fs;
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::engine::{Namespaced, Sandbox, signal_to, tail};
use super::feed;
use super::rancher::{Watch, objects};
use crate::real_parts;

const SCRIPT: &str = include_str!("metadata.sh");
/// Where it is on every host.
pub const ADDRESS: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 250);
/// How often a feeder looks for news.
const LOOK: Duration = Duration::from_millis(10);
/// The variable that decides for every lab: `real` or `stand-in`.
pub const VARIABLE: &str = "LAB_METADATA";

/// Who answers for metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metadata {
    /// The stand-in, which can also answer wrongly.
    StandIn,
    /// Rancher's own. Panics where it is not there.
    Real,
    /// Rancher's own where it is there, else the stand-in.
    RealIfThere,
}

impl Metadata {
    /// Whether it is Rancher's own, here and now.
    pub fn is_real(self) -> bool {
        let told = std::env::var(VARIABLE).unwrap_or_default();
        let wanted = match told.as_str() {
            "" => self,
            "real" => Self::Real,
            "stand-in" => Self::StandIn,
            other => panic!("{VARIABLE}={other} is neither real nor stand-in"),
        };
        match (wanted, real_parts::missing()) {
            (Self::StandIn, _) => false,
            (Self::Real, Some(missing)) => panic!("the lab {missing}"),
            (Self::RealIfThere, missing) => missing.is_none(),
            (Self::Real, None) => true,
        }
    }
}

/// The server of one host. It is killed when dropped.
pub struct Server {
    shared: Arc<Shared>,
    feeder: Option<JoinHandle<()>>,
}

struct Shared {
    namespace: String,
    /// Says whether the host's cable is in.
    cable: PathBuf,
    folder: PathBuf,
    process: Mutex<Option<Namespaced>>,
    /// The host's real address.
    source: Mutex<IpAddr>,
    /// Whether it hears of nothing: it is stopped, or the host is cut from Rancher.
    is_deaf: AtomicBool,
    is_frozen: AtomicBool,
    /// The number of what it was told last, since it was started.
    told: Mutex<Option<(u64, IpAddr)>>,
    end: AtomicBool,
}

impl Server {
    /// Starts it in a network namespace that stands behind the host's docker0.
    pub fn start(place: &Sandbox, namespace: String, source: IpAddr, watch: Watch) -> Self {
        let shared = Arc::new(Shared {
            namespace,
            cable: PathBuf::from(format!("/sys/class/net/{}/operstate", place.namespace.replace('-', "v"))),
            folder: place.folder.join("metadata"),
            process: Mutex::new(None),
            source: Mutex::new(source),
            is_deaf: AtomicBool::new(false),
            is_frozen: AtomicBool::new(false),
            told: Mutex::new(None),
            end: AtomicBool::new(false),
        });
        fs::create_dir_all(&shared.folder).unwrap();
        let feeding = shared.clone();
        let server = Self { shared, feeder: Some(thread::spawn(move || feeding.feed(&watch))) };
        server.restart();
        server
    }

    /// Starts it with the answers that it last was given, as its container is started again; does nothing where it runs.
    pub fn restart(&self) {
        let mut process = self.shared.process.lock().unwrap();
        if process.as_mut().is_some_and(|process| process.exit().is_none()) {
            return;
        }
        *self.shared.told.lock().unwrap() = None;
        self.shared.is_frozen.store(false, Ordering::SeqCst);
        let program = real_parts::kit().expect("rancher-metadata").metadata.display().to_string();
        let args = [program, self.shared.folder.display().to_string()];
        *process = Some(Namespaced::spawn(&self.shared.namespace, SCRIPT, &args, &self.log_path()));
    }

    /// `kill -9`.
    pub fn kill(&self) {
        if let Some(mut process) = self.shared.process.lock().unwrap().take() {
            process.kill();
        }
    }

    /// SIGSTOP: it takes connections and answers nothing.
    pub fn freeze(&self) {
        self.shared.is_frozen.store(true, Ordering::SeqCst);
        self.signal("STOP");
    }

    /// SIGCONT.
    pub fn thaw(&self) {
        self.signal("CONT");
        self.shared.is_frozen.store(false, Ordering::SeqCst);
    }

    fn signal(&self, signal: &str) {
        let pid = self.shared.process.lock().unwrap().as_mut().and_then(Namespaced::running);
        signal_to(pid.expect("a running rancher-metadata"), signal);
    }

    /// From now on it hears of nothing new, and tells what it knows; or hears again.
    pub fn set_deaf(&self, is_deaf: bool) {
        self.shared.is_deaf.store(is_deaf, Ordering::SeqCst);
    }

    /// The host has another address.
    pub fn set_source(&self, source: IpAddr) {
        *self.shared.source.lock().unwrap() = source;
    }

    /// Waits until it knows what there is to know.
    pub fn wait_until_told(&self, limit: Duration) {
        let start = Instant::now();
        while self.shared.told.lock().unwrap().is_none() {
            assert!(start.elapsed() < limit, "rancher-metadata does not start:\n{}", tail(&self.log_path(), 20));
            thread::sleep(LOOK);
        }
    }

    fn log_path(&self) -> PathBuf {
        self.shared.folder.join("log")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.end.store(true, Ordering::SeqCst);
        self.kill();
        if let Some(feeder) = self.feeder.take() {
            let _ = feeder.join();
        }
    }
}

impl Shared {
    fn feed(&self, watch: &Watch) {
        let mut last = None;
        while !self.end.load(Ordering::SeqCst) {
            thread::sleep(LOOK);
            let is_off = || self.is_deaf.load(Ordering::SeqCst) || self.is_frozen.load(Ordering::SeqCst);
            if is_off() || self.process.lock().unwrap().as_mut().and_then(Namespaced::running).is_none() {
                continue;
            }
            let (environment, number) = watch.look();
            let source = *self.source.lock().unwrap();
            let news = Some((number, source));
            let told = *self.told.lock().unwrap();
            if told == news {
                continue;
            }
            let objects = objects::objects(&environment, environment.host_at(source));
            if fs::read_to_string(&self.cable).is_ok_and(|state| state.trim() == "down") {
                continue;
            }
            // Not all that is new to others is new to it.
            if told.is_none() || last.as_ref() != Some(&objects) {
                feed::write(&self.folder.join("answers.json"), &objects);
                if !self.reload() {
                    continue;
                }
            }
            last = Some(objects);
            *self.told.lock().unwrap() = news;
        }
    }

    /// Makes it read its file; whether it did.
    fn reload(&self) -> bool {
        let asking = Command::new("nsenter")
            .arg(format!("--net=/run/netns/{}", self.namespace))
            .args(["timeout", "2", "busybox", "nc", "127.0.0.1", "8112"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let output = asking.and_then(|mut asking| {
            asking.stdin.take().expect("its input").write_all(b"POST /v1/reload HTTP/1.0\r\n\r\n")?;
            asking.wait_with_output()
        });
        output.is_ok_and(|output| output.stdout.ends_with(b"\r\n\r\nOK"))
    }
}
