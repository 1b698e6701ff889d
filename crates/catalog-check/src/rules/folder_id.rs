//! A template's folder has a `:` or a `*` in its name.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, RefusedBy, Rule};
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "folder-id",
    severity: Severity::Error,
    finds: "A template's folder has a `:` or a `*` in its name.",
    why: "Rancher parts its ids there: it finds neither the template nor any of its versions.",
    fix: "Use letters, digits and hyphens.",
    refused_by: Some(RefusedBy { part: "catalog-service", words: "404: Template not found" }),
    fires: Example(&[Edit::Folder("infra-templates/a:b")]),
    quiet: Example(&[Edit::Folder("infra-templates/a-b")]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    if template.folder.contains([':', '*']) {
        report.path(
            &template.path,
            format!("no id can be made of `{}`: Rancher parts ids at `:` and `*`", template.folder),
        );
    }
}
