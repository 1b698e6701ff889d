//! How Rancher finds out whether a container is well: it asks a port, from outside, and runs no command.

use std::str::FromStr;

use serde_yaml::{Mapping, Value};

/// A health check; all times are in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthCheck {
    /// The container's port.
    pub port: u16,
    /// The path that is asked for by HTTP; nothing where a connection is enough.
    pub path: Option<String>,
    /// From one question to the next.
    pub(super) interval: u64,
    /// The longest time that an answer may take.
    pub(super) timeout: u64,
    /// Bad answers in a row that make a container unhealthy.
    pub(super) retries: u64,
    /// What a new container may take until its first good answer.
    pub(super) starting: u64,
}

/// What Rancher's own UI proposes.
const INTERVAL: u64 = 2_000;
const TIMEOUT: u64 = 2_000;
const RETRIES: u64 = 3;
pub(super) const STARTING: u64 = 60_000;
/// Good answers in a row that make a container healthy.
pub(super) const HEALTHY: u64 = 2;

impl HealthCheck {
    /// With the times that Rancher's UI proposes.
    pub fn new(port: u16, path: Option<String>) -> Self {
        Self { port, path, interval: INTERVAL, timeout: TIMEOUT, retries: RETRIES, starting: STARTING }
    }

    /// What is asked, in words.
    pub(super) fn asks(&self) -> String {
        match &self.path {
            Some(path) => format!("GET {path} of port {}", self.port),
            None => format!("a connection to port {}", self.port),
        }
    }

    /// As rancher-compose.yml has it.
    pub(super) fn to_value(&self) -> Value {
        let mut map = Mapping::new();
        let mut put = |key: &str, value: Value| map.insert(key.into(), value);
        put("port", self.port.into());
        if let Some(path) = &self.path {
            put("request_line", format!("GET {} HTTP/1.0", path.replace('$', "$$")).into());
        }
        put("interval", self.interval.into());
        put("response_timeout", self.timeout.min(self.interval).into());
        put("healthy_threshold", HEALTHY.into());
        put("unhealthy_threshold", self.retries.into());
        put("initializing_timeout", self.starting.into());
        put("reinitializing_timeout", self.starting.into());
        put("strategy", "recreate".into());
        Value::Mapping(map)
    }
}

impl FromStr for HealthCheck {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (port, path) = match text.split_once('/') {
            Some((port, path)) => (port, Some(format!("/{path}"))),
            None => (text, None),
        };
        let number = port.parse::<u16>().ok().filter(|number| *number > 0 && port.bytes().all(|b| b.is_ascii_digit()));
        let number = number.ok_or("PORT or PORT/path is wanted, such as 80/health")?;
        if let Some(odd) = path.iter().flat_map(|path| path.chars()).find(|c| !c.is_ascii_graphic()) {
            return Err(format!("{odd:?} cannot stand in the path of a request: write it as %XX"));
        }
        Ok(Self::new(number, path))
    }
}
