//! The stand-in for rancher-metadata and the real one beside it, of one environment, asked the same.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use swarm_lab::lab::rancher::environment::Environment;
use swarm_lab::lab::rancher::{Listen, objects};
use swarm_lab::lab::{Rancher, feed};
use swarm_lab::real_parts;

/// How long the real one may take to start.
const START: Duration = Duration::from_secs(10);
/// How often both look at least, while one waits for news.
pub(super) const LOOK: Duration = Duration::from_secs(5);
/// How long an answer may take that waits for nothing.
const ANSWER: Duration = Duration::from_secs(10);
/// The same of one that waits, as long as it can.
const WAIT: Duration = Duration::from_secs(150);
/// What an answer may be late on a machine that has more to do.
pub(super) const LATE: Duration = Duration::from_secs(2);

/// Both servers, as those of the first host.
pub(super) struct Both {
    pub(super) stand_in: Rancher,
    pub(super) address: SocketAddr,
    pub(super) reload: SocketAddr,
    pub(super) folder: tempfile::TempDir,
    pub(super) real: Child,
}

impl Drop for Both {
    fn drop(&mut self) {
        let _ = self.real.kill();
        let _ = self.real.wait();
    }
}

/// What one of them answers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) kind: String,
    pub(super) location: String,
    pub(super) body: String,
}

/// In which form an answer is wanted.
pub(super) const FORMS: [Option<&str>; 8] = [
    None,
    Some("application/json"),
    Some("*/*"),
    Some("application/*"),
    Some("text/plain, application/json"),
    Some("text/plain;q=0.5, application/json"),
    Some("application/json;q=0"),
    Some("text/html;level=1, application/json"),
];

fn free_port() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
}

impl Both {
    pub(super) fn start(fill: impl FnOnce(&mut Environment)) -> Self {
        let any = (Ipv4Addr::LOCALHOST, 0).into();
        let stand_in = Rancher::start(Listen { metadata: any, api: any, tls: false }).unwrap();
        stand_in.set_metadata_delay(Duration::ZERO);
        stand_in.change(fill);
        let folder = tempfile::tempdir().unwrap();
        let (address, reload) = (free_port(), free_port());
        write(&stand_in, &folder);
        let log = File::create(folder.path().join("log")).unwrap();
        let real = Command::new(real_parts::kit().unwrap().metadata)
            .current_dir(&folder)
            .args(["--xff", "--answers", "answers.json", "--listen", &address.to_string()])
            .args(["--listenReload", &reload.to_string()])
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let both = Self { stand_in, address, reload, folder, real };
        let start = Instant::now();
        while [both.address, both.reload].iter().any(|address| TcpStream::connect(address).is_err()) {
            let log = || fs::read_to_string(both.folder.path().join("log")).unwrap();
            assert!(start.elapsed() < START, "the real one does not start: {}", log());
            thread::sleep(Duration::from_millis(20));
        }
        both
    }

    pub(super) fn stand_in_address(&self) -> SocketAddr {
        self.stand_in.metadata_url().trim_start_matches("http://").parse().unwrap()
    }

    /// Changes the environment of both.
    pub(super) fn change(&self, change: impl FnOnce(&mut Environment)) {
        self.stand_in.change(change);
        write(&self.stand_in, &self.folder);
        let answer = ask(self.reload, "POST", "/v1/reload", "", None).unwrap();
        assert_eq!((answer.status, answer.body.as_str()), (200, "OK"));
    }

    pub(super) fn environment(&self) -> Environment {
        self.stand_in.environment()
    }

    /// Asks both at the same time; how long each took.
    pub(super) fn timed(&self, path: &str, client: &str) -> [(Option<Answer>, Duration); 2] {
        thread::scope(|scope| {
            [self.stand_in_address(), self.address]
                .map(|address| {
                    scope.spawn(move || {
                        let start = Instant::now();
                        (ask(address, "GET", path, client, None), start.elapsed())
                    })
                })
                .map(|asked| asked.join().unwrap())
        })
    }

