//! A file holds more than one document.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::yaml_files;
use rancher_catalog::source::TemplateSource;
use rancher_catalog::yaml::Problem;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "yaml-further-document",
    severity: Severity::Warning,
    finds: "A file holds more than one document.",
    why: "Rancher reads the first one alone.",
    fix: "Remove the `---` and what follows it, or put it into a file of its own.",
    refused_by: None,
    fires: Example(&[Edit::Replace("config.yml", "category: Applications\n", "category: Applications\n---\n")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for file in yaml_files(template) {
        for problem in file.raw().iter().flat_map(|document| &document.problems) {
            if let Problem::FurtherDocument { at } = problem {
                report.at(file, *at, 0, "a second document begins here; Rancher does not read it");
            }
        }
    }
}
