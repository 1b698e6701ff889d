//! What may be answered.

use catalog_check::is_it;
use catalog_check::used_variables::UsedVariables;
use catalog_diff::meaning::Answers;
use rancher_catalog::model::{Question, QuestionType, Templated};
use rancher_catalog::source::VersionSource;

/// Why an answer is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// Neither a question nor a file has the name.
    #[error("nothing is asked or used by this name{meant}")]
    Unknown {
        /// What may have been meant.
        meant: String,
    },
    /// The question has options, and this is none of them.
    #[error("this cannot be answered; what can is {}", .0.join(", "))]
    NotOffered(Vec<String>),
}

/// The questions of a version.
pub fn questions_of(version: &VersionSource) -> &[Question] {
    version.catalog().and_then(|block| block.questions.value()).map_or(&[], Vec::as_slice)
}

fn variable(question: &Question) -> Option<String> {
    question.variable.value().map(ToString::to_string)
}

/// Whether anything is asked or used by a name, and whether it may be answered so.
///
/// # Errors
/// It is not, or may not.
pub fn check_answer(version: &VersionSource, name: &str, value: &str) -> Result<(), AnswerError> {
    let questions = questions_of(version);
    let Some(question) = questions.iter().find(|question| variable(question).as_deref() == Some(name)) else {
        let used = UsedVariables::of(version);
        if used.may_use(name) {
            return Ok(());
        }
        let asked: Vec<String> = questions.iter().filter_map(variable).collect();
        let known = asked.iter().map(String::as_str).chain(used.all());
        return Err(AnswerError::Unknown { meant: is_it(known, name) });
    };
    let options: Vec<String> = match question.kind.value() {
        Some(QuestionType::Boolean) => vec!["true".to_owned(), "false".to_owned()],
        Some(QuestionType::Enum) => question.options.value().into_iter().flatten().map(ToString::to_string).collect(),
        _ => Vec::new(),
    };
    if options.is_empty() || value.is_empty() || options.iter().any(|option| option == value) {
        return Ok(());
    }
    Err(AnswerError::NotOffered(options))
}

/// The questions that must be answered and are not. The UI does not insist on an answer to a boolean.
pub fn unanswered(version: &VersionSource, answers: &Answers) -> Vec<String> {
    let must = |question: &&Question| {
        let required = match question.required.value() {
            Some(Templated::Value(required)) => *required,
            Some(Templated::Text(text)) => text == "true",
            None => false,
        };
        required && question.kind.value() != Some(&QuestionType::Boolean)
    };
    let names = questions_of(version).iter().filter(must).filter_map(variable);
    names.filter(|name| answers.get(name).is_none_or(String::is_empty)).collect()
}
