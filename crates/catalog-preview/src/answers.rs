//! The answers that an address gives, over the defaults of a version.

use catalog_check::is_it;
use catalog_check::used_variables::UsedVariables;
use catalog_diff::meaning::defaults;
use rancher_catalog::launch::Answers;
use rancher_catalog::model::{Question, QuestionType, Templated};
use rancher_catalog::source::VersionSource;

/// What is asked for in an address that is no answer.
pub const RESERVED: [&str; 2] = ["rancherVersion", "from"];

/// The answers of a version.
#[derive(Debug, Default)]
pub struct Given {
    /// All of them.
    pub answers: Answers,
    /// Those that the address gives and that are not the default.
    pub own: Vec<(String, String)>,
    /// What is wrong with what the address gives.
    pub notes: Vec<String>,
}

/// The questions of a version.
pub fn questions(version: &VersionSource) -> &[Question] {
    version.catalog().and_then(|block| block.questions.value()).map_or(&[], Vec::as_slice)
}

/// The name of a question's variable.
pub fn variable(question: &Question) -> Option<String> {
    question.variable.value().map(ToString::to_string)
}

/// Whether the UI wants an answer: of a boolean it does not.
pub fn is_required(question: &Question) -> bool {
    says_required(question) && question.kind.value() != Some(&QuestionType::Boolean)
}

/// Whether its author wants one.
pub fn says_required(question: &Question) -> bool {
    match question.required.value() {
        Some(Templated::Value(required)) => *required,
        Some(Templated::Text(text)) => text == "true",
        None => false,
    }
}

/// The answers of a version, by pairs of an address.
pub fn given(version: &VersionSource, pairs: &[(String, String)]) -> Given {
    let asked = questions(version);
    let default = defaults(asked);
    let mut given = Given { answers: default.clone(), ..Given::default() };
    let used = UsedVariables::of(version);
    for (name, value) in pairs {
        let is_asked = default.contains_key(name);
        if !is_asked && RESERVED.contains(&name.as_str()) {
            continue;
        }
        if !is_asked && !used.may_use(name) {
            let known = default.keys().map(String::as_str).chain(used.all());
            given.notes.push(format!("{name}: nothing is asked or used by this name{}", is_it(known, name)));
            continue;
        }
        // A browser ends the lines of a form in this way.
        given.answers.insert(name.clone(), value.replace("\r\n", "\n"));
    }
    let is_own = |(name, value): &(&String, &String)| default.get(*name) != Some(*value);
    given.own = given.answers.iter().filter(is_own).map(|(name, value)| (name.clone(), value.clone())).collect();
    given
}
