//! The monitor answers health checks in time whatever hangs, tells what it sees and does, and tells no secret.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};
use swarm_lab::open_metrics;
use swarm_lab::trial::Trial;
use swarm_lab::well;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use swarm_lab::lab::rancher::{ACCESS_KEY, SECRET_KEY};
use swarm_lab::lab::{Fault, Filter, Host, Lab, missing};
use swarm_lab::says;
use swarm_lab::says::{Raw, raw, says};
use swarm_lab::trial::trial;
use swarm_lab::well::is_well;
use swarmkit_settings::health::RESPONSE_TIMEOUT_MS;

const LIMIT: Duration = Duration::from_secs(90);
const ANSWER: Duration = Duration::from_millis(RESPONSE_TIMEOUT_MS);
const LOUD: [(&str, &str); 3] = [("RECONCILE_PERIOD", "5"), ("LOG_LEVEL", "trace"), ("LOG_FORMAT", "json")];

pub fn trials() -> Vec<Trial> {
    let missing = missing();
    vec![
        trial("what_is_asked_of_a_healthy_host_is_answered", missing, healthy),
        trial("it_answers_in_time_whatever_hangs", missing, in_time),
        trial("it_answers_in_time_while_it_joins", missing, while_joining),
        trial("odd_slow_and_many_clients_keep_nobody_from_an_answer", missing, odd_clients),
        trial("no_secret_is_told_to_anybody", missing, no_secret),
    ]
}

/// Asks as Rancher does.
fn ping(host: &Host) -> Raw {
    let asked = raw(host.address(), b"GET /ping HTTP/1.0\r\n\r\n", ANSWER);
    asked.unwrap_or_else(|error| panic!("host {}: no answer within {ANSWER:?}: {error}", host.index))
}

/// One line, which says something.
fn is_one_line(text: &str) -> bool {
    text.ends_with('\n') && text.lines().count() == 1 && text.trim().len() > 10
}

fn healthy() {
    let lab = Lab::start(3);
    lab.start_monitors(&LOUD);
    lab.eventually(LIMIT, || is_well(&lab, 3));
    let host = &lab.hosts[0];
    let get = |request: &str| raw(host.address(), request.as_bytes(), ANSWER).unwrap();

    for request in [
        "GET /ping HTTP/1.0\r\n\r\n",
        "GET /ping HTTP/1.0\r\nHost: x\r\nUser-Agent: y\r\n\r\n",
        "GET /ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    ] {
        let answer = get(request);
        assert_eq!((answer.status, answer.body.as_str()), (200, "OK\n"), "{request:?}");
    }
    let head = get("HEAD /ping HTTP/1.0\r\n\r\n");
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    for (request, status) in [
        ("GET /x HTTP/1.0\r\n\r\n", 404),
        ("GET /pingg HTTP/1.0\r\n\r\n", 404),
        ("GET /../etc/passwd HTTP/1.0\r\n\r\n", 404),
        ("POST /ping HTTP/1.0\r\nContent-Length: 0\r\n\r\n", 405),
    ] {
        assert_eq!(get(request).status, status, "{request:?}");
    }

    for host in &lab.hosts {
        let status = host.status().unwrap();
        assert_eq!(status["version"], env!("CARGO_PKG_VERSION"));
        assert!(status["reconciled_ago_ms"].as_u64().unwrap() < 30_000, "{status}");
        assert!(status["reconciles"].as_u64().unwrap() > 0 && status["changes"].as_u64().unwrap() > 0, "{status}");
        let stage = status["plan"]["stage"].as_str().unwrap();
        assert!(["lease_holder", "member"].contains(&stage), "{status}");
        assert!(status["plan"]["reason"].as_str().unwrap().len() > 10, "{status}");
        assert_eq!(status["view"]["engine"]["Ok"]["Swarm"]["LocalNodeState"], "active", "{status}");
        assert_eq!(status["view"]["metadata"]["Ok"]["host"], host.uuid(), "{status}");
        let actions = status["last_actions"].as_array().unwrap();
        let whole =
            |action: &Value| action["ago_ms"].is_u64() && action["what"].is_string() && action["why"].is_string();
        assert!(!actions.is_empty() && actions.iter().all(whole), "{status}");

        let metrics = host.metrics().unwrap();
        let figures = open_metrics::read(&metrics).unwrap_or_else(|error| panic!("{error}:\n{metrics}"));
        let figure = |name: &str| figures.get(&format!("swarmkit_mon_{name}")).copied();
        assert_eq!(figure("healthy"), Some(1.0), "{metrics}");
        assert_eq!((figure("nodes"), figure("managers")), (Some(3.0), Some(3.0)), "{metrics}");
        assert_eq!(figure("managers_reachable"), Some(3.0), "{metrics}");
        let stages = figures.iter().filter(|(name, _)| name.starts_with("swarmkit_mon_stage{"));
        let standing: Vec<&str> = stages.filter(|(_, value)| **value == 1.0).map(|(name, _)| name.as_str()).collect();
        assert_eq!(standing, [format!("swarmkit_mon_stage{{stage=\"{stage}\"}}")], "{metrics}");
    }
}

