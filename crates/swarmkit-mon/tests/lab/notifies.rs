//! What waits for a person is told to the address that the operator gives, and when it is over; and one archive tells a stranger
//! all of it but what is secret.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use flate2::read::GzDecoder;
use serde_json::Value;
use swarm_lab::lab::rancher::{ACCESS_KEY, SECRET_KEY};
use swarm_lab::lab::{Host, Lab, missing};
use swarm_lab::trial::{Trial, trial};
use swarm_lab::well::is_well;

const LIMIT: Duration = Duration::from_secs(90);
const PASSWORD: &str = "hook-passw0rd-in-the-address";

pub fn trials() -> Vec<Trial> {
    let missing = missing();
    vec![
        trial("what_waits_for_a_person_is_told_and_when_it_is_over", missing, told),
        trial("one_archive_has_what_a_bug_report_needs_and_no_secret", missing, archive),
    ]
}

/// The head and the body of each request, in their order.
type Received = Arc<Mutex<Vec<(String, Value)>>>;

/// A server at the bridge's address that refuses the first request and takes all others; what it was sent.
fn receiver(lab: &Lab) -> (String, Received) {
    let listener = TcpListener::bind((lab.network.gateway(), 0)).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let received = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&received);
    thread::spawn(move || {
        for (at, stream) in listener.incoming().enumerate() {
            let Ok(mut stream) = stream else { return };
            stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
            let mut request = Vec::new();
            let mut chunk = [0; 4096];
            while let Ok(read @ 1..) = stream.read(&mut chunk) {
                request.extend_from_slice(&chunk[..read]);
                let text = String::from_utf8_lossy(&request);
                let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
                if let Ok(body) = serde_json::from_str(body) {
                    seen.lock().unwrap().push((head.to_owned(), body));
                    break;
                }
            }
            let status = if at == 0 { "503 Later" } else { "204 Taken" };
            let _ = write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
    });
    (address, received)
}

fn told() {
    let lab = Lab::start(2);
    let (address, received) = receiver(&lab);
    let url = format!("http://operator:{PASSWORD}@{address}/hook?token={PASSWORD}");
    lab.start_monitors(&[
        ("RECONCILE_PERIOD", "2"),
        ("MANAGER_SCALE", "1"),
        ("NOTIFY_URL", &url),
        ("LOG_LEVEL", "trace"),
    ]);
    lab.eventually(LIMIT, || is_well(&lab, 1));
    assert_eq!(received.lock().unwrap().len(), 0, "nothing waits for a person");

    // Two hosts have one identity: a person has to say which one is meant.
    let (host, of) = (&lab.hosts[1], &lab.hosts[0]);
    lab.clone_identity(host, of);
    let event = |event: &str, times: usize| {
        let received = received.lock().unwrap();
        let found: Vec<&(String, Value)> = received.iter().filter(|(_, body)| body["event"] == event).collect();
        if found.len() >= times {
            Ok(found.last().map(|(_, body)| (*body).clone()).unwrap_or_default())
        } else {
            Err(format!("{received:?}"))
        }
    };
    // The first was refused, and came again.
    lab.eventually(LIMIT, || event("needs_person", 2).map(drop));
    let need = event("needs_person", 2).unwrap();
    assert_eq!((&need["stage"], &need["host"]), (&"refused".into(), &host.place.hostname.as_str().into()), "{need}");
    assert!(need["text"].as_str().unwrap().contains("two hosts have one Rancher identity"), "{need}");
    assert_eq!(event("over", 1).ok(), None);
    lab.restore_identity(host);
    lab.eventually(LIMIT, || event("over", 1).map(drop));
    let over = event("over", 1).unwrap();
    assert_eq!(over["id"], need["id"]);
    let (head, _) = received.lock().unwrap()[0].clone();
    assert!(head.starts_with("POST /hook?token="), "{head}");
    lab.eventually(LIMIT, || is_well(&lab, 1));
    for host in &lab.hosts {
        for text in [host.log(), host.status().unwrap().to_string(), host.page("/").unwrap(), host.metrics().unwrap()] {
            assert!(!text.contains(PASSWORD) && !text.contains("/hook"), "{text}");
        }
    }
}

