//! A service has a scale, though it runs on every host.

use std::collections::HashSet;

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::{Overlay, docker_services, rancher_services};
use rancher_catalog::model::label_names;
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "scale-on-global",
    severity: Severity::Warning,
    finds: "A service has a scale, though it runs on every host.",
    why: "Rancher passes over the scale of a global service.",
    fix: "Remove the one that is not meant.",
    refused_by: None,
    fires: Example(&[Edit::Replace(
        "1/docker-compose.yml",
        "pull_image: always",
        "pull_image: always\n      io.rancher.scheduler.global: 'true'",
    )]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in &template.versions {
        let rancher = Overlay::of(version);
        let docker = docker_services(version);
        let global: HashSet<&str> = docker
            .iter()
            .filter(|service| rancher.is_labelled(service, label_names::GLOBAL))
            .map(|service| service.name)
            .collect();
        for service in rancher_services(version).iter().filter(|service| global.contains(&service.name)) {
            if let Some((key, _)) = service.node.entry("scale") {
                report.in_reading(
                    service.file,
                    service.reading,
                    key,
                    format!("`{}` is global: it runs once on every host", service.name),
                );
            }
        }
    }
}