fn in_time() {
    let lab = Lab::start(2);
    lab.start_monitors(&LOUD);
    lab.eventually(LIMIT, || is_well(&lab, 1));

    lab.rancher.fault(Filter::metadata(), Fault::hang());
    lab.rancher.fault(Filter::api(), Fault::hang());
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(8) {
        for host in &lab.hosts {
            let answer = ping(host);
            assert_eq!((answer.status, answer.body.as_str()), (200, "OK\n"), "{}", lab.report());
        }
        thread::sleep(Duration::from_millis(500));
    }
    lab.rancher.clear_faults();

    let host = &lab.hosts[1];
    host.engine.freeze();
    thread::sleep(Duration::from_secs(3));
    // Others give up early, and must not make those wait longer who do not.
    let address = host.address();
    let stop = Instant::now() + Duration::from_secs(10);
    thread::scope(|scope| {
        for at in 0..4 {
            scope.spawn(move || {
                thread::sleep(Duration::from_millis(600 * at));
                while Instant::now() < stop {
                    let mut stream = says::connect(address, ANSWER).unwrap();
                    let _ = stream.write_all(b"GET /ping HTTP/1.0\r\n\r\n");
                    thread::sleep(Duration::from_millis(2500));
                }
            });
        }
        for pause in [0, 300, 500, 900] {
            scope.spawn(move || {
                while Instant::now() < stop {
                    let answer = ping(host);
                    assert_eq!(answer.status, 503, "{}", answer.body);
                    assert!(is_one_line(&answer.body), "{:?}", answer.body);
                    thread::sleep(Duration::from_millis(pause));
                }
            });
        }
    });
    assert!(host.status().is_ok());
    assert_eq!(open_metrics::read(&host.metrics().unwrap()).unwrap()["swarmkit_mon_healthy"], 0.0);
    host.engine.thaw();
    lab.eventually(LIMIT, || is_well(&lab, 1));
}

fn while_joining() {
    let lab = Lab::start(2);
    lab.hosts[0].start_monitor(&LOUD);
    lab.rancher.set_container_state(&lab.hosts[1].uuid(), "stopped");
    lab.eventually(LIMIT, || well::are_well(&lab, &[0], 1));
    lab.cut(&[1]);
    let host = &lab.hosts[1];
    lab.rancher.set_container_state(&host.uuid(), "running");
    host.start_monitor(&LOUD);
    lab.eventually(LIMIT, || says(host, "join", "joins by"));
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(5) {
        let answer = ping(host);
        assert!(answer.status == 503 && is_one_line(&answer.body), "{} {:?}", answer.status, answer.body);
        thread::sleep(Duration::from_millis(200));
    }
    lab.heal(&[1]);
    lab.eventually(LIMIT, || is_well(&lab, 1));
}

