//! The answer to a question is used nowhere in the compose files.

use std::collections::HashSet;

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::{has_compose, questions};
use rancher_catalog::go_template::Template;
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "question-unused",
    severity: Severity::Warning,
    finds: "The answer to a question is used nowhere in the compose files.",
    why: "People are asked for something that has no effect.",
    mend: "Use it, or remove the question.",
    refused_by: None,
    fires: Example(&[Edit::Replace("1/docker-compose.yml", "      SIZE: ${SIZE}\n", "")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in template.versions.iter().filter(|_| has_compose(template)) {
        let mut used: HashSet<&str> = HashSet::new();
        for file in version.docker_compose.iter().chain(&version.rancher_compose) {
            used.extend(variables(&file.text));
            used.extend(file.template.iter().flat_map(Template::references).map(|reference| reference.name.as_str()));
        }
        // A file that could not be run through Go's engine may use anything.
        let is_known = [&version.docker_compose, &version.rancher_compose]
            .into_iter()
            .flatten()
            .all(|file| file.template_error.is_none());
        for (file, question) in questions(version).into_iter().filter(|_| is_known) {
            let Some(node) = question.get("variable") else { continue };
            let Some(name) = node.text().filter(|name| !name.is_empty()) else { continue };
            if !used.contains(name) {
                report.node(file, node, format!("no compose file uses ${{{name}}}"));
            }
        }
    }
}

/// The names behind `$` and `${` anywhere in a text, comments and keys included; `$$` is a dollar.
fn variables(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        rest = &rest[at + 1..];
        if let Some(behind) = rest.strip_prefix('$') {
            rest = behind;
            continue;
        }
        let name = rest.strip_prefix('{').unwrap_or(rest);
        let end = name.find(|c: char| c != '_' && !c.is_ascii_alphanumeric()).unwrap_or(name.len());
        found.push(&name[..end]);
    }
    found
}
