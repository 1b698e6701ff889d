//! A new revision in the making: its files, changed step by step.

use super::copied::Copied;
use super::mention::Behind;
use super::plan::{ImageChange, Wishes};
use super::rewrite;
use super::setting::{File, Setting, SettingError};
use super::swapped::Swapped;
use super::{BumpError, version_places};
use crate::catalog::CatalogRoot;
use crate::text_edit::{EditError, YamlText};
use rancher_catalog::model::{Config, Version};
use rancher_catalog::source::{TemplateSource, VersionSource};

/// A new revision in the making.
pub(super) struct Maker<'r> {
    pub root: &'r CatalogRoot,
    pub folder: &'r str,
    pub files: Vec<Copied>,
    pub beside: Vec<Copied>,
    pub images: Vec<ImageChange>,
    pub warnings: Vec<String>,
}

impl Maker<'_> {
    /// The default version, and whether it is that of the revision that the new one is made from.
    pub fn default_version(
        &mut self,
        template: &TemplateSource,
        old: &str,
    ) -> Result<Option<(String, bool)>, BumpError> {
        let Some(config) = &template.config else { return Ok(None) };
        let model = match config.raw() {
            Ok(document) => document.to_typed::<Config>(),
            Err(error) => {
                return Err(BumpError::Refused(format!("{}/config.yml:{error}: mend it first", self.folder)));
            }
        };
        let default = model.ok().and_then(|config| config.version.value().map(Version::text));
        Ok(default.map(|default| {
            let moves = default == old;
            (default, moves)
        }))
    }

    pub fn change_images(&mut self, swaps: &[Swapped], is_default: bool) -> Result<(), BumpError> {
        for swapped in swaps {
            let Swapped { swap, in_use } = swapped;
            let mut places = Vec::new();
            let beside = self.beside.iter_mut().filter(|_| is_default);
            for file in self.files.iter_mut().chain(beside) {
                let rewritten = if file.is_compose() {
                    let changed = rewrite::compose(&file.after, swap, in_use);
                    changed.map_err(|error| edit_error(self.folder, &file.name, error))?
                } else if file.is_readme() || file.base_name() == "config.yml" {
                    rewrite::prose(&file.after, swap, in_use)
                } else {
                    None
                };
                if let Some(rewritten) = rewritten {
                    places.extend(rewritten.lines.into_iter().map(|line| (file.name.clone(), line)));
                    file.after = rewritten.text;
                }
            }
            let after = swapped.written().into_iter().collect::<Vec<_>>().join(", ");
            let before = swapped.taken().filter(|behind| **behind != Behind::Open);
            let before: Vec<String> = before.map(|behind| format!("{}{}", swap.repository, behind.written())).collect();
            self.images.push(ImageChange { before, after, places });
        }
        Ok(())
    }

    pub fn change_version(
        &mut self,
        template: &TemplateSource,
        old: &str,
        new: &str,
        is_default: bool,
    ) -> Result<(), BumpError> {
        let versions = template.versions.iter().filter_map(VersionSource::version);
        let versions: Vec<String> = versions.map(|version| version.text()).collect();
        let beside = self.beside.iter_mut().filter(|_| is_default);
        for file in self.files.iter_mut().chain(beside) {
            let failed = |error| edit_error(self.folder, &file.name, error);
            match file.base_name() {
                "rancher-compose.yml" => {
                    file.after = version_places::in_rancher_compose(&file.after, old, new).map_err(failed)?;
                }
                "config.yml" => {
                    let config = YamlText::read(&file.after).map_err(failed)?;
                    if let Some(entry) = config.root().map_err(failed)?.entry("version") {
                        file.after = config.with_value(entry, new).map_err(failed)?;
                    }
                }
                _ if file.is_readme() => {
                    let readme = version_places::in_readme(&file.after, old, new, &versions);
                    file.after = readme.text;
                    if readme.has_history {
                        self.warnings.push(format!(
                            "{}/{} holds a history of versions: its headings stay, and {new} is not among them",
                            self.folder, file.name
                        ));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    pub fn set(&mut self, wishes: &Wishes) -> Result<(), BumpError> {
        for (at, setting) in wishes.settings.iter().enumerate() {
            let is_same = |other: &&Setting| (other.file, &other.path) == (setting.file, &setting.path);
            if let Some(other) = wishes.settings[..at].iter().find(is_same) {
                let (one, two) = (&other.given, &setting.given);
                return Err(BumpError::Asked(format!("--set {one} and --set {two} set the same: leave one out")));
            }
            let wanted: &[&str] = match setting.file {
                File::CatalogBlock | File::RancherCompose => &["rancher-compose.yml"],
                File::DockerCompose => &["docker-compose.yml.tpl", "docker-compose.yml"],
            };
            let file = wanted.iter().find_map(|name| self.files.iter().position(|file| file.base_name() == *name));
            let Some(file) = file.map(|at| &mut self.files[at]) else {
                return Err(BumpError::Asked(format!("--set {}: there is no {}", setting.given, wanted[0])));
            };
            file.after = setting.apply(&file.after).map_err(|error| match error {
                SettingError::Path(why) => BumpError::Asked(format!("--set {}: {why}", setting.given)),
                SettingError::Edit(error) => edit_error(self.folder, &file.name, error),
            })?;
        }
        Ok(())
    }
}

fn edit_error(folder: &str, name: &str, error: EditError) -> BumpError {
    BumpError::Edit { path: format!("{folder}/…/{name}"), error }
}
