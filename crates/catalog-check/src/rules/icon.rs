//! A template has no icon, or several.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "icon",
    severity: Severity::Warning,
    finds: "A template has no icon, or several.",
    why: "Rancher shows a blank, or the one that it finds last.",
    mend: "Add one `catalogIcon-<folder>.svg` (or png, jpg), and no other file whose name begins with `catalogIcon` or `icon`.",
    refused_by: None,
    fires: Example(&[Edit::Remove("catalogIcon-example.svg")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    if template.base == "project" {
        return;
    }
    let icons: Vec<&String> = template
        .other_files
        .iter()
        .filter(|name| name.starts_with("catalogIcon") || name.starts_with("icon"))
        .collect();
    match icons.as_slice() {
        [] => report.path(&template.path, "there is no catalogIcon file"),
        [_] => {}
        [.., last] => {
            report.path(&template.path.join(last), format!("one of {} icons: Rancher shows one of them", icons.len()))
        }
    }
}
