//! What Rancher says of a version when it is launched, told by the rule of its kind.

use super::report::Report;
use super::view::has_compose;
use rancher_catalog::launch::{Cause, Fault, File};
use rancher_catalog::source::{TemplateSource, VersionSource};

/// Tells the faults of one kind that are there with the usual answers.
pub(super) fn tell(template: &TemplateSource, report: &mut Report, cause: Cause) {
    each(template, |version, fault| {
        if fault.cause == cause && fault.because.is_none() {
            place(version, fault, fault.message.clone(), report);
        }
    });
}

/// Goes through the faults of all versions whose services are compose services.
pub(super) fn each<'t>(template: &'t TemplateSource, mut take: impl FnMut(&'t VersionSource, &'t Fault)) {
    if !has_compose(template) {
        return;
    }
    for version in &template.versions {
        version.launch_faults().iter().for_each(|fault| take(version, fault));
    }
}

/// Reports a fault at its place.
pub(super) fn place(version: &VersionSource, fault: &Fault, message: String, report: &mut Report) {
    let file = match fault.file {
        File::Docker => &version.docker_compose,
        File::Rancher => &version.rancher_compose,
    };
    if let Some(file) = file {
        let end = if fault.end_column == 0 { file.line_end(fault.start.line) } else { fault.end_column };
        report.at(file, fault.start, end, message);
    }
}
