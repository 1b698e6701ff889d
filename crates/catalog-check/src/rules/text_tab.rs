//! A line holds a tab outside a comment and a text of several lines.

use crate::multi_line::MultiLine;
use crate::report::{Place, Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::yaml_files;
use rancher_catalog::source::TemplateSource;
use rancher_catalog::yaml::Position;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "text-tab",
    severity: Severity::Note,
    finds: "A line holds a tab outside a comment and a text of several lines.",
    why: "YAML allows no tabs in indentation; parsers differ on them elsewhere.",
    fix: "Replace it by spaces, or by \\\\t in a quoted string.",
    refused_by: None,
    fires: Example(&[Edit::Replace("config.yml", "category: Applications", "category:\tApplications")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for file in yaml_files(template).filter(|file| file.text.contains('\t')) {
        let mut offset = 0;
        let mut scalars = None;
        let mut places = Vec::new();
        for (number, line) in (1u32..).zip(file.text.split_inclusive('\n')) {
            let body = line.trim_end_matches('\n');
            let code = body.split(" #").next().unwrap_or_default();
            if let Some(at) = code.find('\t')
                && !code.trim_start().starts_with('#')
                && !scalars.get_or_insert_with(|| MultiLine::of(file, |plain| !plain)).holds_within(number)
            {
                let column = u32::try_from(code[..at].chars().count()).unwrap_or(0) + 1;
                let start = Position { line: number, column, offset: offset + at };
                places.push(Place { start, end_column: 0, fix: None });
            }
            offset += line.len();
        }
        report.once(file, places, "a tab");
    }
}
