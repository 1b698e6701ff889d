//! A service is privileged.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::{docker_services, is_true};
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "privileged",
    severity: Severity::Note,
    finds: "A service is privileged.",
    why: "It may do anything on its host.",
    fix: "Name the capabilities that it needs instead, if they are few.",
    refused_by: None,
    fires: Example(&[Edit::Replace(
        "1/docker-compose.yml",
        "    image: example/web:1.1.0\n",
        "    image: example/web:1.1.0\n    privileged: true\n",
    )]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in &template.versions {
        for service in docker_services(version) {
            if let Some(node) = service.node.get("privileged").filter(|_| is_true(service.node, "privileged")) {
                report.in_reading(
                    service.file,
                    service.reading,
                    node,
                    format!("`{}` may do anything on its host", service.name),
                );
            }
        }
    }
}
