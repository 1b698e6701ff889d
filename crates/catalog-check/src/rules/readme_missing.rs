//! A version has no README.md, nor has its template.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::has_compose;
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "readme-missing",
    severity: Severity::Note,
    finds: "A version has no README.md, nor has its template.",
    why: "The catalog page of the version stays empty.",
    fix: "Add a README.md to the revision, or to the template for all of them.",
    refused_by: None,
    fires: Example(&[Edit::Remove("1/README.md")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    let for_all = template.other_files.iter().any(|name| name.to_ascii_lowercase().starts_with("readme.md"));
    if for_all || !has_compose(template) {
        return;
    }
    for version in &template.versions {
        if version.readme.is_none() {
            report.path(&version.path, "there is no README.md");
        }
    }
}
