//! When a backup is made: of a manager that does not lead, so often, and the newest are kept.

use std::future::Future;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use serde::Serialize;
use tokio::time::Instant;

use super::BackupError;
use super::folder::{Backup, Folder};
use super::take::take;
use crate::observe::Sources;
use crate::overview::since;
use crate::past::ms;
use crate::status::{Done, Status};
use swarmkit_settings::Settings;

/// How often is looked whether one is due.
const LOOK: Duration = Duration::from_secs(60);
/// How long a monitor has to have run before its first: a swarm that was made just now is not worth one.
const FIRST: Duration = Duration::from_secs(600);
/// How long after one that failed the next is tried.
const AGAIN: Duration = Duration::from_secs(600);

/// How often, and how many are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    every: Option<Duration>,
    kept: usize,
}

impl From<&Settings> for Schedule {
    fn from(settings: &Settings) -> Self {
        Self {
            every: Some(u64::from(settings.backup_every) * 3600).filter(|every| *every > 0).map(Duration::from_secs),
            kept: usize::from(settings.backups_kept),
        }
    }
}

/// How this host's backups stand.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Backups {
    /// How often one is made, in milliseconds; 0 for never.
    pub every_ms: u64,
    /// How many there are.
    pub count: usize,
    /// When the newest was made; told as its age in milliseconds.
    #[serde(rename = "age_ms", serialize_with = "age")]
    pub newest: Option<SystemTime>,
    /// How large it is, in bytes.
    pub bytes: Option<u64>,
    /// Why the last one could not be made.
    pub error: Option<String>,
}

fn age<S: serde::Serializer>(made: &Option<SystemTime>, serializer: S) -> Result<S::Ok, S::Error> {
    made.map(age_ms).serialize(serializer)
}

fn age_ms(made: SystemTime) -> u64 {
    ms(made.elapsed().unwrap_or_default())
}

impl Backups {
    fn of(schedule: &Schedule, there: &[Backup], error: Option<String>) -> Self {
        Self {
            every_ms: schedule.every.map(ms).unwrap_or_default(),
            count: there.len(),
            newest: there.first().map(|newest| newest.made),
            bytes: there.first().map(|newest| newest.bytes),
            error,
        }
    }

    /// How old the newest is, in milliseconds.
    pub fn age_ms(&self) -> Option<u64> {
        self.newest.map(age_ms)
    }

    /// What a person should know of them.
    pub fn warning(&self) -> Option<String> {
        self.error.as_ref().map(|error| format!("no backup could be made: {error}"))
    }
}

/// Whether the next one is due, of a monitor that has run for so long. One from the future says that a clock was wrong.
fn is_due(newest: Option<&Backup>, runs: Duration, every: Duration) -> bool {
    let is_fresh = |backup: &Backup| match backup.made.elapsed() {
        Ok(age) => age < every,
        Err(ahead) => ahead.duration() < every,
    };
    runs >= FIRST && !newest.is_some_and(is_fresh)
}

/// Makes backups for as long as it is let.
pub async fn run(schedule: Schedule, folder: Folder, sources: Arc<Sources>, status: Arc<RwLock<Status>>) {
    let may = || status.read().unwrap_or_else(PoisonError::into_inner).may_be_backed_up();
    follow(schedule, &folder, &status, may, || take(&sources.engine, &folder, schedule.kept)).await;
}

