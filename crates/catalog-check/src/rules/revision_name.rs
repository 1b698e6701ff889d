//! The name of a version's folder is neither a plain number nor a semantic version.

use super::revision_passed_over::is_passed_over;
use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use rancher_catalog::catalog_service::FolderName;
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "revision-name",
    severity: Severity::Warning,
    finds: "The name of a version's folder is neither a plain number nor a semantic version.",
    why: "Rancher passes over it without a word, or takes it for the revision of another folder (`01` for `1`).",
    fix: "Name it by the next number.",
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
        let name = &version.name;
        match version.folder_name() {
            FolderName::Version(_) => {}
            FolderName::PassedOver
                if !is_passed_over(version) && version.files.iter().any(|file| is_of_version(file)) =>
            {
                report
                    .path(&version.path, format!("`{name}` is neither a number nor a version: Rancher passes over it"));
            }
            FolderName::PassedOver => {}
            FolderName::Revision(number) => {
                let other = template
                    .versions
                    .iter()
                    .find(|other| other.name != *name && other.folder_name() == version.folder_name());
                let message = match other {
                    Some(other) => {
                        format!("`{name}` and `{}` are both revision {number}: Rancher mixes their files", other.name)
                    }
                    None => format!("`{name}` is revision {number} to Rancher"),
                };
                report.path(&version.path, message);
            }
        }
    }
}

fn is_of_version(file: &str) -> bool {
    let name = file.rsplit('/').next().unwrap_or_default();
    name.starts_with("docker-compose.") || name.starts_with("rancher-compose.") || name == "project.yml"
}
