//! `gen-catalog render --model`.

use std::path::Path;

use serde_json::json;

use super::Outcome;
use super::model::{AnyModel, from_file};
use super::output::{HEADING, Output, Text};
use crate::catalog::{CatalogRoot, Change, apply};
use crate::render::{RenderedFile, Renderer};

/// Renders the files of a model: below a folder, or to standard output.
pub(super) fn run(
    model: &Path,
    templates: Option<&Path>,
    into: Option<&Path>,
    as_json: bool,
    output: &Output,
) -> anyhow::Result<Outcome> {
    let renderer = Renderer::new(templates)?;
    let files = files(&from_file(model)?, &renderer)?;
    let Some(folder) = into else {
        print(&files, as_json, output)?;
        return Ok(Outcome::Good);
    };
    let root = CatalogRoot::open(folder)?;
    let changes = files
        .into_iter()
        .map(|file| {
            Ok(Change { before: root.read(&file.path)?, path: file.path, after: Some(file.text), published: false })
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    apply(&root, &changes.iter().collect::<Vec<_>>())?;
    output.info(&format!("{} files in {}\n", changes.len(), folder.display()))?;
    Ok(Outcome::Good)
}

fn files(model: &AnyModel, renderer: &Renderer) -> anyhow::Result<Vec<RenderedFile>> {
    let below = |folder: String, files: Vec<RenderedFile>| {
        files.into_iter().map(move |file| RenderedFile { path: format!("{folder}/{}", file.path), text: file.text })
    };
    let mut all = Vec::new();
    match model {
        AnyModel::InfraVersion(version) => all.extend(renderer.infra_version(version)?),
        AnyModel::ProjectVersion(version) => all.extend(renderer.project_version(version)?),
        AnyModel::Infra(template) => {
            for (revision, version) in &template.versions {
                all.extend(below(format!("{}/{revision}", template.folder), renderer.infra_version(version)?));
            }
            let text = renderer.config(&template.config)?;
            all.push(RenderedFile { path: format!("{}/config.yml", template.folder), text });
        }
        AnyModel::Project(template) => {
            for (revision, version) in &template.versions {
                all.extend(below(format!("{}/{revision}", template.folder), renderer.project_version(version)?));
            }
            let text = renderer.config(&template.config)?;
            all.push(RenderedFile { path: format!("{}/config.yml", template.folder), text });
        }
    }
    Ok(all)
}

/// Prints rendered files, each under its path.
pub(super) fn print(files: &[RenderedFile], as_json: bool, output: &Output) -> anyhow::Result<()> {
    if as_json {
        return output.json(&json!({ "files": files }));
    }
    let mut text = Text::default();
    for (at, file) in files.iter().enumerate() {
        text.plain(if at > 0 { "\n" } else { "" });
        text.styled(HEADING, &format!("==> {} <==", file.path)).plain("\n").plain(&file.text);
    }
    output.result(text)
}
