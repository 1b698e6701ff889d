//! Which address gives which page.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::header::{ALLOW, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, LOCATION};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::get;
use catalog_check::config::CatalogConfig;
use percent_encoding::percent_decode_str;
use tokio::sync::Semaphore;
use tokio::task::{JoinError, JoinHandle, spawn_blocking};

use super::follow::Follower;
use super::guard::{Hosts, POLICY_OF_FILES, guarded, only_reads};
use super::news::{LISTENERS, news};
use crate::api::{Answer, Asked};
use crate::catalog::Place;
use crate::pages::Preview;
use crate::query::Query;
use crate::{PageError, api, html, icon};

/// The most that is asked beside a path.
const PAIRS: usize = 1_000;

const HTML: &str = "text/html; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";

#[derive(Clone)]
struct Served {
    preview: Arc<Preview>,
    follower: Arc<Follower>,
    listeners: Arc<Semaphore>,
}

pub(super) fn router(preview: Arc<Preview>, follower: Arc<Follower>, hosts: Hosts) -> Router {
    let hosts = Arc::new(hosts);
    let guard = move |request: Request, next: Next| {
        let hosts = Arc::clone(&hosts);
        async move {
            let answer = if !hosts.welcomes(request.headers()) {
                refused(
                    &request,
                    StatusCode::FORBIDDEN,
                    "this is not the name of the preview: --allow-host NAME allows one",
                )
            } else if !only_reads(request.method()) && !refreshes(&request) {
                let mut answer = refused(&request, StatusCode::METHOD_NOT_ALLOWED, "here is nothing to be changed");
                answer.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
                answer
            } else {
                next.run(request).await
            };
            guarded(answer)
        }
    };
    Router::new()
        .route("/", get(list))
        .route("/environments", get(environments))
        .route("/environments/new", get(new_environment))
        .route("/environments/{above}/{folder}", get(editing))
        .route("/findings", get(findings))
        .route("/catalog/{above}/{folder}", get(entry))
        .route("/catalog/{above}/{folder}/{version}", get(version))
        .route("/catalog/{above}/{folder}/{version}/{part}", get(part))
        .route("/icons/{above}/{folder}", get(picture))
        .route("/assets/{name}", get(asset))
        .route("/events", get(events))
        .route("/v1-catalog", get(catalog_api).post(refresh))
        .route("/v1-catalog/", get(without_slash))
        .route("/v1-catalog/{*path}", get(catalog_api).post(refresh))
        .fallback(nothing)
        .layer(from_fn(guard))
        .with_state(Served { preview, follower, listeners: Arc::new(Semaphore::new(LISTENERS)) })
}

/// What is asked, as a browser writes it into an address.
fn asked(query: Option<&str>) -> Query {
    let decoded = |text: &str| {
        let text = text.replace('+', " ");
        percent_decode_str(&text).decode_utf8_lossy().into_owned()
    };
    let pairs = query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()).take(PAIRS);
    Query(
        pairs
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(name, value)| (decoded(name), decoded(value)))
            .collect(),
    )
}

fn answer(status: StatusCode, kind: &'static str, body: impl Into<Body>) -> Response {
    let mut answer = Response::new(body.into());
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    answer
}

fn plain(status: StatusCode, words: &'static str) -> Response {
    answer(status, TEXT, words)
}

/// Turns a request away: below `/v1-catalog` in the form in which the API has its errors.
fn refused(request: &Request, status: StatusCode, words: &'static str) -> Response {
    let path = request.uri().path();
    if path != "/v1-catalog" && !path.starts_with("/v1-catalog/") {
        return answer(status, TEXT, format!("{words}\n"));
    }
    // A name that is turned away goes into no link.
    let host = request.headers().get(HOST).filter(|_| status != StatusCode::FORBIDDEN);
    let own = host.and_then(|host| host.to_str().ok()).map(|host| format!("http://{host}{path}"));
    answer(status, JSON, api::error(status.as_u16(), words, own.as_deref()).to_string())
}

/// What is made, for as long as somebody waits for it: what has not begun when its reader goes never does.
struct Wanted<T>(JoinHandle<T>);

impl<T> Drop for Wanted<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Makes something where reading files keeps nobody waiting.
async fn aside<T: Send + 'static>(make: impl FnOnce() -> T + Send + 'static) -> Result<T, JoinError> {
    let mut made = Wanted(spawn_blocking(make));
    (&mut made.0).await
}

