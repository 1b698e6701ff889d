//! A file needs more than this tool does, though Rancher may do it.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::yaml_files;
use rancher_catalog::source::TemplateSource;
use rancher_catalog::yaml::Position;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "template-beyond",
    severity: Severity::Warning,
    finds: "A file needs more than this tool does: a template that is too long a work, YAML that is too deep or too large.",
    why: "It is a limit of this tool and no fault of the file: what it becomes is not checked here.",
    fix: "Make it simpler, or allow this finding: Rancher may do it.",
    refused_by: None,
    fires: Example(&[Edit::Replace(
        "1/docker-compose.yml",
        "      SIZE: ${SIZE}",
        "      SIZE: ${SIZE}\n      AT: '{{ dateInZone \"15:04\" 0 \"Europe/Berlin\" }}'",
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
        let of_readings = file.readings.iter().filter_map(|reading| reading.error.as_ref());
        for error in file.template_error.iter().chain(of_readings).filter(|error| error.beyond_this_tool) {
            let position = Position { line: error.line, column: error.column, offset: 0 };
            report.at(file, position, 0, error.message.clone());
        }
        if let Err(error) = file.raw()
            && error.beyond_this_tool
        {
            report.at(file, error.position, 0, error.message.clone());
        }
        for reading in file.readings.iter().filter(|reading| reading.line_map.is_some()) {
            if let Err(error) = &reading.document
                && error.beyond_this_tool
            {
                report.at(file, reading.place(file, error.position), 0, error.message.clone());
            }
        }
    }
}
