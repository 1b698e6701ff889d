//! A version has no rancher-compose.yml.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "rancher-compose-missing",
    severity: Severity::Error,
    finds: "A version has no rancher-compose.yml.",
    why: "Rancher does not know its version then, and drops it; the catalog's CI fails.",
    mend: "Add one with a catalog block.",
    refused_by: None,
    fires: Example(&[
        Edit::Remove("1/rancher-compose.yml"),
        Edit::Replace("config.yml", "version: v1.1.0", "version: v1.0.0"),
    ]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in &template.versions {
        if version.rancher_compose.is_none()
            && version.revision.is_some()
            && !version.files.iter().any(|name| name == "rancher-compose.yml")
        {
            report.path(&version.path, "there is no rancher-compose.yml");
        }
    }
}
