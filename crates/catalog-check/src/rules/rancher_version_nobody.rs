//! A version's minimum_ and maximum_rancher_version leave no Rancher that it is offered to.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, RefusedBy, Rule};
use crate::view::{catalog_entry, is_looked_at, scalar_text};
use rancher_catalog::catalog_service::is_offered_to_any;
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "rancher-version-nobody",
    severity: Severity::Error,
    finds: "A version's minimum_ and maximum_rancher_version leave no Rancher that it is offered to.",
    why: "Rancher offers a version only from its minimum to its maximum, and compares part by part, letters by letters: what is no number comes after every number.",
    fix: "Write both as Rancher's releases are named, the lower one first: v1.6.0, v1.6.30.",
    refused_by: Some(RefusedBy {
        part: "catalog-service",
        words: "it says nothing: the version is in the list of no server",
    }),
    fires: Example(&[Edit::Replace(
        "1/rancher-compose.yml",
        "  minimum_rancher_version: v1.6.0\n",
        "  minimum_rancher_version: v1.6.0\n  maximum_rancher_version: v1.5.99\n",
    )]),
    quiet: Example(&[Edit::Replace(
        "1/rancher-compose.yml",
        "  minimum_rancher_version: v1.6.0\n",
        "  minimum_rancher_version: v1.6.0\n  maximum_rancher_version: v1.6.99\n",
    )]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in template.versions.iter().filter(|version| is_looked_at(version)) {
        let limit = |key: &str| {
            let (file, node) = catalog_entry(version, key)?;
            Some((file, node, scalar_text(node).filter(|text| !text.is_empty())?))
        };
        let (minimum, maximum) = (limit("minimum_rancher_version"), limit("maximum_rancher_version"));
        let text = |limit: &Option<(_, _, String)>| limit.as_ref().map(|(_, _, text)| text.clone()).unwrap_or_default();
        let (low, high) = (text(&minimum), text(&maximum));
        if is_offered_to_any(&low, &high) {
            continue;
        }
        let message = match (low.as_str(), high.as_str()) {
            (low, "") => format!("no Rancher 1.x is at least {low}"),
            ("", high) => format!("no Rancher 1.x is at most {high}"),
            (low, high) => format!("no Rancher 1.x is at least {low} and at most {high}"),
        };
        if let Some((file, node, _)) = maximum.or(minimum) {
            report.node(file, node, message);
        }
    }
}
