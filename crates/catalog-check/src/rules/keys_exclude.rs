//! Two keys of a service exclude each other.

use crate::launch;
use crate::report::Severity;
use crate::rule::{Edit, Example, RefusedBy, Rule};
use rancher_catalog::launch::Cause;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "keys-exclude",
    severity: Severity::Error,
    finds: "Two keys of a service exclude each other.",
    why: "Rancher refuses the stack.",
    fix: "Keep one of them.",
    refused_by: Some(RefusedBy {
        part: "the compose executor, and Cattle",
        words: "Cannot extend service '…': services with '…' cannot be extended; InvalidOption",
    }),
    fires: Example(&[Edit::Replace(
        "1/docker-compose.yml",
        "    image: example/web:1.1.0\n",
        "    image: example/web:1.1.0\n    hostname: web.example.com\n    external_ips:\n      - 192.0.2.1\n",
    )]),
    quiet: Example(&[]),
    check: |template, report| launch::tell(template, report, Cause::Conflict),
};