impl Served {
    /// Makes a page where reading files keeps nobody waiting.
    async fn page(
        self,
        make: impl FnOnce(&Preview, &Follower) -> Result<String, PageError> + Send + 'static,
    ) -> Response {
        let preview = Arc::clone(&self.preview);
        let follower = self.follower;
        let made = aside(move || {
            let root = &preview.shelf.own.root;
            follower.follow(root, false);
            // What allows findings may stand above the catalog.
            let config = match CatalogConfig::read(root) {
                Ok(config) => config.file().to_owned(),
                Err(error) => error.file().to_owned(),
            };
            if let Some(folder) = config.parent() {
                follower.follow(folder, false);
            }
            make(&preview, &follower)
        });
        let error = match made.await {
            Ok(Ok(page)) => return answer(StatusCode::OK, HTML, page),
            Ok(Err(error)) => error,
            Err(_) => PageError::Template("its thread has ended".to_owned()),
        };
        let status = status(&error);
        answer(status, HTML, self.preview.error(status.as_u16(), &error))
    }

    /// As [`Served::page`], of a template.
    async fn of_template(
        self,
        (above, folder): (String, String),
        make: impl FnOnce(&Preview, &Place) -> Result<String, PageError> + Send + 'static,
    ) -> Response {
        self.page(move |preview, follower| {
            let place = preview.place(&above, &folder)?;
            follower.follow(&place.path, true);
            make(preview, &place)
        })
        .await
    }
}

