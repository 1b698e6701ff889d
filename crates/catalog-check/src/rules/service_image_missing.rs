//! A service has no image.

use crate::launch;
use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, RefusedBy, Rule};
use rancher_catalog::launch::{Cause, File};
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "service-image-missing",
    severity: Severity::Error,
    finds: "A service has no image.",
    why: "There is nothing to run, and Rancher refuses the stack.",
    fix: "Name one.",
    refused_by: Some(RefusedBy { part: "Cattle", words: "MissingRequired" }),
    fires: Example(&[Edit::Replace("1/docker-compose.yml", "    image: example/web:1.1.0\n", "")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    launch::each(template, |version, fault| {
        if fault.cause == Cause::ImageMissing && fault.file == File::Docker && fault.because.is_none() {
            launch::place(version, fault, fault.message.clone(), report);
        }
    });
}
