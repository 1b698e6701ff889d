//! What becomes of one file of a catalog.

use serde::Serialize;
use similar::TextDiff;

/// A file as it is and as it shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its path in the catalog, with `/`.
    pub path: String,
    /// What is there; `None` for nothing.
    pub before: Option<Vec<u8>>,
    /// What shall be there; `None` for nothing.
    pub after: Option<String>,
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
            (Some(before), Some(after)) if before == after.as_bytes() => ChangeKind::Same,
            (Some(_), Some(_)) => ChangeKind::Update,
        }
    }

    /// The change as a unified diff; empty for a file that stays.
    pub fn unified_diff(&self) -> String {
        if self.kind() == ChangeKind::Same {
            return String::new();
        }
        let before = self.before.as_deref().map(String::from_utf8_lossy).unwrap_or_default();
        let after = self.after.as_deref().unwrap_or_default();
        let name =
            |side: char, exists: bool| if exists { format!("{side}/{}", self.path) } else { "/dev/null".to_owned() };
        TextDiff::from_lines(before.as_ref(), after)
            .unified_diff()
            .header(&name('a', self.before.is_some()), &name('b', self.after.is_some()))
            .to_string()
    }
}
