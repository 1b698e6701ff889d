//! What `gen-catalog check` finds, at its place, with its fix as a diff.

use std::path::{Path, PathBuf};

use catalog_check::config::CatalogConfig;
use catalog_check::{CheckOptions, Finding, Severity, check, fix, layout, rules};
use rancher_catalog::hidden::{seen, seen_in_a_line};
use rancher_catalog::unified_diff::unified_diff;
use serde::Serialize;

use crate::reading::{short, weight};

/// The most findings that a page shows, and the most of their diff, in bytes.
const MOST: usize = 60;
const LONGEST_DIFF: usize = 40_000;

/// What is found.
#[derive(Debug, Default, Serialize)]
pub struct Findings {
    /// The files with findings, by path.
    pub files: Vec<InFile>,
    /// How many are errors.
    pub errors: usize,
    /// How many are warnings.
    pub warnings: usize,
    /// How many are notes.
    pub notes: usize,
    /// How many are not shown.
    pub more: usize,
    /// What fixes those that have one safe answer, by line.
    pub diff: Vec<DiffLine>,
    /// Why nothing can be said, if that is so.
    pub problem: String,
    /// What is wrong with the configuration, if that is so. It allows nothing then.
    pub config_problem: String,
}

/// The findings of a file.
#[derive(Debug, Serialize)]
pub struct InFile {
    /// Its path in the catalog.
    pub path: String,
    /// What is found in it.
    pub findings: Vec<Told>,
}

/// A finding.
#[derive(Debug, Serialize)]
pub struct Told {
    /// How bad it is.
    pub severity: &'static str,
    /// Its rule.
    pub rule: &'static str,
    /// `LINE:COLUMN`, if it is about a place.
    pub place: String,
    /// What is wrong.
    pub message: String,
    /// The line that it is about, in three parts: before what is meant, that, and what stands behind it.
    pub line: Option<(String, String, String)>,
    /// Why it matters.
    pub why: &'static str,
    /// How to fix it.
    pub fix: &'static str,
    /// Who refuses it.
    pub refused_by: String,
    /// Whether `gen-catalog check --fix` does it.
    pub is_fixable: bool,
}

/// A line of a diff.
#[derive(Debug, Clone, Serialize)]
pub struct DiffLine {
    /// `add`, `del`, `head` or nothing.
    pub mark: &'static str,
    /// Its text.
    pub text: String,
}

/// Which rules run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rules {
    /// All of them.
    All,
    /// Those that need no other version.
    OfOneVersion,
}

/// Checks a part of a catalog.
pub fn findings(root: &Path, path: &Path, wanted: Rules) -> Findings {
    let skip = match wanted {
        Rules::All => Vec::new(),
        Rules::OfOneVersion => rules::of_the_whole().map(|rule| rule.id.to_owned()).collect(),
    };
    let options = CheckOptions { level: Some(Severity::Note), skip, ..CheckOptions::default() };
    let config_problem = config_problem(root);
    let checked = match check(&[path.to_owned()], &options) {
        Ok(checked) => checked,
        Err(error) => {
            return Findings {
                problem: seen_in_a_line(&error.to_string()).into_owned(),
                config_problem,
                ..Findings::default()
            };
        }
    };
    let mut all = layout::once_a_file(checked.findings);
    let count = |severity: Severity| all.iter().filter(|finding| finding.rule.severity == severity).count();
    let mut found = Findings {
        errors: count(Severity::Error),
        warnings: count(Severity::Warning),
        notes: count(Severity::Note),
        more: all.len().saturating_sub(MOST),
        config_problem,
        ..Findings::default()
    };
    if all.len() > MOST {
        // The worst are shown, by place.
        all.sort_by_key(|finding| std::cmp::Reverse(finding.rule.severity));
        all.truncate(MOST);
        all.sort_by(|a, b| (&a.path, a.start.line).cmp(&(&b.path, b.start.line)));
    }
    found.diff = diff(root, &all);
    for finding in &all {
        let path = inside(root, &finding.path);
        if found.files.last().is_none_or(|file| file.path != path) {
            found.files.push(InFile { path, findings: Vec::new() });
        }
        if let Some(file) = found.files.last_mut() {
            file.findings.push(told(finding));
        }
    }
    found
}

fn config_problem(root: &Path) -> String {
    let Err(error) = CatalogConfig::read(root) else { return String::new() };
    let name = error.file().file_name().unwrap_or_default().to_string_lossy();
    let is_own = error.file().parent().is_some_and(|folder| folder == root);
    let above = if is_own { "" } else { ", above the catalog" };
    seen_in_a_line(&format!("{name}{above}: {}", error.without_path())).into_owned()
}

fn inside(root: &Path, path: &Path) -> String {
    let inside: PathBuf = path.strip_prefix(root).unwrap_or(path).to_owned();
    seen_in_a_line(&inside.to_string_lossy()).into_owned()
}

fn told(finding: &Finding) -> Told {
    let start = finding.start;
    Told {
        severity: finding.rule.severity.name(),
        rule: finding.rule.id,
        place: if start.line == 0 { String::new() } else { format!("{}:{}", start.line, start.column) },
        message: short(&finding.message, 400),
        line: finding.line_text.as_ref().map(|line| parts(line, start.column as usize, finding.end_column as usize)),
        why: finding.rule.why,
        fix: finding.rule.fix,
        refused_by: finding.rule.refused_by.map(|by| format!("{}: {}", by.part, by.words)).unwrap_or_default(),
        is_fixable: finding.fixes().next().is_some(),
    }
}

fn parts(line: &str, from: usize, to: usize) -> (String, String, String) {
    let from = from.saturating_sub(1);
    let part = |skip: usize, take: usize| -> String {
        let text: String = line.chars().skip(skip).take(take).collect();
        seen(&text).into_owned()
    };
    let width = to.saturating_sub(from + 1).max(1);
    (part(0, from), part(from, width), part(from + width, usize::MAX))
}

fn diff(root: &Path, findings: &[Finding]) -> Vec<DiffLine> {
    let Ok(files) = fix::plan(findings) else { return Vec::new() };
    let mut lines = Vec::new();
    let mut left = LONGEST_DIFF;
    for file in files {
        let path = inside(root, &file.path);
        let diff = unified_diff(&format!("a/{path}"), Some(&file.before), &format!("b/{path}"), Some(&file.after));
        lines.extend(diff_lines(&diff, &mut left));
    }
    lines
}

/// The lines of a unified diff, as far as there is room.
pub fn diff_lines(diff: &str, left: &mut usize) -> Vec<DiffLine> {
    let mut lines = Vec::new();
    for line in diff.lines() {
        let Some(rest) = left.checked_sub(weight(line) + 30) else {
            lines.push(DiffLine { mark: "head", text: "the rest is left out here".to_owned() });
            break;
        };
        *left = rest;
        let mark = match line.as_bytes() {
            [b'@', ..] => "head",
            _ if line.starts_with("+++") || line.starts_with("---") => "head",
            [b'+', ..] => "add",
            [b'-', ..] => "del",
            _ => "",
        };
        lines.push(DiffLine { mark, text: seen(line).into_owned() });
    }
    lines
}
