//! A password question has a default.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::{question_value, questions};
use rancher_catalog::source::TemplateSource;
use rancher_catalog::yaml::Node;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "password-default",
    severity: Severity::Warning,
    finds: "A password question has a default.",
    why: "Everyone who does not change it has the same password, and it is published.",
    fix: "Remove the default and make the question required.",
    refused_by: None,
    fires: Example(&[Edit::Replace(
        "1/rancher-compose.yml",
        "      type: int\n      required: false\n      default: '10'",
        "      type: password\n      required: false\n      default: secret",
    )]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in &template.versions {
        for (file, question) in questions(version) {
            if question_value(question, "type").and_then(Node::text) != Some("password") {
                continue;
            }
            if let Some(default) =
                question_value(question, "default").filter(|node| node.text().is_some_and(|text| !text.is_empty()))
            {
                report.node(file, default, "a password has a default that everyone can read");
            }
        }
    }
}
