//! A dollar in a compose file begins no variable.

use crate::launch;
use crate::report::Severity;
use crate::rule::{Edit, Example, RefusedBy, Rule};
use rancher_catalog::launch::Cause;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "interpolation",
    severity: Severity::Error,
    finds: "A dollar in a compose file begins no variable.",
    why: "Rancher refuses the stack: \"Invalid interpolation format\". There is no `${NAME:-default}`.",
    fix: "Write `${NAME}`, and `$$` for a dollar.",
    refused_by: Some(RefusedBy {
        part: "the compose executor",
        words: "Invalid interpolation format for key; panic: runtime error: index out of range",
    }),
    fires: Example(&[Edit::Replace("1/docker-compose.yml", "SIZE: ${SIZE}", "SIZE: ${SIZE:-10}")]),
    quiet: Example(&[Edit::Replace("1/docker-compose.yml", "SIZE: ${SIZE}", "SIZE: $$SIZE")]),
    check: |template, report| launch::tell(template, report, Cause::Interpolation),
};
