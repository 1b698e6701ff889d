//! The lines of a text, and which of them are not those of another.

use std::time::Duration;

use serde::Serialize;
use similar::{ChangeTag, TextDiff};

/// How long the shortest way from one text to another is looked for; then a longer one will do.
const LIMIT: Duration = Duration::from_millis(300);

/// Lines that came and went.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Changed {
    /// The lines that are gone, trimmed at their end.
    pub removed: Vec<String>,
    /// The lines that are new.
    pub added: Vec<String>,
    /// The numbers of the new ones, from 1.
    #[serde(skip)]
    pub lines: Vec<usize>,
}

impl Changed {
    /// What changes from one text to another.
    pub fn between(before: &str, after: &str) -> Self {
        let mut changed = Self::default();
        if before == after {
            return changed;
        }
        let diff = TextDiff::configure().timeout(LIMIT).diff_lines(before, after);
        for change in diff.iter_all_changes() {
            let line = change.value().trim_end_matches('\n').to_owned();
            match change.tag() {
                ChangeTag::Delete => changed.removed.push(line),
                ChangeTag::Insert => {
                    changed.added.push(line);
                    changed.lines.extend(change.new_index().map(|index| index + 1));
                }
                ChangeTag::Equal => {}
            }
        }
        changed
    }

    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.removed.is_empty() && self.added.is_empty()
    }
}
