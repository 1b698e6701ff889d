//! `gen-catalog model`.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::Outcome;
use super::output::Output;
use super::project;
use rancher_catalog::model::{
    Config, DockerCompose, InfraTemplate, InfraVersion, Project, ProjectTemplate, ProjectVersion, RancherCompose,
};
use rancher_catalog::source::{TemplateSource, VersionSource, YamlFile, templates_of};
use rancher_catalog::yaml::{self, Document, Node, Position, ReadError, Step};

/// Prints the typed model of a version, or of a whole template.
///
/// Nothing is lost on the way: keys that the model does not know are in it too. Of a docker-compose.yml.tpl it is the
/// model of what the default answers make of it. `gen-catalog render --model` makes files of a model.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gen-catalog model community-catalog/infra-templates/swarm/4\n  \
    gen-catalog model community-catalog/infra-templates/swarm --format json")]
pub(super) struct ModelArgs {
    /// A template's folder, or a version's, from here or in the catalog that gen-catalog.toml names
    path: PathBuf,
    /// How to print it
    #[arg(long, value_enum, default_value_t = ModelFormat::Yaml)]
    format: ModelFormat,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ModelFormat {
    /// YAML
    Yaml,
    /// JSON
    Json,
}

/// What a path holds.
#[allow(clippy::large_enum_variant, reason = "there is one")]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub(super) enum AnyModel {
    Infra(InfraTemplate),
    InfraVersion(InfraVersion),
    Project(ProjectTemplate),
    ProjectVersion(ProjectVersion),
}

pub(super) fn run(args: &ModelArgs, output: &Output) -> anyhow::Result<Outcome> {
    let model = read(&project::folder(&args.path)?, output)?;
    match args.format {
        ModelFormat::Yaml => output.result(&yaml::document(&serde_yaml::to_value(&model)?))?,
        ModelFormat::Json => output.json(&serde_json::to_value(&model)?)?,
    }
    Ok(Outcome::Good)
}

fn read(path: &Path, output: &Output) -> anyhow::Result<AnyModel> {
    let cannot = || format!("cannot read {}", path.display());
    let templates = templates_of(path).with_context(cannot)?;
    let [folder] = templates.as_slice() else {
        bail!("{} is not the folder of one template or version, but of {}", path.display(), templates.len());
    };
    let template = TemplateSource::read(folder);
    if let Some(unreadable) = template.unreadable.first() {
        bail!("{}: {}", unreadable.path.display(), unreadable.reason);
    }
    let wanted = std::path::absolute(path).with_context(cannot)?;
    if wanted != *folder {
        let version = template.versions.iter().find(|version| wanted.starts_with(&version.path));
        let version =
            version.with_context(|| format!("{} is in no version of {}", path.display(), folder.display()))?;
        return Ok(if version.project.is_some() {
            AnyModel::ProjectVersion(project_version(version)?)
        } else {
            AnyModel::InfraVersion(infra_version(version, output)?)
        });
    }
    let config = match &template.config {
        Some(file) => typed::<Config>(file)?,
        None => bail!("{} has no config.yml", folder.display()),
    };
    let numbered = || template.versions.iter().filter_map(|version| Some((version.revision?, version)));
    if template.versions.iter().any(|version| version.project.is_some()) {
        let versions = numbered().map(|(revision, version)| Ok((revision, project_version(version)?)));
        let versions = versions.collect::<anyhow::Result<_>>()?;
        return Ok(AnyModel::Project(ProjectTemplate { folder: template.folder, config, versions }));
    }
    let versions = numbered().map(|(revision, version)| Ok((revision, infra_version(version, output)?)));
    let versions = versions.collect::<anyhow::Result<_>>()?;
    Ok(AnyModel::Infra(InfraTemplate { folder: template.folder, config, versions }))
}

fn infra_version(version: &VersionSource, output: &Output) -> anyhow::Result<InfraVersion> {
    let missing = |name: &str| format!("{} has no {name}", version.path.display());
    let docker = version.docker_compose.as_ref().with_context(|| missing("docker-compose.yml"))?;
    all_text(docker)?;
    if let Some(error) = &docker.template_error {
        bail!("{}:{error}", docker.path.display());
    }
    if docker.is_template() {
        output.warning(&format!("{} is a template; its model is that of the default answers", docker.path.display()));
    }
    let reading = docker.readings.first().with_context(|| missing("docker-compose.yml"))?;
    let placed = |error: ReadError| {
        let position = reading.place(docker, error.position);
        anyhow::anyhow!("{}:{position}: {}", docker.path.display(), error.message)
    };
    let document = reading.document.as_ref().map_err(|error| placed(error.clone()))?;
    Ok(InfraVersion {
        docker_compose: DockerCompose::read(document).map_err(placed)?,
        rancher_compose: rancher(version)?,
        readme: match &version.readme {
            Some(file) => Some(String::from_utf8(version.content(file).unwrap_or_default()).map_err(|error| {
                let (at, bytes) = (error.utf8_error().valid_up_to(), error.as_bytes());
                not_text(&version.path.join(file), &String::from_utf8_lossy(&bytes[..at]))
            })?),
            None => None,
        },
    })
}

