//! A catalog block has no version, or there is no block.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, RefusedBy, Rule};
use crate::view::{catalog_node, stated_version};
use rancher_catalog::catalog_service::{FolderName, refusals};
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "version-missing",
    severity: Severity::Error,
    finds: "A catalog block has no version, or there is no block.",
    why: "Rancher drops the revision without a word.",
    fix: "Give it a version.",
    refused_by: Some(RefusedBy {
        part: "catalog-service",
        words: "it says nothing: a revision without a version is left out",
    }),
    fires: Example(&[
        Edit::Replace("1/rancher-compose.yml", "  version: v1.1.0\n", ""),
        Edit::Replace("config.yml", "version: v1.1.0", "version: v1.0.0"),
    ]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in template.versions.iter().filter(|version| matches!(version.folder_name(), FolderName::Revision(_))) {
        let Some(file) = &version.rancher_compose else { continue };
        let Ok(document) = file.raw() else { continue };
        // What Rancher cannot read is told where it stands.
        if document.root.as_ref().is_some_and(|root| !refusals(root).is_empty()) || stated_version(version).is_some() {
            continue;
        }
        match catalog_node(version) {
            Some((file, block)) => {
                report.node(file, block, "the catalog block has no version: Rancher drops this revision");
            }
            None => report.path(&file.path, "there is no catalog block: Rancher drops this revision"),
        }
    }
}