    pub(super) fn asked(&self, method: &str, path: &str, client: &str, form: Option<&str>) -> [Option<Answer>; 2] {
        [self.stand_in_address(), self.address].map(|address| ask(address, method, path, client, form))
    }

    /// Both answer the same, but for the order of lists.
    #[track_caller]
    pub(super) fn same(&self, method: &str, path: &str, client: &str, form: Option<&str>) -> Option<Answer> {
        let [stand_in, real] =
            self.asked(method, path, client, form).map(|answer| answer.map(|answer| in_order(path, answer)));
        let what = || format!("{method} {path} for {client} as {form:?}");
        if let (Some(stand_in), Some(real)) = (&stand_in, &real) {
            for (stand_in, real) in stand_in.body.split('\n').zip(real.body.split('\n')) {
                assert_eq!(stand_in, real, "{}: the stand-in, and the real one", what());
            }
        }
        assert_eq!(stand_in, real, "{}: the stand-in, and the real one", what());
        real
    }
}

fn write(stand_in: &Rancher, folder: &tempfile::TempDir) {
    let environment = stand_in.environment();
    let own = environment.host_at(Ipv4Addr::LOCALHOST.into());
    feed::write(&folder.path().join("answers.json"), &objects::objects(&environment, own));
}

/// Asks as no library would: what is sent is what is said here. `None` where the connection is closed without an answer.
pub(super) fn ask(address: SocketAddr, method: &str, path: &str, client: &str, form: Option<&str>) -> Option<Answer> {
    let mut stream = TcpStream::connect(address).unwrap();
    let waits = path.contains("maxWait=") && !path.contains("maxWait=-");
    stream.set_read_timeout(Some(if waits { WAIT } else { ANSWER })).unwrap();
    let mut request = format!("{method} {path} HTTP/1.1\r\nHost: metadata\r\nConnection: close\r\n");
    if !client.is_empty() {
        request.push_str(&format!("X-Forwarded-For: {client}\r\n"));
    }
    if let Some(form) = form {
        request.push_str(&format!("Accept: {form}\r\n"));
    }
    stream.write_all(format!("{request}\r\n").as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap_or_else(|error| panic!("{method} {path}: {error}"));
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let header = |name: &str| {
        let found =
            head.lines().filter_map(|line| line.split_once(": ")).find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map_or_else(String::new, |(_, value)| value.to_owned())
    };
    let body = if header("transfer-encoding") == "chunked" { whole(body) } else { body.to_owned() };
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Some(Answer { status, kind: header("content-type"), location: header("location"), body })
}

/// What was sent in pieces.
fn whole(mut pieces: &str) -> String {
    let mut whole = String::new();
    while let Some((length, rest)) = pieces.split_once("\r\n") {
        let length = usize::from_str_radix(length, 16).unwrap();
        if length == 0 {
            break;
        }
        whole.push_str(&rest[..length]);
        pieces = &rest[length + 2..];
    }
    whole
}

/// An answer whose lists are in an order of their own, as the real one's are in none; and without what differs anyway.
fn in_order(path: &str, mut answer: Answer) -> Answer {
    if let Ok(mut value @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str::<Value>(&answer.body) {
        // Which of the containers of a service is told its token is left to chance.
        for pointer in ["/self/service", if path.contains("self/service") { "" } else { "/service" }] {
            if let Some(Value::Object(service)) = value.pointer_mut(pointer) {
                service.remove("token");
            }
        }
        // One is a number and the other one a UUID.
        if value["version"].is_string() {
            value["version"] = json!("some");
        }
        order(&mut value);
        answer.body = serde_json::to_string_pretty(&value).unwrap();
    } else if answer.body.lines().count() > 1 && answer.body.lines().all(|line| line.contains('=')) {
        let names: BTreeSet<&str> =
            answer.body.lines().filter_map(|line| line.split_once('=')).map(|it| it.1).collect();
        answer.body = format!("{names:?}");
    }
    answer
}

fn order(value: &mut Value) {
    match value {
        Value::Array(list) => {
            list.iter_mut().for_each(order);
            list.sort_by_key(Value::to_string);
        }
        Value::Object(map) => map.values_mut().for_each(order),
        _ => {}
    }
}
