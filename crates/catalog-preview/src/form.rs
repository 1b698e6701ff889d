//! The form that Rancher 1.6 shows before it launches a version: an input for each question, by its type.

use catalog_check::answers::is_number_of_a_browser;
use rancher_catalog::launch::Answers;
use rancher_catalog::model::{Field, Question, QuestionType, Scalar};
use serde::Serialize;

use crate::reading::{shown, weight};

/// The most questions, and the most choices of one, that a page shows.
const MOST: usize = 150;

/// How much all of them may have in a page, in bytes.
const HEAVIEST: usize = 40_000;

/// An input.
#[derive(Debug, Serialize)]
pub struct Input {
    /// Its place among the others.
    pub number: usize,
    /// The variable.
    pub name: String,
    /// Its title.
    pub label: String,
    /// The text below it.
    pub description: String,
    /// The type that the question names.
    pub kind: String,
    /// Which control it is: `select`, `radio`, `textarea`, or a type of `input`.
    pub control: &'static str,
    /// The answer.
    pub value: String,
    /// Its default.
    pub default: String,
    /// Whether the answer is another one.
    pub is_changed: bool,
    /// The choices.
    pub options: Vec<Choice>,
    /// Whether the UI insists on an answer.
    pub is_required: bool,
    /// What the question says and Rancher 1.6 does not look at.
    pub not_enforced: Vec<String>,
    /// What is wrong with the answer though Rancher 1.6 takes it, or refuses it.
    pub complaints: Vec<String>,
    /// What Rancher shows in its place, if that is something else.
    pub note: &'static str,
}

/// A choice.
#[derive(Debug, Serialize)]
pub struct Choice {
    /// The answer.
    pub value: String,
    /// Whether it is the one that is given.
    pub is_chosen: bool,
}

impl Input {
    fn weight(&self) -> usize {
        let texts = [&self.label, &self.description, &self.name, &self.value, &self.default];
        let options = self.options.iter().map(|option| 2 * weight(&option.value) + weight(&self.default) + 60);
        texts.into_iter().map(|text| weight(text)).sum::<usize>() + options.sum::<usize>() + 300
    }
}

/// The inputs for some questions, and how many more there are.
pub fn inputs(questions: &[Question], answers: &Answers) -> (Vec<Input>, usize) {
    let asked = questions.iter().filter(|question| question.name().is_some_and(|name| !name.is_empty()));
    let mut left = HEAVIEST;
    let (mut inputs, mut more) = (Vec::new(), 0);
    for (number, question) in asked.enumerate() {
        let room = if inputs.len() < MOST { left } else { 0 };
        let input = (room > 0).then(|| input(number, question, answers));
        match input.map(|input| (room.checked_sub(input.weight()), input)) {
            Some((Some(rest), input)) => {
                left = rest;
                inputs.push(input);
            }
            _ => more += 1,
        }
    }
    (inputs, more)
}

fn input(number: usize, question: &Question, answers: &Answers) -> Input {
    let name = question.name().unwrap_or_default();
    let text = |field: &Field<Scalar>| field.value().map(ToString::to_string).unwrap_or_default();
    let default = question.default_answer();
    let value = answers.get(&name).cloned().unwrap_or_default();
    let kind = question.kind.value().cloned().unwrap_or(QuestionType::String);
    let listed: Vec<String> = question.options.value().into_iter().flatten().map(ToString::to_string).collect();
    let label = shown(&text(&question.label));
    let mut input = Input {
        number,
        label: if label.is_empty() { shown(&name) } else { label },
        description: shown(&text(&question.description)),
        kind: shown(&kind_name(&kind)),
        control: control(&kind, &value),
        is_changed: value != default,
        options: choices(&kind, &listed, &value),
        is_required: question.is_required(),
        not_enforced: not_enforced(question),
        complaints: complaints(question, &kind, &listed, &value),
        note: note(&kind),
        name,
        value,
        default,
    };
    if matches!(kind, QuestionType::Unknown(_)) {
        let complaint = format!("Rancher 1.6 has no input of type {}: it shows a text box, and says so", input.kind);
        input.complaints.insert(0, complaint);
    }
    input
}

fn kind_name(kind: &QuestionType) -> String {
    match kind {
        QuestionType::Unknown(name) => name.clone(),
        known => format!("{known:?}").to_lowercase(),
    }
}

fn control(kind: &QuestionType, value: &str) -> &'static str {
    match kind {
        QuestionType::Boolean => "radio",
        QuestionType::Enum => "select",
        QuestionType::Multiline => "textarea",
        QuestionType::Password | QuestionType::Masked => "password",
        // A browser shows nothing of what is no number, or no day.
        QuestionType::Int | QuestionType::Float if value.is_empty() || is_number_of_a_browser(value) => "number",
        QuestionType::Date if value.is_empty() || is_day(value) => "date",
        _ => "text",
    }
}

fn is_day(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let is_number = |part: &&str| part.bytes().all(|byte| byte.is_ascii_digit());
    matches!(parts.as_slice(), [year, month, day] if year.len() == 4 && month.len() == 2 && day.len() == 2)
        && parts.iter().all(is_number)
}

fn note(kind: &QuestionType) -> &'static str {
    match kind {
        QuestionType::Certificate => "Rancher offers the certificates of the environment; here you write a name.",
        QuestionType::Secret => "Rancher offers the secrets of the environment; here you write a name.",
        QuestionType::Service => "Rancher offers the services of the environment; here you write stack/service.",
        _ => "",
    }
}