fn odd_clients() {
    let lab = Lab::start(1);
    let host = &lab.hosts[0];
    host.start_monitor(&[]);
    lab.eventually(LIMIT, || is_well(&lab, 1));
    // As little as a daemon is given anywhere.
    let pid = host.monitor.pid().unwrap().to_string();
    assert!(Command::new("prlimit").args(["--pid", &pid, "--nofile=320:320"]).status().unwrap().success());

    let address = host.address();
    thread::scope(|scope| {
        for _ in 0..200 {
            scope.spawn(|| {
                let answer = ping(host);
                assert_eq!((answer.status, answer.body.as_str()), (200, "OK\n"));
            });
        }
    });

    let long = format!("GET /ping HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "x".repeat(4 << 20));
    let path = format!("GET /{} HTTP/1.0\r\n\r\n", "x".repeat(1 << 20));
    let many = format!("GET /ping HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(10_000));
    let body = format!("POST /ping HTTP/1.1\r\nContent-Length: 999999999999\r\n\r\n{}", "x".repeat(1 << 20));
    let garbage =
        ["\0\u{1}\u{2}\n\n", "GET", "GET /ping", "GET /ping HTTP/9.9\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"];
    for request in [long.as_str(), &path, &many, &body].into_iter().chain(garbage) {
        if let Ok(mut stream) = says::connect(address, ANSWER) {
            let _ = stream.write_all(request.as_bytes());
        }
        assert_eq!(ping(host).status, 200, "after {request:.40?}");
    }

    // Connections on which nothing more ever comes, far more than it may have open.
    let mut idle = Vec::new();
    for at in 0..600 {
        let Ok(mut stream) = says::connect(address, ANSWER) else { continue };
        let _ = stream.write_all(if at % 2 == 0 { b"GET /ping HTTP/1.1\r\nHost:" } else { b"" });
        idle.push(stream);
        if at % 50 == 0 {
            assert_eq!(ping(host).status, 200, "with {at} idle connections");
        }
    }
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(4) {
        assert_eq!(ping(host).status, 200);
        thread::sleep(Duration::from_millis(200));
    }
    // Neither do they keep it from its work.
    let looks = || host.status().unwrap()["reconciles"].as_u64().unwrap();
    let before = looks();
    lab.rancher.set_label(&host.uuid(), "news", Some("1"));
    lab.eventually(LIMIT, || if looks() > before { Ok(()) } else { Err("no new reconcile".to_owned()) });
    lab.eventually(LIMIT, || is_well(&lab, 1));
    drop(idle);
    assert!(host.monitor.memory().unwrap() < 60 << 20, "{:?}", host.monitor.memory());
}

fn no_secret() {
    let lab = Lab::start(3);
    lab.hosts[0].start_monitor(&LOUD);
    lab.rancher.set_metadata_delay(Duration::from_millis(700));
    // All that can go wrong with what holds a secret, goes wrong.
    lab.rancher.fault(Filter::api(), Fault::status(401).times(4));
    lab.hosts[1].start_monitor(&LOUD);
    lab.rancher.fault(Filter::api().method("PUT"), Fault::close().after_effect().times(3));
    lab.hosts[2].start_monitor(&LOUD);
    let keys = STANDARD.encode(format!("{ACCESS_KEY}:{SECRET_KEY}"));
    let mut told = Vec::new();
    let (mut tokens, mut keys_of_hosts) = (Vec::new(), BTreeSet::new());
    let start = Instant::now();
    while let Err(error) = is_well(&lab, 3) {
        assert!(start.elapsed() < LIMIT, "{error}\n{}", lab.report());
        for host in &lab.hosts {
            keys_of_hosts.extend(lab.labels(host).remove("swarmkit.key"));
            told.extend(host.status().map(|status| status.to_string()));
            told.extend(host.metrics());
            told.extend(["/", "/overview", "/identity"].map(|path| host.page(path)).into_iter().flatten());
            told.extend(host.ping().map(|(_, line)| line));
        }
        thread::sleep(Duration::from_millis(100));
    }
    let swarm = lab.hosts[0].engine.get("/swarm").unwrap().good().unwrap();
    for kind in ["Worker", "Manager"] {
        let token = swarm["JoinTokens"][kind].as_str().unwrap();
        // Its last part is what must be kept; the one before names the swarm's CA.
        tokens.push(token.rsplit('-').next().unwrap().to_owned());
    }
    assert_eq!(keys_of_hosts.len(), 3, "keys were seen on their way");
    told.extend(lab.hosts.iter().map(|host| host.status().unwrap().to_string()));
    for text in &told {
        assert!(!text.contains("sealed") && !keys_of_hosts.iter().any(|key| text.contains(key)), "{text}");
    }
    for host in &lab.hosts {
        let log = host.log();
        assert!(log.contains("\"level\":\"TRACE\""), "{log:.300}");
        told.push(log);
        for entry in std::fs::read_dir(host.state_folder()).unwrap() {
            told.push(std::fs::read_to_string(entry.unwrap().path()).unwrap());
        }
    }
    assert!(!lab.rancher.ever_saw("sealed").is_empty(), "tokens were seen on their way");
    for secret in [tokens[0].as_str(), &tokens[1], "SWMTKN", SECRET_KEY, &keys] {
        for text in &told {
            assert!(!text.contains(secret), "{secret} is told: {text}");
        }
        assert_eq!(lab.rancher.ever_saw(secret), Vec::<String>::new());
    }
}
