//! A file or folder cannot be read.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "unreadable",
    severity: Severity::Error,
    finds: "A file or folder cannot be read.",
    why: "What cannot be read here cannot be read by Rancher either, or not by everyone.",
    mend: "Put a real file there that everyone may read, of less than 1 MiB.",
    refused_by: None,
    fires: Example(&[Edit::Link("1/notes", "..")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for unreadable in &template.unreadable {
        report.path(&unreadable.path, format!("cannot be read: {}", unreadable.reason));
    }
}
