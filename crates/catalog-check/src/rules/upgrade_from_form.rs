//! upgrade_from is not a range of versions.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::{catalog_entry, scalar_text};
use rancher_catalog::model::VersionRange;
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "upgrade-from-form",
    severity: Severity::Warning,
    finds: "upgrade_from is not a range of versions.",
    why: "Rancher then offers no upgrade to this version at all.",
    fix: "Write a range such as `>=v0.2.0`, or `v0.2.0 || >v0.3.0`.",
    refused_by: None,
    fires: Example(&[Edit::Replace(
        "1/rancher-compose.yml",
        "  minimum_rancher_version: v1.6.0\n",
        "  minimum_rancher_version: v1.6.0\n  upgrade_from: 0.5-rancher1\n",
    )]),
    quiet: Example(&[Edit::Replace(
        "1/rancher-compose.yml",
        "  minimum_rancher_version: v1.6.0\n",
        "  minimum_rancher_version: v1.6.0\n  upgrade_from: v0.2.0 || >v0.3.0\n",
    )]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in &template.versions {
        let Some((file, node)) = catalog_entry(version, "upgrade_from") else { continue };
        let text = scalar_text(node).filter(|text| !text.is_empty());
        if let Some(text) = text.filter(|text| text.parse::<VersionRange>().is_err()) {
            report.node(file, node, format!("{text:?} is not a range of versions"));
        }
    }
}
