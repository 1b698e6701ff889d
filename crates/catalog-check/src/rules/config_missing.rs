//! A template has no config.yml.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, RefusedBy, Rule};
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "config-missing",
    severity: Severity::Error,
    finds: "A template has no config.yml.",
    why: "Rancher then knows neither its name nor the folder that its id is made of, and finds none of its versions.",
    fix: "Write one: name, description, version, category.",
    refused_by: Some(RefusedBy { part: "catalog-service", words: "404: Template not found" }),
    fires: Example(&[Edit::Remove("config.yml")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    let is_told = template.unreadable.iter().any(|unreadable| unreadable.path.ends_with("config.yml"));
    if template.config.is_some() || is_told {
        return;
    }
    let alike = template.other_files.iter().find(|name| {
        let lower = name.to_ascii_lowercase();
        matches!(lower.as_str(), "config.yml" | "config.yaml" | "template.yml" | "template.yaml")
    });
    match alike {
        Some(name) => report.path(&template.path.join(name), "Rancher looks for config.yml alone"),
        None => report.path(&template.path, "there is no config.yml"),
    }
}
