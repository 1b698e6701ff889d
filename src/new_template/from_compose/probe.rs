//! What a health check by a command asks in the end, where Rancher can ask the same: a port, by HTTP or not.

use super::super::health_check::{HEALTHY, HealthCheck, STARTING};

/// Times as an engine has them, in milliseconds; what is absent gets the engine's own default.
#[derive(Debug, Default)]
pub(in crate::new_template) struct Times {
    pub interval: Option<u64>,
    pub timeout: Option<u64>,
    pub starting: Option<u64>,
    pub retries: Option<u64>,
}

/// The engine's own.
const INTERVAL: u64 = 30_000;
const RETRIES: u64 = 3;
/// No check takes longer than an hour here.
const LONGEST: u64 = 3_600_000;

/// Clients that ask one service alone, and the port that it has unless they are told another.
const CLIENTS: [(&str, u16); 12] = [
    ("pg_isready", 5432),
    ("psql", 5432),
    ("mysqladmin", 3306),
    ("mysql", 3306),
    ("mariadb-admin", 3306),
    ("mariadb", 3306),
    ("redis-cli", 6379),
    ("valkey-cli", 6379),
    ("mongosh", 27017),
    ("mongo", 27017),
    ("rabbitmq-diagnostics", 5672),
    ("rabbitmqctl", 5672),
];

/// The check, and words on what it does not ask; nothing where the command cannot be told.
pub(in crate::new_template) fn check(test: &[String], times: &Times) -> Option<(HealthCheck, &'static str)> {
    let command = match test.first().map(String::as_str) {
        Some("CMD" | "CMD-SHELL") => test[1..].join(" "),
        _ => test.join(" "),
    };
    let (port, path, why) = asked(&command)?;
    let interval = times.interval.filter(|time| *time > 0).unwrap_or(INTERVAL).min(LONGEST);
    let timeout = times.timeout.filter(|time| *time > 0).unwrap_or(interval).min(interval);
    let retries = times.retries.filter(|retries| *retries > 0).unwrap_or(RETRIES).min(100);
    // A container gets well only after some answers, which come an interval apart.
    let starting = times.starting.unwrap_or(0).min(LONGEST) + interval * (HEALTHY + retries);
    Some((HealthCheck { port, path, interval, timeout, retries, starting: starting.max(STARTING) }, why))
}

type Asked = (u16, Option<String>, &'static str);

fn asked(command: &str) -> Option<Asked> {
    if let Some(found) = by_address(command) {
        return Some(found);
    }
    // What stands behind `||` and the like is another command, with words of its own.
    command.split(['|', '&', ';', '\n']).find_map(by_program)
}

/// By the program that one command runs, and the port that it is given.
fn by_program(command: &str) -> Option<Asked> {
    const ALONE: &str = ", which is less than the command asks";
    let words = command.split(|c: char| c.is_whitespace() || "()'\"`".contains(c));
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    if let Some(port) = words.iter().find_map(|word| port_of(word.split("/dev/tcp/").nth(1)?.rsplit('/').next()?)) {
        return Some((port, None, ""));
    }
    for (at, word) in words.iter().enumerate() {
        let name = word.rsplit('/').next().unwrap_or_default();
        if matches!(name, "nc" | "ncat" | "netcat") {
            let port = words[at + 1..].iter().filter_map(|word| port_of(word)).next_back();
            return port.map(|port| (port, None, ""));
        }
        if let Some((_, usual)) = CLIENTS.iter().find(|(client, _)| *client == name) {
            return Some((given_port(&words[at + 1..]).unwrap_or(*usual), None, ALONE));
        }
    }
    None
}

/// The port that a client is told: `-p 5433`, `-P3307`, `--port=6380`.
fn given_port(words: &[&str]) -> Option<u16> {
    let follows = |at: usize| words.get(at + 1).and_then(|word| port_of(word));
    words.iter().enumerate().find_map(|(at, word)| match *word {
        "-p" | "-P" | "--port" => follows(at),
        _ => word
            .strip_prefix("--port=")
            .or_else(|| word.strip_prefix("-p"))
            .or_else(|| word.strip_prefix("-P"))
            .and_then(port_of),
    })
}

fn port_of(text: &str) -> Option<u16> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|port| is_number && *port > 0)
}

/// By an address that curl or wget are given.
fn by_address(command: &str) -> Option<Asked> {
    let (at, is_tls) = match (command.find("http://"), command.find("https://")) {
        (Some(plain), _) => (plain + "http://".len(), false),
        (None, Some(tls)) => (tls + "https://".len(), true),
        (None, None) => return bare_address(command),
    };
    let rest = &command[at..];
    let end = rest.find(|c: char| c.is_whitespace() || "'\"|;)><`\\".contains(c)).unwrap_or(rest.len());
    let (port, path) = own_address(&rest[..end], if is_tls { 443 } else { 80 })?;
    match is_tls {
        true => Some((port, None, ", as Rancher speaks no TLS")),
        false => Some((port, Some(path), "")),
    }
}

