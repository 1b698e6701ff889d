//! A service on the host's network has a health check, but not the label io.rancher.container.dns.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::{Overlay, docker_services};
use rancher_catalog::model::label_names;
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "health-check-dns",
    severity: Severity::Warning,
    finds: "A service on the host's network has a health check, but not the label io.rancher.container.dns.",
    why: "Its health checks never pass: the label is what gives the container the address that is asked (rancher/rancher#2515).",
    fix: "Add the label `io.rancher.container.dns: 'true'`.",
    refused_by: None,
    fires: Example(&[Edit::Replace(
        "1/docker-compose.yml",
        "    ports:\n      - '8080:80'\n",
        "    network_mode: host\n",
    )]),
    quiet: Example(&[
        Edit::Replace("1/docker-compose.yml", "    ports:\n      - '8080:80'\n", "    network_mode: host\n"),
        Edit::Replace(
            "1/docker-compose.yml",
            "pull_image: always",
            "pull_image: always\n      io.rancher.container.dns: 'true'",
        ),
    ]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in &template.versions {
        let rancher = Overlay::of(version);
        for service in docker_services(version).iter().filter(|service| service.on_host_network()) {
            if rancher.has(service, "health_check") && !rancher.is_labelled(service, label_names::DNS) {
                let message = format!(
                    "`{}` has a health check on the host's network, but no label {}",
                    service.name,
                    label_names::DNS
                );
                report.in_reading(service.file, service.reading, service.key, message);
            }
        }
    }
}
