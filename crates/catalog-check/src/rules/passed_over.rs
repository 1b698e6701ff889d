//! A key or a label is one that Rancher never looks at.

use crate::launch;
use crate::report::Severity;
use crate::rule::{Edit, Example, Rule};
use rancher_catalog::launch::Cause;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "passed-over",
    severity: Severity::Warning,
    finds: "A key or a label is one that Rancher never looks at, or has a value that it does not act on.",
    why: "It is passed over without a word: what it says does not happen.",
    fix: "Correct its name, its value or its place, or remove it.",
    refused_by: None,
    fires: Example(&[Edit::Replace("1/docker-compose.yml", "services:\n", "extra: 1\nservices:\n")]),
    quiet: Example(&[]),
    check: |template, report| launch::tell(template, report, Cause::PassedOver),
};
