//! Rancher's own catalog service, over catalogs that are folders in git.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::git::as_person;
use crate::real_parts::{self, program_missing};

/// How long it may take until it has read the catalogs.
const START_LIMIT: Duration = Duration::from_secs(30);

/// Why it cannot run here; `None` if it can.
pub fn missing() -> Option<&'static str> {
    real_parts::missing()
        .or_else(|| program_missing("git", &["--version"], "needs git"))
        .or_else(|| program_missing("curl", &["--version"], "needs curl"))
        .or_else(|| {
            program_missing("setpriv", &["--version"], "needs setpriv, nsenter and unshare (Debian: util-linux)")
        })
}

/// The service. It ends when dropped, and with the thread that started it.
pub struct CatalogService {
    folder: tempfile::TempDir,
    process: Child,
    port: u16,
    alone: bool,
}

/// What it answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Answer {
    /// The body of a good answer.
    #[track_caller]
    pub fn good(self) -> Vec<u8> {
        assert!((200..300).contains(&self.status), "{}: {}", self.status, String::from_utf8_lossy(&self.body));
        self.body
    }
}

impl CatalogService {
    /// Serves these catalogs by their names, and waits until they are read. Each is the work tree of a git repository.
    pub fn start(catalogs: &[(&str, &Path)]) -> Self {
        let folder = configured(catalogs);
        let alone = makes_networks();
        let port = if alone { 8088 } else { free_port() };
        let mut command = command(folder.path(), alone);
        command.args(["--track=false", "--port", &port.to_string()]);
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let process = command.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        let mut service = Self { folder, process, port, alone };
        let start = Instant::now();
        // Until then the namespaces may not be its own yet, and it knows no template.
        while !service.has_read(catalogs) {
            let log = || fs::read_to_string(service.folder.path().join("log")).unwrap_or_default();
            assert!(service.process.try_wait().unwrap().is_none(), "the catalog service has ended: {}", log());
            assert!(start.elapsed() < START_LIMIT, "the catalog service does not read: {}", log());
            thread::sleep(Duration::from_millis(50));
        }
        service
    }

    fn has_read(&self, catalogs: &[(&str, &Path)]) -> bool {
        let program = fs::read_link(format!("/proc/{}/exe", self.process.id()));
        if !program.is_ok_and(|program| program.ends_with("catalog-service")) {
            return false;
        }
        catalogs.iter().all(|(name, _)| {
            let answer = self.try_ask("GET", &format!("templates?catalogId={name}"));
            let listed = answer.ok().and_then(|answer| serde_json::from_slice::<Value>(&answer.body).ok());
            listed.is_some_and(|listed| listed["data"].as_array().is_some_and(|data| !data.is_empty()))
        })
    }

    /// Asks for what is below `/v1-catalog/`.
    #[track_caller]
    pub fn ask(&self, path: &str) -> Answer {
        self.try_ask("GET", path).unwrap()
    }

    /// Asks for JSON, which it must get. Its own address is left out of it.
    #[track_caller]
    pub fn json(&self, path: &str) -> Value {
        let text = String::from_utf8(self.ask(path).good()).unwrap();
        let text = text.replace(&format!("http://127.0.0.1:{}/v1-catalog/", self.port), "");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}: {text}"))
    }

    /// Asks for many at once: for each its status and its JSON.
    #[track_caller]
    pub fn json_of_all(&self, paths: &[String]) -> Vec<(u16, Value)> {
        if paths.is_empty() {
            return Vec::new();
        }
        let mut command = self.curl();
        // No JSON holds this character as it is.
        command.args(["--write-out", "\u{1e}%{http_code}\u{1e}"]);
        command.args(paths.iter().map(|path| format!("http://127.0.0.1:{}/v1-catalog/{path}", self.port)));
        let output = command.stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        let parts: Vec<&str> = text.split('\u{1e}').collect();
        let answers: Vec<(u16, Value)> = parts
            .chunks_exact(2)
            .map(|part| (part[1].parse().unwrap(), serde_json::from_str(part[0]).unwrap_or_default()))
            .collect();
        assert_eq!(answers.len(), paths.len());
        answers
    }

    /// Has it read the catalogs anew.
    #[track_caller]
    pub fn refresh(&self) {
        self.try_ask("POST", "templates?action=refresh").unwrap().good();
    }

    fn curl(&self) -> Command {
        let mut command = if self.alone {
            let mut command = Command::new("nsenter");
            command.arg(format!("--net=/proc/{}/ns/net", self.process.id())).arg("curl");
            command
        } else {
            Command::new("curl")
        };
        command.args(["--silent", "--show-error", "--globoff", "--noproxy", "*"]);
        command.args(["--header", "Accept: application/json", "--header", "x-api-project-id: e1"]);
        command
    }

    fn try_ask(&self, method: &str, path: &str) -> Result<Answer, String> {
        let mut command = self.curl();
        command.args(["--max-time", "20", "--request", method]);
        command.args(["--write-out", "%{http_code}", &format!("http://127.0.0.1:{}/v1-catalog/{path}", self.port)]);
        let output = command.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
        if !output.status.success() {
            return Err(format!("{path}: {}", String::from_utf8_lossy(&output.stderr)));
        }
        let mut body = output.stdout;
        let status = body.split_off(body.len().saturating_sub(3));
        let status = String::from_utf8_lossy(&status).parse().map_err(|_| format!("{path}: no status"))?;
        Ok(Answer { status, body })
    }
}

impl Drop for CatalogService {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Reads the catalogs once, as the CI of catalogs does.
pub fn validate(catalogs: &[(&str, &Path)]) -> Output {
    let folder = configured(catalogs);
    command(folder.path(), makes_networks()).arg("--validate").output().unwrap()
}

/// A folder for what it writes, with its list of catalogs.
fn configured(catalogs: &[(&str, &Path)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let one = |(name, path): &(&str, &Path)| {
        ((*name).to_owned(), json!({"url": format!("file://{}", path.display()), "branch": "master"}))
    };
    let list = json!({"catalogs": catalogs.iter().map(one).collect::<serde_json::Map<_, _>>()});
    fs::write(folder.path().join("repo.json"), list.to_string()).unwrap();
    folder
}

/// It listens on all addresses. Where it can have a network of its own, nobody else reaches it there.
fn command(folder: &Path, alone: bool) -> Command {
    let program = real_parts::kit().unwrap().catalog_service;
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]);
    if alone {
        command.args(["unshare", "--net", "sh", "-c", "ip link set lo up && exec \"$0\" \"$@\""]);
    }
    as_person(&mut command).arg(program).current_dir(folder).stdin(Stdio::null());
    command.args(["--sqlite", "--config", "repo.json", "--cache", "cache"]);
    command
}

fn makes_networks() -> bool {
    program_missing("unshare", &["--net", "ip", "link", "set", "lo", "up"], "").is_none()
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
