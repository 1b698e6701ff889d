//! The answer to a question is used nowhere in the compose files.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::used_variables::UsedVariables;
use crate::view::{has_compose, question_value, questions, retyped, scalar_text};
use rancher_catalog::source::{TemplateSource, Unreadable, VersionSource, YamlFile};

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "question-unused",
    severity: Severity::Warning,
    finds: "The answer to a question is used nowhere in the compose files.",
    why: "People are asked for something that has no effect.",
    fix: "Use it, or remove the question.",
    refused_by: None,
    fires: Example(&[Edit::Replace("1/docker-compose.yml", "      SIZE: ${SIZE}\n", "")]),
    quiet: Example(&[]),
    check,
};

fn is_read(template: &TemplateSource, version: &VersionSource) -> bool {
    let is_here = |unreadable: &Unreadable| unreadable.path.starts_with(&version.path);
    let is_read = |file: &YamlFile| file.raw().is_ok() || file.readings.iter().any(|reading| reading.document.is_ok());
    version.docker_compose.iter().all(is_read) && !template.unreadable.iter().any(is_here)
}

fn check(template: &TemplateSource, report: &mut Report) {
    for version in template.versions.iter().filter(|_| has_compose(template)) {
        let questions = questions(version);
        // What cannot be read may use them all, and is told itself.
        if questions.is_empty() || !is_read(template, version) {
            continue;
        }
        let used = UsedVariables::of(version);
        for (file, question) in questions {
            let Some(node) = question_value(question, "variable") else { continue };
            let Some(name) = scalar_text(node).filter(|name| !name.is_empty()) else { continue };
            // Where YAML has made another name of it, that is told.
            let is_told = retyped(node).is_some_and(|(written, _)| used.names(written));
            if !used.may_use(&name) && !is_told {
                report.node(file, node, format!("no compose file uses ${{{name}}}"));
            }
        }
    }
}
