//! What others ask the monitor, on the port of the health check: `/ping`, `/status`, `/metrics`.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::Mutex;

use super::engine::LocalNodeState;
use super::metrics;
use super::observe::Sources;
use super::plan::Stage;
use super::settings::{HEALTH_PATH, HEALTH_PORT};
use super::status::Status;

/// How long an answer of the engine is good for: health checks come from several hosts.
const FRESH: Duration = Duration::from_secs(2);
/// What the engine may take to answer; well within the check's own time-out.
const ENGINE: Duration = Duration::from_secs(3);

/// What the answers are made of.
pub struct Health {
    sources: Arc<Sources>,
    status: Arc<RwLock<Status>>,
    latest: Mutex<Option<(Instant, Result<(), String>)>>,
}

impl Health {
    /// Nothing is asked yet.
    pub fn new(sources: Arc<Sources>, status: Arc<RwLock<Status>>) -> Self {
        Self { sources, status, latest: Mutex::new(None) }
    }

    /// Whether this host's engine is an active member of the swarm, and if not, why: one line. It answers in time even
    /// when the engine does not.
    pub async fn verdict(&self) -> Result<(), String> {
        // Those who ask at the same time share one question to the engine.
        let mut latest = self.latest.lock().await;
        let known = latest.as_ref().filter(|(at, _)| at.elapsed() < FRESH).map(|(_, verdict)| verdict.clone());
        let engine = match known {
            Some(verdict) => verdict,
            None => {
                let verdict = self.ask().await;
                *latest = Some((Instant::now(), verdict.clone()));
                verdict
            }
        };
        drop(latest);
        let status = self.status.read().map_err(|_| "the monitor has failed".to_owned())?;
        let why = status.plan().map_or("the monitor is starting", |plan| plan.reason.as_str());
        match status.plan().map(|plan| plan.stage) {
            Some(Stage::Foreign) => Err(why.to_owned()),
            _ => engine.map_err(|engine| format!("{engine}: {why}")),
        }
    }

    /// Whether this host's engine was a manager when it was last heard of.
    fn managed(&self) -> bool {
        let status = self.status.read().ok();
        let member = status.as_ref().and_then(|status| status.seen()).and_then(|seen| seen.own.state.member.as_ref());
        member.is_some_and(|member| member.manager)
    }

    async fn ask(&self) -> Result<(), String> {
        let engine = &self.sources.engine;
        let (answer, alive) =
            tokio::join!(tokio::time::timeout(ENGINE, engine.info()), tokio::time::timeout(ENGINE, engine.ping()));
        match answer {
            // A manager of a swarm without a leader is silent about it for long, and a member all the same. To replace
            // its monitor would only make that one forget since when.
            Err(_) if matches!(alive, Ok(Ok(()))) && self.managed() => Ok(()),
            Err(_) => Err(format!("the engine has not answered within {} s", ENGINE.as_secs())),
            Ok(Err(error)) => Err(format!("the engine does not answer ({error})")),
            Ok(Ok(info)) => match info.swarm.local_node_state {
                LocalNodeState::Active => Ok(()),
                state => Err(format!("the engine is no active member of a swarm but {state:?}").to_lowercase()),
            },
        }
    }
}

/// Opens the port of the health check.
///
/// # Errors
/// Something else listens there.
pub async fn listen() -> std::io::Result<TcpListener> {
    TcpListener::bind(SocketAddr::from((Ipv4Addr::UNSPECIFIED, HEALTH_PORT))).await
}

/// Answers for as long as it is polled.
pub async fn serve(listener: TcpListener, health: Arc<Health>) {
    let routes = Router::new()
        .route(HEALTH_PATH, get(ping))
        .route("/status", get(status))
        .route("/metrics", get(figures))
        .with_state(health);
    if let Err(error) = axum::serve(listener, routes).await {
        tracing::error!(%error, "the health port does not answer any more");
    }
}

async fn ping(State(health): State<Arc<Health>>) -> impl IntoResponse {
    match health.verdict().await {
        Ok(()) => (StatusCode::OK, "OK\n".to_owned()),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("{}\n", reason.lines().collect::<Vec<_>>().join(" "))),
    }
}

async fn status(State(health): State<Arc<Health>>) -> impl IntoResponse {
    let text = health.status.read().map(|status| format!("{:#}\n", status.json()));
    let good = [(header::CONTENT_TYPE, "application/json")];
    text.map(|text| (good, text)).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}

async fn figures(State(health): State<Arc<Health>>) -> impl IntoResponse {
    let healthy = health.verdict().await.is_ok();
    let text = health.status.read().map(|status| metrics::text(&status, healthy));
    let good = [(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")];
    text.map(|text| (good, text)).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}