/// The files of the archive that is made on a host.
fn diagnosis(host: &Host) -> BTreeMap<String, String> {
    let file = host.state_folder().join("diagnosis.tar.gz");
    let (code, text, errors) = host.run(&["diagnose", "/var/lib/rancher/state/diagnosis.tar.gz"]);
    assert_eq!((code, text.as_str(), errors.as_str()), (0, "", ""));
    let bytes = std::fs::read(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    let mut archive = tar::Archive::new(GzDecoder::new(&bytes[..]));
    let files = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().file_name().unwrap().to_string_lossy().into_owned();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        (name, text)
    });
    files.collect()
}

fn archive() {
    let lab = Lab::start(3);
    let url = format!("http://operator:{PASSWORD}@192.0.2.1/hook/{PASSWORD}");
    let settings =
        [("RECONCILE_PERIOD", "2"), ("MANAGER_SCALE", "1"), ("NOTIFY_URL", url.as_str()), ("LOG_LEVEL", "trace")];
    lab.start_monitors(&settings);
    lab.eventually(LIMIT, || is_well(&lab, 1));
    let leader = &lab.hosts[lab.leader().unwrap()];

    // Secrets wherever somebody could have put one.
    const PLANTED: &str = "planted-value-of-a-stranger";
    for host in &lab.hosts {
        lab.rancher.set_label(&host.uuid(), "owner", Some(PLANTED));
    }
    let nodes = leader.engine.get("/nodes").unwrap().good().unwrap();
    for node in nodes.as_array().unwrap() {
        let (id, version) = (node["ID"].as_str().unwrap(), node["Version"]["Index"].as_u64().unwrap());
        let mut spec = node["Spec"].clone();
        spec["Labels"]["owner"] = PLANTED.into();
        leader.engine.post(&format!("/nodes/{id}/update?version={version}"), &spec).unwrap().good().unwrap();
    }
    let swarm = leader.engine.get("/swarm").unwrap().good().unwrap();
    let tokens = ["Worker", "Manager"].map(|kind| swarm["JoinTokens"][kind].as_str().unwrap().to_owned());
    let mut metadata = lab.rancher.service_metadata();
    metadata.insert("worker".to_owned(), tokens[0].clone().into());
    metadata["swarmkit"]["tokens"] = serde_json::json!({ "h": { "key": "k", "mark": "m", "sealed": PLANTED } });
    lab.rancher.set_service_metadata(metadata);

    for host in &lab.hosts {
        let files = diagnosis(host);
        for (name, wanted) in [
            ("version.txt", env!("CARGO_PKG_VERSION")),
            ("settings.json", "\"MANAGER_SCALE\": \"1\""),
            ("settings.json", "\"CATTLE_SECRET_KEY\""),
            ("status.json", "last_actions"),
            ("metrics.txt", "swarmkit_mon_healthy"),
            ("plan.json", "\"stage\""),
            ("overview.json", "host3"),
            ("info.json", "ServerVersion"),
            ("log.txt", "no container"),
            ("README.txt", "Look through it"),
        ] {
            assert!(files[name].contains(wanted), "{name}: {}", files[name]);
        }
        if host.index == leader.index {
            assert!(
                files["nodes.json"].contains("host2") && files["nodes.json"].contains("\"owner\": \"(taken out)\"")
            );
        }
        let last = |token: &String| token.rsplit('-').next().unwrap().to_owned();
        let secrets = [PASSWORD, PLANTED, SECRET_KEY, ACCESS_KEY, "SWMTKN", &last(&tokens[0]), &last(&tokens[1])];
        for (name, text) in &files {
            for secret in secrets {
                assert!(!text.contains(secret), "{name} tells {secret}: {text}");
            }
        }
    }
    let (code, text, errors) = leader.run(&["diagnose", "/nowhere/x"]);
    assert_eq!((code, text.as_str()), (2, ""));
    assert!(errors.starts_with("swarmkit-mon: /nowhere/x cannot be written"), "{errors}");
}
