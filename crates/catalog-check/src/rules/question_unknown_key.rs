//! A question has a field that Rancher does not know.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::questions;
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "question-unknown-key",
    severity: Severity::Warning,
    finds: "A question has a field that Rancher does not know.",
    why: "Rancher drops it without a word.",
    fix: "Correct its name.",
    refused_by: None,
    fires: Example(&[Edit::Replace("1/rancher-compose.yml", "      description: Size", "      descrition: Size")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in &template.versions {
        for (file, question) in questions(version) {
            const KNOWN: [&str; 14] = [
                "variable",
                "label",
                "description",
                "type",
                "required",
                "default",
                "group",
                "min_length",
                "max_length",
                "min",
                "max",
                "options",
                "valid_chars",
                "invalid_chars",
            ];
            for (key, _) in question.entries() {
                if let Some(name) = key.text().filter(|name| !KNOWN.contains(name)) {
                    report.node(file, key, format!("Rancher does not know `{name}` in a question"));
                }
            }
        }
    }
}
