//! Listens, and gives each request its answer or its fault.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, DATE, HOST, WWW_AUTHENTICATE};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::environment::Environment;
use super::faults::{Effect, Fault, Kind, document};
use super::log::Asked;
use super::{ACCESS_KEY, SECRET_KEY, Shared, api, metadata, ordered};

/// The most that a request may carry.
const BODY_LIMIT: usize = 4 << 20;
/// How long metadata waits for news where the client does not say.
const MAX_WAIT: Duration = Duration::from_secs(60);
/// How often metadata looks at least while it waits.
const LOOK: Duration = Duration::from_secs(5);

type Command = (bool, mpsc::Sender<()>);

/// One of the two, listening.
pub struct Endpoint {
    pub address: SocketAddr,
    commands: UnboundedSender<Command>,
}

impl Endpoint {
    pub fn start(
        runtime: &tokio::runtime::Runtime,
        shared: &Arc<Shared>,
        kind: Kind,
        address: SocketAddr,
        tls: Option<TlsAcceptor>,
    ) -> io::Result<Self> {
        let listener = runtime.block_on(TcpListener::bind(address))?;
        let address = listener.local_addr()?;
        let (commands, received) = unbounded_channel();
        let connections = Connections { shared: shared.clone(), kind, tls, running: JoinSet::new() };
        runtime.spawn(listen(address, listener, received, connections));
        Ok(Self { address, commands })
    }

    /// Takes connections, or refuses them.
    pub fn set_open(&self, open: bool) {
        ordered(&self.commands, open);
    }
}

async fn listen(
    address: SocketAddr,
    listener: TcpListener,
    mut commands: UnboundedReceiver<Command>,
    mut connections: Connections,
) {
    let mut listener = Some(listener);
    loop {
        let accept = async {
            match &listener {
                Some(listener) => listener.accept().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            accepted = accept => {
                if let Ok((stream, from)) = accepted {
                    connections.serve(stream, from.ip());
                }
            }
            command = commands.recv() => {
                let Some((open, done)) = command else { return };
                if !open {
                    listener = None;
                    connections.running.shutdown().await;
                } else if listener.is_none() {
                    listener = Some(TcpListener::bind(address).await.expect("the address that it had"));
                }
                let _ = done.send(());
            }
        }
    }
}

struct Connections {
    shared: Arc<Shared>,
    kind: Kind,
    tls: Option<TlsAcceptor>,
    running: JoinSet<()>,
}

impl Connections {
    fn serve(&mut self, stream: TcpStream, source: IpAddr) {
        while self.running.try_join_next().is_some() {}
        let (shared, kind, tls) = (self.shared.clone(), self.kind, self.tls.clone());
        self.running.spawn(async move {
            match tls {
                None => connection(TokioIo::new(stream), shared, kind, source, "http").await,
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        connection(TokioIo::new(stream), shared, kind, source, "https").await;
                    }
                }
            }
        });
    }
}

async fn connection<Io>(io: Io, shared: Arc<Shared>, kind: Kind, source: IpAddr, scheme: &'static str)
where
    Io: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
{
    let service = service_fn(move |request| {
        let shared = shared.clone();
        async move { Exchange::read(shared, kind, source, scheme, request).await.ok_or(Lost)?.answer().await }
    });
    let _ = hyper::server::conn::http1::Builder::new().timer(TokioTimer::new()).serve_connection(io, service).await;
}

/// No answer: the connection is closed.
#[derive(Debug)]
struct Lost;

impl std::fmt::Display for Lost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("no answer")
    }
}

impl std::error::Error for Lost {}

