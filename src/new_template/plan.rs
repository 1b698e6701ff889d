//! A new template as it will be: its files, what was left out on the way, and what the check says of it.

use std::path::Path;
use std::time::Duration;

use serde_yaml::{Mapping, Value};

use super::draft::{Draft, Facts};
use super::files::{self, MINIMUM, Titles};
use super::questions::one_line;
use super::{NewError, Remark, Source, Wishes, from_compose, from_image, skeleton};
use crate::catalog::{CatalogRoot, Change, apply};
use crate::render::{self, RenderedFile};
use catalog_check::config::CatalogConfig;
use catalog_check::{CheckOptions, Checked, Finding, Severity};
use catalog_write::Aside;
use rancher_catalog::model::{Config, ImageReference, RancherCompose, Scalar, Version};

/// The first version of a template, where nothing tells of another.
const FIRST: &str = "0.1.0";
/// So many services a description names.
const NAMED: usize = 6;

/// A template, planned.
#[derive(Debug)]
pub struct NewPlan {
    /// Its folder in the catalog.
    pub folder: String,
    /// Its version.
    pub version: String,
    /// Its files, config.yml last.
    pub changes: Vec<Change>,
    /// What became of what was given.
    pub remarks: Vec<Remark>,
    /// What the check says of it.
    pub checked: Checked,
}

impl NewPlan {
    /// The files as they are rendered.
    pub fn files(&self) -> Vec<RenderedFile> {
        let text = |change: &Change| String::from_utf8_lossy(change.after.as_deref().unwrap_or_default()).into_owned();
        self.changes.iter().map(|change| RenderedFile { path: change.path.clone(), text: text(change) }).collect()
    }
}

/// Plans a template; nothing is written.
///
/// # Errors
/// It is there already, cannot be made of what is given, or Rancher would refuse it.
pub fn plan(root: &CatalogRoot, wishes: &Wishes) -> Result<NewPlan, NewError> {
    let folder = format!("{}/{}", wishes.kind.folder(), wishes.name);
    if !root.names(&folder)?.is_empty() {
        return Err(NewError::There { folder });
    }
    let renderer = render::renderer(None)?;
    let (files, version, remarks) = match &wishes.source {
        Source::Model { docker_compose, rancher_compose, config, readme } => {
            if let Some(option) = wishes.parts.first_option() {
                return Err(NewError::Asked(format!("{option} is for an image: with --model write it into the model")));
            }
            let (rancher, titles) = of_model(wishes, rancher_compose, config.as_deref())?;
            let files = files::of_model(docker_compose, &rancher, readme.clone(), wishes, &titles, &renderer)?;
            (files, titles.version, Vec::new())
        }
        _ => {
            let (draft, image) = draft(wishes)?;
            let titles = titles(wishes, &draft, image.as_ref());
            let files = files::of_draft(&draft, wishes, &titles, &renderer)?;
            (files, titles.version, draft.remarks.into_sorted())
        }
    };
    let changes: Vec<Change> = files
        .into_iter()
        .map(|file| Change {
            path: format!("{folder}/{}", file.path),
            before: None,
            after: Some(file.text.into_bytes()),
            executable: false,
            published: false,
        })
        .collect();
    let checked = checked(root.folder(), &folder, &changes)?;
    let is_error = |finding: &&Finding| finding.rule.severity == Severity::Error;
    let errors: Vec<Finding> = checked.findings.iter().filter(is_error).cloned().collect();
    if errors.is_empty() {
        Ok(NewPlan { folder, version, changes, remarks, checked })
    } else {
        Err(NewError::Refused(errors))
    }
}

/// Plans and writes, one run at a time.
///
/// # Errors
/// As [`plan`]; and the catalog cannot be written, which then is as it was.
pub fn write(root: &CatalogRoot, wishes: &Wishes, patience: Duration) -> Result<NewPlan, NewError> {
    let _turn = root.turn(patience)?;
    let plan = plan(root, wishes)?;
    apply(root, &plan.changes.iter().collect::<Vec<_>>())?;
    Ok(plan)
}

/// The draft, and the image that it is of, if it is one.
fn draft(wishes: &Wishes) -> Result<(Draft, Option<ImageReference>), NewError> {
    match &wishes.source {
        Source::Image(image) => {
            let mut draft = Draft::new(image.to_string());
            skeleton::add(&mut draft, &wishes.name, image, &wishes.parts)?;
            complete(&mut draft);
            Ok((draft, Some(image.clone())))
        }
        Source::ImageOnDisk(path, named) => {
            let mut draft = from_image::draft(path, named.as_ref(), &wishes.name, &wishes.parts)?;
            complete(&mut draft);
            let first = draft.services.values().next();
            let image = first.and_then(|service| service.docker.get("image")?.as_str()?.parse().ok());
            Ok((draft, image))
        }
        Source::Compose { file, images, profiles } => {
            if let Some(option) = wishes.parts.first_option() {
                return Err(NewError::Asked(format!(
                    "{option} is for an image: with --compose write it into the file"
                )));
            }
            Ok((from_compose::draft(file, images, profiles)?, None))
        }
        Source::Model { .. } => Err(NewError::Asked("a model is no draft".to_owned())),
    }
}

