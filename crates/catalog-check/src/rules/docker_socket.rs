//! A service has the socket of the Docker engine.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::docker_services;
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "docker-socket",
    severity: Severity::Note,
    finds: "A service has the socket of the Docker engine.",
    why: "Whoever has it governs the host.",
    fix: "Give it to none that does not need it.",
    refused_by: None,
    fires: Example(&[Edit::Replace(
        "1/docker-compose.yml",
        "    image: example/web:1.1.0\n",
        "    image: example/web:1.1.0\n    volumes:\n      - /var/run/docker.sock:/var/run/docker.sock\n",
    )]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in &template.versions {
        for service in docker_services(version) {
            if let Some(node) = service
                .node
                .get("volumes")
                .map_or(&[][..], |volumes| volumes.items())
                .iter()
                .find(|node| node.text().is_some_and(|text| text.contains("docker.sock")))
            {
                report.in_reading(
                    service.file,
                    service.reading,
                    node,
                    format!("`{}` has the socket of the Docker engine", service.name),
                );
            }
        }
    }
}
