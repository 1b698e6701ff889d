//! A service has a key that Rancher does not know, or not in this form of the file.

use crate::launch;
use crate::report::Severity;
use crate::rule::{Edit, Example, RefusedBy, Rule};
use rancher_catalog::launch::Cause;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "service-unknown-key",
    severity: Severity::Error,
    finds: "A service has a key that Rancher does not know, or not in this form of the file.",
    why: "Rancher refuses the whole stack.",
    fix: "Correct its name; keys of the first form (`net`, `log_driver`) and of the second (`network_mode`, `logging`, `depends_on`) do not mix.",
    refused_by: Some(RefusedBy {
        part: "the compose executor",
        words: "Unsupported config option for … service: '…'; contains unsupported option: '…'; panic: interface conversion",
    }),
    fires: Example(&[Edit::Replace(
        "1/docker-compose.yml",
        "    image: example/web:1.1.0\n",
        "    image: example/web:1.1.0\n    priviledged: true\n",
    )]),
    quiet: Example(&[]),
    check: |template, report| launch::tell(template, report, Cause::UnknownKey),
};
