//! What a stack gets, for a page: the lines of both files, those that the answers changed marked, and what Rancher refuses
//! at its place.

use serde::Serialize;

use crate::compare::Changed;
use crate::launch::Launched;
use crate::reading::weight;

/// The most of a file that a page shows, in bytes; the whole file is behind a link.
const HEAVIEST: usize = 30_000;

/// The most refusals that stand in no line.
const MOST: usize = 20;

/// Both files.
#[derive(Debug, Serialize)]
pub struct Outcome {
    /// The files.
    pub files: Vec<Shown>,
    /// How many refusals there are in all.
    pub refusals: usize,
    /// How many lines the answers changed.
    pub changed: usize,
}

/// A file.
#[derive(Debug, Serialize)]
pub struct Shown {
    /// Its name.
    pub name: &'static str,
    /// Its lines.
    pub lines: Vec<Line>,
    /// Why there is no text.
    pub error: String,
    /// What is to be known of it.
    pub notes: Vec<String>,
    /// What Rancher refuses that stands in no line.
    pub refusals: Vec<String>,
    /// Whether its end is left out.
    pub is_cut: bool,
    /// The whole text.
    pub href: String,
}

/// A line.
#[derive(Debug, Serialize)]
pub struct Line {
    /// Its text.
    pub text: String,
    /// Whether it is not there with the default answers.
    pub is_changed: bool,
    /// What Rancher refuses of it.
    pub refusals: Vec<String>,
}

impl Outcome {
    /// What comes of some answers, beside what comes of the defaults.
    pub fn new(launched: &Launched, usual: &Launched, href: impl Fn(&str) -> String) -> Self {
        let mut files = Vec::new();
        let (mut refused, mut all_changed) = (0, 0);
        for file in &launched.files {
            let mut shown = Shown {
                name: file.name,
                lines: Vec::new(),
                error: String::new(),
                notes: file.notes.clone(),
                refusals: file.refusals.get(&0).into_iter().flatten().take(MOST).cloned().collect(),
                is_cut: false,
                href: href(file.name),
            };
            refused += file.refusals.values().map(Vec::len).sum::<usize>();
            match &file.text {
                Err(error) => {
                    shown.error.clone_from(error);
                    refused += 1;
                }
                Ok(text) => {
                    let before = usual.files.iter().find(|other| other.name == file.name);
                    let before = before.and_then(|other| other.text.as_ref().ok());
                    let changed = before.map(|before| Changed::between(before, text)).unwrap_or_default();
                    all_changed += changed.lines.len();
                    let mut left = HEAVIEST;
                    for (number, line) in text.split_inclusive('\n').enumerate() {
                        let refusals = file.refusals.get(&(number + 1)).cloned().unwrap_or_default();
                        let own = weight(line) + refusals.iter().map(|words| weight(words) + 40).sum::<usize>() + 40;
                        let Some(rest) = left.checked_sub(own) else {
                            shown.is_cut = true;
                            break;
                        };
                        left = rest;
                        shown.lines.push(Line {
                            text: line.to_owned(),
                            is_changed: changed.lines.binary_search(&(number + 1)).is_ok(),
                            refusals,
                        });
                    }
                }
            }
            files.push(shown);
        }
        Self { files, refusals: refused, changed: all_changed }
    }
}
