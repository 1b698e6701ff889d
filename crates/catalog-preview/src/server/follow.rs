//! Follows the files of what was looked at: whoever shows it is told when one of them was written.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use notify::event::ModifyKind;
use notify::{Config, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::watch;

/// The most folders that are followed: the system has an end to them too.
const MOST: usize = 4_000;
/// Editors write a file in several steps: what follows this soon is one change.
const PAUSE: Duration = Duration::from_millis(30);

/// Follows files.
pub(super) struct Follower {
    watcher: Mutex<Option<RecommendedWatcher>>,
    /// The folders, and whether what is below them is followed too.
    followed: Mutex<HashMap<PathBuf, bool>>,
    /// Whether a folder may be another one than that which is followed by its name.
    has_moved: Arc<AtomicBool>,
    state: watch::Receiver<State>,
}

/// How often something was written, and when last.
#[derive(Debug, Clone, Copy)]
pub(super) struct State {
    number: u64,
    at: Instant,
}

impl State {
    /// Tells states apart, also those of another run.
    pub(super) fn name(self) -> String {
        self.number.to_string()
    }

    /// How long to wait until all of a change is there.
    pub(super) fn settles_in(self) -> Duration {
        PAUSE.saturating_sub(self.at.elapsed())
    }
}

impl Follower {
    pub(super) fn new() -> Self {
        let begun = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let begun = u64::try_from(begun.as_millis()).unwrap_or(0);
        let (told, state) = watch::channel(State { number: begun, at: Instant::now() });
        let has_moved = Arc::new(AtomicBool::new(false));
        let moved = Arc::clone(&has_moved);
        let take = move |event: notify::Result<Event>| {
            let kind = event.map(|event| event.kind);
            if matches!(kind, Ok(EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_)))) {
                moved.store(true, Ordering::Relaxed);
            }
            // To look is not to write.
            if !matches!(kind, Err(_) | Ok(EventKind::Access(_))) {
                told.send_modify(|state| *state = State { number: state.number + 1, at: Instant::now() });
            }
        };
        // A link leads out of the catalog.
        let watcher = RecommendedWatcher::new(take, Config::default().with_follow_symlinks(false)).ok();
        Self { watcher: Mutex::new(watcher), followed: Mutex::new(HashMap::new()), has_moved, state }
    }

    /// Follows a folder, with all below it if that is wanted.
    pub(super) fn follow(&self, folder: &Path, is_deep: bool) {
        let mut followed = self.followed.lock().unwrap_or_else(PoisonError::into_inner);
        if self.has_moved.swap(false, Ordering::Relaxed) {
            followed.clear();
        }
        let is_followed = followed.get(folder).is_some_and(|deep| *deep || !is_deep);
        if is_followed || followed.len() >= MOST {
            return;
        }
        let mut watcher = self.watcher.lock().unwrap_or_else(PoisonError::into_inner);
        let mode = if is_deep { RecursiveMode::Recursive } else { RecursiveMode::NonRecursive };
        // Where the system has no more of them a page is read anew by hand.
        if watcher.as_mut().is_some_and(|watcher| watcher.watch(folder, mode).is_ok()) {
            followed.insert(folder.to_owned(), is_deep);
        }
    }

    /// What tells of changes.
    pub(super) fn state(&self) -> watch::Receiver<State> {
        self.state.clone()
    }
}
