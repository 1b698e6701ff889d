//! Why tests cannot be run.

use std::fmt;
use std::path::{Path, PathBuf};

use rancher_catalog::yaml::Position;

use super::shape::Wrong;

/// Something that keeps a test from being run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The file or folder.
    pub path: PathBuf,
    /// Where in it.
    pub at: Option<Position>,
    /// What is wrong, and what to do.
    pub reason: String,
}

impl Broken {
    /// A file or folder as a whole.
    pub(super) fn whole(path: &Path, reason: impl Into<String>) -> Self {
        Self { path: path.to_owned(), at: None, reason: reason.into() }
    }

    /// A place in a file.
    pub(super) fn at(path: &Path, at: Position, reason: impl Into<String>) -> Self {
        Self { path: path.to_owned(), at: Some(at), reason: reason.into() }
    }

    pub(super) fn of(path: &Path, wrong: Wrong) -> Self {
        Self::at(path, wrong.at, wrong.reason)
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let here = std::env::current_dir().unwrap_or_default();
        write!(f, "{}:", self.path.strip_prefix(&here).unwrap_or(&self.path).display())?;
        if let Some(at) = self.at {
            write!(f, "{}:{}:", at.line, at.column)?;
        }
        write!(f, " {}", self.reason)
    }
}

impl std::error::Error for Broken {}
