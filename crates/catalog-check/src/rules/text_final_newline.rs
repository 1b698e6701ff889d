//! A file does not end in a line break.

use crate::report::Fix;
use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::yaml_files;
use rancher_catalog::source::TemplateSource;
use rancher_catalog::yaml::Position;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "text-final-newline",
    severity: Severity::Note,
    finds: "A file does not end in a line break.",
    why: "Its last line and the first of what is appended become one, and every diff shows it.",
    fix: "End it with a line break.",
    refused_by: None,
    fires: Example(&[Edit::Write(
        "config.yml",
        "name: Example\ndescription: A web server\nversion: v1.1.0\ncategory: Applications\nmaintainer: Jane Doe <jane@example.com>",
    )]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for file in yaml_files(template).filter(|file| !file.text.is_empty() && !file.text.ends_with('\n')) {
        let offset = file.text.len();
        let line = u32::try_from(file.text.lines().count()).unwrap_or(1);
        let column = u32::try_from(file.line(line).chars().count()).unwrap_or(0) + 1;
        let fix = Fix { start: offset, end: offset, replacement: "\n".to_owned() };
        report.at_with_neutral_fix(
            file,
            Position { line, column, offset },
            0,
            "no line break at the end of the file",
            fix,
        );
    }
}
