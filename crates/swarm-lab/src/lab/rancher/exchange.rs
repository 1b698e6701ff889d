//! A request and its answer, or what goes wrong with it.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{
    ACCEPT, ACCESS_CONTROL_ALLOW_ORIGIN, AUTHORIZATION, CONTENT_TYPE, DATE, HOST, LOCATION, WWW_AUTHENTICATE,
};
use hyper::{Request, Response};
use serde_json::Value;

use super::faults::{Effect, Fault, Kind, document};
use super::log::Asked;
use super::states::ApiVersion;
use super::{ACCESS_KEY, SECRET_KEY, Shared, api, metadata};

/// The most that a request may carry.
const BODY_LIMIT: usize = 4 << 20;

/// No answer: the connection is closed.
#[derive(Debug)]
pub struct Lost;

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

pub type Outcome = Result<Response<Full<Bytes>>, Lost>;

/// A request that was read whole, and its place in the log.
pub struct Exchange {
    pub(super) shared: Arc<Shared>,
    kind: Kind,
    pub(super) source: IpAddr,
    /// Who it is asked for, where the request says so.
    pub(super) forwarded: Option<String>,
    base: String,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) json: bool,
    authorization: Option<String>,
    body: Bytes,
    entry: usize,
}

impl Exchange {
    pub(super) async fn read(
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
            json: header(ACCEPT).is_some_and(metadata::wants_json),
            forwarded: head.headers.get("x-forwarded-for").and_then(|value| value.to_str().ok()).map(str::to_owned),
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

    pub(super) async fn answer(self) -> Outcome {
        let fault = self.take_fault();
        if let Some(fault) = fault.as_ref().filter(|fault| !fault.after)
            && let Some(outcome) = self.suffer(fault).await
        {
            return outcome;
        }
        let edit = fault.as_ref().map(|fault| &fault.effect);
        let good = match self.kind {
            Kind::Metadata => self.metadata(edit).await?,
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
        match self.kind {
            Kind::Api => (status, Body::Json(document)),
            Kind::Metadata => {
                let message = document["message"].as_str().unwrap_or_default();
                (status, Body::Text(metadata::error(status, message, self.json)))
            }
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
        let mut response = Response::builder().status(status);
        let bytes = match body {
            Body::Json(value) => {
                response = response.header(CONTENT_TYPE, "application/json; charset=utf-8");
                value.to_string()
            }
            // JSON too: nothing says what it is, and it is taken for text.
            Body::Text(text) => {
                response = response.header(ACCESS_CONTROL_ALLOW_ORIGIN, "*");
                if !text.is_empty() {
                    response = response.header(CONTENT_TYPE, "text/plain; charset=utf-8");
                }
                text
            }
            Body::Moved(to) => {
                response = response.header(LOCATION, to);
                String::new()
            }
        };
        if self.kind == Kind::Api {
            let behind = self.shared.world.lock().unwrap().behind;
            response = response.header(DATE, httpdate::fmt_http_date(SystemTime::now() - behind));
        }
        if status == 401 {
            response = response.header(WWW_AUTHENTICATE, "Basic realm=\"Enter API access key and secret key\"");
        }
        response.body(Full::new(Bytes::from(bytes))).expect("a status of three digits")
    }

    fn api(&self, effect: Option<&Effect>) -> (u16, Body) {
        let expected = format!("Basic {}", STANDARD.encode(format!("{ACCESS_KEY}:{SECRET_KEY}")));
        if self.authorization.as_ref() != Some(&expected) {
            let (status, body) = api::error(401, "Unauthorized");
            return (status, Body::Json(body));
        }
        let parts: Vec<&str> = self.path.split('/').filter(|part| !part.is_empty()).collect();
        let split = parts.split_first().and_then(|(first, rest)| Some((ApiVersion::named(first)?, rest)));
        let Some((version, path)) = split else { return self.failed(404) };
        let query = pairs(&self.query);
        let request = api::Request {
            method: &self.method,
            version,
            path,
            query: &query,
            body: &self.body,
            base: &format!("{}/{}", self.base, version.text()),
        };
        let answer = {
            let mut world = self.shared.world.lock().unwrap();
            if api::is_told(&world.environment, &request) {
                world.change(|environment| api::answer(environment, &request))
            } else {
                world.change_unheard(|environment| api::answer(environment, &request))
            }
        };
        self.shared.news.notify_waiters();
        (answer.0, Body::Json(edited(effect, answer.1)))
    }
}

/// What an answer holds.
pub enum Body {
    /// The API's.
    Json(Value),
    /// Metadata's, in whatever form.
    Text(String),
    /// Where else it is.
    Moved(String),
}

/// A value as a fault leaves it.
pub fn edited(effect: Option<&Effect>, mut value: Value) -> Value {
    if let Some(Effect::Edit(edit)) = effect {
        edit(&mut value);
    }
    value
}

/// A query's names and values.
pub fn pairs(query: &str) -> Vec<(String, String)> {
    let url = reqwest::Url::parse(&format!("http://stand-in/?{query}"));
    url.map(|url| url.query_pairs().into_owned().collect()).unwrap_or_default()
}
