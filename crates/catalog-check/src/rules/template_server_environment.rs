//! A template uses the environment of Rancher's server.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::yaml_files;
use rancher_catalog::go_template::Template;
use rancher_catalog::source::TemplateSource;
use rancher_catalog::yaml::Position;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "template-server-environment",
    severity: Severity::Warning,
    finds: "A template uses the environment of Rancher's server.",
    why: "`env` and `expandenv` give what that process has: it differs from server to server, nobody who launches a stack sees or sets it, and it may be a secret. Here it is taken to be empty.",
    fix: "Ask a question, and use its answer: `.Values.NAME`.",
    refused_by: None,
    fires: Example(&[Edit::Replace(
        "1/docker-compose.yml",
        "      SIZE: ${SIZE}",
        "      SIZE: ${SIZE}\n      HOME_OF_WEB: '{{ env \"HOME\" }}'",
    )]),
    quiet: Example(&[Edit::Replace(
        "1/docker-compose.yml",
        "      SIZE: ${SIZE}",
        "      SIZE: ${SIZE}\n      HOME_OF_WEB: '{{ .Values.SIZE }}'",
    )]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for file in yaml_files(template) {
        for notice in file.template.iter().flat_map(Template::of_server) {
            let start = Position { line: notice.line, column: notice.column, offset: 0 };
            report.at(file, start, 0, notice.message.clone());
        }
    }
}
