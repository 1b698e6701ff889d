//! A request_line is empty: the health check is a TCP connection.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::health_checks;
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "health-check-tcp",
    severity: Severity::Note,
    finds: "A request_line is empty: the health check is a TCP connection.",
    why: "A process that hangs still accepts connections.",
    fix: "If the service speaks HTTP, ask it something; else leave the key out.",
    refused_by: None,
    fires: Example(&[Edit::Replace("1/rancher-compose.yml", "request_line: GET / HTTP/1.0", "request_line: ''")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in &template.versions {
        for (service, _, check) in health_checks(version) {
            if let Some(node) = check.get("request_line").filter(|node| node.text() == Some("")) {
                report.in_reading(service.file, service.reading, node, "the health check only opens a connection");
            }
        }
    }
}
