//! A health check lacks a port, an interval, a timeout or a threshold, or has a key that Rancher does not know.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::health_checks;
use rancher_catalog::model::HealthCheck;
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "health-check-keys",
    severity: Severity::Warning,
    finds: "A health check lacks a port, an interval, a timeout or a threshold, or has a key that Rancher does not know.",
    why: "Without a port nothing is asked; what else is absent gets a default that nobody chose.",
    fix: "State port, interval, response_timeout, healthy_threshold and unhealthy_threshold, in milliseconds.",
    refused_by: None,
    fires: Example(&[Edit::Replace("1/rancher-compose.yml", "      interval: 2000\n", "")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in &template.versions {
        for (service, key, check) in health_checks(version) {
            for wanted in ["port", "interval", "response_timeout", "healthy_threshold", "unhealthy_threshold"] {
                if check.get(wanted).is_none() {
                    report.in_reading(
                        service.file,
                        service.reading,
                        key,
                        format!("the health check of `{}` has no {wanted}", service.name),
                    );
                }
            }
            let Ok(typed) = serde_yaml::from_value::<HealthCheck>(check.to_value()) else { continue };
            for name in typed.other.keys().filter(|name| !matches!(name.as_str(), "name" | "recreate")) {
                if let Some((key, _)) = check.entry(name) {
                    report.in_reading(
                        service.file,
                        service.reading,
                        key,
                        format!("Rancher does not know `{name}` in a health check"),
                    );
                }
            }
        }
    }
}
