//! With an answer that a question offers, or that a template asks for, Rancher refuses the version.

use super::yaml_syntax::unreadable;
use crate::launch;
use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "answer-refused",
    severity: Severity::Warning,
    finds: "With another answer than the usual one Rancher refuses the version.",
    why: "The version can be launched, but not by those who give that answer.",
    fix: "Make the file one that can be launched with each answer, or do not offer the answer.",
    refused_by: None,
    fires: Example(&[Edit::Replace(
        "1/docker-compose.yml",
        "    image: example/web:1.1.0\n",
        "    image: example/web:1.1.0\n{{- if eq .Values.COLOR \"blue\" }}\n    tty: 'true'\n{{- end }}\n",
    )]),
    quiet: Example(&[Edit::Replace(
        "1/docker-compose.yml",
        "    image: example/web:1.1.0\n",
        "    image: example/web:1.1.0\n{{- if eq .Values.COLOR \"blue\" }}\n    tty: true\n{{- end }}\n",
    )]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    launch::each(template, |version, fault| {
        if let Some((variable, answer)) = &fault.because {
            let message = format!("with the answer {answer:?} to {variable}: {}", fault.message);
            launch::place(version, fault, message, report);
        }
    });
    let files =
        template.versions.iter().flat_map(|version| version.docker_compose.iter().chain(&version.rancher_compose));
    for file in files {
        for reading in &file.readings {
            if let Some((variable, answer)) = &reading.because
                && let Some((place, message)) = unreadable(file, reading)
            {
                report.at(file, place, 0, format!("with the answer {answer:?} to {variable}: {message}"));
            }
        }
    }
}
