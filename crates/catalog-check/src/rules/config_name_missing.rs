//! config.yml gives the template no name.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::scalar_text;
use rancher_catalog::catalog_service::field;
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "config-name-missing",
    severity: Severity::Warning,
    finds: "config.yml gives the template no name.",
    why: "The catalog page shows a template without a title.",
    fix: "Give it a `name`.",
    refused_by: None,
    fires: Example(&[Edit::Replace("config.yml", "name: Example\n", "")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    let Some(file) = &template.config else { return };
    let Ok(document) = file.raw() else { return };
    match document.root.as_ref().and_then(|root| field(root, "name")) {
        None => report.path(&file.path, "there is no name"),
        Some((key, value)) if scalar_text(value).is_some_and(|text| text.trim().is_empty()) => {
            report.node(file, key, "name is empty");
        }
        Some(_) => {}
    }
}
