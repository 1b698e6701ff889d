//! An option of an enum is a boolean or a fraction to YAML.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::questions;
use rancher_catalog::source::TemplateSource;
use rancher_catalog::yaml::{Node, NodeKind};
use serde_yaml::Value;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "enum-option-retyped",
    severity: Severity::Warning,
    finds: "An option of an enum is a boolean or a fraction to YAML.",
    why: "Rancher makes a string of it: yes becomes \"true\" and 1.10 becomes \"1.1\".",
    mend: "Quote it.",
    refused_by: None,
    fires: Example(&[Edit::Replace("1/rancher-compose.yml", "        - blue\n", "        - off\n")]),
    quiet: Example(&[Edit::Replace("1/rancher-compose.yml", "        - blue\n", "        - 'off'\n")]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in &template.versions {
        for (file, question) in questions(version) {
            for option in question.get("options").map_or(&[][..], Node::items) {
                let NodeKind::Scalar { value, text, plain: true } = &option.kind else { continue };
                let changed = match value {
                    Value::Bool(_) => true,
                    Value::Number(number) => number.is_f64(),
                    _ => false,
                };
                if changed {
                    let message = format!(
                        "YAML reads `{text}` as {}; the answer will be {:?}",
                        if matches!(value, Value::Bool(_)) { "a boolean" } else { "a number" },
                        rancher_catalog::yaml::scalar(value)
                    );
                    report.retyped(file, option, value, text, message);
                }
            }
        }
    }
}
