//! `swarmkit-mon diagnose`: one archive of what a bug report needs, without what is secret.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::{Context, bail};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Map, Value, json};

use super::admission::Admission;
use super::call;
use super::engine::Engine;
use super::metadata::Metadata;
use super::overview::{self, Overview};
use super::own_container::OwnContainer;
use super::places::Places;
use super::run::Monitor;
use super::scrub::{GONE, Scrub};
use super::status::Preview;
use swarmkit_settings::{HEALTH_PORT, SETTINGS, Settings, built_from};

/// What the monitor on this host may take to answer.
const ASK: Duration = Duration::from_secs(10);
/// What one file may hold, in bytes: of a longer one the end is kept.
const LARGEST: usize = 8 << 20;
/// What an engine says of itself that matters here. The rest can be secret, such as a proxy's password.
const INFO: [&str; 21] = [
    "ServerVersion",
    "OperatingSystem",
    "OSVersion",
    "OSType",
    "Architecture",
    "KernelVersion",
    "NCPU",
    "MemTotal",
    "Driver",
    "CgroupDriver",
    "CgroupVersion",
    "LoggingDriver",
    "LiveRestoreEnabled",
    "SecurityOptions",
    "DefaultAddressPools",
    "SystemTime",
    "DockerRootDir",
    "Name",
    "Swarm",
    "Warnings",
    "Containers",
];

const README: &str = "What `swarmkit-mon diagnose` found, for a bug report. Keys, tokens, passwords and the values of labels are \
taken out; the names and addresses of hosts are in it. Look through it before you give it to others.\n\n\
version.txt      the version of the monitor, and of what it was built\n\
settings.json    its settings, and what Rancher gives it\n\
status.json      what the running monitor saw last, planned, and did last\n\
metrics.txt      its figures\n\
plan.json        what a look just now saw, and what would be done\n\
overview.json    what all hosts' monitors say\n\
info.json        the engine of this host\n\
nodes.json       the nodes, if this host's engine is a manager\n\
log.txt          the last lines of the monitor's log\n";

/// How many lines of the log are asked for.
const LINES: usize = 3000;

/// What is found, as files; what cannot be had says why.
pub struct Diagnosis {
    files: Vec<(&'static str, String)>,
}

impl Diagnosis {
    /// Looks at all of it.
    ///
    /// # Errors
    /// No client can be made.
    pub async fn make(
        settings: &Settings,
        environment: impl Fn(&str) -> Option<String> + Copy,
    ) -> anyhow::Result<Self> {
        let scrub = Scrub::new(environment);
        let places = Places::default();
        let engine = Engine::new(&places.engine)?;
        let metadata = Metadata::new(&places.metadata)?;
        let own = call::client().build()?;
        let admission = Admission::new(&settings.status_token);
        let own = |path: &str| {
            let request = admission.ask(own.get(format!("http://127.0.0.1:{HEALTH_PORT}{path}")));
            let what = format!("the monitor: GET {path}");
            async move { call::bytes(&what, ASK, 4 * LARGEST, request).await }
        };
        let mut monitor = Monitor::new(settings, &places, false, environment)?;
        let (status, metrics, (view, plan), overview, info, nodes, log) = tokio::join!(
            own("/status"),
            own("/metrics"),
            monitor.preview(),
            overview::gather(&metadata, &admission),
            engine.document("/info"),
            engine.document("/nodes"),
            log(&engine),
        );
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let status = status.map(text).map(|text| serde_json::from_str(&text).unwrap_or(Value::String(text)));
        let document = |found: Result<Value, call::CallError>| match found {
            Ok(value) => format!("{:#}\n", scrub.json(value)),
            Err(error) => scrub.text(&format!("{error}\n")),
        };
        let overview = overview.map(|answers| serde_json::to_value(Overview::of(answers)).unwrap_or_default());
        let files = vec![
            ("README.txt", README.to_owned()),
            ("version.txt", format!("swarmkit-mon {}\n", built_from::long_version())),
            ("settings.json", format!("{:#}\n", scrub.json(given(environment)))),
            ("status.json", document(status)),
            ("metrics.txt", scrub.text(&metrics.map_or_else(|error| format!("{error}\n"), text))),
            ("plan.json", document(Ok(serde_json::to_value(Preview { view: &view, plan: &plan })?))),
            ("overview.json", document(overview)),
            ("info.json", document(info.map(of_interest))),
            ("nodes.json", document(nodes)),
            ("log.txt", scrub.text(&log)),
        ];
        Ok(Self { files })
    }