async fn follow<F: Future<Output = Result<Backup, BackupError>>>(
    schedule: Schedule,
    folder: &Folder,
    status: &RwLock<Status>,
    may: impl Fn() -> bool,
    take: impl Fn() -> F,
) {
    let with = |change: &dyn Fn(&mut Status)| change(&mut status.write().unwrap_or_else(PoisonError::into_inner));
    let began = Instant::now();
    let mut failed: Option<(Instant, String)> = None;
    loop {
        let there = folder.backups();
        let newest = there.as_ref().ok().and_then(|there| there.first());
        let may = may();
        let waits = failed.as_ref().is_some_and(|(at, _)| at.elapsed() < AGAIN);
        let due = schedule.every.is_some_and(|every| is_due(newest, began.elapsed(), every));
        if due && may && !waits {
            let why = match newest {
                None => "this host has no backup yet".to_owned(),
                Some(newest) => format!("the newest one is {} old", since(ms(newest.age()))),
            };
            let (what, error) = match take().await {
                Ok(made) => {
                    tracing::info!(file = %made.path.display(), bytes = made.bytes, why, "backup made");
                    failed = None;
                    (format!("backup {}", made.path.display()), None)
                }
                Err(error) => {
                    let error = error.to_string();
                    // It is tried again and again, and told once.
                    if failed.as_ref().is_none_or(|(_, before)| *before != error) {
                        tracing::warn!(why, error, "no backup could be made; it is tried again every 10 min");
                    }
                    failed = Some((Instant::now(), error.clone()));
                    ("backup".to_owned(), Some(error))
                }
            };
            with(&|status| {
                let (what, why, error) = (what.clone(), why.clone(), error.clone());
                status.action(Done { at: Instant::now(), kind: "backup", what, why, error });
            });
        } else if !may {
            // Another one's turn: what failed here is nobody's concern any more.
            failed = None;
        }
        let error = failed.as_ref().map(|(_, error)| error.clone());
        let backups = match folder.backups() {
            Ok(there) => Backups::of(&schedule, &there, error),
            Err(unreadable) => Backups::of(&schedule, &[], error.or(Some(unreadable.to_string()))),
        };
        with(&|status| status.backups = backups.clone());
        tokio::time::sleep(LOOK).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::path::PathBuf;

    fn made(ago: Duration) -> Backup {
        Backup { path: PathBuf::from("b"), made: SystemTime::now() - ago, bytes: 1 }
    }

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn one_is_due_when_the_newest_is_old_and_not_right_after_the_start() {
        assert!(!is_due(None, Duration::ZERO, HOUR));
        assert!(is_due(None, FIRST, HOUR));
        assert!(!is_due(Some(&made(HOUR / 2)), FIRST, HOUR));
        assert!(is_due(Some(&made(HOUR)), FIRST, HOUR));
        let ahead = |by: Duration| Backup { made: SystemTime::now() + by, ..made(Duration::ZERO) };
        assert!(!is_due(Some(&ahead(HOUR / 2)), FIRST, HOUR), "a clock that was set a little");
        assert!(is_due(Some(&ahead(HOUR * 1000)), FIRST, HOUR), "one that was wrong");
    }

    /// How often one was made, or tried, within some time.
    fn times(
        every: Option<Duration>,
        during: Duration,
        outcome: impl Fn(u32) -> Result<Backup, BackupError>,
    ) -> (u32, Backups) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let root = tempfile::tempdir().unwrap();
        let (status, count) = (RwLock::new(Status::default()), Cell::new(0));
        let take = || {
            count.set(count.get() + 1);
            std::future::ready(outcome(count.get()))
        };
        let schedule = Schedule { every, kept: 3 };
        let folder = Folder::new(&root.path().join("backups"));
        runtime.block_on(async {
            let _ = tokio::time::timeout(during, follow(schedule, &folder, &status, || true, take)).await;
        });
        let backups = status.read().unwrap().backups.clone();
        (count.get(), backups)
    }

    #[test]
    fn one_that_fails_is_tried_again_and_again_and_said_until_it_is_made() {
        let full = |_| Err(BackupError::Not("the disk is full".to_owned()));
        let (tried, backups) = times(Some(HOUR), HOUR, full);
        assert_eq!(tried, 6);
        assert_eq!(backups.warning().unwrap(), "no backup could be made: the disk is full");
        let (_, backups) =
            times(Some(HOUR), HOUR, |tried| if tried < 3 { full(tried) } else { Ok(made(Duration::ZERO)) });
        assert_eq!(backups.warning(), None);
    }

    #[test]
    fn the_age_of_the_newest_is_told_to_programs() {
        let newest = Some(SystemTime::now() - HOUR);
        let told = serde_json::to_value(Backups { newest, ..Backups::default() }).unwrap();
        assert!(told["age_ms"].as_u64().is_some_and(|age| (3_600_000..3_700_000).contains(&age)), "{told}");
    }

    #[test]
    fn none_is_made_where_none_is_wanted() {
        assert_eq!(times(None, HOUR * 100, |_| Ok(made(Duration::ZERO))).0, 0);
    }
}
