//! What others ask the monitor, on the port of the health check: the page of the whole swarm at `/`, `/overview`, `/ping`,
//! `/status`, `/metrics`, `/identity`.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE};
use hyper::{Method, StatusCode};
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::admission::Admission;
use super::engine::LocalNodeState;
use super::identity::Identity;
use super::introduction::Introduction;
use super::metrics;
use super::observe::Sources;
use super::overview::{self, Overview, page};
use super::plan::Stage;
use super::server::{self, Answer};
use super::status::Status;
use swarmkit_settings::{HEALTH_PATH, HEALTH_PORT, IDENTITY_PATH};

/// How long an answer of the engine is good for: health checks come from several hosts.
const FRESH: Duration = Duration::from_secs(2);
/// What the engine may take to answer; well within the check's own time-out.
const ENGINE: Duration = Duration::from_secs(3);

/// How long what `/status` says is good for, while nothing new was seen: it holds how long ago things were.
const SAID: Duration = Duration::from_secs(1);

/// The same of the whole swarm: for all who ask together each host is asked once in that time.
const OVERVIEW: Duration = Duration::from_secs(2);

/// What the answers are made of.
pub struct Health {
    sources: Arc<Sources>,
    status: Arc<RwLock<Status>>,
    nonce: String,
    admission: Admission,
    latest: Shared<(Instant, Result<(), String>)>,
    /// What `/status` said last, and of which reconcile.
    said: Shared<(Instant, u64, Bytes)>,
    /// What was last seen of the whole swarm.
    whole: Shared<Whole>,
}

/// What those who ask at the same time share: whoever holds it makes it anew, once, and to the end. One who gives up
/// waiting for it leaves nothing behind, however many there are.
type Shared<T> = Arc<Mutex<Option<T>>>;

/// The whole swarm, ready to be told.
#[derive(Clone)]
struct Whole {
    at: Instant,
    page: Bytes,
    json: Bytes,
}

impl Health {
    /// Nothing is asked yet.
    pub fn new(sources: Arc<Sources>, status: Arc<RwLock<Status>>, nonce: String, admission: Admission) -> Self {
        Self { sources, status, nonce, admission, latest: Arc::default(), said: Arc::default(), whole: Arc::default() }
    }

    /// Whether this host's engine is an active member of the swarm, and if not, why: one line. It answers in time even
    /// when the engine does not.
    pub async fn verdict(self: &Arc<Self>) -> Result<(), String> {
        let failed = || "the monitor has failed".to_owned();
        let engine = self.engine().await.map_err(|()| failed())?;
        let status = self.status.read().map_err(|_| failed())?;
        let why = status.plan().map_or("the monitor is starting", |plan| plan.reason.as_str());
        match status.plan().map(|plan| plan.stage) {
            Some(Stage::Foreign | Stage::Refused | Stage::CutOff) => Err(why.to_owned()),
            // A manager may have to go on alone, and its monitor's replacement would not know for how long it has waited.
            Some(Stage::NoQuorum) if !manages(&status) => Err(why.to_owned()),
            _ => engine.map_err(|engine| format!("{engine}: {why}")),
        }
    }

    /// Who this monitor is, for one that asks at this address whether it meets itself.
    fn identity(&self, status: &Status) -> Identity {
        let seen = status.seen();
        let host = seen.and_then(|seen| seen.metadata.as_ref().ok()).map(|metadata| metadata.host.clone());
        let hostname = seen.and_then(|seen| seen.engine.as_ref().ok()).map(|info| info.name.clone());
        Identity {
            nonce: self.nonce.clone(),
            host: host.unwrap_or_default(),
            hostname: hostname.unwrap_or_default(),
            stage: status.plan().map_or("starting", |plan| plan.stage.name()).to_owned(),
            reason: status.reason(),
            lease_ago_ms: status.age_ms().filter(|_| status.holds_lease()),
            node: seen
                .and_then(|seen| seen.engine.as_ref().ok())
                .map(|info| info.swarm.node_id.clone())
                .unwrap_or_default(),
            serves_ago_ms: status.age_ms().filter(|_| seen.is_some_and(|seen| seen.swarm_view().is_some())),
            about: Introduction::of(status),
        }
    }

