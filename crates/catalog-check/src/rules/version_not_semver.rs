//! A version is not a strict semantic version.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::catalog_entry;
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "version-not-semver",
    severity: Severity::Warning,
    finds: "A version is not a strict semantic version.",
    why: "Where Rancher sorts or filters by semver it counts as 0.0.0; for a Swarm entry the server logged \"Invalid character(s) found\" and the environment stayed stuck (rancher/rancher#7774).",
    fix: "Write three numbers, and what more there is behind a `-`: v1.13.0-beta.1.",
    refused_by: None,
    fires: Example(&[
        Edit::Replace("1/rancher-compose.yml", "  version: v1.1.0", "  version: v1.1-beta"),
        Edit::Replace("config.yml", "version: v1.1.0", "version: v1.1-beta"),
    ]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in &template.versions {
        let Some((file, node)) = catalog_entry(version, "version") else { continue };
        let Some(found) = version.version() else { continue };
        if let Err(error) = found.semver() {
            report.node(file, node, format!("{found} is not a semantic version: {error}"));
        }
    }
}
