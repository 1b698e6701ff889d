//! Fixing what has one safe answer, with everything else in the file left as it is.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use super::report::{Finding, Fix};
use rancher_catalog::source::MAX_FILE_BYTES;

/// What was fixed in a file, by one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fixed {
    /// The file.
    pub path: PathBuf,
    /// The rule's id.
    pub rule: &'static str,
    /// The lines, as they were numbered before.
    pub lines: BTreeSet<u32>,
    /// How many places.
    pub places: usize,
}

/// A file and what becomes of it.
#[derive(Debug)]
pub struct FixedFile {
    /// The file.
    pub path: PathBuf,
    /// Its bytes.
    pub before: Vec<u8>,
    /// What they become.
    pub after: Vec<u8>,
    /// What is fixed by that.
    pub fixed: Vec<Fixed>,
}

impl FixedFile {
    /// Writes it.
    ///
    /// # Errors
    /// It cannot be replaced; it is then as it was.
    pub fn write(&self) -> io::Result<()> {
        whole_file::write(&self.path, &self.after)
    }
}

/// What the fixes of findings make of their files. Of two that overlap the longer one is taken; the other is left for
/// another round, where it is then needed at all.
///
/// # Errors
/// A file cannot be read.
pub fn plan<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> io::Result<Vec<FixedFile>> {
    let mut by_file: BTreeMap<&Path, Vec<Change<'_>>> = BTreeMap::new();
    for finding in findings {
        let lines = finding.also.iter().map(|place| (place.start.line, &place.fix));
        for (line, fix) in std::iter::once((finding.start.line, &finding.fix)).chain(lines) {
            if let Some(fix) = fix {
                by_file.entry(&finding.path).or_default().push(Change { rule: finding.rule.id, line, fix });
            }
        }
    }
    let mut files = Vec::new();
    for (path, changes) in by_file {
        let before = rancher_catalog::beneath::read_named(path, MAX_FILE_BYTES)?;
        let taken = without_overlaps(changes, before.len());
        let after = applied(&before, &taken);
        if after != before {
            files.push(FixedFile { path: path.to_owned(), fixed: by_rule(path, &taken), before, after });
        }
    }
    Ok(files)
}

struct Change<'a> {
    rule: &'static str,
    line: u32,
    fix: &'a Fix,
}

fn without_overlaps(mut changes: Vec<Change<'_>>, length: usize) -> Vec<Change<'_>> {
    changes.retain(|change| change.fix.start <= change.fix.end && change.fix.end <= length);
    changes.sort_by_key(|change| (change.fix.start, std::cmp::Reverse(change.fix.end)));
    let mut taken: Vec<Change<'_>> = Vec::new();
    for change in changes {
        match taken.last() {
            Some(last) if change.fix.start < last.fix.end || change.fix == last.fix => {}
            _ => taken.push(change),
        }
    }
    taken
}

fn applied(bytes: &[u8], changes: &[Change<'_>]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    for Change { fix, .. } in changes {
        out.extend_from_slice(&bytes[at..fix.start]);
        out.extend_from_slice(fix.replacement.as_bytes());
        at = fix.end;
    }
    out.extend_from_slice(&bytes[at..]);
    out
}

fn by_rule(path: &Path, changes: &[Change<'_>]) -> Vec<Fixed> {
    let mut rules: BTreeMap<&'static str, Fixed> = BTreeMap::new();
    for change in changes {
        let new = || Fixed { path: path.to_owned(), rule: change.rule, lines: BTreeSet::new(), places: 0 };
        let fixed = rules.entry(change.rule).or_insert_with(new);
        fixed.lines.insert(change.line);
        fixed.places += 1;
    }
    rules.into_values().collect()
}
