//! A command cannot be split into words.

use crate::launch;
use crate::report::Severity;
use crate::rule::{Edit, Example, RefusedBy, Rule};
use rancher_catalog::launch::Cause;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "command-line",
    severity: Severity::Error,
    finds: "A command cannot be split into words.",
    why: "Rancher splits a command as a shell does, and refuses the stack where it cannot.",
    fix: "Close the quotes; put what is no letter, digit or usual sign of ASCII into quotes; or write the command as a list.",
    refused_by: Some(RefusedBy {
        part: "the compose executor",
        words: "EOF found when expecting closing quote; EOF found after escape character; Unknown rune; Uknown rune",
    }),
    fires: Example(&[Edit::Replace(
        "1/docker-compose.yml",
        "    image: example/web:1.1.0\n",
        "    image: example/web:1.1.0\n    command: echo it's\n",
    )]),
    quiet: Example(&[]),
    check: |template, report| launch::tell(template, report, Cause::CommandLine),
};
