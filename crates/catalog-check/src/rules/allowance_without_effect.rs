//! An allowance silences nothing.

use crate::report::Severity;
use crate::rule::{Edit, Example, Rule};

/// See [`Rule::why`]. What an allowance silences is known when all rules have run: [`crate::silence`] and
/// [`crate::run`] find it.
pub const RULE: Rule = Rule {
    id: "allowance-without-effect",
    severity: Severity::Warning,
    finds: "An allowance silences nothing, or a [[template]] of gen-catalog.toml is about none.",
    why: "Whoever wrote it means something to be allowed that is still found, is elsewhere, or is right by now.",
    fix: "Remove it, or correct its rule, its path or its reason.",
    refused_by: None,
    fires: Example(&[Edit::Replace(
        "1/docker-compose.yml",
        "web:1.1.0",
        "web:1.1.0 # gen-catalog: allow image-latest it is built each night",
    )]),
    quiet: Example(&[Edit::Replace(
        "1/docker-compose.yml",
        "web:1.1.0",
        "web:latest # gen-catalog: allow image-latest it is built each night",
    )]),
    check: |_, _| {},
};
