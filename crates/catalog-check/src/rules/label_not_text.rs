//! A label's value is a boolean or a number to YAML.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::{docker_services, rancher_services};
use rancher_catalog::source::TemplateSource;
use rancher_catalog::yaml::{NodeKind, Typed};

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "label-not-text",
    severity: Severity::Warning,
    finds: "A label's value is a boolean or a number to YAML.",
    why: "Rancher makes a string of it, other tools refuse it, and 1.10 becomes 1.1.",
    fix: "Quote it.",
    refused_by: None,
    fires: Example(&[Edit::Replace(
        "1/docker-compose.yml",
        "pull_image: always",
        "pull_image: always\n      example.visible: true",
    )]),
    quiet: Example(&[Edit::Replace(
        "1/docker-compose.yml",
        "pull_image: always",
        "pull_image: always\n      example.visible: 'true'",
    )]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in &template.versions {
        for service in docker_services(version).into_iter().chain(rancher_services(version)) {
            for (key, value) in service.node.get("labels").map_or(&[][..], |labels| labels.entries()) {
                if let NodeKind::Scalar { value: Typed::Bool(_) | Typed::Number(_), text, plain: true } = &value.kind {
                    let name = key.text().unwrap_or_default();
                    let message = format!("the value `{text}` of {name} is no string to YAML");
                    if service.reading.line_map.is_none() {
                        report.retyped(service.file, value, text, message);
                    } else {
                        report.in_reading(service.file, service.reading, value, message);
                    }
                }
            }
        }
    }
}
