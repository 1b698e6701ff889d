//! A restart policy, a device, a rate or a label of a load balancer has a form that Rancher does not take.

use crate::launch;
use crate::report::Severity;
use crate::rule::{Edit, Example, RefusedBy, Rule};
use rancher_catalog::launch::Cause;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "text-form",
    severity: Severity::Error,
    finds: "A restart policy, a device, a rate or a label of a load balancer has a form that Rancher does not take.",
    why: "Rancher refuses the stack.",
    fix: "Write it as the finding says.",
    refused_by: Some(RefusedBy {
        part: "the compose executor",
        words: "maximum retry count must be an integer; invalid restart policy format; invalid device specification; strconv.…: parsing …: invalid syntax; Failed to unmarshal MaporSlice; panic: runtime error: index out of range",
    }),
    fires: Example(&[Edit::Replace(
        "1/docker-compose.yml",
        "    image: example/web:1.1.0\n",
        "    image: example/web:1.1.0\n    restart: on-failure:many\n",
    )]),
    quiet: Example(&[]),
    check: |template, report| launch::tell(template, report, Cause::TextForm),
};
