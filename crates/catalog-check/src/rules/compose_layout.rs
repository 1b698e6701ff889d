//! A section or a service of a compose file is no map.

use crate::launch;
use crate::report::Severity;
use crate::rule::{Edit, Example, RefusedBy, Rule};
use rancher_catalog::launch::Cause;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "compose-layout",
    severity: Severity::Error,
    finds: "A section or a service of a compose file is no map.",
    why: "Rancher cannot read the file, and refuses the stack.",
    fix: "Put names below the section, and keys below each service.",
    refused_by: Some(RefusedBy {
        part: "the compose executor",
        words: "error parsing yaml, please check: … cannot unmarshal; yaml: map merge requires map or sequence of maps as the value",
    }),
    fires: Example(&[
        Edit::Write("1/docker-compose.yml", "version: '2'\nservices:\n  - web\n"),
        Edit::Replace(
            "1/rancher-compose.yml",
            "services:\n  web:\n    scale: 1\n    health_check:\n      port: 80\n      request_line: GET / HTTP/1.0\n      interval: 2000\n      response_timeout: 2000\n      healthy_threshold: 2\n      unhealthy_threshold: 3\n",
            "",
        ),
    ]),
    quiet: Example(&[]),
    check: |template, report| launch::tell(template, report, Cause::Layout),
};
