//! What a template file becomes: one document for the usual answers, and one for each other answer that changes it.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use crate::go_template::{Limits, Stack, Template, Value};
use crate::model::{Question, QuestionType};
use crate::source::Reading;
use crate::yaml::Document;

/// The most renderings of one template file: one for the defaults, one for each other answer.
const MAX_VARIANTS: usize = 200;
/// What all renderings of one template file may print together, in bytes. The largest real one stays below 4 MiB.
const MAX_RENDERED_BYTES: usize = 16 << 20;

/// What a person answers who changes nothing: the default, and to a question that must be answered and has none, its first
/// option, or 1. Nobody launches a stack without one.
fn usual_answer(question: &Question) -> String {
    let default = question.default.value().map(ToString::to_string).unwrap_or_default();
    if !default.is_empty() || question.required.value().and_then(|required| required.value()) != Some(&true) {
        return default;
    }
    let first = question.options.value().and_then(|options| options.first());
    first.map_or_else(|| "1".to_owned(), ToString::to_string)
}

/// A stack as the user interface launches it: with a name, in the environment that each Rancher has, upgraded from nothing.
pub fn usual_stack(version: &str) -> Stack<'_> {
    Stack { name: "stack", version, previous_version: "", environment: "Default" }
}

/// What a template becomes: with the usual answers, and with each other answer that makes another document of it.
pub(crate) fn of(template: &Template, questions: &[Question], version: &str) -> Vec<Reading> {
    let stack = usual_stack(version);
    let defaults: BTreeMap<String, String> =
        questions.iter().filter_map(|question| Some((question.name()?, usual_answer(question)))).collect();
    let mut tries: Vec<Option<(String, String)>> = vec![None];
    let mut add = |name: &str, value: String| {
        let one = Some((name.to_owned(), value));
        if !tries.contains(&one) && tries.len() < MAX_VARIANTS {
            tries.push(one);
        }
    };
    for question in questions {
        let Some(name) = question.name() else { continue };
        match question.kind.value() {
            Some(QuestionType::Boolean) => ["true", "false"].into_iter().for_each(|value| add(&name, value.to_owned())),
            _ => {
                let options = question.options.value().map_or(&[][..], Vec::as_slice);
                options.iter().for_each(|option| add(&name, option.to_string()));
            }
        }
    }
    // Of a choice nobody can answer what it does not offer, and what nobody is asked has no answer at all.
    let is_free = |wanted: &str| {
        questions.iter().filter(|question| question.name().as_deref() == Some(wanted)).any(|question| {
            match question.kind.value() {
                Some(QuestionType::Boolean) => false,
                Some(QuestionType::Enum) => question.options.value().is_none_or(Vec::is_empty),
                _ => true,
            }
        })
    };
    for reference in template.references().iter().filter(|reference| is_free(&reference.name)) {
        reference.compared_with.iter().for_each(|value| add(&reference.name, value.clone()));
    }
    let mut seen: HashSet<Vec<u8>> = HashSet::new();
    let mut readings = Vec::new();
    let mut limits = Limits { output_bytes: MAX_RENDERED_BYTES, ..Limits::default() };
    for because in tries {
        let mut answers = defaults.clone();
        if let Some((name, value)) = &because
            && answers.insert(name.clone(), value.clone()).as_ref() == Some(value)
        {
            continue;
        }
        let pairs = answers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let allowed = Limits { output_bytes: limits.output_bytes.min(Limits::default().output_bytes), ..limits };
        let execution = template.execute(&Value::data(pairs, stack), &allowed);
        limits.output_bytes = limits.output_bytes.saturating_sub(execution.output.len());
        limits.steps = limits.steps.saturating_sub(execution.steps);
        if execution.error.as_ref().is_some_and(|error| error.beyond_this_tool) && !readings.is_empty() {
            // The renderings so far are what can be said of so large a template.
            break;
        }
        if seen.contains(&execution.output) && execution.error.is_none() {
            continue;
        }
        readings.push(Reading {
            document: Document::read_bytes(&execution.output).map(Arc::new),
            line_map: Some(execution.line_map),
            error: execution.error,
            because,
        });
        seen.insert(execution.output);
    }
    readings
}
