use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UnixListener};
use tokio::runtime::{Builder, Runtime};

use super::*;
use crate::engine::Engine;
use crate::metadata::Metadata;
use crate::observe::{Own, Wanted};
use crate::own_container::OwnContainer;
use crate::past::Past;
use crate::plan::plan;
use crate::state::State;
use swarmkit_settings::Settings;
use swarmkit_settings::health::RESPONSE_TIMEOUT_MS;

fn one_thread() -> Runtime {
    Builder::new_current_thread().enable_all().max_blocking_threads(1).build().unwrap()
}

/// The health of a host whose engine and rancher-metadata are there.
fn health(socket: &Path, metadata: &str) -> Arc<Health> {
    let sources = Sources {
        engine: Engine::new(socket).unwrap(),
        metadata: Metadata::new(metadata).unwrap(),
        rancher: Err("not asked".to_owned()),
        container: OwnContainer::of_this_process(),
        clock: Arc::default(),
        mirror: None,
    };
    Arc::new(Health::new(Arc::new(sources), Arc::default(), "nonce".to_owned(), Admission::default()))
}

#[test]
fn whoever_gives_up_waiting_leaves_nothing_behind() {
    one_thread().block_on(async {
        // Nobody ever answers there.
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("docker.sock");
        let _engine = UnixListener::bind(&socket).unwrap();
        let metadata = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let health = health(&socket, &format!("http://{}", metadata.local_addr().unwrap()));
        // What is to be put into a text waits too.
        let (go_on, wait) = std::sync::mpsc::channel::<()>();
        let blocker = tokio::task::spawn_blocking(move || wait.recv());
        let held = |health: &Arc<Health>| Arc::strong_count(health) + Arc::strong_count(&health.status);
        let before = held(&health);
        for _ in 0..200 {
            for path in ["/", "/overview", "/status", "/metrics", "/ping"] {
                let asked = Arc::clone(&health).answer(&Method::GET, path, true);
                // Long enough to begin.
                assert!(tokio::time::timeout(Duration::from_micros(10), asked).await.is_err(), "{path}");
            }
        }
        let left = held(&health) - before;
        assert!(left <= 3, "one look, one question and one text may be under way, and {left} are");
        drop(go_on);
        let _ = blocker.await;
    });
}

/// Answers each request of HTTP with the JSON of its path.
async fn answer_json(mut stream: impl AsyncReadExt + AsyncWriteExt + Unpin, document: impl Fn(&str) -> Bytes) {
    let mut request = Vec::new();
    let mut chunk = [0; 4096];
    while let Ok(read @ 1..) = stream.read(&mut chunk).await {
        request.extend_from_slice(&chunk[..read]);
        if request.ends_with(b"\r\n\r\n") {
            let text = String::from_utf8_lossy(&request).into_owned();
            let path = text.split(' ').nth(1).unwrap_or_default();
            let path = if path.starts_with("/v1.") { &path[path[1..].find('/').unwrap_or(0) + 1..] } else { path };
            let body = document(path);
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
            if stream.write_all(head.as_bytes()).await.is_err() || stream.write_all(&body).await.is_err() {
                return;
            }
            request.clear();
        }
    }
}

const HOSTS: usize = 2000;

/// What an engine says that leads a swarm of so many nodes.
fn engine_says(path: &str) -> Value {
    let node = |at: usize| {
        let manager = json!({ "Leader": at == 0, "Reachability": "reachable", "Addr": "127.0.0.1:2377" });
        json!({
            "ID": format!("{at:025}"),
            "Version": { "Index": 1 },
            "Spec": { "Role": if at < 3 { "manager" } else { "worker" }, "Availability": "active", "Labels": {} },
            "Description": { "Hostname": format!("host-{at}") },
            "Status": { "State": "ready", "Addr": "127.0.0.1" },
            "ManagerStatus": if at < 3 { manager } else { Value::Null },
        })
    };
    match path {
        "/version" => json!({ "ApiVersion": "1.41", "MinAPIVersion": "1.12" }),
        "/info" => json!({
            "Name": "host-0",
            "ServerVersion": "28.0.1",
            "Swarm": {
                "NodeID": format!("{:025}", 0), "NodeAddr": "127.0.0.1", "LocalNodeState": "active",
                "ControlAvailable": true, "Error": "", "Cluster": { "ID": "cluster" },
            },
        }),
        "/swarm" => json!({ "ID": "cluster", "JoinTokens": { "Worker": "SWMTKN-1-w-w", "Manager": "SWMTKN-1-m-m" } }),
        "/nodes" => (0..HOSTS).map(node).collect(),
        _ => json!({}),
    }
}

fn hosts() -> Value {
    let host = |at: usize| {
        let uuid = format!("00000000-0000-0000-0000-{at:012}");
        // Where nobody listens, and some where nobody answers at all (RFC 5737).
        let address = if at.is_multiple_of(50) { "192.0.2.1" } else { "127.77.0.1" };
        json!({ "uuid": uuid, "hostname": format!("host-{at}"), "agent_ip": address, "labels": {} })
    };
    (0..HOSTS).map(host).collect()
}

