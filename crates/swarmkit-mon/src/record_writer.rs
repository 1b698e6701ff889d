//! Writes what the lease holder publishes, beside all else: the swarm is not kept waiting for Rancher's API.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use tokio::sync::watch;
use tokio::time::Instant;

use super::act::ActError;
use super::call::CallError;
use super::engine::Swarm;
use super::hand_over::HandOver;
use super::labels;
use super::observe::Sources;
use super::past::ms;
use super::plan::DesiredRecord;
use super::rancher::Rancher;
use super::seal::{self, Joins};
use super::status::{Done, Status};

/// The first pause after a write that failed.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// The longest while Rancher upgrades the service and refuses to change it: that ends without a word.
const UPGRADE_PAUSE: Duration = Duration::from_secs(5);

/// What is to be published, as the latest reconcile has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What the record shall say.
    pub desired_record: DesiredRecord,
    /// Whether a heartbeat is due, even if nothing else has changed.
    pub heartbeat: bool,
    /// When the reconcile began that asks for it.
    pub began: Instant,
    /// The UUID of the service in whose metadata the record is.
    pub service: String,
    /// This process's nonce: as long as no swarm is recorded only the one whose claim stands may record one.
    pub nonce: String,
    /// Why, for people.
    pub why: String,
}

/// How the writing stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// When the last heartbeat was given.
    pub heartbeat: Option<Instant>,
    /// Whether something is on its way that may still land.
    pub busy: bool,
}

/// What came of a request.
enum Outcome {
    /// The record says so already.
    Nothing,
    /// A heartbeat alone.
    Heartbeat,
    /// What the record says has changed.
    Changed,
}

/// Publishes what each reconcile asks for, until `requests` is dropped.
pub async fn run(
    sources: Arc<Sources>,
    mut requests: watch::Receiver<Option<Request>>,
    progress: watch::Sender<Progress>,
    status: Arc<RwLock<Status>>,
) {
    let mut pause = FIRST_PAUSE;
    while requests.changed().await.is_ok() {
        let Some(mut request) = requests.borrow_and_update().clone() else {
            // The record is as it shall be: what was sent has landed, though its answer was lost.
            status.write().unwrap_or_else(PoisonError::into_inner).cannot_write = None;
            continue;
        };
        // One that was given since that reconcile is the one that it asks for.
        request.heartbeat &= progress.borrow().heartbeat.is_none_or(|heartbeat| heartbeat < request.began);
        progress.send_modify(|progress| progress.busy = true);
        let outcome = publish(&sources, &request).await;
        progress.send_modify(|progress| progress.busy = false);
        let refused = |error: &ActError| matches!(error, ActError::Call(error) if error.status() != Some(409));
        let cannot_write = outcome.as_ref().err().filter(|error| refused(error)).map(ToString::to_string);
        status.write().unwrap_or_else(PoisonError::into_inner).cannot_write = cannot_write;
        let error = match outcome {
            Ok(Outcome::Nothing) => continue,
            Ok(outcome) => {
                progress.send_modify(|progress| progress.heartbeat = Some(Instant::now()));
                pause = FIRST_PAUSE;
                have_told(&sources, &request).await;
                if matches!(outcome, Outcome::Heartbeat) {
                    tracing::debug!(action = "publish", why = "a heartbeat", "done");
                    continue;
                }
                tracing::info!(
                    action = "publish",
                    why = request.why,
                    members = request.desired_record.members.len(),
                    "done"
                );
                None
            }
            Err(error) => {
                let is_upgraded = matches!(&error, ActError::Call(error) if error.status() == Some(409));
                if is_upgraded {
                    pause = pause.min(UPGRADE_PAUSE);
                    hand_over(&sources, &request.desired_record).await;
                }
                tracing::warn!(action = "publish", why = request.why, %error, requeue_in_ms = ms(pause), "not done");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
                Some(error.to_string())
            }
        };
        let done = Done { at: Instant::now(), kind: "publish", what: "publish".to_owned(), why: request.why, error };
        status.write().unwrap_or_else(PoisonError::into_inner).action(done);
    }
}

/// Writes the record, and reads back that it stands.
async fn publish(sources: &Sources, request: &Request) -> Result<Outcome, ActError> {
    let Request { desired_record, heartbeat, service, nonce, .. } = request;
    let rancher = sources.rancher.as_ref().map_err(|reason| ActError::NoRancher(reason.clone()))?;
    let swarm = sources.engine.swarm().await?;
    if swarm.id != desired_record.cluster || seal::mark(swarm.worker_token()) != desired_record.token {
        return Err(ActError::Overtaken("the swarm is another one than it was, or its token".to_owned()));
    }
    let mut wanted = None;
    let mut published = false;
    let stands = rancher
        .change_record(service, |record| {
            let ours = desired_record.may_be_written(record, nonce);
            published = desired_record.is_published(record);
            wanted = (ours && (*heartbeat || !published))
                .then(|| desired_record.write(record, |host, key| sealed(&swarm, host, key)));
            wanted.clone()
        })
        .await?;
    match wanted {
        None if published => Ok(Outcome::Nothing),
        None => Err(ActError::Overtaken("another swarm is recorded, or claimed".to_owned())),
        Some(wanted) if wanted != stands => Err(ActError::Overtaken("another writer changed the record".to_owned())),
        Some(_) if published => Ok(Outcome::Heartbeat),
        Some(_) => Ok(Outcome::Changed),
    }
}

