//! The engine of a host, as its socket has it: the calls of the Engine API that the daemon makes, on the simulated engines.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::{BodyExt as _, Either, Full};
use hyper::body::{Body, Bytes, Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use swarmkit_mon::engine::{ClusterId, Info, LocalNodeState, NodeSpec, SwarmInfo};
use swarmkit_mon::plan::NodeChange;
use swarmkit_settings::FORWARD_PORT;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::{TcpSocket, UnixListener};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{Instant, sleep, timeout};

use super::super::Simulation;
use super::super::engines::Said;
use super::super::group::Group;
use super::super::host::Engine;
use super::Shared;

/// After this an engine gives up asking for a leader (`swarmRequestTimeout` in its daemon/cluster).
const NO_LEADER: Duration = Duration::from_secs(20);
/// How often it asks meanwhile.
const LOOK_FOR_LEADER: Duration = Duration::from_millis(100);
/// What a manager may take to answer one who joins.
const REACH: Duration = Duration::from_secs(5);

/// Where the engine of a host listens.
pub fn socket(shared: &Shared, at: usize) -> PathBuf {
    shared.folder.path().join(format!("engine-{at}.sock"))
}

/// Answers for the engine of a host.
pub fn listen(shared: &Arc<Shared>, at: usize) {
    let listener = UnixListener::bind(socket(shared, at)).unwrap();
    let shared = Arc::clone(shared);
    tokio::task::spawn_local(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let shared = Arc::clone(&shared);
            let service = service_fn(move |request| answer(Arc::clone(&shared), at, request));
            tokio::task::spawn_local(async move {
                let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
}

/// The engine is gone, and its connections with it.
#[derive(Debug, thiserror::Error)]
#[error("gone")]
struct Gone;

type Answer = Response<Either<Full<Bytes>, Events>>;

/// What becomes of a call.
enum Outcome {
    Says(u16, Value),
    /// As a manager that sees no leader: it gives up after a while.
    WithoutLeader,
    Hangs,
    Gone,
}

/// A call, as it came.
struct Call {
    method: Method,
    path: String,
    query: BTreeMap<String, String>,
    body: Value,
}

async fn answer(shared: Arc<Shared>, at: usize, request: Request<Incoming>) -> Result<Answer, Gone> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Gone)?.to_bytes();
    let path = head.uri.path().trim_start_matches("/v1.41").to_owned();
    let query = head.uri.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    let call = Call {
        path,
        query: query.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        method: head.method,
        body: serde_json::from_slice(&body).unwrap_or_default(),
    };
    if call.path == "/events" {
        return events(&shared, at);
    }
    // Whoever gives up waiting takes nothing back: the engine goes on with it.
    let done = tokio::task::spawn_local(async move { act(&shared, at, call).await });
    let (status, said) = match done.await.map_err(|_| Gone)? {
        Outcome::Says(status, said) => (status, said),
        Outcome::WithoutLeader => (500, json!({ "message": "rpc error: The swarm does not have a leader" })),
        Outcome::Hangs => std::future::pending().await,
        Outcome::Gone => return Err(Gone),
    };
    let mut answer = Response::new(Either::Left(Full::from(said.to_string())));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap();
    Ok(answer)
}

async fn act(shared: &Arc<Shared>, at: usize, call: Call) -> Outcome {
    let (process, before, after) = {
        let mut world = shared.world();
        if let Some(outcome) = is_away(&world, at) {
            return outcome;
        }
        let (least, most) = match call.path.as_str() {
            "/swarm/init" => (300, 900),
            "/swarm/join" => (100, 900),
            _ => (1, 20),
        };
        (world.hosts[at].processes, world.between(least, most), world.between(0, 20))
    };
    sleep(Duration::from_millis(before)).await;
    let managers = if call.path == "/swarm/join" { managers(shared, at, &call.body).await } else { Vec::new() };
    let given_up = Instant::now() + NO_LEADER;
    let outcome = loop {
        let outcome = {
            let mut world = shared.world();
            match is_away(&world, at) {
                Some(outcome) => outcome,
                None => call.does(shared, &mut world, at, &managers),
            }
        };
        // It looks for one all the while.
        if !matches!(outcome, Outcome::WithoutLeader) || Instant::now() >= given_up {
            break outcome;
        }
        sleep(LOOK_FOR_LEADER).await;
    };
    sleep(Duration::from_millis(after)).await;
    let world = shared.world();
    // An engine that was started anew has forgotten who asked.
    let is_another = world.hosts[at].processes != process;
    is_away(&world, at).or(is_another.then_some(Outcome::Gone)).unwrap_or_else(|| match outcome {
        Outcome::WithoutLeader if call.path == "/info" => Outcome::Says(200, info(&world, at, leaderless(&world, at))),
        outcome => outcome,
    })
}

/// What becomes of every call of an engine that does not run, or hangs.
fn is_away(world: &Simulation, at: usize) -> Option<Outcome> {
    let host = &world.hosts[at];
    match (host.engine_up && !host.lost, host.frozen) {
        (false, _) => Some(Outcome::Gone),
        (true, true) => Some(Outcome::Hangs),
        (true, false) => None,
    }
}

fn info(world: &Simulation, at: usize, swarm: SwarmInfo) -> Value {
    let info = Info { name: world.name(at), server_version: "20.10".into(), swarm };
    serde_json::to_value(info).unwrap()
}

/// What a manager says of itself once it has given up asking for a leader.
fn leaderless(world: &Simulation, at: usize) -> SwarmInfo {
    let Some(seat) = world.hosts[at].engine.seat() else { return SwarmInfo::default() };
    SwarmInfo {
        node_id: seat.node.clone(),
        node_addr: seat.address.clone(),
        local_node_state: LocalNodeState::Active,
        control_available: seat.manages,
        remote_managers: world.groups[seat.group].peers.clone(),
        error: "rpc error: The swarm does not have a leader".into(),
        ..SwarmInfo::default()
    }
}

/// The managers that one who joins names, each as its own address: the one that this host's daemon forwards to is asked.
async fn managers(shared: &Shared, at: usize, body: &Value) -> Vec<String> {
    let own: IpAddr = shared.world().hosts[at].address.parse().unwrap();
    let forward = SocketAddr::new(own, FORWARD_PORT);
    let mut all = Vec::new();
    for named in body["RemoteAddrs"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if named == forward.to_string() {
            all.extend(timeout(REACH, forwarded(forward)).await.ok().flatten());
        } else {
            all.push(named.to_owned());
        }
    }
    all
}

/// Which manager answers where this host's daemon listens.
async fn forwarded(forward: SocketAddr) -> Option<String> {
    let socket = TcpSocket::new_v4().ok()?;
    // As an engine on that host: it comes from the address that it goes to.
    socket.bind(SocketAddr::new(forward.ip(), 0)).ok()?;
    let mut line = String::new();
    BufReader::new(socket.connect(forward).await.ok()?).read_line(&mut line).await.ok()?;
    Some(line.trim().to_owned()).filter(|address| !address.is_empty())
}

fn worker_token(group: &Group) -> String {
    format!("SWMTKN-1-{}-{}", group.cluster, group.token)
}

fn refused(status: u16, message: &str) -> Outcome {
    Outcome::Says(status, json!({ "message": message }))
}

fn done(good: bool) -> Outcome {
    if good { Outcome::Says(200, json!({})) } else { refused(500, "rpc error: refused") }
}

impl Call {
    fn is(&self, name: &str) -> bool {
        self.query.get(name).is_some_and(|value| value == "1")
    }

    fn does(&self, shared: &Shared, world: &mut Simulation, at: usize, managers: &[String]) -> Outcome {
        let parts: Vec<&str> = self.path.split('/').skip(1).collect();
        match (self.method.as_str(), parts.as_slice()) {
            ("GET", ["version"]) => Outcome::Says(200, json!({ "ApiVersion": "1.41", "MinAPIVersion": "1.12" })),
            ("GET", ["_ping"]) => Outcome::Says(200, json!("OK")),
            ("GET", ["info"]) => match world.said(at) {
                Said::Nothing(_) => Outcome::WithoutLeader,
                Said::Itself(swarm) => Outcome::Says(200, info(world, at, swarm)),
                Said::Swarm(swarm, group) => {
                    let cluster = Some(ClusterId { id: world.groups[group].cluster.clone() });
                    Outcome::Says(200, info(world, at, SwarmInfo { cluster, ..swarm }))
                }
            },
            ("POST", ["swarm", "init"]) => Self::inits(shared, world, at, self.body["ForceNewCluster"] == true),
            ("POST", ["swarm", "join"]) => {
                let token = self.body["JoinToken"].as_str().unwrap_or_default();
                done(world.engine_joins(at, managers, |group| worker_token(group) == token))
            }
            ("POST", ["swarm", "leave"]) => match world.hosts[at].engine.seat() {
                None => refused(503, "This node is not part of a swarm"),
                Some(_) if world.takes_part_as_manager(at) && !self.is("force") => {
                    refused(503, "You are attempting to leave the swarm on a node that is participating as a manager.")
                }
                Some(_) => done(world.engine_leaves(at).is_some()),
            },
            ("GET", ["networks"]) => Outcome::Says(200, json!([])),
            (_, ["swarm" | "nodes" | "services", ..]) => self.of_manager(shared, world, at, &parts),
            _ => refused(404, "page not found"),
        }
    }

    fn inits(shared: &Shared, world: &mut Simulation, at: usize, forced: bool) -> Outcome {
        if !forced {
            return match world.engine_inits(at) {
                Some(_) => Outcome::Says(200, json!("node")),
                None => refused(503, "This node is already part of a swarm"),
            };
        }
        if !world.takes_part_as_manager(at) {
            return refused(503, "This node is not a swarm manager");
        }
        shared.read_states(world);
        world.engine_forces(at);
        Outcome::Says(200, json!("node"))
    }

    /// What managers alone answer, and they only while they have a leader.
    fn of_manager(&self, shared: &Shared, world: &mut Simulation, at: usize, parts: &[&str]) -> Outcome {
        let Said::Swarm(_, group) = world.said(at) else {
            let manages = matches!(&world.hosts[at].engine, Engine::In(seat) if seat.manages);
            return if manages { Outcome::WithoutLeader } else { refused(503, "This node is not a swarm manager.") };
        };
        let of = &world.groups[group];
        match (self.method.as_str(), parts) {
            ("GET", ["swarm"]) => Outcome::Says(
                200,
                json!({
                    "ID": of.cluster, "Version": { "Index": of.token }, "Spec": {},
                    "JoinTokens": { "Worker": worker_token(of), "Manager": "SWMTKN-1-manager" },
                }),
            ),
            ("POST", ["swarm", "update"]) if self.query.get("version") != Some(&of.token.to_string()) => {
                refused(500, "rpc error: update out of sequence")
            }
            ("POST", ["swarm", "update"]) => done(!self.is("rotateWorkerToken") || world.engine_renews_token(at)),
            ("GET", ["services"]) => Outcome::Says(200, json!(vec![json!({}); of.services])),
            ("GET", ["nodes"]) => {
                shared.looked.lock().unwrap()[at] = world.now;
                Outcome::Says(200, serde_json::to_value(&of.nodes).unwrap())
            }
            ("GET", ["nodes", id]) => match of.node(id) {
                Some(node) => Outcome::Says(200, serde_json::to_value(node).unwrap()),
                None => refused(404, "node not found"),
            },
            ("DELETE", ["nodes", id]) => done(world.engine_removes(at, id, self.is("force"))),
            ("POST", ["nodes", id, "update"]) => {
                let looked = shared.looked.lock().unwrap()[at];
                self.changes_node(world, at, group, id, looked)
            }
            _ => refused(404, "page not found"),
        }
    }

    fn changes_node(&self, world: &mut Simulation, at: usize, group: usize, id: &str, looked: u64) -> Outcome {
        let (Some(node), Ok(spec)) =
            (world.groups[group].node(id), serde_json::from_value::<NodeSpec>(self.body.clone()))
        else {
            return refused(404, "node not found");
        };
        let version = self.query.get("version").and_then(|version| version.parse().ok()).unwrap_or_default();
        let change = NodeChange { id: id.to_owned(), version, host: None };
        if node.spec.role != spec.role {
            return done(world.engine_sets_role(at, &change, spec.role, looked));
        }
        if node.spec.labels != spec.labels && node.spec.availability == spec.availability {
            world.look_at_calm("a label of a node");
        }
        done(world.engine_changes_node(at, &change, |node| node.spec = spec))
    }
}

/// The stream of events: it ends with the engine.
fn events(shared: &Arc<Shared>, at: usize) -> Result<Answer, Gone> {
    let process = {
        let world = shared.world();
        match is_away(&world, at) {
            Some(Outcome::Gone) => return Err(Gone),
            _ => world.hosts[at].processes,
        }
    };
    let (send, events) = unbounded_channel();
    let shared = Arc::clone(shared);
    tokio::task::spawn_local(async move {
        loop {
            // Nobody tells that an engine has died.
            let _ = timeout(Duration::from_secs(1), shared.events[at].notified()).await.map(|()| {
                let _ = send.send(Bytes::from_static(b"{}\n"));
            });
            let world = shared.world();
            let is_over = matches!(is_away(&world, at), Some(Outcome::Gone)) || world.hosts[at].processes != process;
            if is_over || send.is_closed() {
                return;
            }
        }
    });
    Ok(Response::new(Either::Right(Events(events))))
}

/// Events of an engine, as they come.
pub struct Events(UnboundedReceiver<Bytes>);

impl Body for Events {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        self.0.poll_recv(context).map(|event| event.map(|event| Ok(Frame::data(event))))
    }
}
