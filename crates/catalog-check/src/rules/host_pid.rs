//! A service sees the processes of its host.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::docker_services;
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "host-pid",
    severity: Severity::Note,
    finds: "A service sees the processes of its host.",
    why: "It can look into them, and as root end them.",
    fix: "Leave `pid: host` out if it is not needed.",
    refused_by: None,
    fires: Example(&[Edit::Replace(
        "1/docker-compose.yml",
        "    image: example/web:1.1.0\n",
        "    image: example/web:1.1.0\n    pid: host\n",
    )]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in &template.versions {
        for service in docker_services(version) {
            if let Some(node) = service.node.get("pid").filter(|node| node.text() == Some("host")) {
                report.in_reading(
                    service.file,
                    service.reading,
                    node,
                    format!("`{}` sees the processes of its host", service.name),
                );
            }
        }
    }
}
