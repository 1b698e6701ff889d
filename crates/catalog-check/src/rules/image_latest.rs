//! An image has the tag `latest`.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::images;
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "image-latest",
    severity: Severity::Warning,
    finds: "An image has the tag `latest`.",
    why: "Hosts that join later run something else than those before, and a published version is not the same tomorrow.",
    fix: "Name a tag that stays.",
    refused_by: None,
    fires: Example(&[Edit::Replace("1/docker-compose.yml", "example/web:1.1.0", "example/web:latest")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in &template.versions {
        for (service, node, reference) in images(version) {
            if reference.tag.as_deref() == Some("latest") && reference.digest.is_none() {
                report.in_reading(
                    service.file,
                    service.reading,
                    node,
                    format!("{reference} is whatever was built last"),
                );
            }
        }
    }
}
