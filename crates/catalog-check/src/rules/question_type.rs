//! A question has a type that Rancher's UI has no input for.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::{question_value, questions};
use rancher_catalog::model::QuestionType;
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "question-type",
    severity: Severity::Warning,
    finds: "A question has a type that Rancher's UI has no input for.",
    why: "It shows a plain text box and a complaint.",
    fix: "Use boolean, certificate, date, enum, float, int, masked, multiline, password, secret, service or string.",
    refused_by: None,
    fires: Example(&[Edit::Replace("1/rancher-compose.yml", "type: int", "type: number")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in &template.versions {
        for (file, question) in questions(version) {
            match question_value(question, "type") {
                None => report.node(file, question, "this question has no type"),
                Some(node) => {
                    // What is no text is told as such.
                    let Some(name) = node.text() else { continue };
                    if !QuestionType::NAMES.contains(&name) {
                        report.node(file, node, format!("Rancher's UI has no input for the type {name:?}"));
                    }
                }
            }
        }
    }
}
