//! How far a check is: on a terminal, once it takes longer than a moment, and gone when it is done.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use catalog_check::Progress;

/// What takes less is not worth a line.
const PATIENCE: Duration = Duration::from_secs(1);
const PERIOD: Duration = Duration::from_millis(200);
/// To the line's begin, and clears it.
const CLEAR: &str = "\r\u{1b}[K";

/// Shows on standard error how far a check is, until it is dropped.
pub(super) struct Shown {
    thread: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Shown {
    /// Begins, in words such as `templates checked`; does nothing where standard error is no terminal.
    pub(super) fn begin(progress: &Arc<Progress>, what: &'static str, quiet: bool) -> Self {
        if quiet || !io::stderr().is_terminal() {
            return Self { thread: None };
        }
        let progress = Arc::clone(progress);
        let (stop, stopped) = mpsc::channel::<()>();
        let thread = std::thread::spawn(move || {
            let mut wait = PATIENCE;
            let mut shown = false;
            while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(wait) {
                let (done, all) = progress.now();
                let line = if all == 0 { "looking …".to_owned() } else { format!("{done} of {all} {what}") };
                // That nobody sees it is no reason to stop.
                let _ = write!(io::stderr(), "{CLEAR}{line}");
                (wait, shown) = (PERIOD, true);
            }
            if shown {
                let _ = write!(io::stderr(), "{CLEAR}");
            }
        });
        Self { thread: Some((stop, thread)) }
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.thread.take() {
            drop(stop);
            let _ = thread.join();
        }
    }
}
