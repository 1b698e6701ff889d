//! What every answer of every choice changes, beside the defaults.

use rancher_catalog::launch::Answers;
use rancher_catalog::model::QuestionType;
use rancher_catalog::source::VersionSource;
use serde::Serialize;

use crate::answers::{questions, variable};
use crate::compare::Changed;
use crate::launch::{Launched, launch};
use crate::reading::shown;

/// The most answers that are tried.
const MOST: usize = 200;
/// The most lines that are shown in all.
const LINES: usize = 600;

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

/// Tries every answer of every choice alone.
pub fn matrix(version: &VersionSource, answers: &Answers, href: impl Fn(&str, &str) -> String) -> Matrix {
    let usual = launch(version, answers);
    let mut all = Matrix::default();
    let (mut tried, mut lines) = (0, 0);
    for question in questions(version) {
        let Some(name) = variable(question) else { continue };
        let options: Vec<String> = match question.kind.value() {
            Some(QuestionType::Boolean) => vec!["true".to_owned(), "false".to_owned()],
            Some(QuestionType::Enum) => {
                question.options.value().into_iter().flatten().map(ToString::to_string).collect()
            }
            _ => continue,
        };
        let default = answers.get(&name).cloned().unwrap_or_default();
        let mut answers_shown = Vec::new();
        for value in options.into_iter().filter(|option| *option != default) {
            if tried == MOST || lines >= LINES {
                all.is_cut = true;
                break;
            }
            tried += 1;
            let mut with = answers.clone();
            with.insert(name.clone(), value.clone());
            let answer = compared(&usual, &launch(version, &with), value.clone(), href(&name, &value));
            lines += answer.files.iter().map(|(_, changed)| changed.added.len() + changed.removed.len()).sum::<usize>();
            answers_shown.push(answer);
        }
        let label = question.label.value().map(|label| shown(&label.to_string())).unwrap_or_default();
        all.questions.push(Question { name, label, default, answers: answers_shown });
    }
    all
}

fn compared(usual: &Launched, launched: &Launched, value: String, href: String) -> Answer {
    let mut files = Vec::new();
    let mut refusals = Vec::new();
    for file in &launched.files {
        let before = usual.files.iter().find(|other| other.name == file.name);
        match (&file.text, before.map(|other| &other.text)) {
            (Ok(text), Some(Ok(before))) => {
                let mut changed = Changed::between(before, text);
                changed.removed.truncate(LINES);
                changed.added.truncate(LINES);
                if !changed.is_empty() {
                    files.push((file.name, changed));
                }
            }
            (Err(error), Some(Ok(_)) | None) => refusals.push(error.clone()),
            _ => {}
        }
        let known: Vec<&String> = before.into_iter().flat_map(|other| other.refusals.values().flatten()).collect();
        refusals.extend(file.refusals.values().flatten().filter(|words| !known.contains(words)).cloned());
    }
    Answer { value, files, refusals, href }
}
