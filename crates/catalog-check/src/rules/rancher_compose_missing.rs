//! A version has no rancher-compose.yml.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, RefusedBy, Rule};
use rancher_catalog::catalog_service::FolderName;
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "rancher-compose-missing",
    severity: Severity::Error,
    finds: "A version has no rancher-compose.yml.",
    why: "Rancher does not know its version then, and drops it.",
    fix: "Add one with a catalog block.",
    refused_by: Some(RefusedBy {
        part: "catalog-service",
        words: "it says nothing: a revision without a version is left out",
    }),
    fires: Example(&[
        Edit::Remove("1/rancher-compose.yml"),
        Edit::Replace("config.yml", "version: v1.1.0", "version: v1.0.0"),
    ]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in template.versions.iter().filter(|version| matches!(version.folder_name(), FolderName::Revision(_))) {
        let is_there = version.files.iter().any(|file| file.rsplit('/').next() == Some("rancher-compose.yml"));
        // Two folders of one number are one revision to Rancher, and one file does for both.
        let is_beside = template
            .versions
            .iter()
            .any(|other| other.folder_name() == version.folder_name() && other.rancher_compose.is_some());
        let is_link = template.unreadable.iter().any(|file| file.path == version.path.join("rancher-compose.yml"));
        if is_there || is_beside || is_link {
            continue;
        }
        let alike = version.files.iter().find(|file| file.to_ascii_lowercase().starts_with("rancher-compose.y"));
        match alike {
            Some(file) => {
                report.path(
                    &version.path.join(file),
                    "Rancher looks for rancher-compose.yml alone, and drops this revision",
                );
            }
            None => report.path(&version.path, "there is no rancher-compose.yml: Rancher drops this revision"),
        }
    }
}
