//! A dollar in a compose file begins no variable.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::{docker_services, rancher_services, texts};
use rancher_catalog::interpolation::interpolate;
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "interpolation",
    severity: Severity::Error,
    finds: "A dollar in a compose file begins no variable.",
    why: "Rancher refuses the stack: \"Invalid interpolation format\". There is no `${NAME:-default}`.",
    mend: "Write `${NAME}`, and `$$` for a dollar.",
    refused_by: None,
    fires: Example(&[Edit::Replace("1/docker-compose.yml", "SIZE: ${SIZE}", "SIZE: ${SIZE:-10}")]),
    quiet: Example(&[Edit::Replace("1/docker-compose.yml", "SIZE: ${SIZE}", "SIZE: $$SIZE")]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in &template.versions {
        for service in docker_services(version).iter().chain(&rancher_services(version)) {
            texts(service.node, &mut |node, text| {
                if let Err(error) = interpolate(text, |_| None) {
                    report.in_reading(service.file, service.reading, node, error.to_string());
                }
            });
        }
    }
}
