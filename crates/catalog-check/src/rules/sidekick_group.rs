//! Services share volumes or a network, and are not of one group of sidekicks.

use crate::launch;
use crate::report::Severity;
use crate::rule::{Edit, Example, RefusedBy, Rule};
use rancher_catalog::launch::Cause;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "sidekick-group",
    severity: Severity::Error,
    finds: "Services share volumes or a network, and are not of one group of sidekicks.",
    why: "volumes_from and `network_mode: container:` name a service of the same group, and a sidekick belongs to one service alone. Rancher refuses the stack.",
    fix: "List the services in the label io.rancher.sidekicks of the one that they belong to, and name them without `:ro` or `container:` in volumes_from.",
    refused_by: Some(RefusedBy {
        part: "the compose executor, and Cattle",
        words: "can't have more than one primary service … referencing the same sidekick; InvalidReference; no network",
    }),
    fires: Example(&[Edit::Replace(
        "1/docker-compose.yml",
        "    image: example/web:1.1.0\n",
        "    image: example/web:1.1.0\n    volumes_from:\n      - data\n  data:\n    image: example/data:1.0.0\n",
    )]),
    quiet: Example(&[Edit::Replace(
        "1/docker-compose.yml",
        "    image: example/web:1.1.0\n",
        "    image: example/web:1.1.0\n    labels:\n      io.rancher.sidekicks: data\n    volumes_from:\n      - data\n  data:\n    image: example/data:1.0.0\n",
    )]),
    check: |template, report| launch::tell(template, report, Cause::SidekickGroup),
};
