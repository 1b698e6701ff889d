//! A template has no config.yml.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "config-missing",
    severity: Severity::Error,
    finds: "A template has no config.yml.",
    why: "Rancher then knows neither its name nor its default version, and does not list it as meant.",
    mend: "Write one: name, description, version, category.",
    refused_by: None,
    fires: Example(&[Edit::Remove("config.yml")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    if template.config.is_none()
        && !template.unreadable.iter().any(|unreadable| unreadable.path.ends_with("config.yml"))
    {
        report.path(&template.path, "there is no config.yml");
    }
}