fn project_version(version: &VersionSource) -> anyhow::Result<ProjectVersion> {
    let file = version.project.as_ref().with_context(|| format!("{} has no project.yml", version.path.display()))?;
    Ok(ProjectVersion { project: typed::<Project>(file)?, rancher_compose: rancher(version)? })
}

fn rancher(version: &VersionSource) -> anyhow::Result<RancherCompose> {
    let file = version.rancher_compose.as_ref();
    let file = file.with_context(|| format!("{} has no rancher-compose.yml", version.path.display()))?;
    all_text(file)?;
    let placed = |error: &ReadError| anyhow::anyhow!("{}:{error}", file.path.display());
    RancherCompose::read(file.raw().as_ref().map_err(placed)?).map_err(|error| placed(&error))
}

/// Nothing is lost in a model, so that what is no text cannot be in it.
fn not_text(path: &Path, before: &str) -> anyhow::Error {
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    anyhow::anyhow!("{}:{line}:{column}: here it is not UTF-8 text, and a model holds text alone", path.display())
}

fn all_text(file: &YamlFile) -> anyhow::Result<()> {
    match file.not_utf8_at {
        Some(at) => Err(not_text(&file.path, file.text.get(..at).unwrap_or_default())),
        None => Ok(()),
    }
}

fn typed<T: serde::de::DeserializeOwned + Send>(file: &YamlFile) -> anyhow::Result<T> {
    all_text(file)?;
    let document = file.raw().as_ref().map_err(|error| anyhow::anyhow!("{}:{error}", file.path.display()))?;
    document.to_typed().map_err(|error| anyhow::anyhow!("{}:{error}", file.path.display()))
}

/// The error of one of the compose files in a model, which has its place only where the file is read by its form; else the error
/// that there was.
fn within_compose_files(document: &Document, error: ReadError) -> ReadError {
    let step = |key: &str| Step::Key(key.to_owned());
    let versions = document.root.as_ref().and_then(|root| root.get("versions")).map_or(&[][..], Node::entries);
    let mut folders = vec![Vec::new()];
    folders.extend(versions.iter().filter_map(|(name, _)| Some(vec![step("versions"), step(name.text()?)])));
    for folder in folders {
        for name in ["docker_compose", "rancher_compose"] {
            let path: Vec<Step> = folder.iter().cloned().chain([step(name)]).collect();
            let Some(file) = document.part(&path) else { continue };
            let read = if name == "docker_compose" {
                DockerCompose::read(&file).err()
            } else {
                RancherCompose::read(&file).err()
            };
            if let Some(error) = read {
                let keys: Vec<&str> = path.iter().filter_map(Step::key).collect();
                // What is wrong with the file as a whole names no place in it.
                let is_whole = file.root.as_ref().is_some_and(|root| root.span.start == error.position);
                let sign = if is_whole { ": " } else { "." };
                return ReadError { message: format!("{}{sign}{}", keys.join("."), error.message), ..error };
            }
        }
    }
    error
}

/// Reads a model that [`run`] printed, or that someone wrote.
pub(super) fn from_file(path: &Path) -> anyhow::Result<AnyModel> {
    let file = YamlFile::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    if file.not_utf8_at.is_some() {
        bail!("{} is not UTF-8 text", path.display());
    }
    let document = file.raw().as_ref().map_err(|error| anyhow::anyhow!("{}:{error}", path.display()))?;
    let value = document.to_value();
    let versions_hold = |key: &str| {
        value["versions"]
            .as_mapping()
            .is_some_and(|versions| versions.values().any(|version| version.get(key).is_some()))
    };
    let model = if value.get("docker_compose").is_some() {
        document.to_typed().map(AnyModel::InfraVersion)
    } else if value.get("project").is_some() {
        document.to_typed().map(AnyModel::ProjectVersion)
    } else if versions_hold("project") {
        document.to_typed().map(AnyModel::Project)
    } else if value.get("versions").is_some() || value.get("config").is_some() {
        document.to_typed().map(AnyModel::Infra)
    } else {
        let at = document.root.as_ref().map_or(Position { line: 1, column: 1, offset: 0 }, |root| root.span.start);
        bail!(
            "{}:{at}: this is no model: it holds neither `docker_compose` nor `config` and `versions`; `gen-catalog model` prints one",
            path.display()
        );
    };
    model.map_err(|error| anyhow::anyhow!("{}:{}", path.display(), within_compose_files(document, error)))
}
