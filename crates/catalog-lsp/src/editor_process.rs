//! The editor's process: it may end while another one holds its end of standard input open.

use std::fs;
use std::path::PathBuf;
use std::sync::mpsc::SyncSender;
use std::thread;
use std::time::Duration;

use crate::wire::Received;

/// How often it is looked for.
const EVERY: Duration = Duration::from_secs(2);

/// A process that was seen running.
#[derive(Debug)]
pub(crate) struct EditorProcess {
    file: PathBuf,
    /// When it began: its number may be that of another process later.
    began: String,
}

impl EditorProcess {
    /// `None` of one that cannot be seen from here: it may be outside the container that this process is in, and well.
    pub(crate) fn seen(id: u32) -> Option<Self> {
        let file = PathBuf::from(format!("/proc/{id}/stat"));
        let began = began(&fs::read_to_string(&file).ok()?)?;
        Some(Self { file, began })
    }

    pub(crate) fn is_running(&self) -> bool {
        fs::read_to_string(&self.file).ok().and_then(|stat| began(&stat)).is_some_and(|began| began == self.began)
    }

    /// Tells when it is gone.
    pub(crate) fn watch(self, to: SyncSender<Received>) {
        thread::spawn(move || {
            while self.is_running() {
                thread::sleep(EVERY);
            }
            // Nobody listens where the conversation is over.
            let _ = to.send(Received::Gone);
        });
    }
}

/// When a process began, if it has not ended: `PID (NAME) STATE …`, where the name may hold anything.
fn began(stat: &str) -> Option<String> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    let state = fields.next()?;
    let is_over = ["Z", "X", "x"].contains(&state);
    // It is the 22nd of all.
    fields.nth(18).filter(|_| !is_over).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_known_by_when_it_began_until_it_has_ended() {
        let stat = |state: &str| format!("7 (a) b (c) {state} 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 began 20\n");
        assert_eq!(began(&stat("S")).as_deref(), Some("began"));
        assert_eq!(began(&stat("Z")), None);
        for other in ["", "7 (a) S 1", "7 (a"] {
            assert_eq!(began(other), None, "{other}");
        }
    }

    #[test]
    fn a_process_that_is_not_there_is_not_seen_and_this_one_runs() {
        assert!(EditorProcess::seen(u32::MAX).is_none());
        if std::path::Path::new("/proc/self/stat").exists() {
            assert!(EditorProcess::seen(std::process::id()).unwrap().is_running());
        }
    }
}