fn status(error: &PageError) -> StatusCode {
    match error {
        PageError::NotThere(_) => StatusCode::NOT_FOUND,
        PageError::Answer(_) => StatusCode::BAD_REQUEST,
        PageError::Unreadable(_) | PageError::Template(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Follows what a list shows: the folders of templates, and config.yml and the icon in each; of some templates all that is in them.
fn follow_all(preview: &Preview, follower: &Follower, is_deep: impl Fn(&Place) -> bool) {
    for place in preview.shelf.own.places().unwrap_or_default() {
        if let Some(above) = place.path.parent() {
            follower.follow(above, false);
        }
        follower.follow(&place.path, is_deep(&place));
    }
}

async fn list(State(served): State<Served>, RawQuery(query): RawQuery) -> Response {
    let asked = asked(query.as_deref());
    served
        .page(move |preview, follower| {
            follow_all(preview, follower, |_| false);
            preview.list(&asked)
        })
        .await
}

async fn environments(State(served): State<Served>, RawQuery(query): RawQuery) -> Response {
    let asked = asked(query.as_deref());
    served
        .page(move |preview, follower| {
            follow_all(preview, follower, Place::is_environment);
            preview.environments(&asked)
        })
        .await
}

async fn new_environment(State(served): State<Served>, RawQuery(query): RawQuery) -> Response {
    let asked = asked(query.as_deref());
    served
        .page(move |preview, follower| {
            follow_all(preview, follower, |_| false);
            preview.editing(None, &asked)
        })
        .await
}

async fn editing(
    State(served): State<Served>,
    Path(template): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Response {
    let asked = asked(query.as_deref());
    served.of_template(template, move |preview, place| preview.editing(Some(place), &asked)).await
}

async fn findings(State(served): State<Served>) -> Response {
    served
        .page(move |preview, follower| {
            follow_all(preview, follower, |_| true);
            preview.all_findings()
        })
        .await
}

async fn entry(
    State(served): State<Served>,
    Path(template): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Response {
    let asked = asked(query.as_deref());
    served.of_template(template, move |preview, place| preview.entry(place, None, &asked)).await
}

async fn version(
    State(served): State<Served>,
    Path((above, folder, version)): Path<(String, String, String)>,
    RawQuery(query): RawQuery,
) -> Response {
    let asked = asked(query.as_deref());
    served.of_template((above, folder), move |preview, place| preview.entry(place, Some(&version), &asked)).await
}

async fn part(
    State(served): State<Served>,
    Path((above, folder, version, part)): Path<(String, String, String, String)>,
    RawQuery(query): RawQuery,
) -> Response {
    let asked = asked(query.as_deref());
    if matches!(part.as_str(), "docker-compose.yml" | "rancher-compose.yml") {
        let preview = Arc::clone(&served.preview);
        let made = aside(move || {
            let place = preview.place(&above, &folder)?;
            preview.compose_file(&place, &version, &part, &asked)
        });
        let mut answered = match made.await {
            Ok(Ok(text)) => answer(StatusCode::OK, TEXT, text),
            Ok(Err(error)) => answer(status(&error), TEXT, format!("{error}\n")),
            Err(_) => plain(StatusCode::INTERNAL_SERVER_ERROR, "the text cannot be made\n"),
        };
        answered.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY_OF_FILES));
        return answered;
    }
    served
        .of_template((above, folder), move |preview, place| match part.as_str() {
            "choices" => preview.choices(place, Some(&version), &asked),
            "upgrade" => preview.upgrade(place, Some(&version), &asked),
            "findings" => preview.version_findings(place, Some(&version), &asked),
            _ => Err(PageError::NotThere("a version has the pages choices, upgrade and findings".to_owned())),
        })
        .await
}

async fn picture(State(served): State<Served>, Path((above, folder)): Path<(String, String)>) -> Response {
    let read = move || icon::read(&served.preview.place(&above, &folder).ok()?);
    match aside(read).await {
        Ok(Some(icon)) => {
            let mut answer = answer(StatusCode::OK, icon.kind, icon.bytes);
            // Opened alone, it is a document of this address: one that may do nothing.
            answer.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY_OF_FILES));
            answer
        }
        _ => plain(StatusCode::NOT_FOUND, "there is no icon\n"),
    }
}

async fn asset(Path(name): Path<String>) -> Response {
    match name.as_str() {
        "preview.css" => answer(StatusCode::OK, "text/css; charset=utf-8", html::STYLE),
        "preview.js" => answer(StatusCode::OK, "text/javascript; charset=utf-8", html::SCRIPT),
        "favicon.svg" => answer(StatusCode::OK, "image/svg+xml", html::FAVICON),
        _ => plain(StatusCode::NOT_FOUND, "there is no such asset\n"),
    }
}

async fn events(State(served): State<Served>) -> Response {
    match Arc::clone(&served.listeners).try_acquire_owned() {
        Ok(place) => news(served.follower.state(), place),
        Err(_) => plain(StatusCode::SERVICE_UNAVAILABLE, "as many pages as can follow the files do so: close one\n"),
    }
}

/// Whether a client of Rancher asks for what is so at any time: that the catalogs are read anew.
fn refreshes(request: &Request) -> bool {
    let is_asked = asked(request.uri().query()).get("action") == Some("refresh");
    request.method() == Method::POST && request.uri().path() == "/v1-catalog/templates" && is_asked
}

async fn refresh() -> Response {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = StatusCode::NO_CONTENT;
    answer
}

/// As Rancher's service does it.
async fn without_slash(uri: Uri) -> Response {
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = StatusCode::MOVED_PERMANENTLY;
    if let Ok(location) = HeaderValue::from_str(&format!("{}{query}", uri.path().trim_end_matches('/'))) {
        answer.headers_mut().insert(LOCATION, location);
    }
    answer
}

async fn catalog_api(State(served): State<Served>, uri: Uri, headers: HeaderMap) -> Response {
    if uri.path().ends_with('/') {
        return without_slash(uri).await;
    }
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let raw_query = uri.query().unwrap_or_default().to_owned();
    let query = asked(Some(&raw_query));
    let project = header("x-api-project-id").filter(|project| !project.is_empty());
    let project = project.or_else(|| query.get("projectId").map(str::to_owned)).filter(|project| !project.is_empty());
    let path = uri.path().strip_prefix("/v1-catalog").unwrap_or_default();
    let asked = Asked {
        path: percent_decode_str(path.trim_matches('/')).decode_utf8_lossy().into_owned(),
        base: format!("http://{}", header("host").unwrap_or_default()),
        project: project.unwrap_or_else(|| "global".to_owned()),
        raw_query,
        query,
    };
    let schemas = format!("{}/v1-catalog/schemas", asked.base);
    let answered = aside(move || api::answer(&served.preview.shelf, &asked)).await;
    let mut answer = match answered {
        Ok(Answer::Json(status, value)) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            answer(status, JSON, value.to_string())
        }
        Ok(Answer::File(kind, bytes)) => answer(StatusCode::OK, kind, bytes),
        Ok(Answer::Nothing) => plain(StatusCode::NOT_FOUND, "404 page not found\n"),
        Err(_) => {
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            answer(status, JSON, api::error(status.as_u16(), "this cannot be answered", None).to_string())
        }
    };
    answer.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY_OF_FILES));
    if let Ok(schemas) = HeaderValue::from_str(&schemas) {
        answer.headers_mut().insert("x-api-schemas", schemas);
    }
    answer
}

async fn nothing(State(served): State<Served>) -> Response {
    let error = PageError::NotThere("there is no such page".to_owned());
    answer(StatusCode::NOT_FOUND, HTML, served.preview.error(404, &error))
}
