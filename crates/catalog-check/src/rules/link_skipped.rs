//! A link or a device stands where a file does.

use super::unreadable::is_needed;
use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use rancher_catalog::source::{Cause, TemplateSource};

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "link-skipped",
    severity: Severity::Warning,
    finds: "A link or a device stands where a file does.",
    why: "Rancher passes over it as if it were not there.",
    fix: "Put a real file there.",
    refused_by: None,
    fires: Example(&[Edit::Link("1/notes", "..")]),
    quiet: Example(&[Edit::Write("1/notes", "x")]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for unreadable in &template.unreadable {
        if unreadable.cause == Cause::NoFile && !is_needed(template, &unreadable.path) {
            report.path(&unreadable.path, unreadable.reason.clone());
        }
    }
}
