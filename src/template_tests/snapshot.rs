//! Whole files that were looked at once, and shall stay so: `tests/snapshots/NAME.docker-compose.yml`.

use std::path::{Path, PathBuf};

use rancher_catalog::beneath::{Beneath, NotRead};
use rancher_catalog::source::MAX_FILE_BYTES;
use rancher_catalog::tests_folder::TESTS;
use rancher_catalog::unified_diff::unified_diff;
use rancher_catalog::yaml::Position;

use super::broken::Broken;
use super::failure::{Failure, bounded};
use super::keys::FILES;
use super::launch::Launched;
use super::places::SNAPSHOTS;

/// A snapshot that is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Its path in the template's folder, with `/`.
    pub path: String,
    /// What is there.
    pub before: Option<Vec<u8>>,
    /// What shall be there.
    pub after: Vec<u8>,
}

/// The snapshots of a template.
pub(super) struct Snapshots {
    template: PathBuf,
    beneath: Beneath,
    is_update: bool,
    seen: Vec<String>,
    to_write: Vec<Snapshot>,
}

impl Snapshots {
    pub(super) fn of(template: &Path, is_update: bool) -> Result<Self, Vec<Broken>> {
        let beneath = Beneath::template(template).map_err(|cause| vec![Broken::whole(template, cause.to_string())])?;
        Ok(Self { template: template.to_owned(), beneath, is_update, seen: Vec::new(), to_write: Vec::new() })
    }

    /// Holds the files against a snapshot, or takes note that it is to be written.
    pub(super) fn compare(&mut self, name: &str, at: Position, launched: &Launched) -> Result<Vec<Failure>, Broken> {
        let mut failures = Vec::new();
        for file in FILES {
            let path = format!("{TESTS}/{SNAPSHOTS}/{name}.{file}");
            let there = match self.beneath.read(Path::new(&path), MAX_FILE_BYTES) {
                Ok(bytes) => Some(bytes),
                Err(NotRead::Missing) => None,
                Err(cause) => return Err(Broken::whole(&self.template.join(&path), cause.to_string())),
            };
            let made = launched.file(file);
            if made.is_some() || there.is_some() {
                self.seen.push(format!("{name}.{file}"));
            }
            let is_same = there.as_deref() == made.map(|made| made.text.as_bytes());
            match made {
                _ if is_same => {}
                Some(made) if self.is_update => {
                    self.to_write.push(Snapshot { path, before: there, after: made.text.clone().into_bytes() })
                }
                Some(made) => failures.push(differs(&path, there.as_deref(), &made.text, at)),
                None => {
                    let message =
                        format!("{path} is there, and the revision has no {file} any more: remove the snapshot");
                    failures.push(Failure { file: Some(path), ..Failure::said(at, message) });
                }
            }
        }
        Ok(failures)
    }

    /// How many files of snapshots were looked at.
    pub(super) fn seen(&self) -> usize {
        self.seen.len()
    }

    /// Of the files in the folder of the snapshots those that no test names.
    pub(super) fn unused(&self, there: &[String]) -> Vec<PathBuf> {
        let unused = there.iter().filter(|name| !name.starts_with('.') && !self.seen.contains(name));
        unused.map(|name| self.template.join(TESTS).join(SNAPSHOTS).join(name)).collect()
    }

    /// Those that are to be written.
    pub(super) fn into_written(self) -> Vec<Snapshot> {
        self.to_write
    }
}

fn differs(path: &str, there: Option<&[u8]>, text: &str, at: Position) -> Failure {
    let message = match there {
        None => "this snapshot is not there yet: --update writes it",
        Some(_) => "what is rendered is not as it was; if it is as it shall be, --update writes it anew",
    };
    let diff = there.map(|there| unified_diff(path, Some(there), "rendered", Some(text.as_bytes())));
    Failure { file: Some(path.to_owned()), diff: diff.as_deref().map(bounded), ..Failure::said(at, message) }
}
