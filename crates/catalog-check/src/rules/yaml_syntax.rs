//! A file is not YAML, as it stands or as a template makes it.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, RefusedBy, Rule};
use crate::view::yaml_files;
use rancher_catalog::source::{Reading, TemplateSource, YamlFile};
use rancher_catalog::yaml::{Node, Position};

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "yaml-syntax",
    severity: Severity::Error,
    finds: "A file is not YAML, as it stands or as a template makes it.",
    why: "Rancher drops a version whose rancher-compose.yml it cannot read, and cannot launch one whose docker-compose.yml it cannot read.",
    fix: "Correct the place named; for a template, look at what `gen-catalog render-compose` prints for these answers.",
    refused_by: Some(RefusedBy {
        part: "catalog-service and the compose executor",
        words: "error parsing yaml, please check: yaml: …; yaml: invalid map key; yaml: cannot decode … as a …; yaml: map merge requires map or sequence of maps as the value",
    }),
    fires: Example(&[Edit::Replace("1/docker-compose.yml", "services:", "services: [")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for file in yaml_files(template) {
        // The catalog service reads a rancher-compose.yml as it stands, even where the executor renders it.
        let is_rendered_first = file.is_template() && !file.path.ends_with("rancher-compose.yml");
        if let Err(error) = file.raw()
            && !is_rendered_first
            && !error.beyond_this_tool
        {
            report.at(file, error.position, 0, error.message.clone());
        }
        if let Some(key) = file.raw().iter().find_map(|document| document.root.as_ref().and_then(empty_key))
            && !file.is_template()
        {
            report.node(file, key, "this key is empty");
        }
        // What other answers make of it is told by a rule of its own.
        let usual = |reading: &&Reading| reading.line_map.is_some() && reading.because.is_none();
        for reading in file.readings.iter().filter(usual) {
            if let Some((place, message)) = unreadable(file, reading) {
                report.at(file, place, 0, format!("with the default answers: {message}"));
            }
        }
    }
}

/// Why what a template printed cannot be read, and where.
pub(super) fn unreadable(file: &YamlFile, reading: &Reading) -> Option<(Position, String)> {
    match &reading.document {
        Err(error) if error.beyond_this_tool => None,
        Err(error) => Some((reading.place(file, error.position), error.message.clone())),
        Ok(document) => {
            let key = document.root.as_ref().and_then(empty_key)?;
            Some((reading.place(file, key.span.start), "this key is empty".to_owned()))
        }
    }
}

/// A key that a template left empty: go-yaml finds no key there.
fn empty_key(node: &Node) -> Option<&Node> {
    let own = node.entries().iter().map(|(key, _)| key).find(|key| key.to_value().is_null() && key.text() == Some(""));
    own.or_else(|| node.entries().iter().find_map(|(_, value)| empty_key(value)))
        .or_else(|| node.items().iter().find_map(empty_key))
}
