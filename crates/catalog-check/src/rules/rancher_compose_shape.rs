//! A value of rancher-compose.yml is of another type than Rancher's catalog service reads.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, RefusedBy, Rule};
use crate::view::is_looked_at;
use rancher_catalog::catalog_service::{Refusal, refusals};
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "rancher-compose-shape",
    severity: Severity::Error,
    finds: "A value of rancher-compose.yml is of another type than Rancher's catalog service reads.",
    why: "It drops the whole version: the version is in no list, and the log of the server alone says why.",
    fix: "Give the value the type that is named; a number, true and false stand without quotes.",
    refused_by: Some(RefusedBy {
        part: "catalog-service",
        words: "Failed to parse rancher-compose.yml for …: yaml: unmarshal errors: … line …: cannot unmarshal … into …",
    }),
    fires: Example(&[Edit::Replace("1/rancher-compose.yml", "      required: true\n", "      required: 'true'\n")]),
    quiet: Example(&[Edit::Replace("1/rancher-compose.yml", "      required: true\n", "      required: yes\n")]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in template.versions.iter().filter(|version| is_looked_at(version)) {
        let Some(file) = &version.rancher_compose else { continue };
        let Some(root) = file.raw().as_ref().ok().and_then(|document| document.root.as_ref()) else { continue };
        for refusal in refusals(root) {
            match refusal {
                Refusal::Version(node) => {
                    let text = node.text().unwrap_or_default();
                    let message =
                        format!("version {text:?} is not known: write '2', or leave it out for the older form");
                    report.node(file, node, message);
                }
                Refusal::Misfit(misfit) => report.node(file, misfit.node, misfit.told()),
            }
        }
    }
}
