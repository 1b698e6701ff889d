//! A value without quotes becomes another text or number than is written.

use crate::launch;
use crate::report::Severity;
use crate::rule::{Edit, Example, Rule};
use rancher_catalog::launch::Cause;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "value-retyped",
    severity: Severity::Warning,
    finds: "A value becomes another text, or another number, than is written.",
    why: "YAML reads it before Rancher makes a text of it: 0644 becomes 420, 1_000 becomes 1000, 1.10 becomes 1.1 and yes becomes true. A size beyond 64 bits becomes another one.",
    fix: "Put it in quotes; write a size that there can be.",
    refused_by: None,
    fires: Example(&[Edit::Replace(
        "1/docker-compose.yml",
        "      SIZE: ${SIZE}",
        "      SIZE: ${SIZE}\n      MODE: 0644",
    )]),
    quiet: Example(&[Edit::Replace(
        "1/docker-compose.yml",
        "      SIZE: ${SIZE}",
        "      SIZE: ${SIZE}\n      MODE: '0644'\n      COUNT: 10\n      TTY: true",
    )]),
    check: |template, report| launch::tell(template, report, Cause::Retyped),
};
