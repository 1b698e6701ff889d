//! A template prints `<no value>`.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use rancher_catalog::source::{TemplateSource, YamlFile};
use rancher_catalog::yaml::{Node, NodeKind};

/// What Go prints of nothing.
const NO_VALUE: &str = "<no value>";

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "template-no-value",
    severity: Severity::Warning,
    finds: "A template prints `<no value>`.",
    why: "Rancher runs every `{{ … }}` of a compose file: `{{.ID}}`, meant for another program, is nothing there, and so is \
          an answer that is not asked for.",
    fix: "Write `{{ \"{{.ID}}\" }}` for braces that stay, or begin the file with `# notemplating`.",
    refused_by: None,
    fires: Example(&[Edit::Replace(
        "1/docker-compose.yml",
        "    image: example/web:1.1.0\n",
        "    image: example/web:1.1.0\n    command: show {{.ID}}\n",
    )]),
    quiet: Example(&[Edit::Replace(
        "1/docker-compose.yml",
        "    image: example/web:1.1.0\n",
        "    image: example/web:1.1.0\n    command: show {{ \"{{.ID}}\" }}\n",
    )]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in &template.versions {
        for file in version.docker_compose.iter().chain(&version.rancher_compose) {
            if !file.text.contains(NO_VALUE) {
                look(file, report);
            }
        }
    }
}

fn look(file: &YamlFile, report: &mut Report) {
    for reading in file.readings.iter().filter(|reading| reading.line_map.is_some() && reading.because.is_none()) {
        let Some(root) = reading.document.as_ref().ok().and_then(|document| document.root.as_ref()) else { continue };
        values(root, &mut |node| {
            report.in_reading(file, reading, node, "an action prints `<no value>` here: there is no such answer");
        });
    }
}

/// Each scalar in which nothing was printed.
fn values<'a>(node: &'a Node, take: &mut impl FnMut(&'a Node)) {
    match &node.kind {
        NodeKind::Scalar { text, .. } if text.contains(NO_VALUE) => take(node),
        NodeKind::Scalar { .. } => {}
        NodeKind::List(items) => items.iter().for_each(|item| values(item, take)),
        NodeKind::Map(entries) => {
            for (key, value) in entries {
                values(key, take);
                values(value, take);
            }
        }
    }
}
