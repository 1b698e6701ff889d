//! Rancher's API and rancher-metadata, as the daemon of each host asks them: the host is told by the first part of the path.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Map, Value, json};
use swarmkit_mon::record::Record;
use swarmkit_settings::SERVICE;
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};

use super::super::Simulation;
use super::super::api::{Mood, Upgrade, Write};
use super::super::engines::Said;
use super::Shared;

/// The UUID of the service, and what the API calls it.
const SERVICE_UUID: &str = "service";
const ACCOUNT: &str = "1a5";
/// For how long one who waits for news of metadata is kept waiting.
const WAIT: Duration = Duration::from_secs(60);

/// The connection breaks.
#[derive(Debug, thiserror::Error)]
#[error("broken")]
struct Broken;

type Answer = Response<Full<Bytes>>;

/// Answers for Rancher. Where it listens, as an address without a path.
pub fn listen(shared: &Arc<Shared>) -> String {
    let listener = std::net::TcpListener::bind(SocketAddr::from((shared.loopback.of_rancher(), 0))).unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let listener = TcpListener::from_std(listener).unwrap();
    let shared = Arc::clone(shared);
    tokio::task::spawn_local(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let shared = Arc::clone(&shared);
            let service = service_fn(move |request| answer(Arc::clone(&shared), request));
            tokio::task::spawn_local(async move {
                let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    format!("http://{address}")
}

async fn answer(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Answer, Broken> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Broken)?.to_bytes();
    let mut parts = head.uri.path().splitn(4, '/').skip(1);
    let (Some(at), Some(kind), path) = (parts.next(), parts.next(), parts.next().unwrap_or_default()) else {
        return Ok(said(404, &json!("Not found")));
    };
    let at: usize = at.parse().unwrap();
    let query = head.uri.query().unwrap_or_default();
    if kind == "metadata" {
        let path = path.split_once('/').map_or("", |(_, path)| path);
        return Ok(metadata(&shared, at, path, query).await);
    }
    let took = shared.world().call_api(at);
    let Some(took) = took else { return std::future::pending().await };
    let body = serde_json::from_slice(&body).unwrap_or_default();
    let (path, query) = (path.to_owned(), query.to_owned());
    // Whoever gives up waiting takes nothing back: what was sent may land all the same.
    let done = tokio::task::spawn_local(async move {
        sleep(Duration::from_millis(took)).await;
        let (status, document) =
            if head.method == Method::PUT { put(&shared, at, &path, body) } else { get(&shared, at, &path, &query) };
        // An answer can be lost on its way, where anything can go wrong.
        let mut world = shared.world();
        let is_lost = !world.peace && world.settings.fault_every_ms > 0 && world.one_in(60);
        (!is_lost && world.api.mood != Mood::Silent).then(|| said(status, &document))
    });
    done.await.ok().flatten().ok_or(Broken)
}

fn said(status: u16, document: &Value) -> Answer {
    let mut answer = Response::new(Full::from(document.to_string()));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap();
    answer
}

fn text(text: String) -> Answer {
    Response::new(Full::from(text))
}

async fn metadata(shared: &Shared, at: usize, path: &str, query: &str) -> Answer {
    if path == "version" {
        let known = query.split('&').find_map(|pair| pair.strip_prefix("value=")).unwrap_or_default();
        let news = shared.told.notified();
        let now = shared.world().api.told_times.to_string();
        if now == known {
            let _ = timeout(WAIT, news).await;
        }
    } else {
        sleep(Duration::from_millis(1)).await;
    }
    if shared.world().hosts[at].metadata_cut {
        return std::future::pending().await;
    }
    let mut world = shared.world();
    world.tally.metadata_requests += 1;
    let uuid = world.uuid(at).to_owned();
    let host = &world.hosts[at];
    if !host.is_registered || !world.api.monitors.contains_key(&uuid) {
        return said(404, &json!({ "type": "error", "status": 404, "code": "Not found" }));
    }
    let labels = shared.told_labels.lock().unwrap();
    let told = |at: usize| {
        let uuid = world.uuid(at);
        json!({
            "uuid": uuid, "agent_ip": world.hosts[at].address, "hostname": world.name(at), "labels": labels.get(uuid)
        })
    };
    match path {
        "version" => text(world.api.told_times.to_string()),
        "services" => text(format!("0={SERVICE}\n")),
        "self/host" => said(200, &told(at)),
        "hosts" => {
            let hosts = world.hosts.iter().enumerate().filter(|(_, host)| host.is_registered);
            said(200, &hosts.map(|(at, _)| told(at)).collect())
        }
        _ if path.starts_with("services/") => said(200, &service_told(&world)),
        _ => said(404, &json!({ "type": "error", "status": 404, "code": "Not found" })),
    }
}

fn service_told(world: &Simulation) -> Value {
    let containers: Vec<Value> = world
        .api
        .monitors
        .iter()
        .map(|(host, monitor)| {
            let state = if monitor.running { "running" } else { "stopped" };
            json!({ "host_uuid": host, "create_index": monitor.age, "state": state })
        })
        .collect();
    json!({
        "uuid": SERVICE_UUID, "name": SERVICE, "stack_name": "swarm",
        "metadata": in_metadata(&world.api.told), "containers": containers,
    })
}

fn in_metadata(record: &Record) -> Map<String, Value> {
    let mut metadata = Map::new();
    if *record != Record::default() {
        record.write(&mut metadata);
    }
    metadata
}

fn get(shared: &Shared, at: usize, path: &str, query: &str) -> (u16, Value) {
    let mut world = shared.world();
    let wanted = query.split('&').find_map(|pair| pair.strip_prefix("uuid="));
    let is_wanted = |uuid: &str| wanted.is_none_or(|wanted| wanted == uuid);
    let data: Vec<Value> = match path {
        "hosts" => {
            let hosts = world.api.hosts.iter().enumerate();
            let hosts = hosts.filter(|(_, host)| is_wanted(&host.uuid)).map(|(entry, host)| {
                json!({
                    "id": format!("1h{entry}"), "accountId": ACCOUNT, "uuid": host.uuid, "hostname": host.hostname,
                    "state": host.state, "agentState": host.agent_state, "agentIpAddress": host.agent_ip_address,
                    "labels": host.labels,
                })
            });
            hosts.collect()
        }
        "services" => {
            shared.read_states(&mut world);
            let engine = match world.said(at) {
                Said::Nothing(_) => None,
                Said::Itself(swarm) | Said::Swarm(swarm, _) => Some(swarm),
            };
            let record = world.api.record.clone();
            world.hosts[at].hear(engine.as_ref(), &record);
            let state = match world.api.upgrade() {
                None => "active",
                Some(Upgrade::UnderWay) => "upgrading",
                Some(Upgrade::Done) => "upgraded",
            };
            vec![json!({
                "id": "1s1", "accountId": ACCOUNT, "uuid": SERVICE_UUID, "name": SERVICE, "state": state,
                "metadata": in_metadata(&record),
            })]
        }
        _ => return (404, json!({ "type": "error", "status": 404, "code": "NotFound" })),
    };
    (200, json!({ "type": "collection", "data": data }))
}

fn put(shared: &Shared, at: usize, path: &str, body: Value) -> (u16, Value) {
    let mut world = shared.world();
    let Some((kind, id)) = path.strip_prefix(&format!("projects/{ACCOUNT}/")).and_then(|path| path.split_once('/'))
    else {
        return (404, json!({ "type": "error", "status": 404, "code": "NotFound" }));
    };
    if kind == "hosts" {
        let entry: usize = id.trim_start_matches("1h").parse().unwrap();
        let labels = serde_json::from_value(body["labels"].clone()).unwrap();
        world.land_labels(entry, labels);
        return (200, body);
    }
    if world.api.upgrade() == Some(Upgrade::UnderWay) {
        return (
            409,
            json!({ "type": "error", "status": 409, "code": "Conflict", "message": "the service is upgraded" }),
        );
    }
    let record = Record::read(body["metadata"].as_object().unwrap()).unwrap();
    shared.read_states(&mut world);
    world.look_at_writes();
    let process = world.hosts[at].monitor.as_ref().map(|monitor| monitor.process).unwrap_or_default();
    world.land(Write { host: at, process, record });
    (200, body)
}
