//! A template uses what the Go of Rancher refuses or reads in another way than later ones.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::yaml_files;
use rancher_catalog::go_template::Template;
use rancher_catalog::source::TemplateSource;
use rancher_catalog::yaml::Position;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "template-go-version",
    severity: Severity::Warning,
    finds: "A template uses what the Go of Rancher refuses, or reads in another way than later ones.",
    why: "Rancher 1.6's compose executor was built with Go 1.9: what came later leaves nothing of the file, and what stands behind a parenthesis is passed over.",
    fix: "Use what Go 1.9 knows, and put the function first: `and (ne .Values.X \"a\") .Values.Y`.",
    refused_by: None,
    fires: Example(&[Edit::Replace(
        "1/docker-compose.yml",
        "    image: example/web:1.1.0\n",
        "    image: example/web:1.1.0\n{{- if (ne .Values.COLOR \"red\") and .Values.SIZE }}\n    tty: true\n{{- end }}\n",
    )]),
    quiet: Example(&[Edit::Replace(
        "1/docker-compose.yml",
        "    image: example/web:1.1.0\n",
        "    image: example/web:1.1.0\n{{- if and (ne .Values.COLOR \"red\") .Values.SIZE }}\n    tty: true\n{{- end }}\n",
    )]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for file in yaml_files(template) {
        for notice in file.template.iter().flat_map(Template::notices) {
            let start = Position { line: notice.line, column: notice.column, offset: 0 };
            report.at(file, start, 0, notice.message.clone());
        }
    }
}
