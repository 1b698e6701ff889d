//! A service has capabilities beyond those of any container.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::docker_services;
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "capability-added",
    severity: Severity::Note,
    finds: "A service has capabilities beyond those of any container.",
    why: "Each is a right over the host or its network.",
    fix: "Check that each is needed.",
    refused_by: None,
    fires: Example(&[Edit::Replace(
        "1/docker-compose.yml",
        "    image: example/web:1.1.0\n",
        "    image: example/web:1.1.0\n    cap_add:\n      - NET_ADMIN\n",
    )]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in &template.versions {
        for service in docker_services(version) {
            if let Some(node) = service.node.get("cap_add").and_then(|list| list.items().first()) {
                report.in_reading(
                    service.file,
                    service.reading,
                    node,
                    format!("`{}` has further capabilities", service.name),
                );
            }
        }
    }
}