    /// The whole swarm, as it is or was a moment ago: those who ask at the same time share one look.
    async fn whole(self: &Arc<Self>) -> Result<Whole, ()> {
        let mut whole = Arc::clone(&self.whole).lock_owned().await;
        if let Some(whole) = whole.as_ref().filter(|whole| whole.at.elapsed() < OVERVIEW) {
            return Ok(whole.clone());
        }
        let health = Arc::clone(self);
        let look = async move {
            let gathered = overview::gather(&health.sources.metadata, &health.admission).await;
            let own = health.status.read().map(|status| health.identity(&status)).map_err(|_| ())?;
            // Of thousands of hosts it takes long enough to keep a health check waiting.
            let made = tokio::task::spawn_blocking(move || {
                let host = own.hostname.clone();
                let overview = gathered.map_or_else(|why| Overview::alone(own, &why.to_string()), Overview::of);
                Whole { at: Instant::now(), page: page::html(&overview, &host).into(), json: overview.json().into() }
            });
            Ok(whole.insert(made.await.map_err(|_| ())?).clone())
        };
        // Asked on its own, so that one who gives up waiting does not make the others begin anew.
        tokio::spawn(look).await.map_err(|_| ())?
    }

    /// What the engine says, or has just said: those who ask at the same time share one question to it.
    async fn engine(self: &Arc<Self>) -> Result<Result<(), String>, ()> {
        let mut latest = Arc::clone(&self.latest).lock_owned().await;
        if let Some((_, verdict)) = latest.as_ref().filter(|(at, _)| at.elapsed() < FRESH) {
            return Ok(verdict.clone());
        }
        let health = Arc::clone(self);
        let asked = tokio::spawn(async move {
            let verdict = health.ask().await;
            *latest = Some((Instant::now(), verdict.clone()));
            verdict
        });
        asked.await.map_err(|_| ())
    }

    /// What is known, put into JSON once a reconcile or a second, whoever asks: of thousands of hosts it is megabytes.
    async fn said(&self) -> Result<Bytes, ()> {
        let mut said = Arc::clone(&self.said).lock_owned().await;
        let reconciles = self.status.read().map_err(|_| ())?.reconciles;
        if let Some((.., text)) = said.as_ref().filter(|(at, of, _)| at.elapsed() < SAID && *of == reconciles) {
            return Ok(text.clone());
        }
        let status = Arc::clone(&self.status);
        let made = tokio::task::spawn_blocking(move || {
            let text = Bytes::from(status.read().map(|status| status.text()).map_err(|_| ())?);
            *said = Some((Instant::now(), reconciles, text.clone()));
            Ok(text)
        });
        made.await.map_err(|_| ())?
    }

    async fn ask(&self) -> Result<(), String> {
        let engine = &self.sources.engine;
        let (answer, alive) =
            tokio::join!(tokio::time::timeout(ENGINE, engine.info()), tokio::time::timeout(ENGINE, engine.ping()));
        match answer {
            // A manager of a swarm without a leader is silent about it for long, and a member all the same. To replace
            // its monitor would only make that one forget since when.
            Err(_) if matches!(alive, Ok(Ok(()))) && self.status.read().is_ok_and(|status| manages(&status)) => Ok(()),
            Err(_) => Err(format!("the engine has not answered within {} s", ENGINE.as_secs())),
            Ok(Err(error)) => Err(format!("the engine does not answer ({error})")),
            Ok(Ok(info)) => match info.swarm.local_node_state {
                LocalNodeState::Active => Ok(()),
                state => Err(format!("the engine is no active member of a swarm but {state:?}").to_lowercase()),
            },
        }
    }
}

