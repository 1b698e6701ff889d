//! Writes what the acting monitor publishes, beside all else: the swarm is not kept waiting for Rancher's API.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::act::ActError;
use super::engine::Swarm;
use super::labels;
use super::observe::Sources;
use super::past::ms;
use super::plan::Publication;
use super::seal;
use super::status::{Done, Status};

/// The first pause after a write that failed.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What is to be published, as the latest look has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Errand {
    /// What the record shall say.
    pub publication: Publication,
    /// Whether a sign of life is due, even if nothing else has changed.
    pub beat: bool,
    /// The UUID of the service in whose metadata the record is.
    pub service: String,
    /// This process's nonce: as long as no swarm is recorded only the one whose claim stands may record one.
    pub nonce: String,
    /// Why, for people.
    pub why: String,
}

/// How the writing stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// When the last sign of life was given.
    pub beat: Option<Instant>,
    /// Whether something is on its way that may still land.
    pub busy: bool,
}

/// Publishes what each look asks for, until `errands` is dropped.
pub async fn run(
    sources: Arc<Sources>,
    mut errands: watch::Receiver<Option<Errand>>,
    standing: watch::Sender<Standing>,
    status: Arc<RwLock<Status>>,
) {
    let mut pause = FIRST_PAUSE;
    while errands.changed().await.is_ok() {
        let Some(errand) = errands.borrow_and_update().clone() else { continue };
        standing.send_modify(|standing| standing.busy = true);
        let outcome = publish(&sources, &errand).await;
        standing.send_modify(|standing| standing.busy = false);
        let error = match outcome {
            Ok(false) => continue,
            Ok(true) => {
                tracing::info!(
                    action = "publish",
                    why = errand.why,
                    members = errand.publication.members.len(),
                    "done"
                );
                standing.send_modify(|standing| standing.beat = Some(Instant::now()));
                pause = FIRST_PAUSE;
                None
            }
            Err(error) => {
                tracing::warn!(action = "publish", why = errand.why, %error, again_in_ms = ms(pause), "not done");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
                Some(error.to_string())
            }
        };
        let done = Done { at: Instant::now(), what: "publish".to_owned(), why: errand.why, error };
        status.write().unwrap_or_else(PoisonError::into_inner).deed(done);
    }
}

/// Writes the record, and reads back that it stands. Answers whether there was anything to write.
async fn publish(sources: &Sources, errand: &Errand) -> Result<bool, ActError> {
    let Errand { publication, beat, service, nonce, .. } = errand;
    let rancher = sources.rancher.as_ref().map_err(|reason| ActError::NoRancher(reason.clone()))?;
    let swarm = sources.engine.swarm().await?;
    if swarm.id != publication.cluster || seal::mark(swarm.worker_token()) != publication.token {
        return Err(ActError::Overtaken("the swarm is another one than it was, or its token".to_owned()));
    }
    let mut wanted = None;
    let mut published = false;
    let stands = rancher
        .change_record(service, |record| {
            let ours = publication.may_be_written(record, nonce);
            published = publication.is_published(record) && !beat;
            wanted = (ours && !published).then(|| publication.write(record, |host, key| sealed(&swarm, host, key)));
            wanted.clone()
        })
        .await?;
    match wanted {
        None if published => Ok(false),
        None => Err(ActError::Overtaken("another swarm is recorded, or claimed".to_owned())),
        Some(wanted) if wanted != stands => Err(ActError::Overtaken("another writer changed the record".to_owned())),
        Some(_) => Ok(true),
    }
}

fn sealed(swarm: &Swarm, host: &str, key: &str) -> Option<String> {
    let sealed = seal::seal(swarm.worker_token(), key, host);
    if let Err(error) = &sealed {
        tracing::warn!(host, %error, label = labels::KEY, "no token for this host");
    }
    sealed.ok()
}
