//! An enum has no options, or a default that is none of them.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::{questions, scalar_text};
use rancher_catalog::source::TemplateSource;
use rancher_catalog::yaml::Node;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "enum-default",
    severity: Severity::Error,
    finds: "An enum has no options, or a default that is none of them.",
    why: "The UI then shows an empty choice, and the stack is launched with an answer that nobody offered.",
    mend: "Make the default one of the options.",
    refused_by: None,
    fires: Example(&[Edit::Replace("1/rancher-compose.yml", "default: red", "default: green")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in &template.versions {
        for (file, question) in questions(version) {
            if question.get("type").and_then(Node::text) != Some("enum") {
                continue;
            }
            let options = question.get("options").map_or(&[][..], Node::items);
            if options.is_empty() {
                report.node(file, question, "this enum has no options");
                continue;
            }
            let Some(default) = question.get("default") else { continue };
            let same = |option: &Node| scalar_text(option) == scalar_text(default);
            if !matches!(scalar_text(default).as_deref(), None | Some("")) && !options.iter().any(same) {
                report.node(
                    file,
                    default,
                    format!("the default {:?} is none of the options", scalar_text(default).unwrap_or_default()),
                );
            }
        }
    }
}
