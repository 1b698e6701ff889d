//! Services lead back to themselves.

use crate::launch;
use crate::report::Severity;
use crate::rule::{Edit, Example, RefusedBy, Rule};
use rancher_catalog::launch::Cause;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "service-circle",
    severity: Severity::Error,
    finds: "Services lead back to themselves.",
    why: "None of them can be made first: Rancher refuses the stack.",
    fix: "Take one of the references away.",
    refused_by: Some(RefusedBy {
        part: "the compose executor, and Cattle",
        words: "Cycle detected in path; CircularReference",
    }),
    fires: Example(&[Edit::Replace(
        "1/docker-compose.yml",
        "    image: example/web:1.1.0\n",
        "    image: example/web:1.1.0\n    network_mode: container:web\n",
    )]),
    quiet: Example(&[]),
    check: |template, report| launch::tell(template, report, Cause::Circle),
};
