//! A service of an Orchestration entry has no health check.

use crate::catalog::source::TemplateSource;
use crate::check::report::{Report, Severity};
use crate::check::rule::{Edit, Example, Rule};
use crate::check::view::{docker_services, is_orchestration, rancher_services};

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "orchestration-health-check",
    severity: Severity::Error,
    finds: "A service of an Orchestration entry has no health check.",
    why: "Rancher's UI stays on \"setting up\" until every service of the stack is healthy, or is one that starts once.",
    mend: "Give each service a health check that turns good, or the label io.rancher.container.start_once.",
    fires: Example(&[
        Edit::Replace("config.yml", "category: Applications", "category: Orchestration"),
        Edit::Replace(
            "1/rancher-compose.yml",
            "    health_check:\n      port: 80\n      request_line: GET / HTTP/1.0\n      interval: 2000\n      response_timeout: 2000\n      healthy_threshold: 2\n      unhealthy_threshold: 3\n",
            "",
        ),
    ]),
    quiet: Example(&[Edit::Replace("config.yml", "category: Applications", "category: Orchestration")]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    if !is_orchestration(template) {
        return;
    }
    for version in &template.versions {
        let rancher = rancher_services(version);
        let services = docker_services(version);
        let sidekicks: Vec<String> =
            services.iter().filter_map(|service| service.label("io.rancher.sidekicks")).collect();
        let is_sidekick = |name: &str| sidekicks.iter().any(|names| names.split(',').any(|one| one.trim() == name));
        for service in &services {
            let checked = service.node.get("health_check").is_some()
                || rancher.iter().any(|other| other.name == service.name && other.node.get("health_check").is_some());
            // A driver is no container: there is nothing to be healthy.
            let is_driver = rancher
                .iter()
                .filter(|other| other.name == service.name)
                .any(|other| ["network_driver", "storage_driver"].iter().any(|key| other.node.get(key).is_some()))
                && service.text("image") == Some("rancher/none");
            let starts_once = service.label("io.rancher.container.start_once").as_deref() == Some("true");
            if !checked
                && !is_driver
                && !starts_once
                && !is_sidekick(service.name)
                && service.node.get("image").is_some()
            {
                report.in_reading(
                    service.file,
                    service.reading,
                    service.key,
                    format!("`{}` has no health check", service.name),
                );
            }
        }
    }
}
