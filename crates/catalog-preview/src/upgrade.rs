//! What an upgrade from one version to another means for those who run it, and how its files differ.

use catalog_diff::comparison::VersionComparison;
use catalog_diff::upgrade::Verdict;
use catalog_diff::words::{Mark, version_lines};
use rancher_catalog::hidden::seen_in_a_line;
use rancher_catalog::source::VersionSource;
use serde::Serialize;

use crate::findings::{DiffLine, diff_lines};

/// The most of the text diff that is shown, in bytes, and the most lines of the meaning.
const LONGEST: usize = 50_000;
const MOST: usize = 300;

/// An upgrade.
#[derive(Debug, Serialize)]
pub struct Shown {
    /// The revision that is upgraded from.
    pub from: String,
    /// Its version.
    pub from_version: String,
    /// What it does, in a sentence.
    pub summary: String,
    /// How bad that is: `good`, `warning` or `error`.
    pub mood: &'static str,
    /// One by one: what it is about, and what happens.
    pub reasons: Vec<(String, String)>,
    /// What changes in meaning.
    pub meaning: Vec<DiffLine>,
    /// What differs, line by line.
    pub diff: Vec<DiffLine>,
    /// Whether nothing differs at all.
    pub is_empty: bool,
}

/// Compares two versions of a template.
pub fn upgrade(template: &str, before: &VersionSource, after: &VersionSource) -> Shown {
    let comparison = VersionComparison::new(template, before, after);
    let lines = version_lines(&comparison);
    // The first tells which versions these are, and the next what the upgrade does: the page has both.
    let told = comparison.upgrade.as_ref().map_or(0, |upgrade| upgrade.reasons.len() + 1);
    let meaning = lines.into_iter().skip(1 + told).take(MOST).map(|(mark, text)| DiffLine {
        mark: match mark {
            Mark::Heading => "head",
            Mark::Plus => "add",
            Mark::Minus => "del",
            Mark::Plain => "",
        },
        text,
    });
    let mut left = LONGEST;
    let diff = comparison.files.iter().flat_map(|file| diff_lines(&file.diff, &mut left)).collect();
    let seen = |text: &str| seen_in_a_line(text).into_owned();
    let (summary, mood, reasons) = match &comparison.upgrade {
        None => (
            "No stack runs an environment template: environments that are there stay as they are.".to_owned(),
            "good",
            Vec::new(),
        ),
        Some(upgrade) => {
            let mood = match upgrade.verdict {
                Verdict::Safe => "good",
                Verdict::Unknown | Verdict::Recreates | Verdict::NeedsAnswer => "warning",
                Verdict::NotOffered | Verdict::Fails => "error",
            };
            let reasons = upgrade.reasons.iter().map(|reason| (seen(&reason.subject), seen(&reason.text))).collect();
            (format!("An upgrade of a running stack {}.", seen(&upgrade.summary)), mood, reasons)
        }
    };
    Shown {
        from: before.name.clone(),
        from_version: comparison.before.version.as_deref().map(seen).unwrap_or_default(),
        summary,
        mood,
        reasons,
        meaning: meaning.collect(),
        diff,
        is_empty: comparison.is_empty(),
    }
}
