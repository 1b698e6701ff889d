//! The answers to try: all combinations of those that decide something.

use std::collections::BTreeSet;

use rancher_catalog::go_template::Template;
use rancher_catalog::launch::Answers;
use rancher_catalog::model::{Question, QuestionType};

/// So many combinations are tried.
const MOST: usize = 1_024;

/// An answer that stands for any that a person may write.
pub(super) const ANY: &str = "any-answer-at-all";

/// The combinations to try.
pub(super) struct Combined {
    /// Each with whether an answer in it is none that anybody has to expect: by it another branch is seen, and no more.
    pub tries: Vec<(Answers, bool)>,
    /// How many questions have answers that are not tried with all others.
    pub left_out: usize,
}

/// What may be answered, the default first, and whether a person may write something else.
pub(super) fn values_of(questions: &[Question], wanted: &str) -> (Vec<String>, bool) {
    // Of two questions of one name the last one counts.
    let Some(question) = questions.iter().rfind(|question| question.name().as_deref() == Some(wanted)) else {
        return (vec![String::new()], false);
    };
    let default = question.default_answer();
    let options: Vec<String> = question.options.value().into_iter().flatten().map(ToString::to_string).collect();
    let (others, is_free) = match question.kind.value() {
        Some(QuestionType::Boolean) => (vec!["true".to_owned(), "false".to_owned()], false),
        Some(QuestionType::Enum) if !options.is_empty() => (options, false),
        _ => (options, true),
    };
    // An enum without a default stands at its first option.
    let mut values = if default.is_empty() && !is_free { Vec::new() } else { vec![default] };
    for other in others {
        if !values.contains(&other) {
            values.push(other);
        }
    }
    (values, is_free)
}

/// All combinations of the answers that a template asks about; those that it does not have their defaults.
pub(super) fn combinations(template: &Template, questions: &[Question]) -> Combined {
    let mut choices: Vec<(String, Vec<String>)> = Vec::new();
    let mut defaults = Answers::new();
    let mut made_up: BTreeSet<(String, String)> = BTreeSet::new();
    for name in questions.iter().filter_map(Question::name).collect::<BTreeSet<String>>() {
        let (mut values, is_free) = values_of(questions, &name);
        defaults.insert(name.clone(), values.first().cloned().unwrap_or_default());
        let compared = template.references().iter().filter(|reference| reference.name == name);
        let mut is_used = false;
        for reference in compared {
            is_used = true;
            for value in reference
                .compared_with
                .iter()
                .filter(|value| is_free && !values.contains(value))
                .cloned()
                .collect::<Vec<_>>()
            {
                values.push(value);
            }
        }
        // With something or nothing: what an `if` alone asks.
        if is_used && is_free {
            for value in ["", ANY] {
                if !values.iter().any(|known| known.is_empty() == value.is_empty()) {
                    values.push(value.to_owned());
                    made_up.insert((name.clone(), value.to_owned()));
                }
            }
        }
        if is_used && values.len() > 1 {
            choices.push((name, values));
        }
    }
    choices.sort_by_key(|(_, values)| values.len());
    let (mut together, mut count) = (Vec::new(), 1_usize);
    let mut alone = Vec::new();
    for choice in choices {
        match count.checked_mul(choice.1.len()).filter(|count| *count <= MOST) {
            Some(more) => {
                count = more;
                together.push(choice);
            }
            None => alone.push(choice),
        }
    }
    let with_defaults = |answers: Answers| {
        let mut all = defaults.clone();
        let is_made_up = answers.iter().any(|(name, value)| made_up.contains(&(name.clone(), value.clone())));
        all.extend(answers);
        (all, is_made_up)
    };
    let mut tries: Vec<(Answers, bool)> = all(&together).into_iter().map(with_defaults).collect();
    for (name, values) in &alone {
        tries.extend(values.iter().map(|value| with_defaults(Answers::from([(name.clone(), value.clone())]))));
    }
    Combined { tries, left_out: alone.len() }
}

/// All combinations of values; of no choices one, with nothing in it. Beyond [`MOST`] there are no more.
pub(super) fn all(choices: &[(String, Vec<String>)]) -> Vec<Answers> {
    let mut combined = vec![Answers::new()];
    for (name, values) in choices {
        let mut next = Vec::new();
        for answers in &combined {
            for value in values {
                let mut more = answers.clone();
                more.insert(name.clone(), value.clone());
                next.push(more);
            }
        }
        next.truncate(MOST);
        combined = next;
    }
    combined
}
