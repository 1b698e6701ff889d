//! A service of an Orchestration entry has no health check.

use std::collections::HashSet;

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::{Overlay, docker_services, is_orchestration};
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "orchestration-health-check",
    severity: Severity::Warning,
    finds: "A service of an Orchestration entry has no health check.",
    why: "Rancher takes a container without a health check for healthy once it runs, so the environment is told to be ready \
          whatever becomes of the program in it.",
    fix: "Give each service a health check that turns good, or the label io.rancher.container.start_once.",
    refused_by: None,
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
        let rancher = Overlay::of(version);
        let services = docker_services(version);
        let lists: Vec<String> =
            services.iter().filter_map(|service| rancher.label(service, "io.rancher.sidekicks")).collect();
        let sidekicks: HashSet<&str> = lists.iter().flat_map(|names| names.split(',')).map(str::trim).collect();
        for service in &services {
            // A driver is no container: there is nothing to be healthy.
            let is_driver = ["network_driver", "storage_driver"].iter().any(|key| rancher.has(service, key))
                && service.text("image") == Some("rancher/none");
            let starts_once = rancher.is_labelled(service, "io.rancher.container.start_once");
            if !rancher.has(service, "health_check")
                && !is_driver
                && !starts_once
                && !sidekicks.contains(service.name)
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
