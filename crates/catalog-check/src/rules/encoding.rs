//! A file is not UTF-8, or begins with a byte order mark.

use crate::report::Fix;
use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::yaml_files;
use rancher_catalog::source::TemplateSource;
use rancher_catalog::yaml::Position;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "encoding",
    severity: Severity::Error,
    finds: "A file is not UTF-8, or begins with a byte order mark.",
    why: "Rancher keeps the bytes as they are: they show up as odd characters, and go-yaml refuses a file of another encoding.",
    mend: "Save the file as UTF-8 without a byte order mark.",
    refused_by: None,
    fires: Example(&[Edit::Write("config.yml", "\u{feff}name: Example\n")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for file in yaml_files(template) {
        if let Some(offset) = file.not_utf8_at {
            let before = &file.text[..offset];
            let line = u32::try_from(before.matches('\n').count()).unwrap_or(0) + 1;
            let column = u32::try_from(before.rsplit('\n').next().unwrap_or_default().chars().count()).unwrap_or(0) + 1;
            report.at(file, Position { line, column, offset }, 0, "this is not UTF-8");
        } else if file.text.starts_with('\u{feff}') {
            let fix = Fix { start: 0, end: '\u{feff}'.len_utf8(), replacement: String::new() };
            let start = Position { line: 1, column: 1, offset: 0 };
            report.at_with_fix(file, start, 0, "the file begins with a byte order mark", fix);
        }
    }
}
