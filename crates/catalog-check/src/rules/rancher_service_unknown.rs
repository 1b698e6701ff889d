//! rancher-compose.yml has a service that docker-compose does not have.

use std::collections::HashSet;

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::docker_services;
use crate::view::rancher_services;
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "rancher-service-unknown",
    severity: Severity::Error,
    finds: "rancher-compose.yml has a service that docker-compose does not have.",
    why: "Rancher refuses the stack, or creates a service without an image.",
    mend: "Give both the same name.",
    refused_by: None,
    fires: Example(&[Edit::Replace("1/rancher-compose.yml", "services:\n  web:", "services:\n  wbe:")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in &template.versions {
        let docker: HashSet<&str> = docker_services(version).iter().map(|service| service.name).collect();
        for service in rancher_services(version) {
            if !docker.is_empty() && !docker.contains(service.name) {
                let typed = service.node.get("type").is_some() || service.node.get("storage_driver").is_some();
                if !typed {
                    report.in_reading(
                        service.file,
                        service.reading,
                        service.key,
                        format!("docker-compose has no service `{}`", service.name),
                    );
                }
            }
        }
    }
}
