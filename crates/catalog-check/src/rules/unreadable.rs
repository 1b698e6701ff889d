//! A file or folder that Rancher needs cannot be read.

use std::path::Path;

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, RefusedBy, Rule};
use rancher_catalog::catalog_service::FolderName;
use rancher_catalog::source::{Cause, TemplateSource};

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "unreadable",
    severity: Severity::Error,
    finds: "A file or folder that Rancher needs cannot be read.",
    why: "Rancher passes over everything but real files and folders, and then has none.",
    fix: "Put a real file or folder there that everyone may read.",
    refused_by: Some(RefusedBy {
        part: "catalog-service",
        words: "it says nothing: what is no regular file is passed over",
    }),
    fires: Example(&[Edit::Link("2", "1")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for unreadable in &template.unreadable {
        match unreadable.cause {
            Cause::Failed => report.path(&unreadable.path, format!("cannot be read: {}", unreadable.reason)),
            Cause::NoFile if is_needed(template, &unreadable.path) => {
                report.path(&unreadable.path, format!("Rancher passes over this: {}", unreadable.reason));
            }
            Cause::NoFile | Cause::TooLarge => {}
        }
    }
}

/// Whether Rancher would read what stands at a path, or look for a version in it.
pub(super) fn is_needed(template: &TemplateSource, path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let is_version = path.parent() == Some(&template.path) && FolderName::of(name) != FolderName::PassedOver;
    let names = ["config.yml", "docker-compose.yml", "docker-compose.yml.tpl", "rancher-compose.yml", "project.yml"];
    is_version || names.contains(&name)
}
