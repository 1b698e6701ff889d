//! A text stands where a number, a size or a duration is due.

use crate::launch;
use crate::report::Severity;
use crate::rule::{Edit, Example, RefusedBy, Rule};
use rancher_catalog::launch::Cause;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "number-form",
    severity: Severity::Error,
    finds: "A text stands where a number, a size or a duration is due.",
    why: "Rancher cannot make a number of it, and refuses the stack. An optional answer that stays empty is such a text too.",
    fix: "Write the number. Sizes are 64m, durations of stop_grace_period 1m30s; all else is a whole number.",
    refused_by: Some(RefusedBy {
        part: "the compose executor",
        words: "cannot unmarshal … into …; contains an invalid type, it should be an integer; strconv.…: parsing …; invalid size; time: … duration; Failed to unmarshal Ulimit; value Must be",
    }),
    fires: Example(&[Edit::Replace("1/rancher-compose.yml", "scale: 1", "scale: one")]),
    quiet: Example(&[]),
    check: |template, report| launch::tell(template, report, Cause::NumberForm),
};
