//! A version's folder has a name that is meant for a version and is none.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, RefusedBy, Rule};
use crate::view::is_looked_at;
use rancher_catalog::source::{TemplateSource, VersionSource};

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "revision-passed-over",
    severity: Severity::Error,
    finds: "A version's folder has a name that is meant for a version and is none.",
    why: "Rancher knows whole numbers and semantic versions of three numbers, and passes over every other folder: this version is in no list.",
    fix: "Name it by the next number.",
    refused_by: Some(RefusedBy { part: "catalog-service", words: "it says nothing: the folder is passed over" }),
    fires: Example(&[Edit::Write("v2/rancher-compose.yml", "version: '2'\ncatalog:\n  version: v1.2.0\n")]),
    quiet: Example(&[
        Edit::Write(
            "2/rancher-compose.yml",
            "version: '2'\ncatalog:\n  version: v1.2.0\n  minimum_rancher_version: v1.6.0\n",
        ),
        Edit::Write("2/docker-compose.yml", "version: '2'\nservices:\n  web:\n    image: example/web:1.2.0\n"),
    ]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in template.versions.iter().filter(|version| is_passed_over(version)) {
        let message = format!("`{}` is neither a number nor a version of three: Rancher passes over it", version.name);
        report.path(&version.path, message);
    }
}

/// Whether a folder holds a version, is named as one, and is none to Rancher.
pub(super) fn is_passed_over(version: &VersionSource) -> bool {
    let is_meant = version.name.trim_start_matches(['v', 'V']).starts_with(|c: char| c.is_ascii_digit());
    !is_looked_at(version) && is_meant && version.rancher_compose.is_some()
}
