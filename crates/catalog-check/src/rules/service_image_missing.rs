//! A service has no image.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::docker_services;
use crate::view::has_compose;
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "service-image-missing",
    severity: Severity::Error,
    finds: "A service has no image.",
    why: "Rancher 1.x cannot build: there is nothing to run.",
    mend: "Name one.",
    refused_by: None,
    fires: Example(&[Edit::Replace("1/docker-compose.yml", "    image: example/web:1.1.0\n", "")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in &template.versions {
        for service in docker_services(version) {
            let is_driver = ["storage_driver", "network_driver", "external_ips", "hostname"]
                .iter()
                .any(|key| service.node.get(key).is_some());
            if has_compose(template)
                && !service.node.entries().is_empty()
                && service.node.get("image").is_none()
                && !["build", "extends"].iter().any(|key| service.node.get(key).is_some())
                && !is_driver
            {
                report.in_reading(
                    service.file,
                    service.reading,
                    service.key,
                    format!("`{}` has no image", service.name),
                );
            }
        }
    }
}
