//! What may be answered.

use std::cell::OnceCell;

use rancher_catalog::launch::Answers;
use rancher_catalog::model::{Question, QuestionType};
use rancher_catalog::source::VersionSource;

use crate::is_it;
use crate::used_variables::UsedVariables;

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

/// What may be answered to a version.
pub struct Answerable<'v> {
    version: &'v VersionSource,
    /// Worked out for the first name that nothing asks for.
    used: OnceCell<UsedVariables<'v>>,
}

impl<'v> Answerable<'v> {
    /// Of a version.
    pub fn of(version: &'v VersionSource) -> Self {
        Self { version, used: OnceCell::new() }
    }

    fn question(&self, name: &str) -> Option<&'v Question> {
        self.version.questions().iter().find(|question| question.name().as_deref() == Some(name))
    }

    /// Whether anything is asked or used by a name, and whether it may be answered so.
    ///
    /// # Errors
    /// It is not, or may not.
    pub fn check(&self, name: &str, value: &str) -> Result<(), AnswerError> {
        let Some(question) = self.question(name) else {
            let used = self.used.get_or_init(|| UsedVariables::of(self.version));
            if used.may_use(name) {
                return Ok(());
            }
            let asked: Vec<String> = self.version.questions().iter().filter_map(Question::name).collect();
            let known = asked.iter().map(String::as_str).chain(used.all());
            return Err(AnswerError::Unknown { meant: is_it(known, name) });
        };
        let offered = question.offered();
        if offered.is_empty() || value.is_empty() || offered.iter().any(|answer| answer == value) {
            return Ok(());
        }
        Err(AnswerError::NotOffered(offered))
    }

    /// What nobody sees to: that the answer to a question of numbers is one. A browser's input does; Rancher and its API do
    /// not, and so the files get any text as it is.
    pub fn unchecked(&self, name: &str, value: &str) -> Option<String> {
        let kind = match self.question(name)?.kind.value()? {
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

    /// The questions that must be answered and are not.
    pub fn unanswered(&self, answers: &Answers) -> Vec<String> {
        let required = self.version.questions().iter().filter(|question| question.is_required());
        let names = required.filter_map(Question::name);
        names.filter(|name| answers.get(name).is_none_or(String::is_empty)).collect()
    }
}

/// Whether it can be typed into `<input type=number>`: a floating-point number as HTML has it. Between whole numbers and others
/// neither the input nor Rancher tells.
pub fn is_number_of_a_browser(text: &str) -> bool {
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
