//! An enum has no options, or a default that is none of them.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::{question_value, questions, scalar_text};
use rancher_catalog::source::TemplateSource;
use rancher_catalog::yaml::{Node, NodeKind};

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "enum-default",
    severity: Severity::Warning,
    finds: "An enum has no options, or a default that is none of them.",
    why: "The UI then shows an empty choice, and the stack is launched with an answer that nobody offered.",
    fix: "Make the default one of the options.",
    refused_by: None,
    fires: Example(&[Edit::Replace("1/rancher-compose.yml", "default: red", "default: green")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in &template.versions {
        for (file, question) in questions(version) {
            if question_value(question, "type").and_then(Node::text) != Some("enum") {
                continue;
            }
            let list = question_value(question, "options");
            // What is no list is told as such.
            if list.is_some_and(|list| !matches!(list.kind, NodeKind::List(_)) && !list.to_value().is_null()) {
                continue;
            }
            let options = list.map_or(&[][..], Node::items);
            if options.is_empty() {
                report.node(file, question, "this enum has no options");
                continue;
            }
            let Some((node, default)) =
                question_value(question, "default").and_then(|node| Some((node, scalar_text(node)?)))
            else {
                continue;
            };
            if !default.is_empty() && !options.iter().any(|option| scalar_text(option).as_ref() == Some(&default)) {
                report.node(file, node, format!("the default {default:?} is none of the options"));
            }
        }
    }
}
