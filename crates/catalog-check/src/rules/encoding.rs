//! A file is not UTF-8.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, RefusedBy, Rule};
use crate::view::yaml_files;
use rancher_catalog::source::TemplateSource;
use rancher_catalog::yaml::Position;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "encoding",
    severity: Severity::Error,
    finds: "A file is not UTF-8.",
    why: "Rancher refuses the whole file, wherever in it the odd byte stands. Of UTF-16 it reads a config.yml, and breaks what it hands on to be launched.",
    fix: "Save the file as UTF-8.",
    refused_by: Some(RefusedBy {
        part: "catalog-service and the compose executor",
        words: "yaml: invalid leading UTF-8 octet; yaml: control characters are not allowed",
    }),
    fires: Example(&[Edit::Bytes("config.yml", b"name: Caf\xe9\nversion: v1.1.0\n")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for file in yaml_files(template) {
        let is_config = file.path.ends_with("config.yml");
        if file.is_utf16 {
            if !is_config {
                let start = Position { line: 1, column: 1, offset: 0 };
                report.at(file, start, 0, "this is UTF-16, which Rancher breaks when it hands the file on");
            }
        } else if let Some(offset) = file.not_utf8_at {
            let before = &file.text[..offset];
            let line = u32::try_from(before.matches('\n').count()).unwrap_or(0) + 1;
            let column = u32::try_from(before.rsplit('\n').next().unwrap_or_default().chars().count()).unwrap_or(0) + 1;
            report.at(file, Position { line, column, offset }, 0, "this is not UTF-8");
        }
    }
}
