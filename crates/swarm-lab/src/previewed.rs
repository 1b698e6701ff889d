//! A running `gen-catalog preview`, and what it answers.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::programs;

const LIMIT: Duration = Duration::from_secs(60);

/// It ends when dropped.
pub struct Preview {
    process: Child,
    /// `127.0.0.1:PORT`.
    pub address: String,
}

/// What it answered.
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    /// The body of a good answer, as text.
    #[track_caller]
    pub fn text(self) -> String {
        assert_eq!(self.status, 200, "{}{}", self.head, String::from_utf8_lossy(&self.body));
        String::from_utf8(self.body).unwrap()
    }
}

impl Preview {
    /// Serves a catalog at a free port.
    #[track_caller]
    pub fn start(catalog: &Path, args: &[&str]) -> Self {
        let mut command = Command::new(programs::gen_catalog());
        command.arg("preview").arg(catalog).args(["--listen", "127.0.0.1:0"]).args(args);
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("http://").unwrap_or_else(|| panic!("it does not begin: {line:?}"));
        let address = address.split('/').next().unwrap_or_default().to_owned();
        Self { process, address }
    }

    /// The address of a page.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Asks for a page.
    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[("Host", &self.address)])
    }

    /// Asks in another way.
    #[track_caller]
    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        write!(stream, "{method} {path} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|part| part == b"\r\n\r\n").unwrap_or_else(|| {
            panic!("{path}: {}", String::from_utf8_lossy(&answer));
        });
        let body = answer.split_off(end + 4);
        let head = String::from_utf8(answer).unwrap().to_ascii_lowercase();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap();
        Answer { status, head, body }
    }
}

impl Drop for Preview {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
