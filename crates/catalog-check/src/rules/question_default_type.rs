//! The default of an int or float question is not a number, or that of a boolean is neither true nor false.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::{question_value, questions};
use rancher_catalog::source::TemplateSource;
use rancher_catalog::yaml::{Node, NodeKind};

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "question-default-type",
    severity: Severity::Warning,
    finds: "The default of an int or float question is not a number, or that of a boolean is neither true nor false.",
    why: "The UI shows an empty input, or a wrong choice.",
    fix: "Correct the default or the type.",
    refused_by: None,
    fires: Example(&[Edit::Replace("1/rancher-compose.yml", "default: '10'", "default: ten")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in &template.versions {
        for (file, question) in questions(version) {
            let Some(default) = question_value(question, "default") else { continue };
            let Some(text) = default.text().filter(|text| !text.is_empty()) else { continue };
            let text = match &default.kind {
                NodeKind::Scalar { value, .. } if !value.is_text() => {
                    rancher_catalog::catalog_service::text_of(&default.to_value())
                }
                _ => text.to_owned(),
            };
            let good = match question_value(question, "type").and_then(Node::text) {
                Some("int") => text.trim().parse::<i128>().is_ok() || is_whole(text.trim()),
                Some("float") => text.trim().parse::<f64>().is_ok(),
                Some("boolean") => TRUTHS.iter().any(|truth| truth.eq_ignore_ascii_case(&text)),
                _ => true,
            };
            if !good && !text.contains('$') {
                let kind = question_value(question, "type").and_then(Node::text).unwrap_or_default();
                report.node(file, default, format!("{text:?} is not of the type {kind}"));
            }
        }
    }
}

/// What an answer to a boolean may be: Rancher hands it on as it is, and YAML 1.1 and programs know more than two words.
const TRUTHS: [&str; 10] = ["true", "false", "yes", "no", "on", "off", "y", "n", "1", "0"];

/// A whole number in another spelling: 1e3, 10.0.
fn is_whole(text: &str) -> bool {
    text.parse::<f64>().is_ok_and(|number| number.is_finite() && number.fract() == 0.0)
}
