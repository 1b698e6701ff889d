//! What the project that one stands in says, so that a command needs no flag: its gen-catalog.toml. A flag wins.

use std::path::{Path, PathBuf};

use catalog_check::config::CatalogConfig;
use catalog_check::{catalog_of_project, since};

use crate::bump::{BumpError, Place, find};
use rancher_catalog::source::templates_of;

/// The paths that are meant: of the working folder alone, where the project's catalog lies elsewhere, that catalog. In a change
/// the files of its reference say where that is.
pub(super) fn paths(named: &[PathBuf], changed_since: Option<&str>) -> anyhow::Result<Vec<PathBuf>> {
    let here = Path::new(".");
    let is_catalog = || templates_of(here).is_ok_and(|templates| !templates.is_empty());
    if named.len() != 1 || named[0] != here || is_catalog() {
        return Ok(named.to_vec());
    }
    let catalog = match changed_since {
        // What is in no repository is told by whoever looks at the change.
        // Where that folder is gone, the catalog is where the file now says.
        Some(reference) => match since::catalog_of_project(here, reference) {
            Ok(catalog) => catalog,
            Err(_) => catalog_of_project(here).unwrap_or_default(),
        },
        None => catalog_of_project(here)?,
    };
    Ok(catalog.map_or_else(|| named.to_vec(), |catalog| vec![catalog]))
}

/// The catalog of the project, where the working folder is not in that itself.
pub(super) fn catalog() -> anyhow::Result<Option<PathBuf>> {
    Ok(catalog_of_project(Path::new("."))?)
}

/// A folder that is meant: where there is none of this name here, the one in the catalog of the project, if that has it.
pub(super) fn folder(named: &Path) -> anyhow::Result<PathBuf> {
    if named.is_absolute() || named.symlink_metadata().is_ok() {
        return Ok(named.to_owned());
    }
    let inside = catalog()?.map(|catalog| catalog.join(named)).filter(|inside| inside.is_dir());
    Ok(inside.unwrap_or_else(|| named.to_owned()))
}

/// The template that is meant, as [`find`] knows it; without a catalog that is named, also one of the project's.
pub(super) fn template(named: &str, catalog: Option<&Path>) -> Result<Place, BumpError> {
    match find(named, catalog) {
        Err(BumpError::Asked(reason)) if catalog.is_none() => match catalog_of_project(Path::new("."))? {
            Some(catalog) => find(named, Some(&catalog)),
            None => Err(BumpError::Asked(reason)),
        },
        other => other,
    }
}

/// What is set for a catalog.
pub(super) fn config(catalog: &Path) -> Result<CatalogConfig, BumpError> {
    Ok(CatalogConfig::read(catalog)?)
}
