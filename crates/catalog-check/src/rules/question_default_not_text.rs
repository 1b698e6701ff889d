//! The default of a string-like question is a number or a boolean to YAML.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::{question_value, questions};
use rancher_catalog::source::TemplateSource;
use rancher_catalog::yaml::{Node, NodeKind, Typed};

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "question-default-not-text",
    severity: Severity::Note,
    finds: "The default of a string-like question is a number or a boolean to YAML.",
    why: "Rancher makes a string of it: 1.10 becomes \"1.1\", yes becomes \"true\".",
    fix: "Quote it.",
    refused_by: None,
    fires: Example(&[Edit::Replace(
        "1/rancher-compose.yml",
        "      type: int\n      required: false\n      default: '10'",
        "      type: string\n      required: false\n      default: 10",
    )]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in &template.versions {
        for (file, question) in questions(version) {
            let textual = matches!(
                question_value(question, "type").and_then(Node::text),
                Some("string" | "multiline" | "password" | "service" | "certificate" | "masked" | "secret")
            );
            let Some(default) = question_value(question, "default").filter(|_| textual) else { continue };
            if let NodeKind::Scalar { value: Typed::Bool(_) | Typed::Number(_), text, plain: true } = &default.kind {
                let message = format!(
                    "the default `{text}` is no string to YAML; the answer will be {:?}",
                    rancher_catalog::catalog_service::text_of(&default.to_value())
                );
                report.retyped(file, default, text, message);
            }
        }
    }
}
