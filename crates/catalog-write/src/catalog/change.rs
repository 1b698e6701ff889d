//! What becomes of one file of a catalog.

use rancher_catalog::unified_diff::unified_diff;
use serde::Serialize;

/// A file as it is and as it shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its path in the catalog, with `/`.
    pub path: String,
    /// What is there; `None` for nothing.
    pub before: Option<Vec<u8>>,
    /// What shall be there; `None` for nothing.
    pub after: Option<Vec<u8>>,
    /// Whether it may be run, as a file that it is a copy of.
    pub executable: bool,
    /// Whether it belongs to a version that the catalog has already: then it never changes.
    pub published: bool,
}

/// How a file changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ChangeKind {
    /// It is new.
    Create,
    /// Its content changes.
    Update,
    /// It stays.
    Same,
    /// It should not be there.
    Unexpected,
}

impl Change {
    /// How it changes.
    pub fn kind(&self) -> ChangeKind {
        match (&self.before, &self.after) {
            (None, _) => ChangeKind::Create,
            (Some(_), None) => ChangeKind::Unexpected,
            (Some(before), Some(after)) if before == after => ChangeKind::Same,
            (Some(_), Some(_)) => ChangeKind::Update,
        }
    }

    /// The change as a unified diff; empty for a file that stays.
    pub fn unified_diff(&self) -> String {
        if self.kind() == ChangeKind::Same {
            return String::new();
        }
        let name = |side: char| format!("{side}/{}", self.path);
        let (before, after) = (self.before.as_deref(), self.after.as_deref());
        unified_diff(&name('a'), before, &name('b'), after)
    }
}