/// Rancher stores a change of a service whose upgrade is not finished, and tells nobody.
async fn have_told(sources: &Sources, request: &Request) {
    let Ok(rancher) = &sources.rancher else { return };
    let host = &request.desired_record.lease;
    // A word that was not there before, so that it is a change.
    let word = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, ms).to_string();
    if let Err(error) = rancher.have_told(&request.service, host, &word).await {
        tracing::debug!(%error, "what was recorded may be told late");
    }
}

/// Gives the hosts that wait what they need by their own labels: the record cannot be written now.
async fn hand_over(sources: &Sources, desired_record: &DesiredRecord) {
    let Ok(rancher) = &sources.rancher else { return };
    let Ok(swarm) = sources.engine.swarm().await else { return };
    if seal::mark(swarm.worker_token()) != desired_record.token {
        return;
    }
    for (host, key) in &desired_record.waiting {
        let DesiredRecord { cluster, managers, token, .. } = desired_record;
        let make = || Some(HandOver::new(cluster, managers, key, token, sealed(&swarm, host, key)?));
        let stands = |given: &HandOver| given.mark == *token && given.managers == *managers;
        match hand_to(rancher, host, key, stands, make).await {
            Ok(false) => {}
            Ok(true) => tracing::info!(host, label = labels::TOKEN, "join token handed over by a host label"),
            Err(error) => tracing::warn!(host, label = labels::TOKEN, %error, "join token not handed over"),
        }
    }
}

/// Writes a host's label, unless it stands. Answers whether it was written.
async fn hand_to(
    rancher: &Rancher,
    host: &str,
    key: &str,
    stands: impl Fn(&HandOver) -> bool,
    make: impl FnOnce() -> Option<HandOver>,
) -> Result<bool, CallError> {
    let mut written = false;
    rancher
        .change_label(host, labels::TOKEN, |label| {
            if label.and_then(|label| HandOver::read(label, key)).is_some_and(|given| stands(&given)) {
                return None;
            }
            let given = make()?.to_string();
            written = true;
            Some(given)
        })
        .await?;
    Ok(written)
}

fn sealed(swarm: &Swarm, host: &str, key: &str) -> Option<String> {
    let joins = Joins { host, cluster: &swarm.id };
    let sealed = seal::seal(swarm.worker_token(), key, joins);
    if let Err(error) = &sealed {
        tracing::warn!(host, %error, label = labels::KEY, "no token for this host");
    }
    sealed.ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::*;
    use crate::engine::Engine;
    use crate::metadata::Metadata;
    use crate::own_container::OwnContainer;

    /// All of it is nowhere.
    fn sources() -> Arc<Sources> {
        let environment = |name: &str| match name {
            "CATTLE_URL" => Some("http://127.0.0.1:1/v1".to_owned()),
            _ => Some("key".to_owned()),
        };
        Arc::new(Sources {
            engine: Engine::new(Path::new("/nowhere")).unwrap(),
            metadata: Metadata::new("http://127.0.0.1:1").unwrap(),
            rancher: Rancher::from_environment(environment).map_err(|error| error.to_string()),
            container: OwnContainer::of_this_process(),
            clock: Arc::default(),
            mirror: None,
        })
    }

    fn request() -> Request {
        let desired_record = DesiredRecord {
            cluster: "c".to_owned(),
            replaces: None,
            epoch: 0,
            takes_back: None,
            managers: Vec::new(),
            members: BTreeMap::new(),
            voters: Vec::new(),
            others: Vec::new(),
            former: BTreeMap::new(),
            lost: Vec::new(),
            lease: "host".to_owned(),
            waiting: BTreeMap::new(),
            token: String::new(),
            kept: None,
        };
        let (service, nonce, why) = ("service".to_owned(), "n".to_owned(), String::new());
        Request { desired_record, heartbeat: false, began: Instant::now(), service, nonce, why }
    }

    #[test]
    fn what_could_not_be_written_is_no_trouble_any_more_once_nothing_is_to_be_written() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let status = Arc::new(RwLock::new(Status::default()));
            let (send, requests) = watch::channel(None);
            let (progress, _progress) = watch::channel(Progress::default());
            let writes = run(sources(), requests, progress, Arc::clone(&status));
            let told = async {
                let cannot_write = || status.read().unwrap().cannot_write.is_some();
                send.send_replace(Some(request()));
                tokio::time::sleep(Duration::from_secs(60)).await;
                assert!(cannot_write());
                send.send_replace(None);
                tokio::time::sleep(Duration::from_secs(60)).await;
                assert!(!cannot_write());
            };
            tokio::select! {
                () = writes => unreachable!("it goes on"),
                () = told => {}
            }
        });
    }
}
