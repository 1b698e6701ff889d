//! A baseline: what was found once and is silent from then on, so that what is new is seen.
//!
//! A finding is known again by its rule, its file, what it says and the text that it is about (the line and those that it
//! is below), so that lines may come and go above it.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::report::Finding;
use super::rule::Rule;
use super::rules;
use super::run::Checked;
use super::silence::{Silence, Silenced};
use rancher_catalog::beneath::{NotRead, read_named};
use rancher_catalog::source::{MAX_FILE_BYTES, catalog_of_template, templates_of};

/// The version of the file's form.
const VERSION: u32 = 1;
/// The most that is read of a baseline: some 200,000 findings.
pub(super) const MAX_BYTES: u64 = 64 << 20;
/// The most characters that are kept of each line.
const LINE: usize = 120;

/// The content of a baseline.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    version: u32,
    findings: Vec<Entry>,
}

/// A finding that is known, or some that nothing tells apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Entry {
    /// The rule's id.
    pub rule: String,
    /// The file or folder, from the catalog's root.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// The lines that the line in question is below.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub below: Vec<String>,
    /// The line in question.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub line: String,
    /// How often.
    #[serde(default = "once", skip_serializing_if = "is_once")]
    pub count: usize,
}

fn once() -> usize {
    1
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_once(count: &usize) -> bool {
    *count == 1
}

/// Why a baseline cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}: {reason}", path.display())]
pub struct BaselineError {
    path: PathBuf,
    reason: String,
}

/// What a baseline knows, and the check cannot find any more.
#[derive(Debug, Default)]
pub struct Compared {
    /// These can be removed from it.
    pub gone: Vec<Entry>,
}

/// Of what a baseline can speak: what this check would have found.
pub struct Scope<'a> {
    /// The paths that were asked for.
    pub paths: &'a [PathBuf],
    /// Whether what a rule finds was asked for.
    pub asks: &'a dyn Fn(&Rule) -> bool,
}

impl Baseline {
    /// Reads one; tells `None` where there is no file.
    ///
    /// # Errors
    /// It cannot be read, is no baseline, or is of a later form.
    pub fn read(path: &Path) -> Result<Option<Self>, BaselineError> {
        let fail = |reason: String| BaselineError { path: path.to_owned(), reason };
        match read_named(path, MAX_BYTES) {
            Ok(bytes) => Self::parse(path, &bytes).map(Some),
            Err(NotRead::Missing) => Ok(None),
            Err(NotRead::Failed(error)) => Err(fail(format!("it cannot be read: {error}"))),
            Err(cause) => Err(fail(format!("a baseline is a file of at most {MAX_BYTES} bytes: {cause}"))),
        }
    }

    /// Reads the content of one.
    ///
    /// # Errors
    /// As [`Baseline::read`].
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Self, BaselineError> {
        let fail = |reason: String| BaselineError { path: path.to_owned(), reason };
        #[derive(Deserialize)]
        struct Form {
            version: u32,
        }
        let place = |error: serde_json::Error| {
            fail(format!(
                "line {}, column {}: this is no baseline of gen-catalog; --write-baseline makes one",
                error.line(),
                error.column()
            ))
        };
        // The form first: a later one may have other keys.
        let form: Form = serde_json::from_slice(bytes).map_err(place)?;
        if form.version != VERSION {
            return Err(fail(format!(
                "its version is {}, and this gen-catalog knows {VERSION}: take the gen-catalog that wrote it, or write it anew",
                form.version
            )));
        }
        serde_json::from_slice(bytes).map_err(place)
    }

    /// The file's content: an entry a line, so that a diff shows which ones change.
    pub fn text(&self) -> String {
        // A struct of texts and numbers can always be written.
        let line = |entry: &Entry| format!("    {}", serde_json::to_string(entry).unwrap_or_default());
        let lines: Vec<String> = self.findings.iter().map(line).collect();
        let list = if lines.is_empty() { "[]".to_owned() } else { format!("[\n{}\n  ]", lines.join(",\n")) };
        format!("{{\n  \"version\": {VERSION},\n  \"findings\": {list}\n}}\n")
    }

