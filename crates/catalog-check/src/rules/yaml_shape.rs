//! A value is of a kind that Rancher cannot take there, such as a list where a map is due, or a text where a boolean is due.

use crate::launch;
use crate::report::Severity;
use crate::rule::{Edit, Example, RefusedBy, Rule};
use rancher_catalog::launch::Cause;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "yaml-shape",
    severity: Severity::Error,
    finds: "A value is of a kind that Rancher cannot take there, such as a list where a map is due, or a text where a boolean is due.",
    why: "Rancher holds every value of a service against a schema, and refuses the whole stack.",
    fix: "Give it the kind that the finding names. `${NAME}` always gives text; `{{ .Values.NAME }}` gives what is answered.",
    refused_by: Some(RefusedBy {
        part: "the compose executor",
        words: "Service '…' configuration key '…' contains … invalid type, it should be …; contains unsupported option; Cannot unmarshal … into …; cannot unmarshal … into …; Failed to unmarshal …; json: unsupported value; map merge requires map or sequence of maps; panic: interface conversion",
    }),
    fires: Example(&[Edit::Replace("1/docker-compose.yml", "    ports:\n      - '8080:80'\n", "    ports: 80\n")]),
    quiet: Example(&[]),
    check: |template, report| launch::tell(template, report, Cause::ValueKind),
};
