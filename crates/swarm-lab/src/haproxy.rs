//! HAProxy, as Rancher's health check has it: the kit's stanza with the values of a rendered health check.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::Ipv4Addr;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::deployer::health::HealthCheck;
use crate::real_parts::{self, program_missing};

/// How long it may take until it tells how its servers are.
const START_LIMIT: Duration = Duration::from_secs(10);

/// Why it cannot run here; `None` if it can.
pub fn missing() -> Option<&'static str> {
    real_parts::folder_missing().or_else(|| program_missing("haproxy", &["-v"], "needs HAProxy (Debian: haproxy)"))
}

/// HAProxy, with one backend. It ends when dropped, and with the thread that started it.
pub struct HaProxy {
    folder: tempfile::TempDir,
    process: Child,
}

impl HaProxy {
    /// Checks these hosts, as from the address of a healthcheck container. The server of host n is called `n`.
    pub fn start(from: Ipv4Addr, check: &HealthCheck, hosts: &[Ipv4Addr]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("haproxy.cfg"), configuration(from, check, hosts)).unwrap();
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "haproxy", "-f", "haproxy.cfg", "-db"]).current_dir(folder.path());
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let proxy = Self { process: command.spawn().unwrap(), folder };
        let start = Instant::now();
        while proxy.servers().len() != hosts.len() {
            let log = || fs::read_to_string(proxy.folder.path().join("log")).unwrap_or_default();
            assert!(start.elapsed() < START_LIMIT, "HAProxy does not start: {}", log());
            thread::sleep(Duration::from_millis(10));
        }
        proxy
    }

    /// How each server is, and what its last check said: `UP, L7OK`. None where it does not answer.
    pub fn servers(&self) -> BTreeMap<usize, (String, String)> {
        let table = ask(&self.folder.path().join("haproxy.sock")).unwrap_or_default();
        let mut lines = table.lines().map(|line| line.trim_start_matches("# ").split(',').collect::<Vec<_>>());
        let names = lines.next().unwrap_or_default();
        let at = |name: &str| names.iter().position(|is| *is == name);
        let (Some(server), Some(status), Some(check)) = (at("svname"), at("status"), at("check_status")) else {
            return BTreeMap::new();
        };
        lines
            .filter_map(|line| {
                // While a check is under way, its last result has a star.
                let last = line.get(check)?.trim_start_matches("* ");
                Some((line.get(server)?.parse().ok()?, (line.get(status)?.to_string(), last.to_owned())))
            })
            .collect()
    }
}

impl Drop for HaProxy {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn ask(socket: &Path) -> std::io::Result<String> {
    let mut stream = UnixStream::connect(socket)?;
    stream.write_all(b"show stat\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}

/// The kit's example, with these values in the places of its own.
fn configuration(from: Ipv4Addr, check: &HealthCheck, hosts: &[Ipv4Addr]) -> String {
    let example = fs::read_to_string(real_parts::folder().unwrap().join("examples/haproxy.cfg")).unwrap();
    let servers = hosts.iter().enumerate().map(|(index, address)| {
        format!(
            "    server {index} {address}:{port} check port {port} inter {} rise {} fall {}\n",
            check.interval.as_millis(),
            check.healthy_threshold,
            check.unhealthy_threshold,
            port = check.port,
        )
    });
    let own = [
        // The port of rancher/healthcheck.
        ("bind ", format!("    bind {from}:42\n")),
        ("option httpchk ", format!("    option httpchk {}\n", check.request_line)),
        ("timeout check ", format!("    timeout check {}\n", check.response_timeout.as_millis())),
        ("server ", servers.collect()),
    ];
    let mut text = String::new();
    let mut replaced = 0;
    for line in example.lines() {
        if let Some((_, own)) = own.iter().find(|(begin, _)| line.trim_start().starts_with(begin)) {
            text.push_str(own);
            replaced += 1;
        } else {
            text.push_str(line);
            text.push('\n');
        }
    }
    assert_eq!(replaced, own.len(), "the kit has another stanza: {example}");
    text
}
