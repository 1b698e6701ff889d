//! A rule of a load balancer leads nowhere, or to two places.

use crate::launch;
use crate::report::Severity;
use crate::rule::{Edit, Example, RefusedBy, Rule};
use rancher_catalog::launch::Cause;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "balancer-rule",
    severity: Severity::Error,
    finds: "A rule of a load balancer leads nowhere, or to two places.",
    why: "Rancher refuses the stack.",
    fix: "Give each rule either a `service` or a `selector`, and another source port than 42.",
    refused_by: Some(RefusedBy { part: "Cattle", words: "MissingRequired; InvalidOption" }),
    fires: Example(&[
        Edit::Replace(
            "1/docker-compose.yml",
            "    image: example/web:1.1.0\n",
            "    image: rancher/lb-service-haproxy:v0.9.14\n",
        ),
        Edit::Replace(
            "1/rancher-compose.yml",
            "    scale: 1\n",
            "    scale: 1\n    lb_config:\n      port_rules:\n        - source_port: 80\n",
        ),
    ]),
    quiet: Example(&[]),
    check: |template, report| launch::tell(template, report, Cause::BalancerRule),
};
