//! A service is on the host's network.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::docker_services;
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "host-network",
    severity: Severity::Note,
    finds: "A service is on the host's network.",
    why: "It reaches, and may shadow, every port of its host.",
    fix: "Use a managed network if it does not need the host's own.",
    refused_by: None,
    fires: Example(&[
        Edit::Replace("1/docker-compose.yml", "    ports:\n      - '8080:80'\n", "    network_mode: host\n"),
        Edit::Replace(
            "1/docker-compose.yml",
            "pull_image: always",
            "pull_image: always\n      io.rancher.container.dns: 'true'",
        ),
    ]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in &template.versions {
        for service in docker_services(version) {
            if let Some(node) = service
                .node
                .get("network_mode")
                .or_else(|| service.node.get("net"))
                .filter(|_| service.on_host_network())
            {
                report.in_reading(
                    service.file,
                    service.reading,
                    node,
                    format!("`{}` is on the host's network", service.name),
                );
            }
        }
    }
}
