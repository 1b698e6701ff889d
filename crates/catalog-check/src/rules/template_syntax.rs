//! A compose file is no Go template, though it is run as one.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, RefusedBy, Rule};
use crate::view::yaml_files;
use rancher_catalog::source::TemplateSource;
use rancher_catalog::yaml::Position;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "template-syntax",
    severity: Severity::Error,
    finds: "A compose file is no Go template, though it is run as one.",
    why: "Rancher runs both compose files through Go templates, whatever their names: an error leaves nothing of the file.",
    fix: "Mend the action; a text with braces that is no template begins with `# notemplating`.",
    refused_by: Some(RefusedBy {
        part: "the compose executor",
        words: "template: …: function \"…\" not defined; template: …: unexpected …; template: …",
    }),
    fires: Example(&[Edit::Replace(
        "1/rancher-compose.yml",
        "Size of the page",
        "Size of the page, such as %{{service_name}}",
    )]),
    quiet: Example(&[
        Edit::Replace("1/rancher-compose.yml", "version: '2'", "# notemplating\nversion: '2'"),
        Edit::Replace("1/rancher-compose.yml", "Size of the page", "Size of the page, such as %{{service_name}}"),
    ]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for file in yaml_files(template) {
        if let Some(error) = file.template_error.as_ref().filter(|error| !error.beyond_this_tool) {
            let position = Position { line: error.line, column: error.column, offset: 0 };
            report.at(file, position, 0, error.message.clone());
        }
    }
}
