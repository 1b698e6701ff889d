//! The answers that an address gives, over the defaults of a version.

use catalog_check::answers::{AnswerError, Answerable};
use catalog_diff::meaning::defaults;
use rancher_catalog::launch::Answers;
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
    /// The same, and what is not offered: all that `gen-catalog render-compose` refuses, in its words.
    pub refused: Vec<String>,
}

/// The answers of a version, by pairs of an address.
pub fn given(version: &VersionSource, pairs: &[(String, String)]) -> Given {
    let default = defaults(version.questions());
    let answerable = Answerable::of(version);
    let mut given = Given { answers: default.clone(), ..Given::default() };
    for (name, value) in pairs {
        let is_asked = default.contains_key(name);
        if !is_asked && RESERVED.contains(&name.as_str()) {
            continue;
        }
        // A browser ends the lines of a form in this way.
        let value = value.replace("\r\n", "\n");
        match answerable.check(name, &value) {
            Ok(()) => {}
            Err(error @ AnswerError::Unknown { .. }) => {
                let told = format!("{name}: {error}");
                given.notes.push(told.clone());
                given.refused.push(told);
                continue;
            }
            // A page shows it beside its question.
            Err(error @ AnswerError::NotOffered(_)) => given.refused.push(format!("{name}={value}: {error}")),
        }
        given.answers.insert(name.clone(), value);
    }
    let is_own = |(name, value): &(&String, &String)| default.get(*name) != Some(*value);
    given.own = given.answers.iter().filter(is_own).map(|(name, value)| (name.clone(), value.clone())).collect();
    given
}
