//! An image reference is malformed.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::docker_services;
use rancher_catalog::model::ImageReference;
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "image-form",
    severity: Severity::Warning,
    finds: "An image reference is malformed.",
    why: "Rancher makes the service, and no host can pull the image: it never becomes active.",
    fix: "Write registry/repository:tag, in lower case.",
    refused_by: None,
    fires: Example(&[Edit::Replace("1/docker-compose.yml", "example/web:1.1.0", "Example/Web:1.1.0")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in &template.versions {
        for service in docker_services(version) {
            let Some(node) = service.node.get("image") else { continue };
            let Some(text) = node.text().filter(|text| !text.contains('$')) else { continue };
            if let Err(error) = text.parse::<ImageReference>() {
                report.in_reading(service.file, service.reading, node, error.to_string());
            }
        }
    }
}
