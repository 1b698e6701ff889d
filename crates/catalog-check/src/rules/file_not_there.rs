//! A service names a file that only its author has.

use crate::launch;
use crate::report::Severity;
use crate::rule::{Edit, Example, RefusedBy, Rule};
use rancher_catalog::launch::Cause;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "file-not-there",
    severity: Severity::Error,
    finds: "A service names a file that only its author has.",
    why: "Rancher gets the two compose files and no others: it cannot open the file, and refuses the stack.",
    fix: "Write what env_file or extends would bring into the service; build the image, push it, and name it.",
    refused_by: Some(RefusedBy {
        part: "the compose executor",
        words: "open …: no such file or directory; Build not supported",
    }),
    fires: Example(&[Edit::Replace(
        "1/docker-compose.yml",
        "    image: example/web:1.1.0\n",
        "    image: example/web:1.1.0\n    env_file: web.env\n",
    )]),
    quiet: Example(&[]),
    check: |template, report| launch::tell(template, report, Cause::FileNotThere),
};
