//! A request_line does not begin with a method and a path.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::health_checks;
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "health-check-request-line",
    severity: Severity::Warning,
    finds: "A request_line does not begin with a method and a path, as in `GET /path HTTP/1.0`.",
    why: "HAProxy takes a single word for a path and asks with OPTIONS, and sends the rest as it is: a server that is strict \
          refuses it, and the container never gets healthy.",
    fix: "Write the method and the path; HTTP/1.0 may follow.",
    refused_by: None,
    fires: Example(&[Edit::Replace("1/rancher-compose.yml", "request_line: GET / HTTP/1.0", "request_line: /health")]),
    quiet: Example(&[Edit::Replace("1/rancher-compose.yml", "request_line: GET / HTTP/1.0", "request_line: ''")]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in &template.versions {
        for (service, _, check) in health_checks(version) {
            let Some(node) = check.get("request_line") else { continue };
            let Some(text) = node.text().filter(|text| !text.is_empty() && !text.contains('$')) else { continue };
            // Rancher's own UI writes path and version in quotes, which HAProxy takes off again.
            let parts: Vec<&str> = text.splitn(3, ' ').map(|part| part.trim_matches('"')).collect();
            let is_method = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_uppercase());
            // HAProxy sends HTTP/1.0 where no version is given.
            let good = match parts.as_slice() {
                [method, path] => is_method(method) && path.starts_with('/'),
                [method, path, version] => is_method(method) && path.starts_with('/') && is_version(version),
                _ => false,
            };
            if !good {
                report.in_reading(
                    service.file,
                    service.reading,
                    node,
                    format!("{text:?} is not a request line such as `GET / HTTP/1.0`"),
                );
            }
        }
    }
}

/// Headers may follow, behind a line break, as HAProxy takes them.
fn is_version(text: &str) -> bool {
    ["HTTP/1.0", "HTTP/1.1"]
        .iter()
        .filter_map(|version| text.strip_prefix(version))
        .any(|rest| rest.trim_end().is_empty() || rest.starts_with(['\r', '\n']) || rest.starts_with("\\r\\n"))
}
