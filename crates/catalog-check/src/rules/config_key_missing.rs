//! config.yml lacks a description, a version or a category, or leaves it empty.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use rancher_catalog::catalog_service::field;
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "config-key-missing",
    severity: Severity::Note,
    finds: "config.yml lacks a description, a version or a category, or leaves it empty.",
    why: "The catalog page shows and sorts templates by them.",
    fix: "Fill it in.",
    refused_by: None,
    fires: Example(&[Edit::Replace("config.yml", "description: A web server\n", "")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    let Some(file) = &template.config else { return };
    let Some(root) = file.raw().as_ref().ok().and_then(|document| document.root.as_ref()) else { return };
    let keys: &[&str] =
        if template.base == "project" { &["version", "category"] } else { &["description", "version", "category"] };
    for key in keys {
        // Several categories are as good as one.
        let instead = field(root, "categories").filter(|_| *key == "category");
        match field(root, key).or(instead) {
            None => report.path(&file.path, format!("there is no {key}")),
            Some((name, value)) if value.text().is_some_and(|text| text.trim().is_empty()) => {
                report.node(file, name, format!("{key} is empty"));
            }
            Some(_) => {}
        }
    }
}
