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

fn question_of<'v>(version: &'v VersionSource, name: &str) -> Option<&'v Question> {
    questions_of(version).iter().find(|question| variable(question).as_deref() == Some(name))
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
    let Some(question) = question_of(version, name) else {
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

/// What nobody sees to: that the answer to a question of numbers is one. A browser's input does; Rancher and its API do not, and
/// so the files get any text as it is.
pub fn unchecked(version: &VersionSource, name: &str, value: &str) -> Option<String> {
    let kind = match question_of(version, name)?.kind.value()? {
        QuestionType::Int => "int",
        QuestionType::Float => "float",
        _ => return None,
    };
    let is_told = !value.is_empty() && !is_number_of_a_browser(value);
    is_told.then(|| {
        format!(
            "this is no number, and the question is of the type {kind}; Rancher does not check that, and puts it in as it is"
        )
    })
}

/// Whether it can be typed into `<input type=number>`: a floating-point number as HTML has it. Between whole numbers and others
/// neither the input nor Rancher tells.
fn is_number_of_a_browser(text: &str) -> bool {
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let text = text.strip_prefix('-').unwrap_or(text);
    let (number, exponent) = match text.split_once(['e', 'E']) {
        Some((number, exponent)) => (number, Some(exponent.strip_prefix(['-', '+']).unwrap_or(exponent))),
        None => (text, None),
    };
    let is_plain = match number.split_once('.') {
        Some((whole, part)) => (whole.is_empty() || is_digits(whole)) && is_digits(part),
        None => is_digits(number),
    };
    is_plain && exponent.is_none_or(is_digits)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_what_a_browser_takes_for_one() {
        for good in ["0", "-1", "1.5", ".5", "1e3", "1E-3", "007"] {
            assert!(is_number_of_a_browser(good), "{good}");
        }
        for bad in ["no", "", "-", "+1", "1.", ".", "1e", "e3", "1 ", "0x10", "1,5", "1_000", "Infinity", "--1"] {
            assert!(!is_number_of_a_browser(bad), "{bad}");
        }
    }
}
