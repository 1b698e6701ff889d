//! A file is larger than what is read here.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use rancher_catalog::source::{Cause, TemplateSource};

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "too-large",
    severity: Severity::Warning,
    finds: "A file is larger than what is read here.",
    why: "The limit is ours: Rancher reads the file, but what is in it is not checked.",
    fix: "Make it smaller; no compose file of the public catalogs has a fiftieth of that.",
    refused_by: None,
    fires: Example(&[Edit::Large("1/docker-compose.yml")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for unreadable in template.unreadable.iter().filter(|unreadable| unreadable.cause == Cause::TooLarge) {
        report.path(&unreadable.path, format!("not checked: {}", unreadable.reason));
    }
}
