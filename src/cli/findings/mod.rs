//! Findings in the forms that people and programs read.

mod github;
mod json;
mod sarif;
mod text;

use std::path::Path;

pub(super) use github::github;
pub(super) use json::json;
pub(super) use sarif::sarif;
pub(super) use text::text;

use catalog_check::{Finding, Severity};

/// How many findings there are of a severity.
pub(super) fn count(findings: &[Finding], severity: Severity) -> usize {
    findings.iter().filter(|finding| finding.rule.severity == severity).count()
}

/// A path as a person would write it: from the working folder, where it is in it.
pub(super) fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let shown = path.strip_prefix(&here).unwrap_or(path);
    if shown.as_os_str().is_empty() { ".".to_owned() } else { shown.display().to_string() }
}