    /// How many findings it holds.
    pub fn count(&self) -> usize {
        self.findings.iter().map(|entry| entry.count).sum()
    }

    /// One of what was found; what the former one holds and this check could not find stays in it.
    pub fn of(checked: &Checked, former: Option<&Self>, scope: &Scope<'_>) -> Self {
        let mut counts: BTreeMap<Entry, usize> = BTreeMap::new();
        for entry in entries(&checked.findings) {
            *counts.entry(entry).or_default() += 1;
        }
        let inside = Inside::of(checked, scope);
        for entry in former.map_or(&[][..], |former| &former.findings).iter().filter(|entry| inside.is_beyond(entry)) {
            *counts.entry(Entry { count: 1, ..entry.clone() }).or_default() += entry.count;
        }
        let findings = counts.into_iter().map(|(entry, count)| Entry { count, ..entry }).collect();
        Self { version: VERSION, findings }
    }

    /// Takes what it knows out of what was found.
    pub fn silence(&self, checked: &mut Checked, scope: &Scope<'_>) -> Compared {
        let found = entries(&checked.findings);
        let mut left: Vec<usize> = self.findings.iter().map(|entry| entry.count).collect();
        let mut known = vec![false; found.len()];
        // First what is the same, then what says something else of the same text, then what says the same of a line that
        // was changed.
        let same: [fn(&Entry) -> Option<Entry>; 3] = [
            |entry| Some(Entry { count: 1, ..entry.clone() }),
            |entry| (!entry.line.is_empty()).then(|| Entry { count: 1, message: String::new(), ..entry.clone() }),
            |entry| (!entry.line.is_empty()).then(|| Entry { count: 1, line: String::new(), ..entry.clone() }),
        ];
        for key in same {
            let mut places: HashMap<Entry, Vec<usize>> = HashMap::new();
            for (at, entry) in self.findings.iter().enumerate().filter(|(at, _)| left[*at] > 0) {
                if let Some(key) = key(entry) {
                    places.entry(key).or_default().push(at);
                }
            }
            for (at, entry) in found.iter().enumerate() {
                let candidates = if known[at] { None } else { key(entry).and_then(|key| places.get(&key)) };
                if let Some(place) = candidates.and_then(|places| places.iter().find(|place| left[**place] > 0)) {
                    left[*place] -= 1;
                    known[at] = true;
                }
            }
        }
        let mut known = known.into_iter();
        let reason = || "the baseline has it: it was there before".to_owned();
        for finding in std::mem::take(&mut checked.findings) {
            if known.next() == Some(true) {
                checked.silenced.push(Silenced { finding, by: Silence::Baseline, reason: reason() });
            } else {
                checked.findings.push(finding);
            }
        }
        let inside = Inside::of(checked, scope);
        let gone = self.findings.iter().zip(left).filter(|(entry, left)| *left > 0 && !inside.is_beyond(entry));
        Compared { gone: gone.map(|(entry, left)| Entry { count: left, ..entry.clone() }).collect() }
    }
}

/// What a check can have found.
struct Inside<'a> {
    roots: Vec<PathBuf>,
    paths: Vec<PathBuf>,
    scope: &'a Scope<'a>,
}

impl<'a> Inside<'a> {
    fn of(checked: &Checked, scope: &'a Scope<'a>) -> Self {
        let paths: Vec<PathBuf> = scope.paths.iter().filter_map(|path| std::path::absolute(path).ok()).collect();
        let templates = paths.iter().filter_map(|path| templates_of(path).ok()).flatten();
        let found = checked.findings.iter().filter_map(|finding| root_of_path(&finding.path));
        let mut roots: Vec<PathBuf> =
            templates.filter_map(|template| catalog_of_template(&template)).chain(found).collect();
        roots.sort();
        roots.dedup();
        Self { roots, paths, scope }
    }

