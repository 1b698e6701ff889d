//! What every answer of every choice changes, beside the defaults.

use rancher_catalog::launch::Answers;
use rancher_catalog::source::VersionSource;
use serde::Serialize;

use crate::compare::Changed;
use crate::launch::{Launched, launch};
use crate::reading::{short, weight};

/// The most answers that are tried.
const MOST: usize = 200;
/// The most lines that are shown in all.
const LINES: usize = 600;
/// How much all may have in a page, in bytes.
const HEAVIEST: usize = 60_000;

/// How much all answers may print together, in bytes, so that enormous files have an end too.
const PRINTED: usize = 2 << 20;

/// All choices.
#[derive(Debug, Default, Serialize)]
pub struct Matrix {
    /// The questions with choices.
    pub questions: Vec<Question>,
    /// Whether there are more than are tried or shown.
    pub is_cut: bool,
}

/// A question.
#[derive(Debug, Serialize)]
pub struct Question {
    /// The variable.
    pub name: String,
    /// Its title.
    pub label: String,
    /// Its default.
    pub default: String,
    /// The other answers.
    pub answers: Vec<Answer>,
}

/// An answer.
#[derive(Debug, Serialize)]
pub struct Answer {
    /// The answer.
    pub value: String,
    /// What it changes, by file.
    pub files: Vec<(&'static str, Changed)>,
    /// What Rancher refuses then, and not with the defaults.
    pub refusals: Vec<String>,
    /// Where it is shown whole.
    pub href: String,
}

impl Answer {
    fn weight(&self) -> usize {
        let lines = self.files.iter().flat_map(|(_, changed)| changed.removed.iter().chain(&changed.added));
        let texts = lines.chain(&self.refusals).map(|text| weight(text) + 40).sum::<usize>();
        texts + 2 * weight(&self.value) + weight(&self.href) + 200
    }
}

/// Tries every answer of every choice alone.
pub fn matrix(version: &VersionSource, answers: &Answers, href: impl Fn(&str, &str) -> String) -> Matrix {
    let usual = launch(version, answers);
    let mut all = Matrix::default();
    let (mut tried, mut lines, mut heavy, mut printed) = (0, 0, 0, 0);
    for question in version.questions() {
        if all.is_cut {
            break;
        }
        let Some(name) = question.name() else { continue };
        let offered = question.offered();
        if offered.is_empty() {
            continue;
        }
        let default = answers.get(&name).cloned().unwrap_or_default();
        let mut answers_shown = Vec::new();
        for value in offered.into_iter().filter(|answer| *answer != default) {
            if tried == MOST || lines >= LINES || heavy >= HEAVIEST || printed >= PRINTED {
                all.is_cut = true;
                break;
            }
            tried += 1;
            let mut with = answers.clone();
            with.insert(name.clone(), value.clone());
            let launched = launch(version, &with);
            printed += launched.files.iter().filter_map(|file| file.text.as_ref().ok()).map(String::len).sum::<usize>();
            let answer = compared(&usual, &launched, value.clone(), href(&name, &value));
            lines += answer.files.iter().map(|(_, changed)| changed.added.len() + changed.removed.len()).sum::<usize>();
            heavy += answer.weight();
            answers_shown.push(answer);
        }
        let label = question.label.value().map(|label| short(&label.to_string(), 200)).unwrap_or_default();
        all.questions.push(Question { name, label, default, answers: answers_shown });
    }
    all
}

/// The beginning of a line, with its indentation.
fn seen_start(line: &str) -> String {
    line.char_indices().nth(MOST).map_or_else(|| line.to_owned(), |(at, _)| format!("{}…", &line[..at]))
}

fn compared(usual: &Launched, launched: &Launched, value: String, href: String) -> Answer {
    let mut files = Vec::new();
    let mut refusals = Vec::new();
    for file in &launched.files {
        let before = usual.files.iter().find(|other| other.name == file.name);
        match (&file.text, before.map(|other| &other.text)) {
            (Ok(text), Some(Ok(before))) => {
                let mut changed = Changed::between(before, text);
                changed.removed.truncate(MOST);
                changed.added.truncate(MOST);
                for line in changed.removed.iter_mut().chain(&mut changed.added) {
                    *line = seen_start(line);
                }
                if !changed.is_empty() {
                    files.push((file.name, changed));
                }
            }
            (Err(error), Some(Ok(_)) | None) => refusals.push(error.clone()),
            _ => {}
        }
        let known: Vec<&String> = before.into_iter().flat_map(|other| other.refusals.values().flatten()).collect();
        refusals.extend(file.refusals.values().flatten().filter(|words| !known.contains(words)).take(20).cloned());
    }
    Answer { value, files, refusals, href }
}
