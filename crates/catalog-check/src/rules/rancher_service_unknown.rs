//! rancher-compose.yml has a service that docker-compose does not have.

use crate::launch;
use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, RefusedBy, Rule};
use rancher_catalog::launch::{Cause, File};
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "rancher-service-unknown",
    severity: Severity::Error,
    finds: "rancher-compose.yml has a service that docker-compose does not have.",
    why: "Rancher would have to create a service without an image, and refuses the stack.",
    fix: "Give both the same name.",
    refused_by: Some(RefusedBy { part: "Cattle", words: "MissingRequired" }),
    fires: Example(&[Edit::Replace("1/rancher-compose.yml", "services:\n  web:", "services:\n  wbe:")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    launch::each(template, |version, fault| {
        if fault.cause == Cause::ImageMissing && fault.file == File::Rancher && fault.because.is_none() {
            launch::place(version, fault, fault.message.clone(), report);
        }
    });
}
