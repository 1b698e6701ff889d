//! A minimum_ or maximum_rancher_version is not a version.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::catalog_entry;
use rancher_catalog::catalog_service::is_offered_to_any;
use rancher_catalog::model::{Field, Version};
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "rancher-version-form",
    severity: Severity::Warning,
    finds: "A minimum_ or maximum_rancher_version is not a version.",
    why: "Rancher compares it part by part, letters by letters: it filters in ways that nobody meant.",
    fix: "Write it as Rancher's releases are named: v1.6.0, v1.6.13-rc1.",
    refused_by: None,
    fires: Example(&[Edit::Replace(
        "1/rancher-compose.yml",
        "minimum_rancher_version: v1.6.0",
        "maximum_rancher_version: latest",
    )]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in &template.versions {
        let Some(block) = version.catalog() else { continue };
        let text = |limit: &Field<Version>| limit.value().map(Version::text).unwrap_or_default();
        // Where it leaves nobody, that is told.
        if !is_offered_to_any(&text(&block.minimum_rancher_version), &text(&block.maximum_rancher_version)) {
            continue;
        }
        for (key, value) in [
            ("minimum_rancher_version", &block.minimum_rancher_version),
            ("maximum_rancher_version", &block.maximum_rancher_version),
        ] {
            let Some(value) = value.value() else { continue };
            if let (Err(error), Some((file, node))) = (value.semver(), catalog_entry(version, key)) {
                // `v1.0` and the like mean the same with a zero behind.
                let short = value.text().trim_start_matches('v').split('.').all(|part| part.parse::<u32>().is_ok());
                if !short {
                    report.node(file, node, format!("{key} `{value}` is not a version: {error}"));
                }
            }
        }
    }
}
