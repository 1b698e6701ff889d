//! A line ends in white space.

use crate::multi_line::MultiLine;
use crate::report::{Fix, Place, Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::yaml_files;
use rancher_catalog::source::TemplateSource;
use rancher_catalog::yaml::Position;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "text-trailing-space",
    severity: Severity::Note,
    finds: "A line ends in white space.",
    why: "It is invisible, and within a multi-line value it counts.",
    fix: "Remove it.",
    refused_by: None,
    fires: Example(&[Edit::Replace("config.yml", "category: Applications", "category: Applications  ")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for file in yaml_files(template) {
        let mut offset = 0;
        let mut scalars = None;
        let (mut plain, mut in_values) = (Vec::new(), Vec::new());
        for (number, line) in (1u32..).zip(file.text.split_inclusive('\n')) {
            let body = line.trim_end_matches('\n');
            let line_text = body.trim_end_matches('\r');
            let kept = line_text.trim_end_matches([' ', '\t']);
            if kept.len() < line_text.len() {
                let start = Position {
                    line: number,
                    column: u32::try_from(kept.chars().count()).unwrap_or(0) + 1,
                    offset: offset + kept.len(),
                };
                let end_column = start.column + u32::try_from(line_text.len() - kept.len()).unwrap_or(0);
                // Within a block scalar the white space is a part of the value: that is the author's to decide.
                if scalars.get_or_insert_with(|| MultiLine::of(file, |_| true)).holds(number) {
                    in_values.push(Place { start, end_column, fix: None });
                } else {
                    let (from, to) = (offset + kept.len(), offset + line_text.len());
                    let fix = Some(Fix { start: from, end: to, replacement: String::new() });
                    plain.push(Place { start, end_column, fix });
                }
            }
            offset += line.len();
        }
        report.once(file, plain, "white space at the end of the line");
        report.once(file, in_values, "white space at the end of a line of a multi-line value");
    }
}
