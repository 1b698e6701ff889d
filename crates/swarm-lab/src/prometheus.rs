//! A real Prometheus that scrapes the monitors of a lab, as docs/monitoring tells it to.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::lab::Lab;
use crate::programs::root;

/// How long it may take to start.
const START: Duration = Duration::from_secs(30);
/// What a question may take.
const ASK: Duration = Duration::from_secs(10);

/// Why there is none here, if that is so.
pub fn missing() -> Option<&'static str> {
    let found = Command::new("prometheus").arg("--version").output().is_ok_and(|output| output.status.success());
    (!found).then_some("needs Prometheus (Debian: prometheus)")
}

/// It is stopped when dropped.
pub struct Prometheus {
    process: Child,
    address: String,
    _folder: tempfile::TempDir,
}

impl Prometheus {
    /// One that scrapes all hosts of a lab, with the configuration and the rules of the docs.
    pub fn start(lab: &Lab) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let docs = root().join("docs/monitoring");
        let read = |file: &str| std::fs::read_to_string(docs.join(file)).unwrap();
        let (head, _) =
            read("prometheus.yml").split_once("          - HOST1").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        let hosts: String = lab.hosts.iter().map(|host| format!("          - {}:2378\n", host.address())).collect();
        std::fs::write(folder.path().join("prometheus.yml"), head + &hosts).unwrap();
        std::fs::write(folder.path().join("alerts.yml"), read("alerts.yml")).unwrap();
        // The port is free until somebody else takes it; then it does not start.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let address = format!("127.0.0.1:{port}");
        let process = Command::new("prometheus")
            .arg("--config.file=prometheus.yml")
            .arg("--storage.tsdb.path=data")
            .arg(format!("--web.listen-address={address}"))
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(folder.path().join("log")).unwrap())
            .spawn()
            .unwrap();
        let prometheus = Self { process, address, _folder: folder };
        let start = Instant::now();
        while prometheus.get("/-/ready").is_err() {
            assert!(start.elapsed() < START, "Prometheus does not start");
            std::thread::sleep(Duration::from_millis(100));
        }
        prometheus
    }

    fn get(&self, path: &str) -> Result<String, String> {
        let text = |error: std::io::Error| error.to_string();
        let mut stream = TcpStream::connect(&self.address).map_err(text)?;
        stream.set_read_timeout(Some(ASK)).map_err(text)?;
        write!(stream, "GET {path} HTTP/1.0\r\nHost: x\r\n\r\n").map_err(text)?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).map_err(text)?;
        let (head, body) = answer.split_once("\r\n\r\n").ok_or("no HTTP")?;
        if head.split(' ').nth(1) == Some("200") { Ok(body.to_owned()) } else { Err(answer) }
    }

    /// What an expression brings: a value for each set of labels.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn query(&self, expression: &str) -> Result<Vec<Value>, String> {
        let path = format!("/api/v1/query?query={}", utf8_percent_encode(expression, NON_ALPHANUMERIC));
        let answer: Value = serde_json::from_str(&self.get(&path)?).map_err(|error| error.to_string())?;
        answer["data"]["result"].as_array().cloned().ok_or_else(|| answer.to_string())
    }

    /// The names of the alerts that fire.
    pub fn firing(&self) -> Vec<String> {
        let firing = self.query("ALERTS{alertstate=\"firing\"}").unwrap();
        firing.iter().map(|alert| alert["metric"]["alertname"].as_str().unwrap().to_owned()).collect()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