impl From<Infallible> for Lost {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

type Outcome = Result<Response<Full<Bytes>>, Lost>;

/// A request that was read whole, and its place in the log.
struct Exchange {
    shared: Arc<Shared>,
    kind: Kind,
    source: IpAddr,
    base: String,
    method: String,
    path: String,
    query: String,
    json: bool,
    authorization: Option<String>,
    body: Bytes,
    entry: usize,
}

impl Exchange {
    async fn read(
        shared: Arc<Shared>,
        kind: Kind,
        source: IpAddr,
        scheme: &str,
        request: Request<Incoming>,
    ) -> Option<Self> {
        let (head, body) = request.into_parts();
        let body = Limited::new(body, BODY_LIMIT).collect().await.ok()?.to_bytes();
        let header = |name| head.headers.get(name).and_then(|value| value.to_str().ok());
        let path = head.uri.path().to_owned();
        let query = head.uri.query().unwrap_or_default().to_owned();
        let asked = Asked {
            at: Instant::now(),
            source,
            kind,
            method: head.method.to_string(),
            path: path.clone(),
            query: query.clone(),
            body: String::from_utf8_lossy(&body).into_owned(),
            status: None,
        };
        let entry = {
            let mut world = shared.world.lock().unwrap();
            world.log.push(asked);
            world.log.len() - 1
        };
        Some(Self {
            base: format!("{scheme}://{}", header(HOST).unwrap_or("localhost")),
            json: header(ACCEPT).is_some_and(|types| types.contains("application/json")),
            authorization: header(AUTHORIZATION).map(str::to_owned),
            method: head.method.to_string(),
            shared,
            kind,
            source,
            path,
            query,
            body,
            entry,
        })
    }

    async fn answer(self) -> Outcome {
        let fault = self.take_fault();
        if let Some(fault) = fault.as_ref().filter(|fault| !fault.after)
            && let Some(outcome) = self.suffer(fault).await
        {
            return outcome;
        }
        let edit = fault.as_ref().map(|fault| &fault.effect);
        let good = match self.kind {
            Kind::Metadata => self.metadata(edit).await,
            Kind::Api => self.api(edit),
        };
        if self.method == "GET" {
            self.let_others_write();
        }
        if let Some(fault) = fault.as_ref().filter(|fault| fault.after)
            && let Some(outcome) = self.suffer(fault).await
        {
            return outcome;
        }
        Ok(self.sent(good))
    }

    /// The first fault that this request runs into.
    fn take_fault(&self) -> Option<Fault> {
        let mut world = self.shared.world.lock().unwrap();
        let whole = format!("{}?{}", self.path, self.query);
        let at = world
            .faults
            .iter()
            .position(|(_, filter, _)| filter.matches(self.kind, &self.method, &whole, self.source))?;
        let (_, _, fault) = &mut world.faults[at];
        let taken = fault.clone();
        if let Some(times) = &mut fault.times {
            *times -= 1;
            if *times == 0 {
                world.faults.remove(at);
            }
        }
        Some(taken)
    }

    /// What a fault makes of the request; `None` where it goes on.
    async fn suffer(&self, fault: &Fault) -> Option<Outcome> {
        match &fault.effect {
            Effect::Hang => std::future::pending().await,
            Effect::Close => Some(Err(Lost)),
            Effect::Delay(by) => {
                tokio::time::sleep(*by).await;
                None
            }
            Effect::Status(status) => Some(Ok(self.sent(self.failed(*status)))),
            Effect::Edit(_) => None,
        }
    }

    /// An error in the form that the client asked for.
    fn failed(&self, status: u16) -> (u16, Body) {
        let document = document(self.kind, status);
        if self.kind == Kind::Api || self.json {
            (status, Body::Json(document))
        } else {
            (status, Body::Text(document["message"].as_str().unwrap_or_default().to_owned()))
        }
    }

    fn let_others_write(&self) {
        let whole = format!("{}?{}", self.path, self.query);
        let mut world = self.shared.world.lock().unwrap();
        while let Some(at) =
            world.hooks.iter().position(|(filter, _)| filter.matches(self.kind, &self.method, &whole, self.source))
        {
            let (_, change) = world.hooks.remove(at);
            world.change(change);
        }
        drop(world);
        self.shared.news.notify_waiters();
    }

