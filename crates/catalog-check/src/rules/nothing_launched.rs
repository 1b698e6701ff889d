//! The compose files have no services, or one that is never launched.

use crate::launch;
use crate::report::Severity;
use crate::rule::{Edit, Example, Rule};
use rancher_catalog::launch::Cause;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "nothing-launched",
    severity: Severity::Warning,
    finds: "The compose files have no services, or one that is never launched.",
    why: "Rancher makes a stack with nothing in it, or without that service: a sidekick runs beside a service that is none itself.",
    fix: "Put the services below `services`, and list sidekicks in the label io.rancher.sidekicks of a service that is none.",
    refused_by: None,
    fires: Example(&[
        Edit::Write("1/docker-compose.yml", "version: '2'\n"),
        Edit::Replace(
            "1/rancher-compose.yml",
            "services:\n  web:\n    scale: 1\n    health_check:\n      port: 80\n      request_line: GET / HTTP/1.0\n      interval: 2000\n      response_timeout: 2000\n      healthy_threshold: 2\n      unhealthy_threshold: 3\n",
            "",
        ),
    ]),
    quiet: Example(&[]),
    check: |template, report| launch::tell(template, report, Cause::NothingLaunched),
};