/// Whether this host's engine was a manager when it was last heard of.
fn manages(status: &Status) -> bool {
    let member = status.seen().and_then(|seen| seen.own.state.member.as_ref());
    member.is_some_and(|member| member.manager)
}

/// Opens the port of the health check.
///
/// # Errors
/// Something else listens there.
pub async fn listen(at: IpAddr) -> std::io::Result<TcpListener> {
    TcpListener::bind(SocketAddr::new(at, HEALTH_PORT)).await
}

/// Answers for as long as it is polled.
pub async fn serve(listener: TcpListener, health: Arc<Health>) {
    let answer = move |request: hyper::Request<_>| {
        let health = Arc::clone(&health);
        async move {
            let is_admitted = health.admission.admits(request.headers());
            health.answer(request.method(), request.uri().path(), is_admitted).await
        }
    };
    server::serve(listener, answer).await;
}

const WHO: &str = "Say the token of STATUS_TOKEN: as the password of any user, or as `Authorization: Bearer TOKEN`.\n";
const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

impl Health {
    async fn answer(self: Arc<Self>, method: &Method, path: &str, is_admitted: bool) -> Answer {
        if !["/", "/overview", HEALTH_PATH, "/status", "/metrics", IDENTITY_PATH].contains(&path) {
            let all = format!("There are /, /overview, {HEALTH_PATH}, /status, /metrics and {IDENTITY_PATH}.\n");
            return answer(StatusCode::NOT_FOUND, TEXT, all);
        }
        if ![Method::GET, Method::HEAD].contains(method) {
            let mut refusal = answer(StatusCode::METHOD_NOT_ALLOWED, TEXT, "Only GET is answered.\n".to_owned());
            refusal.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return refusal;
        }
        if !is_admitted && ![HEALTH_PATH, IDENTITY_PATH].contains(&path) {
            let mut refusal = answer(StatusCode::UNAUTHORIZED, TEXT, WHO);
            refusal.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"swarmkit-mon\""));
            return refusal;
        }
        if path == IDENTITY_PATH {
            let identity = self.status.read().map(|status| self.identity(&status));
            let identity = identity.map(|identity| if is_admitted { identity } else { identity.for_anybody() });
            return told(JSON, identity.map(|identity| serde_json::to_vec(&identity).unwrap_or_default()));
        }
        if ["/", "/overview"].contains(&path) {
            let whole = self.whole().await;
            return match path {
                "/" => page::guarded(told(page::HTML, whole.map(|whole| whole.page))),
                _ => told(JSON, whole.map(|whole| whole.json)),
            };
        }
        if path == "/status" {
            return told(JSON, self.said().await);
        }
        let verdict = self.verdict().await;
        match (path, verdict) {
            ("/metrics", verdict) => told(
                OPEN_METRICS,
                self.status.read().map(|status| {
                    let in_trouble = status.plan().is_some_and(|plan| plan.stage.is_trouble());
                    metrics::text(&status, verdict.is_ok() && !in_trouble)
                }),
            ),
            (_, Ok(())) => answer(StatusCode::OK, TEXT, "OK\n".to_owned()),
            (_, Err(reason)) => {
                let line = reason.lines().collect::<Vec<_>>().join(" ");
                answer(StatusCode::SERVICE_UNAVAILABLE, TEXT, format!("{line}\n"))
            }
        }
    }
}

/// What was read of the status. It cannot be read where a thread has failed while it wrote there.
fn told<E, T: Into<Bytes>>(kind: &'static str, text: Result<T, E>) -> Answer {
    let failed = |_| answer(StatusCode::INTERNAL_SERVER_ERROR, TEXT, "The monitor has failed.\n".to_owned());
    text.map_or_else(failed, |text| answer(StatusCode::OK, kind, text))
}

fn answer(status: StatusCode, kind: &'static str, text: impl Into<Bytes>) -> Answer {
    let mut answer = Answer::new(Full::from(text.into()));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    answer
}

#[cfg(test)]
mod tests;
