//! `gen-catalog render --model`.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::bail;
use serde_json::json;

use super::Outcome;
use super::model::{AnyModel, from_file};
use super::output::{HEADING, Output, Text};
use crate::catalog::{CatalogError, CatalogRoot, Change, ChangeKind, apply, default_version};
use crate::entries::Notes;
use crate::render::{RenderedFile, Renderer};
use rancher_catalog::model::Config;
use rancher_catalog::yaml::{Document, read_as};

const CONFIG: &str = "config.yml";

/// Renders the files of a model: below a folder, or to standard output.
pub(super) fn run(
    model: &Path,
    templates: Option<&Path>,
    into: Option<&Path>,
    as_json: bool,
    output: &Output,
) -> anyhow::Result<Outcome> {
    let renderer = super::render::renderer_of(templates)?;
    let files = files(&from_file(model)?, &renderer)?;
    let Some(folder) = into else {
        print(&files, as_json, output)?;
        return Ok(Outcome::Good);
    };
    let root = match CatalogRoot::open(folder) {
        Err(CatalogError::Missing(_)) => {
            bail!("there is no folder {}: make it first, or name another with --into", folder.display())
        }
        other => other?,
    };
    let mut changes = files
        .into_iter()
        .map(|file| {
            Ok(Change {
                before: root.read(&file.path)?,
                path: file.path,
                after: Some(file.text.into_bytes()),
                executable: false,
                published: false,
            })
        })
        .collect::<anyhow::Result<Vec<Change>>>()?;
    let (count, there) = (changes.len(), there(&changes));
    // A model has no comments: a version that says the same stays as it is.
    changes.retain(|change| !(is_of_version(change) && there.contains(&folder_of(change)) && says_the_same(change)));
    if let Some(refusal) = refusal(&root, &changes, &there)? {
        output.error(&refusal);
        return Ok(Outcome::Findings);
    }
    apply(&root, &changes.iter().collect::<Vec<_>>())?;
    output.info(&format!("{count} files in {}\n", folder.display()))?;
    Ok(Outcome::Good)
}

/// Whether a file is one of a version: in the folder of a template stand config.yml and the icon, which may change.
fn is_of_version(change: &Change) -> bool {
    let name = change.path.rsplit('/').next().unwrap_or_default();
    name != CONFIG && !name.starts_with("catalogIcon")
}

fn folder_of(change: &Change) -> String {
    change.path.rsplit_once('/').map_or(String::new(), |(folder, _)| folder.to_owned())
}

/// The folders that have files of these already.
fn there(changes: &[Change]) -> BTreeSet<String> {
    changes.iter().filter(|change| change.before.is_some() && is_of_version(change)).map(folder_of).collect()
}

fn says_the_same(change: &Change) -> bool {
    let read = |text: &[u8]| Document::read_bytes(text).ok().map(|document| document.to_value());
    let before = change.before.as_deref().and_then(read);
    before.is_some() && change.path.ends_with(".yml") && before == change.after.as_deref().and_then(read)
}

/// Why the files are not written, if they are not: what is published never changes, and no lower version becomes the
/// default. A folder that has files of a version already counts as published.
fn refusal(root: &CatalogRoot, changes: &[Change], there: &BTreeSet<String>) -> anyhow::Result<Option<String>> {
    let mut differing = Vec::new();
    for change in changes.iter().filter(|change| change.kind() != ChangeKind::Same) {
        if is_of_version(change) && there.contains(&folder_of(change)) {
            differing.push(format!(
                "  {:<10} {}\n",
                if change.before.is_some() { "differs" } else { "missing" },
                change.path
            ));
        }
    }
    if !differing.is_empty() {
        return Ok(Some(format!(
            "these versions are there already, and not as the model has them; what is published never changes.\n{}\
             Nothing was written. Give the model another revision; if these were never published, delete their folders and \
             render again.",
            differing.concat()
        )));
    }
    for change in changes {
        let Some(folder) = change.path.strip_suffix(CONFIG) else { continue };
        let after = change.after.as_deref().and_then(|text| read_as::<Config>(&String::from_utf8_lossy(text)).ok());
        let after = after.and_then(|config| config.version.value().cloned());
        let before = default_version(root, folder.trim_end_matches('/'))?;
        if let (Some(before), Some(after)) = (before, after)
            && after.cmp_as_rancher(&before).is_lt()
        {
            return Ok(Some(format!(
                "{}: the default version is {before} already, and {after} is lower: Rancher would offer no upgrade to it. \
                 Nothing was written.",
                change.path
            )));
        }
    }
    Ok(None)
}

fn files(model: &AnyModel, renderer: &Renderer) -> anyhow::Result<Vec<RenderedFile>> {
    let below = |folder: String, files: Vec<RenderedFile>| {
        files.into_iter().map(move |file| RenderedFile { path: format!("{folder}/{}", file.path), text: file.text })
    };
    let without = Notes::new();
    let none = [&without; 2];
    let mut all = Vec::new();
    match model {
        AnyModel::InfraVersion(version) => all.extend(renderer.infra_version(version, none)?),
        AnyModel::ProjectVersion(version) => all.extend(renderer.project_version(version)?),
        AnyModel::Infra(template) => {
            for (revision, version) in &template.versions {
                all.extend(below(format!("{}/{revision}", template.folder), renderer.infra_version(version, none)?));
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
