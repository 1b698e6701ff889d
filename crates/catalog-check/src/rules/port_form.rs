//! A port has a form that Rancher does not take.

use crate::launch;
use crate::report::Severity;
use crate::rule::{Edit, Example, RefusedBy, Rule};
use rancher_catalog::launch::Cause;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "port-form",
    severity: Severity::Error,
    finds: "A port has a form that Rancher does not take.",
    why: "Rancher refuses the stack. An optional answer that stays empty can make such a port: `${PORT}:80` becomes `:80`.",
    fix: "Write [address:][host port:]container port[/tcp or /udp], with numbers from 1 to 65535 and no ranges. Give the question of a port a default, or make it required.",
    refused_by: Some(RefusedBy {
        part: "the compose executor, and Cattle",
        words: "Does not match format '…'; Invalid containerPort; PortWrongFormat; PortInvalidPrivatePort; PortInvalidPublicPort; PortInvalidProtocol",
    }),
    fires: Example(&[Edit::Replace("1/docker-compose.yml", "'8080:80'", "'8080:web'")]),
    quiet: Example(&[]),
    check: |template, report| launch::tell(template, report, Cause::PortForm),
};
