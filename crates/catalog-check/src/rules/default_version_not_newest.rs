//! config.yml's version is not that of the last revision, nor of the highest version.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use rancher_catalog::model::Version;
use rancher_catalog::source::{TemplateSource, VersionSource};

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "default-version-not-newest",
    severity: Severity::Note,
    finds: "config.yml's version is not that of the last revision, nor of the highest version.",
    why: "People are offered an older version than the newest there is; that may be meant.",
    fix: "Set it to the newest version, or allow this finding with the reason.",
    refused_by: None,
    fires: Example(&[Edit::Replace("config.yml", "version: v1.1.0", "version: v1.0.0")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    let Some(Ok(config)) = template.config_model() else { return };
    let (Some(file), Some(default)) = (&template.config, config.version.value()) else { return };
    let versions: Vec<Version> = template
        .versions
        .iter()
        .filter(|version| version.revision.is_some())
        .filter_map(VersionSource::version)
        .collect();
    let is_known = versions.iter().any(|version| version.text() == default.text());
    let Some(last) = versions.last().filter(|_| is_known) else { return };
    let root = file.raw().as_ref().ok().and_then(|document| document.root.as_ref());
    let Some(node) = root.and_then(|root| root.get("version")) else { return };
    let highest =
        versions.iter().filter_map(|version| Some((version.semver().ok()?, version))).max_by(|a, b| a.0.cmp(&b.0));
    let is_lower = match (default.semver(), &highest) {
        (Ok(default), Some((highest, _))) => default < *highest,
        _ => false,
    };
    if last.text() != default.text() {
        report.node(file, node, format!("the default is {default}, but the last revision has {last}"));
    } else if let Some((_, highest)) = highest.filter(|_| is_lower) {
        report.node(
            file,
            node,
            format!("the default is {default}, but there is {highest}, which semver takes for higher"),
        );
    }
}
