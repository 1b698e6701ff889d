//! A key of a service needs another one beside it.

use crate::launch;
use crate::report::Severity;
use crate::rule::{Edit, Example, RefusedBy, Rule};
use rancher_catalog::launch::Cause;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "key-alone",
    severity: Severity::Error,
    finds: "A key of a service needs another one beside it.",
    why: "Rancher refuses the stack.",
    fix: "Add the other key.",
    refused_by: Some(RefusedBy {
        part: "the compose executor",
        words: "Invalid configuration for '…' service: dependency '…' is not satisfied; … is required; Failed to unmarshal Ulimit; does not match pattern",
    }),
    fires: Example(&[Edit::Replace(
        "1/docker-compose.yml",
        "    image: example/web:1.1.0\n",
        "    image: example/web:1.1.0\n    memswap_limit: 64m\n",
    )]),
    quiet: Example(&[]),
    check: |template, report| launch::tell(template, report, Cause::KeyAlone),
};
