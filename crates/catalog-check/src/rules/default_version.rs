//! config.yml's version is not that of any revision.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "default-version",
    severity: Severity::Error,
    finds: "config.yml's version is not that of any revision.",
    why: "It is the default version: without one, Rancher falls back to the highest semantic version, and the catalog's CI fails.",
    mend: "Set it, byte for byte, to the version in some revision's rancher-compose.yml.",
    refused_by: None,
    fires: Example(&[Edit::Replace("config.yml", "version: v1.1.0", "version: v1.2.0")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    let Some(Ok(config)) = template.config_model() else { return };
    let Some(file) = &template.config else { return };
    let Some(version) = config.version.value() else { return };
    let known: Vec<String> =
        template.versions.iter().filter_map(|found| Some(found.catalog()?.version.value()?.text())).collect();
    if !known.contains(&version.text()) && template.unreadable.is_empty() {
        let root = file.raw.as_ref().ok().and_then(|document| document.root.as_ref());
        let Some(node) = root.and_then(|root| root.get("version")) else { return };
        let newest = known.last().map(|last| format!("; the last revision has {last}")).unwrap_or_default();
        report.node(file, node, format!("no revision has version {version}{newest}"));
    }
}
