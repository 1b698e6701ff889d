//! config.yml's version is not that of any revision.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::{catalog_entry, is_looked_at, stated_version};
use rancher_catalog::catalog_service::field;
use rancher_catalog::source::{TemplateSource, VersionSource};

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "default-version",
    severity: Severity::Warning,
    finds: "config.yml's version is not that of any revision.",
    why: "It is the default version: without one Rancher offers the newest revision, and the CI of the community catalog fails.",
    fix: "Set it, byte for byte, to the version in some revision's rancher-compose.yml.",
    refused_by: None,
    fires: Example(&[Edit::Replace("config.yml", "version: v1.1.0", "version: v1.2.0")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    let Some(file) = &template.config else { return };
    let Some(root) = file.raw().as_ref().ok().and_then(|document| document.root.as_ref()) else { return };
    // Of config.yml Rancher takes the text as it is written: 1.10 stays 1.10.
    let Some((node, default)) = field(root, "version").and_then(|(_, node)| Some((node, node.text()?))) else { return };
    let versions: Vec<&VersionSource> = template.versions.iter().filter(|version| is_looked_at(version)).collect();
    // A revision without a version is told, and may be the one that is meant.
    let is_open = |version: &&VersionSource| stated_version(version).is_none();
    if default.is_empty() || !template.unreadable.is_empty() || versions.iter().any(is_open) {
        return;
    }
    // A version that stands there as a number is told where it stands.
    let is_written = |version: &&VersionSource| {
        catalog_entry(version, "version").is_some_and(|(_, node)| node.text() == Some(default))
    };
    let known: Vec<String> = versions.iter().filter_map(|version| stated_version(version)).collect();
    if known.is_empty() || known.iter().any(|known| known == default) || versions.iter().any(is_written) {
        return;
    }
    let newest = known.last().map(|last| format!("; the last revision has {last}")).unwrap_or_default();
    report.node(file, node, format!("no revision has version {default}{newest}"));
}
