//! A revision has a lower version than the one before it.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::{catalog_entry, stated_version};
use rancher_catalog::catalog_service::is_later;
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "version-order",
    severity: Severity::Note,
    finds: "A revision has a lower version than the one before it.",
    why: "Rancher offers upgrades by version, not by number. A version for an older Rancher can well be lower; `-2` makes a version later, and `-rc2` earlier.",
    fix: "Check that it is meant.",
    refused_by: None,
    fires: Example(&[
        Edit::Replace("1/rancher-compose.yml", "  version: v1.1.0", "  version: v0.9.0"),
        Edit::Replace("config.yml", "version: v1.1.0", "version: v0.9.0"),
    ]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    let mut before: Option<String> = None;
    for version in template.versions.iter().filter(|version| version.revision.is_some()) {
        let Some(found) = stated_version(version) else { continue };
        if let Some(before) = before.as_ref().filter(|before| is_later(before, &found))
            && let Some((file, node)) = catalog_entry(version, "version")
        {
            report.node(file, node, format!("{found} is lower than {before}, the version of the revision before it"));
        }
        before = Some(found);
    }
}
