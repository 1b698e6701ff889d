//! The version of a compose file is none that Rancher reads.

use crate::launch;
use crate::report::Severity;
use crate::rule::{Edit, Example, RefusedBy, Rule};
use rancher_catalog::launch::Cause;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "compose-version",
    severity: Severity::Error,
    finds: "The version of a compose file is none that Rancher reads.",
    why: "Rancher knows the forms without a version and with version 2: it refuses the rest, or takes their sections for services.",
    fix: "Write `version: '2'` and put the services below `services`; or leave the version out and put them at the top.",
    refused_by: Some(RefusedBy {
        part: "the compose executor",
        words: "version 3 is not supported; cannot unmarshal … into config.RawService; cannot unmarshal … into string; Unsupported config option",
    }),
    fires: Example(&[Edit::Replace("1/docker-compose.yml", "version: '2'", "version: '3'")]),
    quiet: Example(&[]),
    check: |template, report| launch::tell(template, report, Cause::FormVersion),
};
