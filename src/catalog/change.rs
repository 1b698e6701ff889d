//! What becomes of one file of a catalog.

use std::time::Duration;

use serde::Serialize;
use similar::TextDiff;

/// How long the shortest diff of two files is looked for; then a longer one will do.
const DIFF_LIMIT: Duration = Duration::from_secs(2);

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
        let name = |side: char| format!("{side}/{}", self.path);
        let (before, after) = (self.before.as_deref(), self.after.as_deref().map(str::as_bytes));
        unified_diff(&name('a'), before, &name('b'), after)
    }
}

/// Two contents as a unified diff; nothing if they are the same. `None` stands for a file that is not there.
pub fn unified_diff(before_name: &str, before: Option<&[u8]>, after_name: &str, after: Option<&[u8]>) -> String {
    if before == after {
        return String::new();
    }
    let before_name = if before.is_some() { before_name } else { "/dev/null" };
    let after_name = if after.is_some() { after_name } else { "/dev/null" };
    let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
    if [before, after].iter().any(|content| content.contains(&0)) {
        return format!("Binary files {before_name} and {after_name} differ\n");
    }
    let (before, after) = (String::from_utf8_lossy(before), String::from_utf8_lossy(after));
    TextDiff::configure()
        .timeout(DIFF_LIMIT)
        .diff_lines(before.as_ref(), after.as_ref())
        .unified_diff()
        .header(before_name, after_name)
        .to_string()
}
