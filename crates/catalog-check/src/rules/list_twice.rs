//! A list holds the same item twice.

use crate::launch;
use crate::report::Severity;
use crate::rule::{Edit, Example, RefusedBy, Rule};
use rancher_catalog::launch::Cause;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "list-twice",
    severity: Severity::Error,
    finds: "A list holds the same item twice.",
    why: "Rancher wants the items to differ, and refuses the stack.",
    fix: "Remove one of them.",
    refused_by: Some(RefusedBy {
        part: "the compose executor",
        words: "Service '…' configuration key '…' value … has non-unique elements; contains non unique items, please remove duplicates from",
    }),
    fires: Example(&[Edit::Replace(
        "1/docker-compose.yml",
        "      - '8080:80'\n",
        "      - '8080:80'\n      - '8080:80'\n",
    )]),
    quiet: Example(&[]),
    check: |template, report| launch::tell(template, report, Cause::Twice),
};
