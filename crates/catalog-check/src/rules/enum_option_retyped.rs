//! An option of an enum is a boolean, or a number of another form, to YAML.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::{question_value, questions, retyped, scalar_text};
use rancher_catalog::source::TemplateSource;
use rancher_catalog::yaml::{Node, NodeKind, Typed};

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "enum-option-retyped",
    severity: Severity::Warning,
    finds: "An option of an enum is a boolean, or a number of another form, to YAML.",
    why: "Rancher makes a string of it: yes becomes \"true\", 1.10 becomes \"1.1\" and 010 becomes \"8\".",
    fix: "Quote it.",
    refused_by: None,
    fires: Example(&[Edit::Replace("1/rancher-compose.yml", "        - blue\n", "        - off\n")]),
    quiet: Example(&[Edit::Replace("1/rancher-compose.yml", "        - blue\n", "        - 'off'\n")]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in &template.versions {
        for (file, question) in questions(version) {
            for option in question_value(question, "options").map_or(&[][..], Node::items) {
                let NodeKind::Scalar { value, text, plain: true } = &option.kind else { continue };
                let is_other = matches!(value, Typed::Bool(_)) || retyped(option).is_some();
                if is_other && let Some(read) = scalar_text(option) {
                    let kind = if matches!(value, Typed::Bool(_)) { "a boolean" } else { "a number" };
                    let message = format!("YAML reads `{text}` as {kind}; the answer will be {read:?}");
                    report.retyped(file, option, text, message);
                }
            }
        }
    }
}
