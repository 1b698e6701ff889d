//! A template has no icon, or several.

use std::path::PathBuf;

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "icon",
    severity: Severity::Warning,
    finds: "A template has no icon, or several.",
    why: "Rancher shows a blank, or the one that it finds last.",
    fix: "Add one `catalogIcon-<folder>.svg` (or png, jpg), and no other file whose name begins with `catalogIcon`, in no folder below.",
    refused_by: None,
    fires: Example(&[Edit::Remove("catalogIcon-example.svg")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    if template.base == "project" {
        return;
    }
    // In whichever folder they stand: of several Rancher keeps the one that it comes to last.
    let own = template.other_files.iter().map(|name| template.path.join(name));
    let below = template.versions.iter().flat_map(|version| version.files.iter().map(|file| version.path.join(file)));
    let is_icon =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("catalogIcon"));
    let mut icons: Vec<PathBuf> = own.chain(below).filter(is_icon).collect();
    icons.sort();
    match icons.as_slice() {
        [] => report.path(&template.path, "there is no catalogIcon file"),
        [_] => {}
        [.., last] => report.path(last, format!("the last of {} icons: Rancher shows this one", icons.len())),
    }
}
