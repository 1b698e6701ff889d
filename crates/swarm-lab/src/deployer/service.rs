//! A service of a stack, taken apart: every field and label is either understood or an error.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::health::{HealthCheck, Strategy};
use super::parts::Parts;

/// A global service: one container a host.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    pub name: String,
    pub image: String,
    pub environment: Vec<(String, String)>,
    pub rights: Rights,
    pub log: Log,
    /// Whether its containers get keys of Rancher's API.
    pub has_keys: bool,
    /// Whether its containers ask Rancher's DNS server.
    pub has_names: bool,
    /// Whether the image is pulled before each container is made.
    pub pulls: bool,
    pub health_check: HealthCheck,
}

/// What its containers may do and reach.
#[derive(Debug, Clone, PartialEq)]
pub struct Rights {
    pub network_mode: String,
    pub cap_drop: Vec<String>,
    pub security_opt: Vec<String>,
    pub read_only: bool,
    pub volumes: Vec<String>,
}

/// Where their output goes.
#[derive(Debug, Clone, PartialEq)]
pub struct Log {
    pub driver: String,
    pub options: Vec<(String, String)>,
}

/// What Rancher adds to a container of the service.
pub struct Given<'a> {
    pub stack: &'a str,
    pub keys: &'a [(String, String)],
    pub dns: String,
    pub labels: &'a Map<String, Value>,
}

impl Service {
    /// Takes the parts of both compose files.
    pub fn take(name: String, mut docker: Parts, mut rancher: Parts) -> Result<Self, String> {
        let image = docker.text("image")?;
        let environment = docker.pairs("environment")?;
        let rights = Rights {
            network_mode: docker.text("network_mode")?,
            cap_drop: docker.texts("cap_drop")?,
            security_opt: docker.texts("security_opt")?,
            read_only: docker.flag("read_only")?,
            volumes: docker.texts("volumes")?,
        };
        if rights.network_mode != "host" {
            return Err(format!("{name}: only containers on the host's network are understood"));
        }
        let mut logging = docker.inner("logging")?;
        let log = Log { driver: logging.text("driver")?, options: logging.pairs("options")? };
        logging.end()?;
        let labels = docker.pairs("labels")?;
        docker.end()?;
        let health_check = health_check(rancher.inner("health_check")?)?;
        rancher.end()?;
        let mut service = Self {
            name,
            image,
            environment,
            rights,
            log,
            has_keys: false,
            has_names: false,
            pulls: false,
            health_check,
        };
        service.heed(&labels)?;
        Ok(service)
    }

    /// What the labels ask Rancher to do.
    fn heed(&mut self, labels: &[(String, String)]) -> Result<(), String> {
        let (mut is_global, mut creates_agent, mut role) = (false, false, None);
        for (label, value) in labels {
            let said = match (label.as_str(), value.as_str()) {
                ("io.rancher.scheduler.global", "true") => &mut is_global,
                ("io.rancher.container.create_agent", "true") => &mut creates_agent,
                ("io.rancher.container.dns", "true") => &mut self.has_names,
                ("io.rancher.container.pull_image", "always") => &mut self.pulls,
                ("io.rancher.container.agent.role", "environment") => {
                    role = Some(());
                    continue;
                }
                _ => return Err(format!("{}: the label {label}: {value} is not understood", self.name)),
            };
            *said = true;
        }
        // Without a role the agent may nothing, and without an agent nobody has the role.
        self.has_keys = creates_agent && role.is_some();
        if is_global { Ok(()) } else { Err(format!("{}: only global services are understood", self.name)) }
    }

    /// Whether the program reads each of the variables that the entry sets, by what it prints for `--help`.
    pub fn check_variables(&self, help: &str) -> Result<(), String> {
        // Long lines are broken for the terminal.
        let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
        let unread = self.environment.iter().find(|(name, _)| !help.contains(&format!("[env: {name}]")));
        unread.map_or(Ok(()), |(name, _)| Err(format!("{}: the program does not read {name}", self.name)))
    }

    /// The image without its tag, and what the engine shall pull: the digest where there is one.
    pub fn image_parts(&self) -> (&str, &str) {
        let (name, digest) =
            self.image.split_once('@').map_or((self.image.as_str(), None), |(name, digest)| (name, Some(digest)));
        let (repository, tag) = name.rsplit_once(':').unwrap_or((name, "latest"));
        (repository, digest.unwrap_or(tag))
    }

    /// The container, as the Engine API wants it.
    pub fn container(&self, given: &Given<'_>) -> Value {
        let keys = if self.has_keys { given.keys } else { &[] };
        let variables = self.environment.iter().chain(keys);
        let mut host = json!({
            "NetworkMode": self.rights.network_mode,
            "CapDrop": self.rights.cap_drop,
            "SecurityOpt": self.rights.security_opt,
            "ReadonlyRootfs": self.rights.read_only,
            "Binds": self.rights.volumes,
            "LogConfig": {"Type": self.log.driver, "Config": map(&self.log.options)},
        });
        if self.has_names {
            host["Dns"] = json!([given.dns]);
            host["DnsSearch"] = json!([format!("{}.rancher.internal", given.stack), "rancher.internal"]);
        }
        json!({
            "Image": self.image,
            "Env": variables.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>(),
            "Labels": given.labels,
            "HostConfig": host,
        })
    }
}

fn map(pairs: &[(String, String)]) -> Value {
    pairs.iter().map(|(key, value)| (key.clone(), Value::String(value.clone()))).collect::<Map<_, _>>().into()
}

fn health_check(mut parts: Parts) -> Result<HealthCheck, String> {
    let milliseconds = |parts: &mut Parts, key: &str| parts.number(key).map(Duration::from_millis);
    let port = parts.number("port")?;
    let strategy = match parts.text("strategy")?.as_str() {
        "none" => Strategy::None,
        "recreate" => Strategy::Recreate,
        "recreateOnQuorum" => {
            let mut quorum = parts.inner("recreate_on_quorum_strategy_config")?;
            let least = quorum.number("quorum")?;
            quorum.end()?;
            Strategy::RecreateOnQuorum(usize::try_from(least).map_err(|error| error.to_string())?)
        }
        other => return Err(format!("the strategy {other} is not understood")),
    };
    let check = HealthCheck {
        port: u16::try_from(port).map_err(|_| format!("{port} is no port"))?,
        request_line: parts.text("request_line")?,
        interval: milliseconds(&mut parts, "interval")?,
        response_timeout: milliseconds(&mut parts, "response_timeout")?,
        healthy_threshold: parts.number("healthy_threshold")?,
        unhealthy_threshold: parts.number("unhealthy_threshold")?,
        initializing_timeout: milliseconds(&mut parts, "initializing_timeout")?,
        reinitializing_timeout: milliseconds(&mut parts, "reinitializing_timeout")?,
        strategy,
    };
    parts.end()?;
    Ok(check)
}
