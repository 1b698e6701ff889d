//! A stack of an environment template has no name, or no template id of the form catalog:infra*folder.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, RefusedBy, Rule};
use rancher_catalog::model::Project;
use rancher_catalog::source::TemplateSource;
use rancher_catalog::yaml::Node;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "project-stacks",
    severity: Severity::Error,
    finds: "A stack of an environment template has no name, or no template id of the form catalog:infra*folder.",
    why: "Rancher's UI hides the whole environment template when one of its stacks is in no catalog.",
    fix: "Write `templateId: library:infra*ipsec`.",
    refused_by: Some(RefusedBy {
        part: "the UI",
        words: "it hides an environment template of which a stack is in no catalog",
    }),
    fires: Example(&[
        Edit::Folder("project-templates/example"),
        Edit::Remove("1/docker-compose.yml"),
        Edit::Remove("0/docker-compose.yml"),
        Edit::Remove("catalogIcon-example.svg"),
        Edit::Write("0/project.yml", "name: Example\nstacks:\n  - name: ipsec\n    templateId: library:infra*ipsec\n"),
        Edit::Write("1/project.yml", "name: Example\nstacks:\n  - name: ipsec\n    templateId: ipsec\n"),
    ]),
    quiet: Example(&[
        Edit::Folder("project-templates/example"),
        Edit::Remove("1/docker-compose.yml"),
        Edit::Remove("0/docker-compose.yml"),
        Edit::Remove("catalogIcon-example.svg"),
        Edit::Write("0/project.yml", "name: Example\nstacks:\n  - name: ipsec\n    templateId: library:infra*ipsec\n"),
        Edit::Write("1/project.yml", "name: Example\nstacks:\n  - name: ipsec\n    templateId: library:infra*ipsec\n"),
    ]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for file in template.versions.iter().filter_map(|version| version.project.as_ref()) {
        let Ok(document) = file.raw() else { continue };
        if let Err(error) = document.to_typed::<Project>() {
            report.at(file, error.position, 0, error.message);
            continue;
        }
        let Some(root) = &document.root else {
            report.path(&file.path, "there are no stacks");
            continue;
        };
        let stacks = root.get("stacks").map_or(&[][..], Node::items);
        if stacks.is_empty() {
            report.node(file, root, "there are no stacks");
        }
        for stack in stacks {
            if stack.get("name").and_then(Node::text).is_none_or(str::is_empty) {
                report.node(file, stack, "this stack has no name");
            }
            match stack.get("templateId").or_else(|| stack.get("templateVersionId")) {
                None => report.node(file, stack, "this stack has no templateId"),
                Some(node) => {
                    let text = node.text().unwrap_or_default();
                    if !is_template_id(text) {
                        report.node(file, node, format!("{text:?} is not of the form catalog:infra*folder"));
                    }
                }
            }
        }
    }
}

/// `library:infra*ipsec`, `library:gogs`, and both with a revision behind a `:`.
fn is_template_id(text: &str) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    let Some(template) = parts.get(1).filter(|_| parts.len() <= 3) else { return false };
    let folder = match template.split('*').collect::<Vec<_>>()[..] {
        [folder] | [_, folder] => folder,
        _ => return false,
    };
    !folder.is_empty() && parts.iter().all(|part| !part.is_empty())
}
