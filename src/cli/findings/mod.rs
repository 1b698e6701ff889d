//! Findings in the forms that people and programs read.

mod github;
mod json;
mod junit;
mod sarif;
mod text;

use std::path::{Path, PathBuf};

pub(super) use github::github;
pub(super) use json::{json, summary};
pub(super) use junit::{element, escaped, in_element, junit};
pub(super) use sarif::sarif;
pub(super) use text::{all_lines, text};

use catalog_check::baseline::Entry;
use catalog_check::fix::Fixed;
use catalog_check::published::repository_of;
use catalog_check::{Checked, Finding, Severity, Silence, Silenced};

/// What is told of a check.
pub(super) struct Told {
    pub checked: Checked,
    /// What `--fix` did, or with `--diff` would do.
    pub fixed: Vec<Fixed>,
    /// The unified diff of that, with `--diff`.
    pub diff: Option<String>,
    /// How many findings `--fix` could fix and left, as they are in published revisions.
    pub left_alone: usize,
    /// The baseline, and what it knows that is not found any more.
    pub baseline: Option<(PathBuf, Vec<Entry>)>,
    /// Whether warnings count as errors.
    pub strict: bool,
    /// How many rules ran of how many, where not all did.
    pub rules: Option<(usize, usize)>,
    /// The least severity that was asked for.
    pub level: Severity,
}

/// How many findings there are of a severity.
pub(super) fn count(findings: &[Finding], severity: Severity) -> usize {
    findings.iter().filter(|finding| finding.rule.severity == severity).count()
}

/// How many are silenced by what is written in the catalog, and how many by a baseline.
fn silenced(checked: &Checked) -> (usize, usize) {
    let in_baseline = checked.silenced.iter().filter(|silenced| silenced.by == Silence::Baseline).count();
    (checked.silenced.len() - in_baseline, in_baseline)
}

/// What silences a finding, and why.
fn why_silent(silenced: &Silenced) -> String {
    match silenced.by {
        Silence::Comment(line) => format!("allowed by a comment in line {line}: {}", silenced.reason),
        Silence::Config(line) => format!("allowed in line {line} of gen-catalog.toml: {}", silenced.reason),
        Silence::Baseline => silenced.reason.clone(),
    }
}

/// A path as a person would write it: from the working folder, where it is in it.
pub(super) fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let shown = path.strip_prefix(&here).unwrap_or(path);
    if shown.as_os_str().is_empty() { ".".to_owned() } else { shown.display().to_string() }
}

/// Where a finding is, by the name that its path is shown by.
fn place(path: &str, finding: &Finding) -> String {
    match finding.start.line {
        0 => path.to_owned(),
        line => format!("{path}:{line}:{}", finding.start.column),
    }
}

/// A path as a code host knows it: from the root of the repository, whatever the working folder and the links that lead
/// there; outside of one as [`shown`].
pub(super) fn in_repository(path: &Path) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let inside = |path: &Path| {
        let root = repository_of(path)?;
        path.strip_prefix(root).ok().map(Path::to_owned)
    };
    // What is told of may be a link itself: that is not followed.
    let real = || Some(path.parent()?.canonicalize().ok()?.join(path.file_name()?));
    match inside(&path).or_else(|| inside(&real()?)) {
        Some(inside) if inside.as_os_str().is_empty() => ".".to_owned(),
        Some(inside) => inside.display().to_string(),
        None => shown(&path),
    }
}
