//! A service refers to another one that is not there.

use crate::launch;
use crate::report::Severity;
use crate::rule::{Edit, Example, RefusedBy, Rule};
use rancher_catalog::launch::Cause;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "service-reference",
    severity: Severity::Error,
    finds: "A service refers to another one that is not there.",
    why: "Links, sidekicks and rules of load balancers must lead to services of the stack. Rancher refuses the stack.",
    fix: "Correct the name. Services of other stacks belong to `external_links`.",
    refused_by: Some(RefusedBy {
        part: "the compose executor",
        words: "Service '…' has a link to service '…' which is undefined; Failed to find sidekick; Failed to find existing service; Failed to find service … to extend",
    }),
    fires: Example(&[Edit::Replace(
        "1/docker-compose.yml",
        "    image: example/web:1.1.0\n",
        "    image: example/web:1.1.0\n    links:\n      - db\n",
    )]),
    quiet: Example(&[]),
    check: |template, report| launch::tell(template, report, Cause::Reference),
};