fn complete(draft: &mut Draft) {
    draft.services.values_mut().for_each(super::draft::Service::complete);
}

fn titles(wishes: &Wishes, draft: &Draft, image: Option<&ImageReference>) -> Titles {
    let Facts { title, description, version, url } = &draft.facts;
    let about = &wishes.about;
    let title = about.title.clone().or_else(|| title.clone()).unwrap_or_else(|| wishes.name.title());
    let made = match image {
        Some(image) => format!("{title}: the image {image}"),
        None => format!("{title}: {}", services(draft)),
    };
    let is_version = |text: &&str| Version::from(*text).semver().is_ok();
    let tag = image.and_then(|image| image.tag.as_deref()).filter(is_version);
    let own = tag.or_else(|| version.as_deref().filter(is_version)).unwrap_or(FIRST);
    Titles {
        description: one_line(&about.description.clone().or_else(|| description.clone()).unwrap_or(made)),
        version: about.version.as_ref().map_or_else(|| own.to_owned(), Version::text),
        minimum: about.minimum_rancher_version.as_ref().map_or_else(|| MINIMUM.to_owned(), Version::text),
        category: about.category.clone().unwrap_or_else(|| wishes.kind.category().to_owned()),
        maintainer: about.maintainer.clone(),
        url: url.clone(),
        title,
    }
}

fn services(draft: &Draft) -> String {
    let names: Vec<&str> = draft.services.keys().map(String::as_str).collect();
    match names.as_slice() {
        [one] => (*one).to_owned(),
        names if names.len() > NAMED => format!("{} services", names.len()),
        [before @ .., last] => format!("{} and {last}", before.join(", ")),
        [] => String::new(),
    }
}

/// The model's rancher-compose.yml with the new version, and what config.yml says.
fn of_model(
    wishes: &Wishes,
    rancher: &RancherCompose,
    config: Option<&Config>,
) -> Result<(RancherCompose, Titles), NewError> {
    let about = &wishes.about;
    let block = rancher.catalog();
    let text = |scalar: Option<&Scalar>| scalar.map(ToString::to_string).filter(|text| !text.is_empty());
    let of_config = |field: fn(&Config) -> Option<&Scalar>| text(config.and_then(field));
    let own = block.and_then(|block| block.version.value()).map(Version::text);
    let version = about.version.as_ref().map(Version::text).or(own).unwrap_or_else(|| FIRST.to_owned());
    let own_minimum = block.and_then(|block| block.minimum_rancher_version.value()).map(Version::text);
    let asked_minimum = about.minimum_rancher_version.as_ref().map(Version::text);
    let minimum = asked_minimum.or(own_minimum).unwrap_or_else(|| MINIMUM.to_owned());
    let title = about.title.clone().or_else(|| of_config(|config| config.name.value()));
    let title = title.unwrap_or_else(|| wishes.name.title());
    let description = about.description.clone().or_else(|| of_config(|config| config.description.value()));
    let category = about.category.clone().or_else(|| of_config(|config| config.category.value()));
    let maintainer = about.maintainer.clone().or_else(|| of_config(|config| config.maintainer.value()));
    let mut file = serde_yaml::to_value(rancher).map_err(|error| NewError::Wrong(error.to_string()))?;
    if let Value::Mapping(map) = &mut file {
        let key = [".catalog", "catalog"].into_iter().find(|key| map.get(*key).is_some_and(Value::is_mapping));
        let key = key.unwrap_or(if map.contains_key("version") { "catalog" } else { ".catalog" });
        if !map.contains_key(key) {
            map.insert(key.into(), Value::Mapping(Mapping::new()));
        }
        if let Some(Value::Mapping(block)) = map.get_mut(key) {
            block.insert("version".into(), version.clone().into());
            block.insert("minimum_rancher_version".into(), minimum.clone().into());
        }
    }
    let titles = Titles {
        description: one_line(&description.unwrap_or_else(|| title.clone())),
        version,
        minimum,
        category: category.unwrap_or_else(|| wishes.kind.category().to_owned()),
        maintainer,
        url: of_config(|config| config.project_url.value()),
        title,
    };
    Ok((files::typed(file)?, titles))
}

/// What the check says of the template by itself, in a catalog that allows what this one does.
fn checked(catalog: &Path, folder: &str, changes: &[Change]) -> Result<Checked, NewError> {
    let aside = Aside::new()?;
    for change in changes {
        aside.put(&change.path, change.after.as_deref().unwrap_or_default())?;
    }
    let config = CatalogConfig::read(catalog).map_err(|error| NewError::Wrong(error.to_string()))?;
    aside.allow_as(config.file())?;
    let options = CheckOptions { level: Some(Severity::Note), ..CheckOptions::default() };
    Ok(aside.check(folder, &options)?)
}
