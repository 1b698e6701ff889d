//! A catalog block has a key that Rancher does not know.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::catalog_node;
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "catalog-unknown-key",
    severity: Severity::Warning,
    finds: "A catalog block has a key that Rancher does not know.",
    why: "Rancher drops it without a word; often it is a misspelt one (`minimun_rancher_version`).",
    fix: "Correct its name, or remove it; a maintainer belongs into config.yml.",
    refused_by: None,
    fires: Example(&[Edit::Replace("1/rancher-compose.yml", "minimum_rancher_version:", "minimun_rancher_version:")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    const KNOWN: [&str; 9] = [
        "name",
        "version",
        "description",
        "minimum_rancher_version",
        "maximum_rancher_version",
        "upgrade_from",
        "labels",
        "questions",
        "uuid",
    ];
    for version in &template.versions {
        let Some((file, block)) = catalog_node(version) else { continue };
        for (key, _) in block.entries() {
            if let Some(name) = key.text().filter(|name| !KNOWN.contains(name)) {
                report.node(file, key, format!("Rancher does not know `{name}` in a catalog block"));
            }
        }
    }
}
