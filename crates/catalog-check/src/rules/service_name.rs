//! The name of a service is none that Rancher takes.

use crate::launch;
use crate::report::Severity;
use crate::rule::{Edit, Example, RefusedBy, Rule};
use rancher_catalog::launch::Cause;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "service-name",
    severity: Severity::Error,
    finds: "The name of a service is none that Rancher takes.",
    why: "Names become host names: letters, digits and single hyphens, at most 63, and no two that differ in capital letters alone. Rancher refuses the stack.",
    fix: "Give it another name in both files.",
    refused_by: Some(RefusedBy {
        part: "the compose executor, and Cattle",
        words: "Invalid service name '…' - only [a-zA-Z0-9\\._\\-] characters are allowed; InvalidCharacters; MaxLengthExceeded; NotUnique",
    }),
    fires: Example(&[
        Edit::Replace("1/docker-compose.yml", "  web:\n", "  my_web:\n"),
        Edit::Replace("1/rancher-compose.yml", "  web:\n", "  my_web:\n"),
    ]),
    quiet: Example(&[]),
    check: |template, report| launch::tell(template, report, Cause::ServiceName),
};
