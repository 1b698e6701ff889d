//! A real Docker engine, as on a machine of its own: own network, processes, mounts, host name and folders.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long an engine may take to answer its first question.
const START_LIMIT: Duration = Duration::from_secs(60);
/// How long it may take to stop.
const STOP_LIMIT: Duration = Duration::from_secs(20);
/// How long an answer may take where nothing else is said.
const ANSWER_LIMIT: Duration = Duration::from_secs(20);
const SCRIPT: &str = include_str!("engine.sh");

/// The image that [`Engine::import_busybox`] makes. Nothing listens at that registry, so an engine that looks there for
/// a newer one is refused at once and takes its own.
pub const BUSYBOX: &str = "127.0.0.1:1/lab/busybox:1";

/// Why the docker client cannot be used here; `None` if it can.
pub fn client_missing() -> Option<&'static str> {
    let answers = Command::new("docker").arg("--version").output().is_ok_and(|output| output.status.success());
    if answers { None } else { Some("needs the docker client (Debian: docker.io)") }
}

/// Why no engine can be started here; `None` if one can.
pub fn missing() -> Option<&'static str> {
    static MISSING: OnceLock<Option<&str>> = OnceLock::new();
    *MISSING.get_or_init(|| {
        let answers = |program: &str, args: &[&str]| {
            Command::new(program).args(args).output().is_ok_and(|output| output.status.success())
        };
        if !answers("dockerd", &["--version"]) {
            return Some("needs a Docker engine (Debian: docker.io)");
        }
        if !answers("busybox", &["true"]) {
            return Some("needs busybox (Debian: busybox-static)");
        }
        if !["nsenter", "unshare", "setpriv"].iter().all(|program| answers(program, &["--version"])) {
            return Some("needs nsenter, unshare and setpriv (Debian: util-linux)");
        }
        let name = format!("probe{}", std::process::id());
        let made = answers("ip", &["netns", "add", &name]);
        answers("ip", &["netns", "del", &name]);
        if made { None } else { Some("needs root and iproute2, to make network namespaces") }
    })
}

/// Where an engine runs.
#[derive(Debug, Clone)]
pub struct Sandbox {
    /// The network namespace's name.
    pub namespace: String,
    /// The host name: short or fully qualified, need not be unique.
    pub hostname: String,
    /// The control group below which its containers are.
    pub group: String,
    /// What the host has on its disk.
    pub folder: PathBuf,
}

/// What an engine answered.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    /// JSON, or the text where it is none.
    pub body: Value,
}

impl Answer {
    /// The body of a good answer.
    pub fn good(self) -> Result<Value, String> {
        if (200..300).contains(&self.status) { Ok(self.body) } else { Err(format!("{}: {}", self.status, self.body)) }
    }
}

/// An engine, running or not. It is killed when dropped.
pub struct Engine {
    place: Sandbox,
    process: Mutex<Option<Namespaced>>,
    client: OnceLock<reqwest::blocking::Client>,
}

impl Engine {
    /// Starts one, and does not wait for it.
    pub fn spawn(place: Sandbox) -> Self {
        let engine = Self { place, process: Mutex::new(None), client: OnceLock::new() };
        fs::create_dir_all(engine.place.folder.join("socket")).unwrap();
        engine.start();
        engine
    }

    /// Starts one, and waits until it answers.
    pub fn started(place: Sandbox) -> Self {
        let engine = Self::spawn(place);
        engine.wait_until_ready();
        engine
    }

    /// Starts it with what it has on its disk; does nothing where it runs.
    pub fn start(&self) {
        let mut process = self.process.lock().unwrap();
        if process.as_mut().is_some_and(|process| process.exit().is_none()) {
            return;
        }
        let folder = self.place.folder.display().to_string();
        let args = [&self.place.hostname, &folder, &self.place.group];
        *process = Some(Namespaced::spawn(&self.place.namespace, SCRIPT, &args, &self.log_path()));
    }

