//! A template uses a function that Rancher has, but this tool has not.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::yaml_files;
use rancher_catalog::source::TemplateSource;
use rancher_catalog::yaml::Position;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "template-beyond",
    severity: Severity::Warning,
    finds: "A template uses a sprig function that this tool does not run.",
    why: "Rancher runs it, but what the file becomes is not checked here.",
    fix: "Do without the function, or allow this finding: nothing is wrong with it.",
    refused_by: None,
    fires: Example(&[Edit::Replace(
        "1/docker-compose.yml",
        "      SIZE: ${SIZE}",
        "      SIZE: ${SIZE}\n      AT: '{{ now }}'",
    )]),
    quiet: Example(&[Edit::Replace(
        "1/docker-compose.yml",
        "      SIZE: ${SIZE}",
        "      SIZE: ${SIZE}\n      AT: '{{ .Values.SIZE | upper }}'",
    )]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for file in yaml_files(template) {
        if let Some(error) = file.template_error.as_ref().filter(|error| error.beyond_this_tool) {
            let position = Position { line: error.line, column: error.column, offset: 0 };
            report.at(file, position, 0, error.message.clone());
        }
    }
}
