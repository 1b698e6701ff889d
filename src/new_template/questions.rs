//! The questions of a template, gathered while its services are made.

use indexmap::{IndexMap, IndexSet};
use serde_yaml::{Mapping, Value};

use super::secret_names::{holds_secret, is_secret};
use super::secret_text::{secrets_in, told};
use rancher_catalog::hidden::seen_in_a_line;

/// Where an answer goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Use<'u> {
    /// The service.
    pub service: &'u str,
    /// Its key.
    pub key: &'u str,
    /// Whether Rancher refuses an empty answer there: a port, an image, a number.
    pub is_needed: bool,
}

/// So many services a question names that its answer goes to.
const MOST_NAMED: usize = 20;

/// A question.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Question {
    /// Its title, where the variable's name does not tell all.
    pub label: Option<String>,
    /// The answer that stands there from the start.
    pub default: Option<String>,
    /// What the source says of it.
    pub about: Option<String>,
    /// Whether an empty answer is refused.
    pub required: bool,
    /// Whether its answer is nobody else's to read, whatever its name.
    is_hidden: bool,
    /// Whether Rancher refuses one anyway.
    is_needed: bool,
    /// Services and their keys that the answer is used in.
    uses: IndexSet<(String, String)>,
}

/// All questions, by their variables.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Questions(IndexMap<String, Question>);

/// A number that reads back the same.
fn is_whole(text: &str) -> bool {
    text.parse::<i64>().is_ok_and(|number| number.to_string() == text)
}

impl Question {
    fn is_secret(&self, variable: &str) -> bool {
        self.is_hidden
            || self.default.as_deref().map_or_else(|| is_secret(variable), |text| holds_secret(variable, text))
    }

    fn kind(&self, variable: &str) -> &'static str {
        match self.default.as_deref() {
            _ if self.is_secret(variable) => "password",
            Some("true" | "false") if !self.is_needed => "boolean",
            // A tag is a name, though it may look like a number.
            Some(text) if is_whole(text) && !self.uses.iter().any(|(_, key)| key == "image") => "int",
            Some(text) if text.contains('\n') => "multiline",
            _ => "string",
        }
    }

    fn used_in(&self) -> String {
        let mut services: IndexMap<&str, Vec<&str>> = IndexMap::new();
        for (service, key) in &self.uses {
            let keys = services.entry(service).or_default();
            if !keys.contains(&key.as_str()) {
                keys.push(key);
            }
        }
        let mut each: Vec<String> = services
            .iter()
            .take(MOST_NAMED)
            .map(|(service, keys)| format!("{service} ({})", keys.join(", ")))
            .collect();
        if services.len() > MOST_NAMED {
            each.push(format!("and {} more", services.len() - MOST_NAMED));
        }
        each.join(", ")
    }

    fn to_value(&self, variable: &str) -> Value {
        let mut map = Mapping::new();
        let mut put = |key: &str, value: Value| map.insert(key.into(), value);
        let kind = self.kind(variable);
        put("variable", variable.into());
        put("label", self.label.clone().unwrap_or_else(|| label(variable)).into());
        let used = self.used_in();
        let about = self.about.as_deref().map(|about| about.trim_end_matches('.'));
        let description = match (about, used.is_empty()) {
            (Some(about), true) => format!("{about}."),
            (Some(about), false) => format!("{about}. For {used}."),
            (None, _) => format!("For {used}."),
        };
        put("description", description.into());
        put("type", kind.into());
        put("required", self.required.into());
        if let Some(default) = self.default.as_ref().filter(|_| kind != "password") {
            put("default", default.clone().into());
        }
        Value::Mapping(map)
    }
}

/// A title made of the name of a variable: `DB_USER` is `Db user`.
fn label(variable: &str) -> String {
    let words: Vec<String> = variable.split('_').filter(|word| !word.is_empty()).map(str::to_lowercase).collect();
    let text = words.join(" ");
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => variable.to_owned(),
    }
}

impl Questions {
    /// Asks for a variable, with the answer that stands there from the start. Of two the first one counts; it is given back
    /// where the second one is another.
    pub(super) fn ask(&mut self, variable: &str, default: Option<&str>, place: Use<'_>) -> Option<String> {
        let default = default.filter(|default| !(default.is_empty() && place.is_needed));
        let is_hidden = default.is_some_and(|text| holds_secret(variable, text) || !secrets_in(text).is_empty())
            || self.0.get(variable).is_some_and(|question| question.is_hidden);
        let default = default.filter(|_| !is_hidden);
        let question = self.0.entry(variable.to_owned()).or_insert_with(|| Question {
            label: None,
            default: default.map(str::to_owned),
            about: None,
            required: false,
            is_hidden: false,
            is_needed: false,
            uses: IndexSet::new(),
        });
        question.is_needed |= place.is_needed;
        if is_hidden {
            question.is_hidden = true;
            question.default = None;
        }
        let other = match (&question.default, default) {
            (None, Some(later)) => {
                question.default = Some(later.to_owned());
                None
            }
            (Some(first), Some(later)) if first != later => Some(first.clone()),
            _ => None,
        };
        if question.is_needed && question.default.as_deref() == Some("") {
            question.default = None;
        }
        question.required = question.is_needed || question.default.is_none() || question.is_secret(variable);
        let used = (place.service.to_owned(), place.key.to_owned());
        question.uses.insert(used);
        other
    }

    /// Asks for what is nobody else's to read.
    pub(super) fn ask_secret(&mut self, variable: &str, place: Use<'_>) {
        self.ask(variable, None, place);
        if let Some(question) = self.0.get_mut(variable) {
            question.is_hidden = true;
            question.default = None;
            question.required = true;
        }
    }

    pub(super) fn is_hidden(&self, variable: &str) -> bool {
        self.0.get(variable).is_some_and(|question| question.is_hidden)
    }

    /// Says more of a question.
    pub(super) fn describe(&mut self, variable: &str, label: Option<&str>, about: Option<&str>) {
        if let Some(question) = self.0.get_mut(variable) {
            question.label = label.map(str::to_owned).or(question.label.take());
            question.about = about
                .map(|about| told(&seen_in_a_line(&one_line(about))))
                .filter(|about| !about.is_empty())
                .or(question.about.take());
        }
    }

    /// Lets an empty answer pass.
    pub(super) fn allow_blank(&mut self, variable: &str) {
        if let Some(question) = self.0.get_mut(variable) {
            question.required = question.is_needed || question.is_hidden;
        }
    }

    pub(super) fn has(&self, variable: &str) -> bool {
        self.0.contains_key(variable)
    }

    /// Forgets those that are used nowhere.
    pub(super) fn keep(&mut self, is_used: impl Fn(&str) -> bool) {
        self.0.retain(|variable, _| is_used(variable));
    }

    /// As the catalog block has them.
    pub(super) fn to_value(&self) -> Value {
        Value::Sequence(self.0.iter().map(|(variable, question)| question.to_value(variable)).collect())
    }
}

/// A text on one line.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
