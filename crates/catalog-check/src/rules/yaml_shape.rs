//! A value has a shape that Rancher cannot take, such as a list where a map is due.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use rancher_catalog::catalog_service::refusals;
use rancher_catalog::model::DockerCompose;
use rancher_catalog::source::TemplateSource;
use rancher_catalog::source::YamlFile;
use rancher_catalog::yaml::ReadError;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "yaml-shape",
    severity: Severity::Error,
    finds: "A value has a shape that Rancher cannot take, such as a list where a map is due.",
    why: "Rancher drops the version, or fails to launch it.",
    mend: "Give it the shape that `gen-catalog schema` shows.",
    refused_by: None,
    fires: Example(&[Edit::Replace("1/docker-compose.yml", "    ports:\n      - '8080:80'\n", "    ports: 80\n")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    let mut shape = |file: &YamlFile, error: ReadError| {
        let place = file.readings.iter().find(|reading| reading.line_map.is_some());
        let position = place.map_or(error.position, |reading| reading.place(file, error.position));
        report.at(file, position, 0, error.message);
    };
    for version in &template.versions {
        // What the catalog service reads of it is looked at by a rule of its own.
        if let Some(file) = &version.rancher_compose
            && let Ok(document) = &file.raw
            && document.root.as_ref().is_none_or(|root| refusals(root).is_empty())
            && let Some(Err(error)) = version.rancher_model()
        {
            shape(file, error);
        }
        if let Some(file) = &version.docker_compose {
            for document in file.readings.iter().filter_map(|reading| reading.document.as_ref().ok()) {
                if let Err(error) = DockerCompose::read(document) {
                    shape(file, error);
                }
            }
        }
    }
}
