//! A template's folder has a name that Rancher cannot use in an id.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "folder-name",
    severity: Severity::Note,
    finds: "A template's folder has a name that Rancher cannot use in an id.",
    why: "The catalog's CI wants 1 to 63 letters, digits and hyphens.",
    fix: "Rename it before it is published; afterwards stacks know it by that name.",
    refused_by: None,
    fires: Example(&[Edit::Folder("infra-templates/my_example")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    let name = &template.folder;
    let good = (1..=63).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if !good {
        report.path(&template.path, format!("`{name}` is not of 1 to 63 letters, digits and hyphens"));
    }
}