/// One request on a connection of its own: the status, and the length of the answer.
async fn get(address: SocketAddr, path: &str) -> Option<(u16, usize)> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    let head = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.ok()?;
    let status = std::str::from_utf8(answer.get(9..12)?).ok()?.parse().ok()?;
    Some((status, answer.len()))
}

#[test]
fn a_hundred_who_ask_for_all_there_is_of_a_large_environment_keep_the_health_check_green() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("docker.sock");
    let (address, is_over) = (std::sync::OnceLock::new(), AtomicBool::new(false));
    let questions = Arc::new(AtomicU32::new(0));
    thread::scope(|scope| {
        // What is around the monitor, on a thread of its own.
        let (ready, around) = std::sync::mpsc::channel();
        let (asked, is_over, address, socket) = (Arc::clone(&questions), &is_over, &address, &socket);
        scope.spawn(move || {
            one_thread().block_on(async {
                let engine = UnixListener::bind(socket).unwrap();
                let metadata = TcpListener::bind("127.0.0.1:0").await.unwrap();
                ready.send(metadata.local_addr().unwrap()).unwrap();
                let listed = Bytes::from(hosts().to_string());
                let documents: Arc<Vec<(&str, Bytes)>> = Arc::new(
                    ["/version", "/info", "/swarm", "/nodes", "/_ping"]
                        .map(|path| (path, Bytes::from(engine_says(path).to_string())))
                        .into(),
                );
                while !is_over.load(Ordering::SeqCst) {
                    tokio::select! {
                        Ok((stream, _)) = engine.accept() => {
                            let documents = Arc::clone(&documents);
                            tokio::spawn(answer_json(stream, move |path| {
                                documents.iter().find(|(of, _)| *of == path).map_or_else(|| "{}".into(), |(_, body)| body.clone())
                            }));
                        }
                        Ok((stream, _)) = metadata.accept() => {
                            let (listed, asked) = (listed.clone(), Arc::clone(&asked));
                            tokio::spawn(answer_json(stream, move |_| {
                                asked.fetch_add(1, Ordering::SeqCst);
                                listed.clone()
                            }));
                        }
                        () = tokio::time::sleep(Duration::from_millis(50)) => {}
                    }
                }
            });
        });
        let metadata = around.recv().unwrap();
        // The monitor, on one thread as it runs.
        scope.spawn(move || {
            Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
                let health = health(socket, &format!("http://{metadata}"));
                let wanted = Wanted::from(&Settings::resolve(|_| None).unwrap());
                let own = Own { nonce: "nonce".to_owned(), key: "key".to_owned(), state: State::default() };
                let seen = health.sources.observe(&wanted, own, Past::default(), None).await;
                assert_eq!(seen.swarm_view().map(|swarm| swarm.nodes.len()), Some(HOSTS), "{:?}", seen.engine);
                let mut planned = plan(&seen);
                // That the environment's metadata tells hosts alone is no matter here.
                planned.stage = Stage::Member;
                health.status.write().unwrap().reconciled(seen, planned);
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                address.set(listener.local_addr().unwrap()).unwrap();
                tokio::select! {
                    () = serve(listener, health) => {}
                    () = async { while !is_over.load(Ordering::SeqCst) { tokio::time::sleep(Duration::from_millis(50)).await } } => {}
                }
            });
        });
        while address.get().is_none() {
            thread::sleep(Duration::from_millis(10));
        }
        let address = *address.wait();
        let (slowest, answers) = one_thread().block_on(async {
            let end = Instant::now() + Duration::from_secs(8);
            let mut clients = tokio::task::JoinSet::new();
            for at in 0..100 {
                clients.spawn(async move {
                    let mut answers = 0;
                    while Instant::now() < end {
                        let path = ["/overview", "/status", "/", "/metrics", "/identity"][at % 5];
                        // One in ten gives up early.
                        let patience = if at < 10 { Duration::from_millis(20) } else { Duration::from_secs(30) };
                        match tokio::time::timeout(patience, get(address, path)).await {
                            Ok(Some((200, length))) if length > 1000 => answers += 1,
                            Ok(other) => panic!("{path}: {other:?}"),
                            Err(_) if at < 10 => {}
                            Err(_) => panic!("{path}: no answer"),
                        }
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                    answers
                });
            }
            let mut slowest = Duration::ZERO;
            while Instant::now() < end {
                let start = Instant::now();
                let (status, _) = get(address, "/ping").await.unwrap();
                assert_eq!(status, 200);
                slowest = slowest.max(start.elapsed());
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            (slowest, clients.join_all().await.iter().sum::<u32>())
        });
        is_over.store(true, Ordering::SeqCst);
        let looks = questions.load(Ordering::SeqCst);
        let _ = writeln!(std::io::stderr(), "{answers} answers, {looks} looks, the slowest /ping {slowest:?}");
        assert!(answers >= 90, "{answers}");
        assert!(slowest < Duration::from_millis(RESPONSE_TIMEOUT_MS) / 2, "{slowest:?}");
        // One look each 2 s at the most, and what was asked of metadata to begin with.
        assert!(looks <= 20, "{looks}");
    });
}
