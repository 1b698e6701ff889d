//! An image has no tag.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::images;
use rancher_catalog::launch::SERVICE_KINDS;
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "image-tag-missing",
    severity: Severity::Warning,
    finds: "An image has no tag.",
    why: "Docker takes `latest`: hosts that join later run something else than those before.",
    fix: "Name the tag, or better a digest.",
    refused_by: None,
    fires: Example(&[Edit::Replace("1/docker-compose.yml", "example/web:1.1.0", "example/web")]),
    quiet: Example(&[Edit::Replace("1/docker-compose.yml", "example/web:1.1.0", "example/web:${COLOR}")]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in &template.versions {
        for (service, node, reference) in images(version) {
            let is_kind = node.text().is_some_and(|text| SERVICE_KINDS.contains(&text));
            if !is_kind && reference.tag.is_none() && reference.digest.is_none() {
                report.in_reading(service.file, service.reading, node, format!("{reference} has no tag"));
            }
        }
    }
}
