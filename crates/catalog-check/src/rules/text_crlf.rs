//! A file has Windows line ends.

use crate::report::{Fix, Place, Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::yaml_files;
use rancher_catalog::source::TemplateSource;
use rancher_catalog::yaml::Position;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "text-crlf",
    severity: Severity::Note,
    finds: "A file has Windows line ends.",
    why: "They end up in multi-line values and scripts, and make every later diff whole.",
    fix: "Save it with line feeds alone.",
    refused_by: None,
    fires: Example(&[Edit::Write("config.yml", "name: Example\r\ndescription: A web server\r\n")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for file in yaml_files(template).filter(|file| file.text.contains('\r')) {
        let mut offset = 0;
        let mut places = Vec::new();
        for (number, line) in (1u32..).zip(file.text.split_inclusive('\n')) {
            let body = line.trim_end_matches('\n');
            if body.ends_with('\r') {
                let at = offset + body.len() - 1;
                let column = u32::try_from(body.chars().count()).unwrap_or(1);
                let fix = Some(Fix { start: at, end: at + 1, replacement: String::new() });
                let start = Position { line: number, column, offset: at };
                places.push(Place { start, end_column: 0, fix });
            }
            offset += line.len();
        }
        report.once(file, places, "this line ends in a carriage return");
    }
}
