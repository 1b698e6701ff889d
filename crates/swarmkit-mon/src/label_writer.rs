//! Keeps our labels on this host in Rancher, beside all else: a label that cannot be written stops nothing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::labels::{DesiredLabels, TOUCHED};
use super::observe::Sources;
use super::past::ms;

/// The first pause after a write that failed.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// For how long rancher-metadata may not know of a write yet.
const LATE: Duration = Duration::from_secs(15);
/// How often in a row the same labels are written before it is said, and done less often.
const FIGHT: u32 = 3;
/// For how long a word about waiting must hold before it is worth a write of its own.
const HOLD: Duration = Duration::from_secs(3);

/// What the labels shall be, and what rancher-metadata says they are.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wanted {
    /// The host's UUID.
    pub host: String,
    /// What they shall be; `None` leaves them as they are.
    pub desired: Option<DesiredLabels>,
    /// What they were some seconds ago.
    pub seen: BTreeMap<String, String>,
}

/// How the labels stand.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Progress {
    /// Whether they are as desired, as far as is known.
    pub met: bool,
    /// Why they could not be written, if that is so.
    pub error: Option<String>,
}

/// Writes labels whenever they are not as desired, until `wanted` is dropped.
pub async fn run(sources: Arc<Sources>, mut wanted: watch::Receiver<Wanted>, progress: watch::Sender<Progress>) {
    // What was written and read back last, which is newer than what metadata says.
    let mut written: Option<(DesiredLabels, tokio::time::Instant)> = None;
    let mut pause = FIRST_PAUSE;
    // How often in a row the same was written.
    let mut again = 0_u32;
    loop {
        let now = wanted.borrow_and_update().clone();
        let failed = match &now.desired {
            Some(desired) if !is_met(desired, &now, written.as_ref()) => {
                if is_small_talk(desired, written.as_ref()) {
                    // It may be over before it is written.
                    tokio::select! {
                        () = tokio::time::sleep(HOLD) => {}
                        changed = wanted.changed() => {
                            if changed.is_err() { return }
                            if wanted.borrow().desired.as_ref() != Some(desired) { continue }
                        }
                    }
                }
                let is_requeued =
                    written.as_ref().is_some_and(|(last, _)| last == desired) && !is_but_touched(desired, &now);
                again = if is_requeued { again + 1 } else { 0 };
                if again == FIGHT {
                    tracing::warn!(
                        host = now.host,
                        "somebody else writes this host's labels again and again: two hosts may have one Rancher identity"
                    );
                }
                if again >= FIGHT {
                    tokio::select! {
                        () = tokio::time::sleep(LATE * 2_u32.pow((again - FIGHT).min(4))) => {}
                        changed = other_labels(&mut wanted, &now.desired) => {
                            if changed.is_err() { return }
                            continue;
                        }
                    }
                }
                write(&sources, &now.host, desired)
                    .await
                    .map(|()| written = Some((desired.clone(), tokio::time::Instant::now())))
            }
            _ => Ok(()),
        };
        let error = failed.err();
        if let Some(error) = &error {
            tracing::warn!(error, requeue_in_ms = ms(pause), "host labels not written");
        }
        progress.send_replace(Progress { met: error.is_none(), error: error.clone() });
        let changed = if error.is_some() {
            let changed = tokio::select! {
                () = tokio::time::sleep(pause) => Ok(()),
                changed = other_labels(&mut wanted, &now.desired) => changed,
            };
            pause = (pause * 2).min(LONGEST_PAUSE);
            changed
        } else {
            pause = FIRST_PAUSE;
            let doubted = now.desired.as_ref().is_some_and(|desired| !desired.is_met(&now.seen));
            tokio::select! {
                changed = wanted.changed() => changed,
                // Either rancher-metadata is late, or somebody has overwritten them.
                () = tokio::time::sleep(LATE), if doubted => Ok(()),
            }
        };
        if changed.is_err() {
            return;
        }
    }
}

/// Waits for desired labels that are others: news that leave it as it is are no reason to try again sooner.
async fn other_labels(
    wanted: &mut watch::Receiver<Wanted>,
    than: &Option<DesiredLabels>,
) -> Result<(), watch::error::RecvError> {
    wanted.wait_for(|wanted| wanted.desired != *than).await.map(drop)
}

/// Metadata is late: what it says counts only some time after a write.
fn is_met(desired: &DesiredLabels, now: &Wanted, written: Option<&(DesiredLabels, tokio::time::Instant)>) -> bool {
    match written {
        Some((last, at)) if at.elapsed() < LATE => last == desired,
        _ => desired.is_met(&now.seen),
    }
}

/// Whether the lease holder's own label is all that is to go.
fn is_but_touched(desired: &DesiredLabels, now: &Wanted) -> bool {
    let mut others = now.seen.clone();
    others.remove(TOUCHED).is_some() && desired.is_met(&others)
}

/// Whether only the word about what the host waits for differs from what was written last.
fn is_small_talk(desired: &DesiredLabels, written: Option<&(DesiredLabels, tokio::time::Instant)>) -> bool {
    written.is_some_and(|(last, _)| last.key == desired.key && last.node == desired.node && last.key.is_some())
}

async fn write(sources: &Sources, host: &str, desired: &DesiredLabels) -> Result<(), String> {
    let rancher = sources.rancher.as_ref().map_err(Clone::clone)?;
    let labels = rancher.change_labels(host, desired).await.map_err(|error| error.to_string())?;
    if desired.is_met(&labels) {
        tracing::info!(
            part = desired.part.unwrap_or("-"),
            node = desired.node.as_deref().unwrap_or("-"),
            waits = desired.key.is_some(),
            "host labels written"
        );
        return Ok(());
    }
    Err("another writer changed this host's labels meanwhile".to_owned())
}
