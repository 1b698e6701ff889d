//! rancher-metadata's answer to a request, at once or when there is news.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::environment::Environment;
use super::exchange::{Body, Exchange, Lost, edited, pairs};
use super::faults::Effect;
use super::metadata::{self, Found, Route};
use super::{answers, objects};

/// How long it waits for news where the client does not say, and at most.
const WAIT: Duration = Duration::from_secs(60);
const MOST: Duration = Duration::from_secs(120);
/// How often it looks at least while it waits, counted from its start.
const LOOK: Duration = Duration::from_secs(5);
/// Where a container on a host's network comes from: docker0, which stands between it and the server.
pub const DOCKER0: &str = "172.17.0.1";

impl Exchange {
    pub(super) async fn metadata(&self, effect: Option<&Effect>) -> Result<(u16, Body), Lost> {
        let (version, path) = match Route::of(&self.path) {
            Route::Malformed => return Ok((400, Body::Text("400 Bad Request".to_owned()))),
            Route::Moved(to) => {
                let query = if self.query.is_empty() { String::new() } else { format!("?{}", self.query) };
                return Ok((301, Body::Moved(format!("{to}{query}"))));
            }
            Route::NoPage => return Ok((404, Body::Text("404 page not found\n".to_owned()))),
            _ if !matches!(self.method.as_str(), "GET" | "HEAD") => {
                return Ok((404, Body::Text("404 page not found\n".to_owned())));
            }
            Route::Versions => {
                let all = answers::VERSIONS.map(|version| (version.to_owned(), json!(format!("/{version}"))));
                return Ok(self.shown(&Value::Object(all.into_iter().collect())));
            }
            Route::Tree { version, path } => (version, path),
        };
        if !answers::VERSIONS.contains(&version.as_str()) {
            return Ok((404, Body::Text(metadata::error(404, "Invalid version", self.json))));
        }
        let query = pairs(&self.query);
        let given = |name: &str| query.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str());
        let known = given("value");
        let waits = given("wait") == "true" && !known.contains(['?', '&']);
        let limit = limit(given("maxWait"));
        let start = Instant::now();
        loop {
            // Made before the look, so that no news is missed between.
            let news = self.shared.news.notified();
            let (environment, number, next) = self.shared.world.lock().unwrap().look();
            let root = edited(effect, self.tree(&environment, &version, number));
            let found = metadata::find(&root, &path);
            let is_new = match &found {
                Found::Value(value) => metadata::known_as(value).is_none_or(|value| value != known),
                Found::Nothing => false,
                Found::Crash => true,
            };
            if !waits || is_new || start.elapsed() > limit {
                return match found {
                    Found::Value(value) => Ok(self.shown(value)),
                    Found::Nothing => Ok((404, Body::Text(metadata::error(404, "Not found", self.json)))),
                    Found::Crash => Err(Lost),
                };
            }
            let look = self.shared.next_look(LOOK);
            tokio::select! {
                () = tokio::time::sleep_until(next.map_or(look, |next| next.min(look)).into()) => {}
                () = news => {}
            }
        }
    }

    /// The tree as the server of the host from which the request came shows it. Its address tells the host; as with
    /// `--xff`, a test may say itself who asks.
    fn tree(&self, environment: &Environment, version: &str, number: u64) -> Value {
        let host = environment.host_at(self.source);
        let source = if host.is_some() { DOCKER0.to_owned() } else { self.source.to_string() };
        let client = self.forwarded.as_ref().unwrap_or(&source);
        let objects = objects::objects(environment, host);
        let news = format!("00000000-0000-4000-8000-{number:012x}");
        answers::tree(&objects, version, client, &news).unwrap_or_default()
    }

    fn shown(&self, value: &Value) -> (u16, Body) {
        (200, Body::Text(if self.json { metadata::json_text(value) } else { metadata::text(value) }))
    }
}

fn limit(seconds: &str) -> Duration {
    match seconds.parse::<i64>() {
        Ok(0) | Err(_) => WAIT,
        Ok(seconds) => u64::try_from(seconds).map_or(Duration::ZERO, Duration::from_secs).min(MOST),
    }
}