    /// Whether this check says nothing of an entry: its path or its rule was not asked for.
    fn is_beyond(&self, entry: &Entry) -> bool {
        let asked = rules::by_id(&entry.rule).is_none_or(|rule| (self.scope.asks)(rule));
        let here = |root: &PathBuf| {
            let path = root.join(&entry.path);
            self.paths.iter().any(|asked| path.starts_with(asked))
        };
        !(asked && self.roots.iter().any(here))
    }
}

fn root_of_path(path: &Path) -> Option<PathBuf> {
    templates_of(path).ok()?.first().and_then(|template| catalog_of_template(template))
}

/// By what findings are known again.
fn entries(findings: &[Finding]) -> Vec<Entry> {
    let mut contexts: HashMap<&Path, Context> = HashMap::new();
    let mut roots: HashMap<&Path, Option<PathBuf>> = HashMap::new();
    findings
        .iter()
        .map(|finding| {
            let path = finding.path.as_path();
            let folder = path.parent().unwrap_or(path);
            let root = roots.entry(folder).or_insert_with(|| root_of_path(folder));
            let inside = root.as_ref().and_then(|root| path.strip_prefix(root).ok()).unwrap_or(path);
            let context = match finding.start.line {
                0 => None,
                line => Some(contexts.entry(path).or_insert_with(|| Context::of(path)).at(line)),
            };
            let (below, line) = context.unwrap_or_default();
            let message = without_numbers_of_lines(&finding.message);
            Entry {
                rule: finding.rule.id.to_owned(),
                path: inside.to_string_lossy().into_owned(),
                message,
                below,
                line,
                count: 1,
            }
        })
        .collect()
}

/// The lines of a file, each with the one that it is below.
struct Context(Vec<(String, Option<usize>)>);

impl Context {
    fn of(path: &Path) -> Self {
        let bytes = read_named(path, MAX_FILE_BYTES).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let mut lines: Vec<(String, Option<usize>)> = Vec::new();
        // The lines that the present one may be below: by indentation, which grows.
        let mut open: Vec<(usize, usize)> = Vec::new();
        for line in text.split('\n') {
            let trimmed = line.trim();
            let indent = line.len() - line.trim_start().len();
            if trimmed.is_empty() || trimmed.starts_with('#') {
                lines.push((shortened(trimmed), open.last().map(|(_, at)| *at)));
                continue;
            }
            while open.last().is_some_and(|(above, _)| *above >= indent) {
                open.pop();
            }
            // A list may stand at the margin of its key.
            lines.push((shortened(trimmed), open.last().map(|(_, at)| *at)));
            open.push((indent, lines.len() - 1));
        }
        Self(lines)
    }

    /// The lines that a line is below, from outside, and the line.
    fn at(&self, line: u32) -> (Vec<String>, String) {
        let Some((text, mut above)) = self.0.get(line as usize - 1).cloned() else { return Default::default() };
        let mut below = Vec::new();
        while let Some((text, next)) = above.and_then(|at| self.0.get(at)) {
            below.push(text.clone());
            above = *next;
            // No file that a person writes is deeper.
            if below.len() == 32 {
                break;
            }
        }
        below.reverse();
        (below, text)
    }
}

fn shortened(line: &str) -> String {
    line.chars().take(LINE).collect()
}

/// A message that names another line must be the same when that one moves.
fn without_numbers_of_lines(message: &str) -> String {
    let mut out = String::with_capacity(message.len());
    let mut rest = message;
    while let Some(at) = rest.find("line ") {
        let (before, behind) = rest.split_at(at + "line ".len());
        out.push_str(before);
        rest = behind.trim_start_matches(|c: char| c.is_ascii_digit());
    }
    out.push_str(rest);
    out
}
