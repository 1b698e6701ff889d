//! The answer to a question is used nowhere in the compose files.

use crate::catalog::source::TemplateSource;
use crate::catalog::source::YamlFile;
use crate::check::report::{Report, Severity};
use crate::check::rule::{Edit, Example, Rule};
use crate::check::view::{catalog_node, has_compose, questions};

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "question-unused",
    severity: Severity::Warning,
    finds: "The answer to a question is used nowhere in the compose files.",
    why: "People are asked for something that has no effect.",
    mend: "Use it, or remove the question.",
    fires: Example(&[Edit::Replace("1/docker-compose.yml", "      SIZE: ${SIZE}\n", "")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in template.versions.iter().filter(|_| has_compose(template)) {
        let files = version.docker_compose.iter().chain(&version.rancher_compose);
        let used: Vec<(&str, &YamlFile)> = files.map(|file| (file.text.as_str(), file)).collect();
        let Some((own, _)) = catalog_node(version) else { continue };
        for (file, question) in questions(version) {
            let Some(node) = question.get("variable") else { continue };
            let Some(name) = node.text().filter(|name| !name.is_empty()) else { continue };
            let is_used = used.iter().any(|(text, file)| {
                interpolated(text, name)
                    || file.template.as_ref().is_some_and(|t| t.references().iter().any(|r| r.name == name))
            });
            if !is_used && own.raw.is_ok() {
                report.node(file, node, format!("no compose file uses ${{{name}}}"));
            }
        }
    }
}

/// Whether a text holds `$name` or `${name}`.
fn interpolated(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let before = &text[..at];
        let after = &text[at + name.len()..];
        let is_name = |c: char| c == '_' || c.is_ascii_alphanumeric();
        before.ends_with("${") && after.starts_with('}') || before.ends_with('$') && !after.starts_with(is_name)
    })
}
