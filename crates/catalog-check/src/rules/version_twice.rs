//! Two revisions have the same version.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::catalog_entry;
use rancher_catalog::model::Version;
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "version-twice",
    severity: Severity::Warning,
    finds: "Two revisions have the same version.",
    why: "Rancher links revisions by version: one of the two cannot be reached.",
    mend: "Give the newer one a version of its own.",
    refused_by: None,
    fires: Example(&[Edit::Replace("0/rancher-compose.yml", "v1.0.0", "v1.1.0")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    let mut seen: Vec<(String, &str)> = Vec::new();
    for version in &template.versions {
        let Some(found) = version.catalog().and_then(|block| block.version.value().map(Version::text)) else {
            continue;
        };
        if let Some((_, first)) = seen.iter().find(|(text, _)| *text == found) {
            if let Some((file, node)) = catalog_entry(version, "version") {
                report.node(file, node, format!("revision {first} has version {found} already"));
            }
        } else {
            seen.push((found, &version.name));
        }
    }
}
