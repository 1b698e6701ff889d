//! A service of rancher-compose.yml has no content.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::rancher_services;
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "service-empty",
    severity: Severity::Warning,
    finds: "A service of rancher-compose.yml has no content.",
    why: "It is null; nothing is said of the service.",
    fix: "Remove it, or say what was meant.",
    refused_by: None,
    fires: Example(&[Edit::Replace(
        "1/rancher-compose.yml",
        "  web:\n    scale: 1\n    health_check:\n      port: 80\n      request_line: GET / HTTP/1.0\n      interval: 2000\n      response_timeout: 2000\n      healthy_threshold: 2\n      unhealthy_threshold: 3\n",
        "  web:\n",
    )]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in &template.versions {
        for service in rancher_services(version) {
            if service.node.text() == Some("") {
                report.in_reading(
                    service.file,
                    service.reading,
                    service.key,
                    format!("nothing is said of `{}`", service.name),
                );
            }
        }
    }
}
