//! The answers that the questions of a version offer beside the usual ones, where they are put in for a `${VARIABLE}`.
//!
//! What an answer does to a template is tried where the template is run ([`crate::source`]).

use std::collections::HashSet;

use super::Answers;
use crate::interpolation::references;
use crate::model::{Question, QuestionType};
use crate::source::{VersionSource, YamlFile};
use crate::yaml::{Node, NodeKind};

/// The most answers of one question that are tried.
const MOST: usize = 50;

/// Those of a version: of each question, by the name of its variable, all but the usual one.
pub fn offered_answers(version: &VersionSource, usual: &Answers) -> Vec<(String, Vec<String>)> {
    let questions = version.questions();
    if !questions
        .iter()
        .any(|question| matches!(question.kind.value(), Some(QuestionType::Boolean | QuestionType::Enum)))
    {
        return Vec::new();
    }
    let files = || version.docker_compose.iter().chain(&version.rancher_compose);
    let put_in: HashSet<&str> = files().flat_map(put_in).collect();
    let in_actions: HashSet<&str> =
        files().filter(|file| file.is_template()).flat_map(|file| of_actions(&file.text)).collect();
    let offered = |question: &Question| {
        let mut answers: Vec<String> = match question.kind.value() {
            Some(QuestionType::Boolean) => ["true", "false"].map(str::to_owned).into(),
            Some(QuestionType::Enum) => {
                let options = question.options.value().map_or(&[][..], Vec::as_slice);
                options.iter().take(MOST).map(ToString::to_string).collect()
            }
            _ => return None,
        };
        let name = question.name()?;
        if !put_in.contains(name.as_str()) || in_actions.contains(name.as_str()) {
            return None;
        }
        answers.retain(|answer| usual.get(&name) != Some(answer));
        Some((name, answers)).filter(|(_, answers)| !answers.is_empty())
    };
    questions.iter().filter_map(offered).collect()
}

fn is_of_name(c: char) -> bool {
    c == '_' || c.is_ascii_alphanumeric()
}

/// The variables that stand where it matters what is put in: an environment that is a map takes any text.
fn put_in(file: &YamlFile) -> HashSet<&str> {
    let usual = file.readings.iter().find(|reading| reading.because.is_none());
    let root = usual.and_then(|reading| reading.document.as_ref().ok()?.root.as_ref());
    let mut found = HashSet::new();
    if let Some(root) = root {
        let is_second_form = root.get("version").is_some();
        for (key, value) in root.entries() {
            if !matches!(key.text(), Some("catalog" | ".catalog")) {
                collect(value, if is_second_form { 2 } else { 1 }, &mut found);
            }
        }
    }
    found
}

/// `below` is how many maps down the keys of a service stand.
fn collect<'a>(node: &'a Node, below: usize, found: &mut HashSet<&'a str>) {
    if let Some(text) = node.text().filter(|text| text.contains('$')) {
        found.extend(references(text).into_iter().map(|(name, _)| name));
    }
    node.items().iter().for_each(|item| collect(item, 0, found));
    for (key, value) in node.entries() {
        let takes_any = below == 1 && key.text() == Some("environment") && matches!(value.kind, NodeKind::Map(_));
        if !takes_any {
            collect(value, below.saturating_sub(1), found);
        }
    }
}

/// The words in the actions of a template, among which are the variables that it asks for.
fn of_actions(text: &str) -> impl Iterator<Item = &str> {
    let actions = text.split("{{").skip(1).filter_map(|behind| behind.split("}}").next());
    actions.flat_map(|action| action.split(|c| !is_of_name(c)))
}
