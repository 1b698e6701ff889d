//! A catalog block has no version, or there is no block.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::catalog_node;
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "version-missing",
    severity: Severity::Error,
    finds: "A catalog block has no version, or there is no block.",
    why: "Rancher drops the revision without a word.",
    mend: "Give it a version.",
    refused_by: None,
    fires: Example(&[
        Edit::Replace("1/rancher-compose.yml", "  version: v1.1.0\n", ""),
        Edit::Replace("config.yml", "version: v1.1.0", "version: v1.0.0"),
    ]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in template.versions.iter().filter(|version| version.revision.is_some()) {
        let Some(file) = version.rancher_compose.as_ref().filter(|file| file.raw.is_ok()) else { continue };
        let stated =
            version.catalog().and_then(|block| block.version.value().map(|version| !version.text().is_empty()));
        match (stated, catalog_node(version)) {
            (Some(true), _) => {}
            (_, Some((file, block))) => {
                report.node(file, block, "the catalog block has no version: Rancher drops this revision")
            }
            (_, None) => report.path(&file.path, "there is no catalog block: Rancher drops this revision"),
        }
    }
}
