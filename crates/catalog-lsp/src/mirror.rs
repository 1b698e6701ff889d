//! A template as it is in the editor: a copy of its folder, with what is open and not saved in it.

use std::path::{Path, PathBuf};

use catalog_check::config::CatalogConfig;
use catalog_check::{CheckOptions, Finding, Severity};
use catalog_write::{Aside, AsideError};
use rancher_catalog::beneath::{Beneath, Kind};
use rancher_catalog::source::MAX_FILE_BYTES;

use crate::documents::Place;

/// The most files that are copied, and how deep they may lie. A template has some for each of its versions.
const MOST: usize = 50_000;
const DEEPEST: usize = 6;

/// A copy of a template.
#[derive(Debug)]
pub(crate) struct Mirror {
    aside: Aside,
    template: PathBuf,
    config_error: Option<String>,
}

impl Mirror {
    /// Copies the template that a file is of.
    pub(crate) fn of(place: &Place) -> Result<Self, AsideError> {
        let aside = Aside::new()?;
        let (config, config_error) = match CatalogConfig::read(&place.root) {
            Ok(config) => (config, None),
            Err(error) => (CatalogConfig::default(), Some(error.to_string())),
        };
        aside.allow_as(config.file())?;
        let mirror = Self { aside, template: place.template.clone(), config_error };
        // A folder that cannot be read is an empty one here: what is open is checked all the same.
        if let Ok(folder) = Beneath::template(&place.root.join(&place.template)) {
            mirror.copy(&folder, Path::new(""), DEEPEST, &mut { MOST })?;
        }
        Ok(mirror)
    }

    /// What is wrong with the gen-catalog.toml that would count. It allows nothing then.
    pub(crate) fn config_error(&self) -> Option<&str> {
        self.config_error.as_deref()
    }

    fn copy(&self, folder: &Beneath, inside: &Path, depth: usize, left: &mut usize) -> Result<(), AsideError> {
        for (name, kind) in folder.entries(inside).unwrap_or_default() {
            let below = inside.join(name);
            match kind {
                Kind::Folder if depth > 0 => self.copy(folder, &below, depth - 1, left)?,
                Kind::File if *left > 0 => {
                    *left -= 1;
                    // What is too large, or gone by now, is not there.
                    if let Ok(content) = folder.read(&below, MAX_FILE_BYTES) {
                        self.aside.put(self.template.join(&below), &content)?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Puts a file as it is in the editor.
    pub(crate) fn put(&self, place: &Place, text: &str) -> Result<(), AsideError> {
        self.aside.put(&place.inside, text.as_bytes())
    }

    /// What the check finds in a version, or in all of the template.
    pub(crate) fn findings(&self, scope: &Path) -> Result<Vec<Finding>, AsideError> {
        let options = CheckOptions { level: Some(Severity::Note), ..CheckOptions::default() };
        Ok(self.aside.check(scope, &options)?.findings)
    }
}
