//! A template names no maintainer.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "maintainer-missing",
    severity: Severity::Note,
    finds: "A template names no maintainer.",
    why: "People who find a fault do not know whom to ask.",
    fix: "Add `maintainer: First Last <mail@example.com>` to config.yml.",
    refused_by: None,
    fires: Example(&[Edit::Replace("config.yml", "maintainer: Jane Doe <jane@example.com>\n", "")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    let Some(Ok(config)) = template.config_model() else { return };
    let named = config.maintainer.value().is_some_and(|name| !name.to_string().trim().is_empty());
    if !named
        && template.base != "project"
        && let Some(file) = &template.config
    {
        report.path(&file.path, "there is no maintainer");
    }
}
