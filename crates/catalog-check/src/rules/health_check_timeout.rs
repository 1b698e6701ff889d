//! A health check may take longer to answer than the time to the next question.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::health_checks;
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "health-check-timeout",
    severity: Severity::Warning,
    finds: "A health check may take longer to answer than the time to the next question.",
    why: "Questions pile up, and a slow container looks worse than it is.",
    fix: "Make response_timeout no longer than interval.",
    refused_by: None,
    fires: Example(&[Edit::Replace("1/rancher-compose.yml", "response_timeout: 2000", "response_timeout: 5000")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in &template.versions {
        for (service, _, check) in health_checks(version) {
            let number = |name: &str| {
                check.get(name).and_then(|node| node.text()?.parse::<u64>().ok().map(|number| (node, number)))
            };
            if let (Some((node, timeout)), Some((_, interval))) = (number("response_timeout"), number("interval"))
                && timeout > interval
            {
                report.in_reading(
                    service.file,
                    service.reading,
                    node,
                    format!("an answer may take {timeout} ms, but the next question comes after {interval} ms"),
                );
            }
        }
    }
}