    /// Waits until it answers.
    pub fn wait_until_ready(&self) {
        let start = Instant::now();
        while !self.is_ready() {
            assert!(start.elapsed() < START_LIMIT, "the engine does not answer:\n{}", self.log());
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn is_ready(&self) -> bool {
        self.socket().exists() && self.get_within(Duration::from_secs(2), "/_ping").is_ok_and(|got| got.status == 200)
    }

    /// Ends it at once with all its containers, as a loss of power does.
    pub fn kill(&self) {
        if let Some(mut process) = self.process.lock().unwrap().take() {
            process.kill();
        }
    }

    /// Ends it in good order; kills it when that takes too long.
    pub fn stop(&self) {
        if let Some(mut process) = self.process.lock().unwrap().take() {
            process.terminate(STOP_LIMIT);
        }
    }

    /// Stops and starts it.
    pub fn restart(&self) {
        self.stop();
        self.start();
        self.wait_until_ready();
    }

    /// Makes it hang: its socket still takes connections, but nothing is answered.
    pub fn freeze(&self) {
        self.signal("STOP");
    }

    /// Undoes [`Self::freeze`].
    pub fn thaw(&self) {
        self.signal("CONT");
    }

    fn signal(&self, signal: &str) {
        signal_to(self.pid().expect("a running engine"), signal);
    }

    /// Kills it and removes all that it has on its disk.
    pub fn wipe(&self) {
        self.kill();
        let _ = fs::remove_dir_all(self.data_folder());
        let _ = fs::remove_dir_all(self.place.folder.join("etc"));
    }

    /// Its process, if it runs.
    pub fn pid(&self) -> Option<u32> {
        self.process.lock().unwrap().as_mut().and_then(Namespaced::running)
    }

    /// Its socket.
    pub fn socket(&self) -> PathBuf {
        self.place.folder.join("socket/docker.sock")
    }

    /// Where it keeps what it is, has and runs.
    pub fn data_folder(&self) -> PathBuf {
        self.place.folder.join("data")
    }

    /// The file that it logs to.
    pub fn log_path(&self) -> PathBuf {
        self.place.folder.join("engine.log")
    }

    /// All that it logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    /// A folder of the host.
    pub fn host_folder(&self, name: &str) -> PathBuf {
        let folder = self.place.folder.join(name);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    /// A question, such as `/nodes`.
    pub fn get(&self, path: &str) -> Result<Answer, String> {
        self.get_within(ANSWER_LIMIT, path)
    }

    /// A question with a time limit of its own.
    pub fn get_within(&self, limit: Duration, path: &str) -> Result<Answer, String> {
        self.send(limit, self.client().get(url(path)))
    }

    /// A request that changes something.
    pub fn post(&self, path: &str, body: &Value) -> Result<Answer, String> {
        self.send(ANSWER_LIMIT, self.client().post(url(path)).json(body))
    }

    /// A request to remove something.
    pub fn delete(&self, path: &str) -> Result<Answer, String> {
        self.send(ANSWER_LIMIT, self.client().delete(url(path)))
    }

    fn send(&self, limit: Duration, request: reqwest::blocking::RequestBuilder) -> Result<Answer, String> {
        let answer = request.timeout(limit).send().map_err(chain)?;
        let status = answer.status().as_u16();
        let text = answer.text().map_err(chain)?;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok(Answer { status, body })
    }

    fn client(&self) -> &reqwest::blocking::Client {
        self.client.get_or_init(|| {
            let builder = super::client::builder().unix_socket(self.socket());
            // An engine that starts again has a new socket, and none of the old connections.
            builder.pool_max_idle_per_host(0).build().unwrap()
        })
    }

    /// `/info`, within seconds.
    pub fn info(&self) -> Result<Value, String> {
        self.get_within(Duration::from_secs(3), "/info")?.good()
    }

    /// Makes the image [`BUSYBOX`], of the machine's own busybox.
    pub fn import_busybox(&self) -> Result<(), String> {
        let archive = self.image_archive(&["busybox"]);
        let (repository, tag) = BUSYBOX.rsplit_once(':').unwrap();
        let target = url(&format!("/images/create?fromSrc=-&repo={repository}&tag={tag}"));
        let request = self.client().post(target).body(fs::read(archive).unwrap());
        self.send(ANSWER_LIMIT, request)?.good().map(|_| ())
    }

    /// Makes a service of busybox which sleeps, on a network if one is named.
    pub fn create_sleeper(&self, name: &str, replicas: u64, network: Option<&str>) -> Result<Value, String> {
        let networks: Vec<Value> = network.iter().map(|name| json!({"Target": name})).collect();
        let template = json!({
            // As the first process of its container it does not hear a request to end.
            "ContainerSpec": {
                "Image": BUSYBOX, "Command": ["/bin/busybox", "sleep", "1000000"], "StopSignal": "SIGKILL",
            },
            "Networks": networks,
        });
        let spec = json!({
            "Name": name, "TaskTemplate": template, "Mode": {"Replicated": {"Replicas": replicas}},
            // There is no IPVS everywhere.
            "EndpointSpec": {"Mode": "dnsrr"},
        });
        self.post("/services/create", &spec)?.good()
    }

    /// The docker client, speaking to it; its output is captured by `output`, else dropped.
    pub fn docker(&self, args: &[&str]) -> Command {
        let mut command = Command::new("docker");
        command.env("DOCKER_HOST", format!("unix://{}", self.socket().display())).args(args);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// Makes an image of the machine's busybox and docker client, with the libraries that they want.
    pub fn import_client_image(&self, name: &str) {
        let archive = self.image_archive(&["busybox", "docker"]);
        assert!(self.docker(&["import", archive.to_str().unwrap(), name]).status().unwrap().success());
    }

    /// A root folder with these programs, packed.
    fn image_archive(&self, programs: &[&str]) -> PathBuf {
        let root = tempfile::tempdir().unwrap();
        for program in programs {
            let path = which(program);
            install(&path, root.path(), &Path::new("bin").join(program));
            let libraries = Command::new("ldd").arg(&path).output().unwrap();
            for word in String::from_utf8_lossy(&libraries.stdout).split_whitespace() {
                if word.starts_with('/') && Path::new(word).is_file() {
                    install(Path::new(word), root.path(), Path::new(word.trim_start_matches('/')));
                }
            }
        }
        std::os::unix::fs::symlink("busybox", root.path().join("bin/sh")).unwrap();
        for folder in ["var/run", "var/lib/rancher/state", "etc", "proc", "sys", "dev", "tmp"] {
            fs::create_dir_all(root.path().join(folder)).unwrap();
        }
        let archive = self.place.folder.join("image.tar");
        let packed = Command::new("tar").arg("-C").arg(root.path()).arg("-cf").arg(&archive).arg(".").status().unwrap();
        assert!(packed.success());
        archive
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A program in namespaces of its own, of which it is the first process: what it started ends with it.
pub struct Namespaced {
    child: Child,
    /// Its number as this process sees it.
    pid: u32,
}

impl Namespaced {
    /// Runs a shell script, which ends in `exec`, in the network namespace. Its output is added to the log.
    pub fn spawn<Text: AsRef<str>>(namespace: &str, script: &str, args: &[Text], log: &Path) -> Self {
        let log = File::options().create(true).append(true).open(log).unwrap();
        let mut child = Command::new("nsenter")
            .arg(format!("--net=/run/netns/{namespace}"))
            .args(["unshare", "--mount", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc"])
            .args(["sh", "-c", script, "lab"])
            .args(args.iter().map(AsRef::as_ref))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            // Ctrl-C is for the lab, which then ends them in order.
            .process_group(0)
            .spawn()
            .unwrap();
        let outer = child.id();
        let start = Instant::now();
        let pid = loop {
            let children = fs::read_to_string(format!("/proc/{outer}/task/{outer}/children")).unwrap_or_default();
            if let Some(pid) = children.split_whitespace().next() {
                break pid.parse().unwrap();
            }
            if child.try_wait().unwrap().is_some() {
                break outer;
            }
            assert!(start.elapsed() < Duration::from_secs(10), "{namespace}: no process");
            thread::sleep(Duration::from_millis(2));
        };
        Self { child, pid }
    }

    /// How it ended: its exit code, or 128 and the signal. `None` while it runs.
    pub fn exit(&mut self) -> Option<i32> {
        use std::os::unix::process::ExitStatusExt;
        let status = self.child.try_wait().unwrap()?;
        status.code().or_else(|| status.signal().map(|signal| 128 + signal))
    }

    /// Its number as this process sees it, while it runs.
    pub fn running(&mut self) -> Option<u32> {
        self.exit().is_none().then_some(self.pid)
    }

    /// Ends it at once.
    pub fn kill(&mut self) {
        if self.exit().is_none() {
            signal_to(self.pid, "KILL");
            let _ = self.child.wait();
        }
    }

    /// Asks it to end, kills it when the limit is over; how long it took, `None` where it was killed.
    pub fn terminate(&mut self, limit: Duration) -> Option<Duration> {
        let start = Instant::now();
        if self.exit().is_none() {
            signal_to(self.pid, "TERM");
        }
        while self.exit().is_none() {
            if start.elapsed() > limit {
                self.kill();
                return None;
            }
            thread::sleep(Duration::from_millis(2));
        }
        Some(start.elapsed())
    }
}

impl Drop for Namespaced {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Sends a signal by its name, such as `TERM`.
pub fn signal_to(pid: u32, signal: &str) {
    let _ = Command::new("kill").args(["-s", signal, &pid.to_string()]).stderr(Stdio::null()).status().unwrap();
}

fn url(path: &str) -> String {
    format!("http://engine{path}")
}

/// An error with its causes: reqwest's own text leaves them out.
fn chain(error: reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

fn which(program: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap();
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|path| path.is_file()).unwrap()
}

fn install(from: &Path, root: &Path, to: &Path) {
    let to = root.join(to);
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    fs::copy(from, to).unwrap();
}

/// The last lines of a file.
pub fn tail(path: &Path, lines: usize) -> String {
    let mut text = String::new();
    if let Ok(mut file) = File::open(path) {
        let _ = file.read_to_string(&mut text);
    }
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}
