//! A file stands where Rancher does not look for one.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "stray-file",
    severity: Severity::Note,
    finds: "A file stands where Rancher does not look for one.",
    why: "It has no effect; a compose file beside config.yml is not the one that is launched.",
    fix: "Remove it, or move it into the revision that it belongs to.",
    refused_by: None,
    fires: Example(&[Edit::Write("notes.txt", "x")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for name in &template.other_files {
        let lower = name.to_ascii_lowercase();
        let known = name.starts_with("catalogIcon") || lower.starts_with("readme.md") || lower.starts_with("license");
        if !known && !name.starts_with('.') {
            report.path(&template.path.join(name), "Rancher does not look at this file");
        }
    }
}
