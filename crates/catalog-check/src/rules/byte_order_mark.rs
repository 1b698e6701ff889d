//! A file begins with a byte order mark.

use crate::report::{Fix, Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::yaml_files;
use rancher_catalog::source::TemplateSource;
use rancher_catalog::yaml::Position;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "byte-order-mark",
    severity: Severity::Warning,
    finds: "A file begins with a byte order mark.",
    why: "Rancher passes over it, and other tools take it for a character of the first key.",
    fix: "Save the file as UTF-8 without it.",
    refused_by: None,
    fires: Example(&[
        Edit::Write("1/README.md", "x"),
        Edit::Write("config.yml", "\u{feff}name: Example\nversion: v1.1.0\n"),
    ]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    let start = Position { line: 1, column: 1, offset: 0 };
    // What is to be launched may not be UTF-16 at all.
    for file in yaml_files(template).filter(|file| file.is_utf16 && file.path.ends_with("config.yml")) {
        report.at(file, start, 0, "the file is UTF-16, with a byte order mark");
    }
    for file in yaml_files(template).filter(|file| file.text.starts_with('\u{feff}')) {
        let fix = Fix { start: 0, end: '\u{feff}'.len_utf8(), replacement: String::new() };
        report.at_with_fix(file, start, 0, "the file begins with a byte order mark", fix);
    }
}
