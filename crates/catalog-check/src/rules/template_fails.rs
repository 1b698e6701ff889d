//! A template fails while it runs, for some answers.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::yaml_files;
use rancher_catalog::source::TemplateSource;
use rancher_catalog::yaml::Position;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "template-fails",
    severity: Severity::Warning,
    finds: "A template fails while it runs, for some answers.",
    why: "Rancher passes over the error and goes on with a file that ends in the middle. Where it then refuses that file, another \
          rule says so.",
    fix: "Mend the action so that it works for every answer.",
    refused_by: None,
    fires: Example(&[Edit::Replace(
        "1/docker-compose.yml",
        "    image: example/web:1.1.0\n",
        "    image: example/web:1.1.0\n{{- if ne .Values.NOBODY \"x\" }}\n    tty: true\n{{- end }}\n",
    )]),
    quiet: Example(&[Edit::Replace(
        "1/docker-compose.yml",
        "    image: example/web:1.1.0\n",
        "    image: example/web:1.1.0\n{{- if ne .Values.COLOR \"red\" }}\n    tty: true\n{{- end }}\n",
    )]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for file in yaml_files(template) {
        for error in
            file.readings.iter().filter_map(|reading| reading.error.as_ref()).filter(|error| !error.beyond_this_tool)
        {
            let position = Position { line: error.line, column: error.column, offset: 0 };
            report.at(file, position, 0, error.message.clone());
        }
    }
}