    fn sent(&self, (status, body): (u16, Body)) -> Response<Full<Bytes>> {
        self.shared.world.lock().unwrap().log[self.entry].status = Some(status);
        let (kind, bytes) = match body {
            Body::Json(value) => ("application/json; charset=utf-8", value.to_string()),
            Body::Text(text) => ("text/plain", text),
        };
        let mut response = Response::builder().status(status).header(CONTENT_TYPE, kind);
        if self.kind == Kind::Api {
            let behind = self.shared.world.lock().unwrap().behind;
            response = response.header(DATE, httpdate::fmt_http_date(SystemTime::now() - behind));
        }
        if status == 401 {
            response = response.header(WWW_AUTHENTICATE, "Basic realm=\"Enter API access key and secret key\"");
        }
        response.body(Full::new(Bytes::from(bytes))).expect("a status of three digits")
    }

    async fn metadata(&self, effect: Option<&Effect>) -> (u16, Body) {
        if self.method != "GET" {
            return self.failed(405);
        }
        let path = self.path.trim_start_matches('/');
        let (version, path) = path.split_once('/').unwrap_or((path, ""));
        if version.is_empty() {
            return self.shown(&json!(metadata::VERSIONS));
        }
        if !metadata::VERSIONS.contains(&version) {
            return self.failed(404);
        }
        let query = pairs(&self.query);
        let given = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let known = given("wait").filter(|wait| *wait == "true").and_then(|_| given("value"));
        let limit = given("maxWait").and_then(|text| text.parse().ok()).map_or(MAX_WAIT, Duration::from_secs);
        let until = Instant::now() + limit;
        loop {
            // Made before the look, so that no news is missed between.
            let news = self.shared.news.notified();
            let (environment, number, next) = self.shared.world.lock().unwrap().look();
            let root = edited(effect, self.tree(&environment, number));
            let found = metadata::find(&root, path);
            let waits = known.is_some_and(|known| found.is_some_and(|value| metadata::text(value) == known));
            let now = Instant::now();
            if !waits || now >= until {
                return found.map_or_else(|| self.failed(404), |value| self.shown(value));
            }
            let look = next.map_or(now + LOOK, |next| next.min(now + LOOK)).min(until);
            tokio::select! {
                () = tokio::time::sleep_until(look.into()) => {}
                () = news => {}
            }
        }
    }

    fn tree(&self, environment: &Environment, version: u64) -> Value {
        metadata::tree(environment, version, self.source)
    }

    fn shown(&self, value: &Value) -> (u16, Body) {
        (200, if self.json { Body::Json(value.clone()) } else { Body::Text(metadata::text(value)) })
    }

    fn api(&self, effect: Option<&Effect>) -> (u16, Body) {
        let expected = format!("Basic {}", STANDARD.encode(format!("{ACCESS_KEY}:{SECRET_KEY}")));
        if self.authorization.as_ref() != Some(&expected) {
            let (status, body) = api::error(401, "Unauthorized");
            return (status, Body::Json(body));
        }
        let parts: Vec<&str> = self.path.split('/').filter(|part| !part.is_empty()).collect();
        let Some((version @ ("v1" | "v2-beta"), path)) = parts.split_first().map(|(first, rest)| (*first, rest)) else {
            return self.failed(404);
        };
        let query = pairs(&self.query);
        let request = api::Request {
            method: &self.method,
            path,
            query: &query,
            body: &self.body,
            base: &format!("{}/{version}", self.base),
        };
        let answer = self.shared.world.lock().unwrap().change(|environment| api::answer(environment, &request));
        self.shared.news.notify_waiters();
        (answer.0, Body::Json(edited(effect, answer.1)))
    }
}

enum Body {
    Json(Value),
    Text(String),
}

fn edited(effect: Option<&Effect>, mut value: Value) -> Value {
    if let Some(Effect::Edit(edit)) = effect {
        edit(&mut value);
    }
    value
}

fn pairs(query: &str) -> Vec<(String, String)> {
    let url = reqwest::Url::parse(&format!("http://stand-in/?{query}"));
    url.map(|url| url.query_pairs().into_owned().collect()).unwrap_or_default()
}