fn choices(kind: &QuestionType, listed: &[String], value: &str) -> Vec<Choice> {
    let choice = |answer: &str| Choice { value: answer.to_owned(), is_chosen: answer == value };
    match kind {
        QuestionType::Boolean => ["true", "false"].into_iter().map(choice).collect(),
        QuestionType::Enum => {
            let mut all: Vec<Choice> = listed.iter().take(MOST).map(|option| choice(option)).collect();
            // What is given and not offered is to be seen too; and where nothing is given, nothing is chosen.
            if !all.iter().any(|choice| choice.is_chosen) {
                all.insert(0, choice(value));
            }
            all
        }
        _ => Vec::new(),
    }
}

fn bound(field: &Field<Scalar>) -> Option<f64> {
    field.value()?.to_string().parse().ok()
}

fn limits(least: Option<f64>, most: Option<f64>, what: &str) -> Option<String> {
    match (least, most) {
        (None, None) => None,
        (Some(least), Some(most)) => Some(format!("from {least} to {most}{what}")),
        (Some(least), None) => Some(format!("at least {least}{what}")),
        (None, Some(most)) => Some(format!("at most {most}{what}")),
    }
}

fn characters(field: &Field<Scalar>) -> Option<String> {
    field.value().map(ToString::to_string).filter(|text| !text.is_empty())
}

fn not_enforced(question: &Question) -> Vec<String> {
    let mut told = Vec::new();
    told.extend(limits(bound(&question.min), bound(&question.max), ""));
    told.extend(limits(bound(&question.min_length), bound(&question.max_length), " characters"));
    told.extend(characters(&question.valid_chars).map(|all| format!("only the characters {}", shown(&all))));
    told.extend(characters(&question.invalid_chars).map(|all| format!("none of the characters {}", shown(&all))));
    if question.says_required() && !question.is_required() {
        told.push("an answer".to_owned());
    }
    told
}

fn complaints(question: &Question, kind: &QuestionType, listed: &[String], value: &str) -> Vec<String> {
    let mut told = Vec::new();
    if value.is_empty() {
        if question.is_required() {
            told.push("Rancher wants an answer here before it launches".to_owned());
        }
        return told;
    }
    let number = value.parse::<f64>().ok();
    match kind {
        QuestionType::Int | QuestionType::Float if !is_number_of_a_browser(value) => {
            told.push("this is no number, and is launched all the same".to_owned())
        }
        QuestionType::Enum if !listed.iter().any(|option| option == value) => {
            told.push("Rancher does not offer this choice".to_owned());
        }
        QuestionType::Boolean if value != "true" && value != "false" => {
            told.push("Rancher offers true and false alone".to_owned());
        }
        _ => {}
    }
    let length = value.chars().count() as f64;
    let is_below =
        |bound: Option<f64>, own: Option<f64>| matches!((bound, own), (Some(bound), Some(own)) if own < bound);
    let is_above =
        |bound: Option<f64>, own: Option<f64>| matches!((bound, own), (Some(bound), Some(own)) if own > bound);
    if is_below(bound(&question.min), number) || is_above(bound(&question.max), number) {
        told.push("this is out of range, and is launched all the same".to_owned());
    }
    if is_below(bound(&question.min_length), Some(length)) || is_above(bound(&question.max_length), Some(length)) {
        told.push("this is too short or too long, and is launched all the same".to_owned());
    }
    told
}

#[cfg(test)]
mod tests {
    use rancher_catalog::model::CatalogBlock;
    use rancher_catalog::yaml::Document;

    use super::*;

    fn asked(question: &str, answer: Option<&str>) -> Input {
        let block = CatalogBlock::of(&Document::read(&format!("questions: [{question}]")).unwrap().to_value());
        let questions = block.questions.value().unwrap();
        let mut answers = catalog_diff::meaning::defaults(questions);
        answers.extend(answer.map(|answer| (questions[0].name().unwrap(), answer.to_owned())));
        inputs(questions, &answers).0.remove(0)
    }

    #[test]
    fn each_type_has_its_input() {
        for (kind, control) in [
            ("boolean", "radio"),
            ("certificate", "text"),
            ("date", "date"),
            ("enum", "select"),
            ("float", "number"),
            ("int", "number"),
            ("masked", "password"),
            ("multiline", "textarea"),
            ("password", "password"),
            ("secret", "text"),
            ("service", "text"),
            ("string", "text"),
            ("dropdown", "text"),
        ] {
            let input = asked(&format!("{{variable: A, type: {kind}}}"), None);
            assert_eq!((input.control, input.kind.as_str()), (control, kind));
            assert_eq!(input.complaints.is_empty(), kind != "dropdown", "{kind}");
        }
    }

    #[test]
    fn an_answer_that_is_no_number_can_still_be_seen() {
        assert_eq!(asked("{variable: A, type: int}", Some("many")).control, "text");
        assert_eq!(asked("{variable: A, type: date}", Some("soon")).control, "text");
    }

    #[test]
    fn what_rancher_does_not_enforce_is_shown_as_such() {
        let input = asked("{variable: A, type: int, min: 2, max: 9, required: true, default: 3}", Some("12"));
        assert!(input.is_required && input.is_changed);
        assert_eq!(input.not_enforced, ["from 2 to 9"]);
        assert_eq!(input.complaints, ["this is out of range, and is launched all the same"]);
        let input = asked("{variable: A, type: boolean, required: true}", None);
        assert!(!input.is_required);
        assert_eq!(input.not_enforced, ["an answer"]);
    }

    #[test]
    fn a_choice_that_is_not_offered_is_seen() {
        let input = asked("{variable: A, type: enum, options: [a, b], default: a}", Some("c"));
        assert_eq!(input.options[0].value, "c");
        assert_eq!(input.complaints, ["Rancher does not offer this choice"]);
    }
}
