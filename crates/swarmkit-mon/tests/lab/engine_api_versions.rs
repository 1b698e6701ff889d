//! Engines of any age: the newest version of the Engine API that both sides speak is spoken, or it is said why none is.

use std::path::Path;
use std::sync::{Arc, Mutex};
use swarm_lab::trial::Trial;
use swarm_lab::trial::trial;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response};
use serde_json::{Value, json};
use swarmkit_mon::engine::Engine;
use swarmkit_mon::metadata::Metadata;
use swarmkit_mon::observe::{Observation, Own, Recovery, Sources, Wanted};
use swarmkit_mon::own_container::OwnContainer;
use swarmkit_mon::past::Past;
use swarmkit_mon::plan::{Plan, Stage, plan};
use swarmkit_mon::state::State;

use super::made_up_engine;

pub fn trials() -> Vec<Trial> {
    vec![
        trial("the_newest_version_that_both_speak_is_spoken", None, || {
            block_on(the_newest_version_that_both_speak_is_spoken())
        }),
        trial("where_there_is_none_it_says_what_to_do", None, || block_on(where_there_is_none_it_says_what_to_do())),
        trial("an_engine_of_another_version_behind_the_same_socket_is_understood", None, || {
            block_on(an_engine_of_another_version_behind_the_same_socket_is_understood())
        }),
        trial("no_engine_at_all_is_said", None, || block_on(no_engine_at_all_is_said())),
    ]
}

/// What an engine answers to `/version`, and what it was asked.
#[derive(Clone, Default)]
struct Fake {
    version: Arc<Mutex<Value>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Fake {
    fn start(socket: &Path) -> Self {
        let fake = Self::default();
        let answering = fake.clone();
        made_up_engine::listen(socket, move |request| std::future::ready(answering.answer(&request)));
        fake
    }

    /// As an engine does: a version that it does not serve is refused.
    fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        let path = request.uri().path().to_owned();
        self.asked.lock().unwrap().push(path.clone());
        let served = self.version.lock().unwrap().clone();
        let number = |text: &str| text.rsplit('.').next().and_then(|minor| minor.parse::<u32>().ok());
        let asked = path.strip_prefix("/v").and_then(|rest| rest.split('/').next()).and_then(number);
        let newest = served["ApiVersion"].as_str().and_then(number);
        let oldest = served["MinAPIVersion"].as_str().and_then(number).or(Some(12));
        let refused = asked.is_some() && (asked < oldest || asked > newest);
        let (status, body) = match path.as_str() {
            "/version" => (200, served),
            _ if refused => (400, json!({"message": "client version is not supported"})),
            path if path.ends_with("/info") => (200, json!({"Swarm": {"LocalNodeState": "inactive"}})),
            _ => (404, json!({"message": "page not found"})),
        };
        Response::builder().status(status).body(Full::from(body.to_string())).unwrap()
    }

    fn serves(&self, version: Value) {
        *self.version.lock().unwrap() = version;
        self.asked.lock().unwrap().clear();
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// What the daemon makes of an engine, with nothing else there.
async fn look(socket: &Path) -> (Observation, Plan) {
    look_at(&sources(socket)).await
}

fn sources(socket: &Path) -> Sources {
    Sources {
        engine: Engine::new(socket).unwrap(),
        metadata: Metadata::new("http://127.0.0.1:1").unwrap(),
        rancher: Err("none".to_owned()),
        container: OwnContainer::of_this_process(),
        clock: Arc::default(),
        mirror: None,
    }
}

async fn look_at(sources: &Sources) -> (Observation, Plan) {
    let wanted = Wanted {
        managers: 3,
        drain_managers: false,
        manager_label: "m".to_owned(),
        zone_label: "z".to_owned(),
        network: None,
        grace_ms: 60_000,
        recovery: Recovery::Removed,
        period_ms: 30_000,
    };
    let own = Own { nonce: "n".to_owned(), key: "k".to_owned(), state: State::default() };
    let seen = sources.observe(&wanted, own, Past::default(), None).await;
    let plan = plan(&seen);
    (seen, plan)
}

/// A fake engine, its socket, and the folder that holds it.
fn fake() -> (Fake, std::path::PathBuf, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("docker.sock");
    (Fake::start(&socket), socket, folder)
}

async fn the_newest_version_that_both_speak_is_spoken() {
    let (fake, socket, _folder) = fake();
    for (served, spoken) in [
        (json!({"Version": "1.13.1", "ApiVersion": "1.25"}), "/v1.25/info"),
        (json!({"Version": "1.13.1", "ApiVersion": "1.25", "MinAPIVersion": "1.12"}), "/v1.25/info"),
        (json!({"Version": "20.10.24", "ApiVersion": "1.41", "MinAPIVersion": "1.12"}), "/v1.41/info"),
        (json!({"Version": "28.2.2", "ApiVersion": "1.50", "MinAPIVersion": "1.24"}), "/v1.44/info"),
        (json!({"Version": "29.0.0", "ApiVersion": "1.52", "MinAPIVersion": "1.44"}), "/v1.44/info"),
    ] {
        fake.serves(served.clone());
        let (seen, plan) = look(&socket).await;
        assert!(seen.engine.is_ok(), "{served}: {:?}", seen.engine);
        // Only Rancher is missing now.
        assert_eq!(plan.stage, Stage::NoMetadata, "{plan}");
        assert_eq!(fake.asked(), ["/version", spoken], "{served}");
    }
}

async fn where_there_is_none_it_says_what_to_do() {
    let (fake, socket, _folder) = fake();
    for (served, said) in [
        (json!({"Version": "1.12.6", "ApiVersion": "1.24"}), "Docker 1.13 or later is needed"),
        (json!({"Version": "99", "ApiVersion": "1.90", "MinAPIVersion": "1.60"}), "upgrade the entry"),
        (json!({"ApiVersion": "new"}), "the engine's API version is `new`"),
        (json!({"message": "no"}), "ApiVersion"),
        (json!("page"), "unreadable answer"),
    ] {
        fake.serves(served.clone());
        let (_, plan) = look(&socket).await;
        assert_eq!(plan.stage, Stage::NoEngine, "{served}: {plan}");
        assert!(plan.reason.contains(said) && plan.is_quiet(), "{served}: {plan}");
        assert!(fake.asked().iter().all(|path| path == "/version"), "{:?}", fake.asked());
    }
}

async fn an_engine_of_another_version_behind_the_same_socket_is_understood() {
    let (fake, socket, _folder) = fake();
    let sources = sources(&socket);
    let served = |version: &str, oldest: &str| json!({"ApiVersion": version, "MinAPIVersion": oldest});
    for (version, oldest) in [("1.41", "1.12"), ("1.52", "1.44"), ("1.30", "1.12")] {
        fake.serves(served(version, oldest));
        // The first reconcile after the change may find out.
        let (first, _) = look_at(&sources).await;
        let (second, _) = look_at(&sources).await;
        assert!(second.engine.is_ok(), "{version}: {:?}, then {:?}", first.engine, second.engine);
    }
}

async fn no_engine_at_all_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let (_, plan) = look(&folder.path().join("docker.sock")).await;
    assert_eq!(plan.stage, Stage::NoEngine);
    assert!(plan.reason.contains("engine: GET /version: cannot be reached"), "{plan}");
}

fn block_on(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
}
