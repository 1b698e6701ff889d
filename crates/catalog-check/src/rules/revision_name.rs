//! A folder is neither a number nor a semantic version.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "revision-name",
    severity: Severity::Warning,
    finds: "A folder is neither a number nor a semantic version.",
    why: "Rancher passes over it without a word.",
    mend: "Name it by the next number.",
    refused_by: None,
    fires: Example(&[Edit::Write(
        "next/rancher-compose.yml",
        "version: '2'\ncatalog:\n  version: v1.2.0\n  minimum_rancher_version: v1.6.0\n",
    )]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in template.versions.iter().filter(|version| version.revision.is_none()) {
        if semver::Version::parse(version.name.trim_matches('v')).is_err() {
            report.path(
                &version.path,
                format!("`{}` is neither a number nor a version: Rancher passes over it", version.name),
            );
        }
    }
}
