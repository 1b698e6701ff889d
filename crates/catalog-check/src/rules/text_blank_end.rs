//! A file ends in blank lines.

use crate::report::Fix;
use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::yaml_files;
use rancher_catalog::source::TemplateSource;
use rancher_catalog::yaml::Position;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "text-blank-end",
    severity: Severity::Note,
    finds: "A file ends in blank lines.",
    why: "They are noise in every diff.",
    fix: "Remove them.",
    refused_by: None,
    fires: Example(&[Edit::Replace(
        "config.yml",
        "maintainer: Jane Doe <jane@example.com>\n",
        "maintainer: Jane Doe <jane@example.com>\n\n\n",
    )]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for file in yaml_files(template) {
        let body = file.text.trim_end_matches([' ', '\t', '\r', '\n']);
        let rest = &file.text[body.len()..];
        if body.is_empty() || rest.matches('\n').count() < 2 {
            continue;
        }
        let line = u32::try_from(body.matches('\n').count()).unwrap_or(0) + 2;
        let start = Position { line, column: 1, offset: body.len() };
        let fix = Fix { start: body.len(), end: file.text.len(), replacement: "\n".to_owned() };
        report.at_with_neutral_fix(file, start, 0, "blank lines at the end of the file", fix);
    }
}
