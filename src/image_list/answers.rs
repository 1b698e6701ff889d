//! The answers to try: all combinations of those that decide something.

use std::collections::BTreeSet;

use rancher_catalog::go_template::Template;
use rancher_catalog::launch::Answers;
use rancher_catalog::model::Question;

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
    let Some(question) = question_of(questions, wanted) else { return (vec![String::new()], false) };
    let default = question.default_answer();
    let offered = question.offered();
    let is_free = offered.is_empty();
    let options = || question.options.value().into_iter().flatten().map(ToString::to_string).collect();
    let others = if is_free { options() } else { offered };
    // An enum without a default stands at its first option.
    let mut values = if default.is_empty() && !is_free { Vec::new() } else { vec![default] };
    for other in others {
        if !values.contains(&other) {
            values.push(other);
        }
    }
    (values, is_free)
}

/// Of two questions of one name the last one counts.
fn question_of<'q>(questions: &'q [Question], wanted: &str) -> Option<&'q Question> {
    questions.iter().rfind(|question| question.name().as_deref() == Some(wanted))
}

/// All combinations of the answers that a template asks about; those that it does not have their defaults.
pub(super) fn combinations(template: &Template, questions: &[Question]) -> Combined {
    let mut choices: Vec<(String, Vec<String>)> = Vec::new();
    let mut defaults = Answers::new();
    let mut made_up: BTreeSet<(String, String)> = BTreeSet::new();
    for name in questions.iter().filter_map(Question::name).collect::<BTreeSet<String>>() {
        let (mut values, is_free) = values_of(questions, &name);
        // Rancher launches nothing without an answer to it.
        let is_required = question_of(questions, &name).is_some_and(Question::is_required);
        if is_free && is_required && values.first().is_some_and(String::is_empty) {
            values[0] = ANY.to_owned();
        }
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
    let (tries, left_out) = tried(choices);
    let with_defaults = |answers: Answers| {
        let mut all = defaults.clone();
        let is_made_up = answers.iter().any(|(name, value)| made_up.contains(&(name.clone(), value.clone())));
        all.extend(answers);
        (all, is_made_up)
    };
    Combined { tries: tries.into_iter().map(with_defaults).collect(), left_out }
}

/// The combinations of values that are tried, and how many choices are tried one by one alone, as with them there would be more
/// than [`MOST`]. Of no choices there is one, with nothing in it.
pub(super) fn tried(mut choices: Vec<(String, Vec<String>)>) -> (Vec<Answers>, usize) {
    choices.sort_by_key(|(_, values)| values.len());
    let first = |(name, values): &(String, Vec<String>)| Some((name.clone(), values.first()?.clone()));
    let defaults: Answers = choices.iter().filter_map(first).collect();
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
    // One that is alone anyway is tried whole.
    let left_out = if together.is_empty() && alone.len() == 1 { 0 } else { alone.len() };
    let with = |answers: Answers| defaults.clone().into_iter().chain(answers).collect();
    let mut tries: Vec<Answers> = all(&together).into_iter().map(with).collect();
    for (name, values) in &alone {
        tries.extend(values.iter().map(|value| with(Answers::from([(name.clone(), value.clone())]))));
    }
    (tries, left_out)
}

fn all(choices: &[(String, Vec<String>)]) -> Vec<Answers> {
    let mut combined = vec![Answers::new()];
    for (name, values) in choices {
        let with = |answers: &Answers, value: &String| {
            let mut more = answers.clone();
            more.insert(name.clone(), value.clone());
            more
        };
        combined = combined.iter().flat_map(|answers| values.iter().map(move |value| with(answers, value))).collect();
    }
    combined
}