/// Without `http://` in front, as curl takes it too.
fn bare_address(command: &str) -> Option<Asked> {
    let mut words = command.split_whitespace();
    words.find(|word| ["curl", "wget"].contains(&word.rsplit('/').next().unwrap_or_default()))?;
    let word = words
        .find(|word| !word.starts_with('-') && (word.starts_with("localhost") || word.starts_with("127.0.0.1")))?;
    let (port, path) = own_address(word, 80)?;
    Some((port, Some(path), ""))
}

/// Port and path of an address, if it is the container's own.
fn own_address(address: &str, usual: u16) -> Option<(u16, String)> {
    let path_at = address.find(['/', '?']).unwrap_or(address.len());
    let (host, path) = address.split_at(path_at);
    let host = host.rsplit('@').next().unwrap_or(host);
    let (name, port) = match host.strip_prefix('[').and_then(|host| host.split_once(']')) {
        Some((name, rest)) => (name, rest.strip_prefix(':')),
        None => host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port))),
    };
    let is_own = name == "localhost" || name.starts_with("127.") || matches!(name, "0.0.0.0" | "::1" | "::");
    let port = port.map_or(Some(usual), port_of)?;
    // A variable in it, Rancher would not know.
    let is_plain = !path.contains('$') && path.chars().all(|c| c.is_ascii_graphic());
    let path = match path {
        "" => "/".to_owned(),
        path if path.starts_with('?') => format!("/{path}"),
        path => path.split('#').next().unwrap_or(path).to_owned(),
    };
    (is_own && is_plain).then_some((port, path))
}

/// A duration as compose files have it: `1m30s`, `500ms`, or seconds; in milliseconds.
pub(in crate::new_template) fn milliseconds(text: &str) -> Option<u64> {
    let mut rest = text.trim();
    if let Ok(seconds) = rest.parse::<u64>() {
        return seconds.checked_mul(1000);
    }
    let mut all = 0.0_f64;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).filter(|at| *at > 0)?;
        let (number, behind) = rest.split_at(digits);
        let unit = behind.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(behind.len());
        let (unit, behind) = behind.split_at(unit);
        let scale = match unit {
            "ns" => 1e-6,
            "us" | "µs" => 1e-3,
            "ms" => 1.0,
            "s" => 1e3,
            "m" => 6e4,
            "h" => 3.6e6,
            "d" => 8.64e7,
            _ => return None,
        };
        all += number.parse::<f64>().ok()? * scale;
        rest = behind;
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is bounded")]
    (all > 0.0 && all < 1e12).then_some(all.round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_command_asks_is_told() {
        for (command, port, path) in [
            ("curl -f http://localhost:80/x", 80, Some("/x")),
            ("curl -fsS http://127.0.0.1:8080/health?full=1 || exit 1", 8080, Some("/health?full=1")),
            ("wget -q -O- http://localhost", 80, Some("/")),
            ("wget --spider 'http://[::1]:3000/ping'", 3000, Some("/ping")),
            ("curl localhost:9200/_cluster/health", 9200, Some("/_cluster/health")),
            ("curl -kf https://localhost:8443/x", 8443, None),
            ("nc -z localhost 6000 || exit 1", 6000, None),
            ("nc -w 3 -z localhost 6001; exit 2", 6001, None),
            ("bash -c 'echo > /dev/tcp/localhost/1433'", 1433, None),
            ("pg_isready -U app -d app", 5432, None),
            ("pg_isready -p 5433", 5433, None),
            ("mysqladmin ping -h localhost -P3307", 3307, None),
            ("/usr/bin/redis-cli ping", 6379, None),
        ] {
            let test = ["CMD-SHELL".to_owned(), command.to_owned()];
            let (check, _) = check(&test, &Times::default()).expect(command);
            assert_eq!((check.port, check.path.as_deref()), (port, path), "{command}");
        }
        for command in
            ["true", "curl -f http://other/x", "curl http://localhost:$PORT/", "test -f /tmp/ok", "nc -z db", ""]
        {
            assert_eq!(check(&["CMD-SHELL".to_owned(), command.to_owned()], &Times::default()), None, "{command}");
        }
    }

    #[test]
    fn durations_are_milliseconds() {
        for (text, time) in [("1m30s", 90_000), ("500ms", 500), ("10", 10_000), ("1.5h", 5_400_000), ("30s", 30_000)] {
            assert_eq!(milliseconds(text), Some(time), "{text}");
        }
        for bad in ["", "s", "1x", "1m 30s", "-1s", "1..s", "é"] {
            assert_eq!(milliseconds(bad), None, "{bad}");
        }
    }
}
