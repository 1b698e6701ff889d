//! Two revisions have the same version.

use std::collections::HashMap;

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::{catalog_entry, is_looked_at, stated_version};
use rancher_catalog::source::{TemplateSource, VersionSource};

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "version-twice",
    severity: Severity::Warning,
    finds: "Two revisions have the same version.",
    why: "Rancher links revisions by version: one of the two cannot be reached.",
    fix: "Give the newer one a version of its own.",
    refused_by: None,
    fires: Example(&[Edit::Replace("0/rancher-compose.yml", "v1.0.0", "v1.1.0")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    let mut seen: HashMap<String, &VersionSource> = HashMap::new();
    for version in template.versions.iter().filter(|version| is_looked_at(version)) {
        let Some(found) = stated_version(version) else { continue };
        match seen.get(&found) {
            // Two folders of one number are one revision to Rancher.
            Some(first) if first.folder_name() == version.folder_name() => {}
            Some(first) => {
                let message = format!("revision {} has version {found} already", first.name);
                match catalog_entry(version, "version") {
                    Some((file, node)) => report.node(file, node, message),
                    None => report.path(&version.path, message),
                }
            }
            None => {
                seen.insert(found, version);
            }
        }
    }
}
