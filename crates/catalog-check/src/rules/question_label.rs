//! A question has no label.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::{question_value, questions};
use rancher_catalog::source::TemplateSource;
use rancher_catalog::yaml::Node;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "question-label",
    severity: Severity::Warning,
    finds: "A question has no label.",
    why: "The UI shows an input without a title.",
    fix: "Give it one.",
    refused_by: None,
    fires: Example(&[Edit::Replace("1/rancher-compose.yml", "      label: Size\n", "")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in &template.versions {
        for (file, question) in questions(version) {
            // What is no text is told as such.
            let text = question_value(question, "label").map_or(Some(""), Node::text);
            if text.is_some_and(|text| text.trim().is_empty()) {
                report.node(file, question, "this question has no label");
            }
        }
    }
}
