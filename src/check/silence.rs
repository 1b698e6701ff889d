//! Comments that silence a rule: `# gen-catalog: allow RULE reason`, in the line of the finding or the one above it.

use super::report::Finding;
use crate::catalog::source::YamlFile;

/// Whether a comment beside a finding silences it. A reason must be given; without one the comment does nothing.
pub(super) fn by_comment(file: &YamlFile, finding: &Finding) -> bool {
    let line = finding.start.line;
    let whole_file = line == 0;
    let here = if whole_file { 1 } else { line };
    [here, here.saturating_sub(1)].into_iter().filter(|line| *line > 0).any(|line| {
        let text = file.line(line);
        // The line above counts only if it holds nothing but the comment.
        if line != here && !text.trim_start().starts_with('#') {
            return false;
        }
        allowed(text).is_some_and(|id| id == finding.rule.id)
    })
}

fn allowed(line: &str) -> Option<&str> {
    let (_, comment) = line.split_once("# gen-catalog: allow ")?;
    let (id, reason) = comment.trim().split_once(char::is_whitespace)?;
    (!reason.trim().is_empty()).then_some(id)
}
