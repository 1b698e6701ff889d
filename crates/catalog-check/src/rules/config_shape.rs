//! A value of config.yml is of another type than Rancher's catalog service reads.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, RefusedBy, Rule};
use rancher_catalog::catalog_service::misfits_of_config;
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "config-shape",
    severity: Severity::Error,
    finds: "A value of config.yml is of another type than Rancher's catalog service reads.",
    why: "It passes over the whole file: the template has neither name nor id, and none of its versions can be launched.",
    fix: "Give the value the type that is named.",
    refused_by: Some(RefusedBy {
        part: "catalog-service",
        words: "config.yml: yaml: unmarshal errors: line …: cannot unmarshal … into …",
    }),
    fires: Example(&[Edit::Replace("config.yml", "category: Applications", "category: [Applications]")]),
    quiet: Example(&[Edit::Replace("config.yml", "category: Applications", "categories: [Applications]")]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    let Some(file) = &template.config else { return };
    let Some(root) = file.raw().as_ref().ok().and_then(|document| document.root.as_ref()) else { return };
    for misfit in misfits_of_config(root) {
        report.node(file, misfit.node, misfit.told());
    }
}
