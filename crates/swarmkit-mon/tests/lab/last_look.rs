//! What is looked at once more right before a manager goes on alone, which cannot be taken back: a made-up engine that sees no
//! leader, and the stand-in for Rancher.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response};
use serde_json::{Value, json};
use swarm_lab::lab::rancher::{ACCESS_KEY, Listen, Rancher, SECRET_KEY};
use swarm_lab::trial::Trial;
use swarm_lab::trials;
use swarm_lab::wanted::wanted;
use swarmkit_mon::act::{ActError, Executor};
use swarmkit_mon::engine::Engine;
use swarmkit_mon::making::Making;
use swarmkit_mon::metadata::Metadata;
use swarmkit_mon::observe::{Own, Sources};
use swarmkit_mon::own_container::OwnContainer;
use swarmkit_mon::past::Past;
use swarmkit_mon::plan::Change;
use swarmkit_mon::record::{Claim, Record};
use swarmkit_mon::seal::KeyPair;
use swarmkit_mon::state::{Member, State, StateFile};
use swarmkit_settings::Settings;

use super::made_up_engine;

pub fn trials() -> Vec<Trial> {
    trials![
        a_manager_whose_epoch_stands_goes_on_alone,
        one_whose_epoch_was_taken_back_meanwhile_does_not,
        one_whose_swarm_answers_again_does_not,
    ]
}

/// What happens while the engine is asked for its swarm the last time; whether it answers.
type LastLook = fn(&Rancher) -> bool;

/// Has a manager go on alone. Answers with what came of it, and how often its engine was told to.
fn goes_on_alone(last_look: LastLook) -> (Result<(), ActError>, usize) {
    let local = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let rancher = Arc::new(Rancher::start(Listen { metadata: local, api: local, tls: false }).unwrap());
    rancher.set_metadata_delay(Duration::ZERO);
    let host = rancher.register("h0", IpAddr::from(Ipv4Addr::LOCALHOST));
    let claim = Claim { host: host.clone(), nonce: "n".to_owned() };
    let voters = vec!["node-0".to_owned(), "node-1".to_owned(), "node-2".to_owned()];
    let members = [(host, "node-0".to_owned())].into();
    set_record(
        &rancher,
        Record { cluster: Some("c".to_owned()), recovery: Some(claim), voters, members, ..Record::default() },
    );

    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let socket = folder.path().join("docker.sock");
        let forced = engine(&socket, Arc::clone(&rancher), last_look);
        let environment = |name: &str| match name {
            "CATTLE_URL" => Some(rancher.api_url()),
            "CATTLE_ACCESS_KEY" => Some(ACCESS_KEY.to_owned()),
            "CATTLE_SECRET_KEY" => Some(SECRET_KEY.to_owned()),
            _ => None,
        };
        let sources = Sources {
            engine: Engine::new(&socket).unwrap(),
            metadata: Metadata::new(&rancher.metadata_url()).unwrap(),
            rancher: swarmkit_mon::rancher::Rancher::from_environment(environment).map_err(|error| error.to_string()),
            container: OwnContainer::of_this_process(),
            clock: Arc::default(),
            mirror: None,
        };
        let member = Member { cluster: "c".to_owned(), node: "node-0".to_owned(), manager: true, epoch: 0 };
        let state = State { member: Some(member), ..State::default() };
        let own = Own { nonce: "n".to_owned(), key: "k".to_owned(), state };
        let seen = sources.observe(&wanted(3), own, Past::default(), None).await;
        let (_opened, listening) = tokio::sync::watch::channel(None);
        let executor = Executor {
            sources: &sources,
            keys: &KeyPair::generate(),
            file: &StateFile::new(folder.path()),
            listening: &listening,
            making: &Making::from(&Settings::resolve(|_| None).unwrap()),
        };
        let advertise = IpAddr::from([10, 0, 0, 1]);
        let outcome = executor.change(&seen, &Change::ForceNewCluster { advertise }).await;
        let forced = *forced.lock().unwrap();
        (outcome, forced)
    })
}

fn set_record(rancher: &Rancher, record: Record) {
    let mut metadata = rancher.service_metadata();
    record.write(&mut metadata);
    rancher.set_service_metadata(metadata);
}

/// An engine that manages, and how often it was told to go on alone.
fn engine(socket: &Path, rancher: Arc<Rancher>, last_look: LastLook) -> Arc<Mutex<usize>> {
    let forced = Arc::new(Mutex::new(0));
    let told = Arc::clone(&forced);
    made_up_engine::listen(socket, move |request| {
        let (rancher, told) = (Arc::clone(&rancher), Arc::clone(&told));
        async move { answer(request, &rancher, last_look, &told).await }
    });
    forced
}

async fn answer(
    request: Request<Incoming>,
    rancher: &Rancher,
    last_look: LastLook,
    forced: &Mutex<usize>,
) -> Response<Full<Bytes>> {
    let path = request.uri().path().trim_start_matches("/v1.41").to_owned();
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let (status, said) = match path.as_str() {
        "/version" => (200, json!({ "ApiVersion": "1.41", "MinAPIVersion": "1.12" })),
        "/swarm" if last_look(rancher) => (200, json!({ "ID": "c", "JoinTokens": { "Worker": "SWMTKN-1-x" } })),
        "/swarm/init" => {
            let asked: Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(asked["ForceNewCluster"], true);
            *forced.lock().unwrap() += 1;
            (200, json!("node-0"))
        }
        _ => (500, json!({ "message": "rpc error: The swarm does not have a leader" })),
    };
    Response::builder().status(status).body(Full::from(said.to_string())).unwrap()
}

fn a_manager_whose_epoch_stands_goes_on_alone() {
    let (outcome, forced) = goes_on_alone(|_| false);
    assert!(outcome.is_ok(), "{outcome:?}");
    assert_eq!(forced, 1);
}

fn one_whose_epoch_was_taken_back_meanwhile_does_not() {
    let (outcome, forced) = goes_on_alone(|rancher| {
        // The others are back, and their lease holder has seen what was begun.
        let record = Record::read(&rancher.service_metadata()).unwrap();
        set_record(rancher, Record { epoch: record.epoch + 1, recovery: None, ..record });
        false
    });
    assert!(matches!(&outcome, Err(ActError::Overtaken(why)) if why.contains("does not stand")), "{outcome:?}");
    assert_eq!(forced, 0);
}

fn one_whose_swarm_answers_again_does_not() {
    let (outcome, forced) = goes_on_alone(|_| true);
    assert!(matches!(&outcome, Err(ActError::Overtaken(why)) if why.contains("answers again")), "{outcome:?}");
    assert_eq!(forced, 0);
}
