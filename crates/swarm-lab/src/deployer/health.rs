//! Health checks as Rancher makes them: a stanza, its polls, and what becomes of a container.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// When a container that started is first asked. Rancher's checks are spread over the first interval; this is early in it.
const FIRST: Duration = Duration::from_secs(3);

/// The stanza.
#[derive(Debug, Clone, PartialEq)]
pub struct HealthCheck {
    pub port: u16,
    pub request_line: String,
    pub interval: Duration,
    pub response_timeout: Duration,
    pub healthy_threshold: u64,
    pub unhealthy_threshold: u64,
    pub initializing_timeout: Duration,
    pub reinitializing_timeout: Duration,
    pub strategy: Strategy,
}

/// What is done about an unhealthy container.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Strategy {
    None,
    Recreate,
    /// Recreate it while at least so many others are healthy.
    RecreateOnQuorum(usize),
}

impl HealthCheck {
    /// Asks once.
    pub fn ask(&self, address: IpAddr) -> Result<(), String> {
        let text = |error: std::io::Error| error.to_string();
        let limit = self.response_timeout;
        let mut stream = TcpStream::connect_timeout(&SocketAddr::new(address, self.port), limit).map_err(text)?;
        if self.request_line.is_empty() {
            return Ok(());
        }
        stream.set_read_timeout(Some(limit)).map_err(text)?;
        stream.set_write_timeout(Some(limit)).map_err(text)?;
        stream.write_all(format!("{}\r\n\r\n", self.request_line).as_bytes()).map_err(text)?;
        let mut head = [0; 64];
        let read = stream.read(&mut head).map_err(text)?;
        let head = String::from_utf8_lossy(&head[..read]).into_owned();
        let status = head.split(' ').nth(1).unwrap_or_default();
        if matches!(status.as_bytes(), [b'2' | b'3', _, _]) { Ok(()) } else { Err(format!("it answers {head:?}")) }
    }
}

/// What is known of a container's health.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// It started, and gave no answer yet.
    Initializing,
    Healthy,
    Unhealthy,
}

/// The health of one container since it started.
#[derive(Debug)]
pub struct Watch {
    pub health: Health,
    /// Why the last answer was a bad one.
    pub last: Option<String>,
    started: Instant,
    limit: Duration,
    good: u64,
    bad: u64,
    next: Instant,
}

impl Watch {
    /// A container that starts now; again where it ran before.
    pub fn new(check: &HealthCheck, again: bool) -> Self {
        let now = Instant::now();
        Self {
            health: Health::Initializing,
            last: None,
            started: now,
            limit: if again { check.reinitializing_timeout } else { check.initializing_timeout },
            good: 0,
            bad: 0,
            next: now + FIRST,
        }
    }

    /// Whether it is time to ask.
    pub fn is_due(&self) -> bool {
        Instant::now() >= self.next
    }

    /// Asks, from one interval to the next whatever an answer takes.
    pub fn ask(&mut self, check: &HealthCheck, address: IpAddr) {
        self.next = Instant::now() + check.interval;
        let answer = check.ask(address);
        self.take(check, answer);
    }

    /// Takes an answer.
    pub fn take(&mut self, check: &HealthCheck, answer: Result<(), String>) {
        let is_good = answer.is_ok();
        self.last = answer.err();
        (self.good, self.bad) = if is_good { (self.good + 1, 0) } else { (0, self.bad + 1) };
        self.health = match self.health {
            _ if self.good >= check.healthy_threshold => Health::Healthy,
            Health::Healthy if self.bad >= check.unhealthy_threshold => Health::Unhealthy,
            Health::Initializing if self.started.elapsed() >= self.limit => Health::Unhealthy,
            same => same,
        };
    }
}
