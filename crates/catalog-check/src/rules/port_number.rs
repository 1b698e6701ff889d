//! A published port is a number to YAML.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::docker_services;
use rancher_catalog::source::TemplateSource;
use rancher_catalog::yaml::{NodeKind, Typed};

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "port-number",
    severity: Severity::Warning,
    finds: "A published port is a number to YAML.",
    why: "An unquoted 22:22 is a number in base 60 to some readers; a lone number is published at a random port.",
    fix: "Quote it, with both sides: '80:80'.",
    refused_by: None,
    fires: Example(&[Edit::Replace("1/docker-compose.yml", "- '8080:80'", "- 80")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in &template.versions {
        for service in docker_services(version) {
            for port in service.node.get("ports").map_or(&[][..], |ports| ports.items()) {
                if let NodeKind::Scalar { value: Typed::Number(_), text, plain: true } = &port.kind {
                    report.in_reading(
                        service.file,
                        service.reading,
                        port,
                        format!("the port {text} is a number to YAML"),
                    );
                }
            }
        }
    }
}
