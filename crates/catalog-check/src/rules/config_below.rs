//! A config.yml below a template's folder takes the place of the template's own.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "config-below",
    severity: Severity::Warning,
    finds: "A config.yml below a template's folder takes the place of the template's own.",
    why: "Rancher walks all folders, and keeps the config.yml that it comes to last.",
    fix: "Remove it, or name its folder by a number.",
    refused_by: None,
    fires: Example(&[Edit::Write("old/config.yml", "name: Old\nversion: v1.1.0\ncategory: Applications\n")]),
    quiet: Example(&[Edit::Write("1/config.yml", "name: Old\n")]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    if let Some(file) = template.config.as_ref().filter(|file| file.path.parent() != Some(template.path.as_path())) {
        report.path(&file.path, "Rancher reads this file in place of the template's own config.yml");
    }
}
