//! upgrade_from has an `x` for any number.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::{catalog_entry, scalar_text};
use rancher_catalog::model::VersionRange;
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "upgrade-from-any-number",
    severity: Severity::Warning,
    finds: "upgrade_from has an `x` for any number.",
    why: "It holds something else than it says: Rancher puts the pre-releases of the next version into it (1.1.0-rc1 into 1.0.x), and takes 1.x.x for 1.0.x.",
    fix: "Write both bounds: `>=v1.0.0 <v1.1.0-a`.",
    refused_by: None,
    fires: Example(&[Edit::Replace(
        "1/rancher-compose.yml",
        "  minimum_rancher_version: v1.6.0\n",
        "  minimum_rancher_version: v1.6.0\n  upgrade_from: 1.0.x\n",
    )]),
    quiet: Example(&[Edit::Replace(
        "1/rancher-compose.yml",
        "  minimum_rancher_version: v1.6.0\n",
        "  minimum_rancher_version: v1.6.0\n  upgrade_from: '>=v1.0.0 <v1.1.0'\n",
    )]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in &template.versions {
        let Some((file, node)) = catalog_entry(version, "upgrade_from") else { continue };
        let Some(text) = scalar_text(node).filter(|text| text.contains('x')) else { continue };
        if text.parse::<VersionRange>().is_ok() {
            report.node(file, node, format!("the `x` in {text:?} does not hold what it says"));
        }
    }
}