    /// The archive.
    ///
    /// # Errors
    /// None in memory.
    pub fn archive(&self) -> std::io::Result<Vec<u8>> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
        for (name, text) in &self.files {
            let bytes = text.as_bytes();
            let bytes = &bytes[bytes.len().saturating_sub(LARGEST)..];
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            header.set_mtime(now);
            archive.append_data(&mut header, format!("swarmkit-diagnosis/{name}"), bytes)?;
        }
        archive.into_inner()?.finish()
    }
}

/// Makes the archive and writes it to a file, or else to the standard output.
///
/// # Errors
/// It cannot be written; the standard output is a terminal.
pub async fn run(
    settings: &Settings,
    environment: impl Fn(&str) -> Option<String> + Copy,
    file: Option<&Path>,
) -> anyhow::Result<()> {
    let mut output = std::io::stdout();
    if file.is_none() && output.is_terminal() {
        bail!("an archive is nothing for a terminal: name a file, or write `swarmkit-mon diagnose > swarm.tar.gz`");
    }
    let archive = Diagnosis::make(settings, environment).await?.archive()?;
    match file {
        Some(file) => std::fs::write(file, archive).with_context(|| format!("{} cannot be written", file.display())),
        None => output.write_all(&archive).and_then(|()| output.flush()).context("the archive cannot be written"),
    }
}

/// The settings, and what of Rancher is given; the secrets among them only as that they are there.
fn given(environment: impl Fn(&str) -> Option<String>) -> Value {
    let mut settings = Map::new();
    for setting in SETTINGS {
        let value = match environment(setting.variable) {
            Some(_) if setting.kind.is_secret() => GONE.to_owned(),
            Some(value) => value,
            None => format!("{} (not given)", setting.default),
        };
        settings.insert(setting.variable.to_owned(), Value::from(value));
    }
    let by_rancher = ["CATTLE_URL", "CATTLE_ACCESS_KEY", "CATTLE_SECRET_KEY", "CATTLE_CA_CERT"];
    let by_rancher: Vec<&str> = by_rancher.into_iter().filter(|name| environment(name).is_some()).collect();
    json!({
        "settings": settings,
        "CATTLE_URL": environment("CATTLE_URL"),
        "given_by_rancher": by_rancher,
    })
}

fn of_interest(info: Value) -> Value {
    let Value::Object(fields) = info else { return Value::Null };
    Value::Object(fields.into_iter().filter(|(name, _)| INFO.contains(&name.as_str())).collect())
}

/// The last lines that the monitor logged, by its engine.
async fn log(engine: &Engine) -> String {
    let container = OwnContainer::of_this_process();
    let Some(id) = container.id() else {
        return "This process runs in no container, so that its engine has no log of it.\n".to_owned();
    };
    match engine.logs(id, LINES).await {
        Ok(bytes) => unframed(&bytes),
        Err(error) => format!("{error}\n"),
    }
}

/// What an engine tells of a container's output without its frames: which stream each part is of, and how long it is.
fn unframed(mut bytes: &[u8]) -> String {
    let mut text = Vec::new();
    while let [0..=2, 0, 0, 0, a, b, c, d, rest @ ..] = bytes {
        let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        let (part, rest) = rest.split_at(length.min(rest.len()));
        text.extend_from_slice(part);
        bytes = rest;
    }
    // A container with a terminal has no frames.
    text.extend_from_slice(bytes);
    String::from_utf8_lossy(&text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_read_with_frames_without_and_where_it_breaks_off() {
        let framed = b"\x02\0\0\0\0\0\0\x03ab\n\x01\0\0\0\0\0\0\x02c\n";
        assert_eq!(unframed(framed), "ab\nc\n");
        assert_eq!(unframed(&framed[..framed.len() - 1]), "ab\nc");
        assert_eq!(unframed(b"plain\n"), "plain\n");
        assert_eq!(unframed(b"\x02\0\0\0\xff\xff\xff\xffx"), "x");
    }

    #[test]
    fn of_an_engine_only_what_matters_is_kept() {
        let info =
            json!({ "ServerVersion": "28", "HttpProxy": "http://u:p@proxy", "Labels": ["a=b"], "RegistryConfig": {} });
        assert_eq!(of_interest(info), json!({ "ServerVersion": "28" }));
    }
}
