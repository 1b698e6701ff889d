//! A version states no minimum_rancher_version.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::catalog_node;
use rancher_catalog::catalog_service::field;
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "minimum-rancher-version-missing",
    severity: Severity::Note,
    finds: "A version states no minimum_rancher_version.",
    why: "It is offered to every Rancher, however old.",
    fix: "State the oldest release that it was tested with.",
    refused_by: None,
    fires: Example(&[Edit::Replace("1/rancher-compose.yml", "  minimum_rancher_version: v1.6.0\n", "")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in &template.versions {
        if template.base == "project" {
            continue;
        }
        let Some((file, block)) = catalog_node(version).filter(|(_, block)| !block.entries().is_empty()) else {
            continue;
        };
        if field(block, "minimum_rancher_version").is_none_or(|(_, value)| value.to_value().is_null()) {
            report.node(file, block, "there is no minimum_rancher_version");
        }
    }
}
