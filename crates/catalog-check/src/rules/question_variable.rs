//! A question has no variable, or one that another question has already.

use std::collections::HashSet;

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::questions;
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "question-variable",
    severity: Severity::Error,
    finds: "A question has no variable, or one that another question has already.",
    why: "Its answer reaches nothing, or only one of the two is kept.",
    mend: "Give each question a variable of its own: letters, digits and `_`.",
    refused_by: None,
    fires: Example(&[Edit::Replace("1/rancher-compose.yml", "variable: SIZE", "variable: COLOR")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in &template.versions {
        let mut seen = HashSet::new();
        for (file, question) in questions(version) {
            match question.get("variable").map(|node| (node, node.text().unwrap_or_default())) {
                None => report.node(file, question, "this question has no variable"),
                Some((node, "")) => report.node(file, node, "this question has no variable"),
                Some((node, name)) => {
                    if !seen.insert(name) {
                        report.node(file, node, format!("a question before this one has the variable {name} already"));
                    }
                }
            }
        }
    }
}
