//! A question has no variable, or one that another question has already.

use std::collections::HashSet;

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::{question_value, questions, scalar_text};
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "question-variable",
    severity: Severity::Warning,
    finds: "A question has no variable, or one that another question has already.",
    why: "Rancher asks all the same: the answer reaches nothing, or one of the two answers is lost.",
    fix: "Give each question a variable of its own: letters, digits and `_`.",
    refused_by: None,
    fires: Example(&[Edit::Replace("1/rancher-compose.yml", "variable: SIZE", "variable: COLOR")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in &template.versions {
        let mut seen = HashSet::new();
        for (file, question) in questions(version) {
            let variable = question_value(question, "variable");
            match variable.map(|node| (node, scalar_text(node))) {
                None => report.node(file, question, "this question has no variable"),
                Some((_, None)) => {}
                Some((node, Some(name))) if name.is_empty() => {
                    report.node(file, node, "this question has no variable");
                }
                Some((node, Some(name))) => {
                    let message = format!("a question before this one has the variable {name} already");
                    if !seen.insert(name) {
                        report.node(file, node, message);
                    }
                }
            }
        }
    }
}
