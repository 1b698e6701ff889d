//! config.yml has a key that Rancher does not know.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "config-unknown-key",
    severity: Severity::Warning,
    finds: "config.yml has a key that Rancher does not know.",
    why: "Rancher drops it without a word: a `minimum_rancher_version` here limits nothing.",
    fix: "Correct its name; what concerns one version goes into the catalog block of its rancher-compose.yml.",
    refused_by: None,
    fires: Example(&[Edit::Replace(
        "config.yml",
        "category: Applications",
        "category: Applications\nminimum_rancher_version: v1.6.0",
    )]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    const KNOWN: [&str; 11] = [
        "name",
        "description",
        "version",
        "category",
        "categories",
        "maintainer",
        "license",
        "projectURL",
        "labels",
        "path",
        "questions",
    ];
    let Some(file) = &template.config else { return };
    let root = file.raw().as_ref().ok().and_then(|document| document.root.as_ref());
    for (key, _) in root.map_or(&[][..], |root| root.entries()) {
        if let Some(name) = key.text().filter(|name| !KNOWN.contains(name)) {
            report.node(file, key, format!("Rancher does not know `{name}` in config.yml"));
        }
    }
}
