//! Where the gen-catalog.toml of a catalog is, and the catalog of the project that one stands in.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::config::{CatalogConfig, ConfigError, FILE_NAME};
use rancher_catalog::beneath::{Beneath, NotRead};
use rancher_catalog::source::MAX_FILE_BYTES;

/// Gives the content of the file in a folder; `None` where there is none.
pub(super) type ReadIn<'r, E> = dyn FnMut(&Path) -> Result<Option<Vec<u8>>, E> + 'r;

/// The content of the file in a folder that is the root of a catalog, or above it.
pub(super) fn here(root: &Path, folder: &Path) -> Result<Option<Vec<u8>>, ConfigError> {
    let path = folder.join(FILE_NAME);
    // Somebody else may put a file into a folder that is for all, such as /tmp.
    if folder != root && owner(&path) != owner(root) {
        return Ok(None);
    }
    match Beneath::open(folder).and_then(|folder| folder.read(Path::new(FILE_NAME), MAX_FILE_BYTES)) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(NotRead::Missing) => Ok(None),
        Err(cause) => Err(ConfigError { path, place: String::new(), reason: cause.to_string() }),
    }
}

fn owner(path: &Path) -> Option<u32> {
    fs::symlink_metadata(path).ok().map(|about| about.uid())
}

/// The folders above one, up to the root of the repository that it is in, or of the file system.
pub(super) fn parents(folder: &Path) -> Vec<PathBuf> {
    let Ok(folder) = folder.canonicalize() else { return Vec::new() };
    let mut all = Vec::new();
    let mut at = folder.as_path();
    while !at.join(".git").exists() {
        let Some(above) = at.parent() else { break };
        all.push(above.to_owned());
        at = above;
    }
    all
}

/// Whether a file in a folder names a catalog, over no link.
pub(super) fn names(folder: &Path, catalog: &str, root: &Path) -> bool {
    match (folder.canonicalize(), root.canonicalize()) {
        (Ok(folder), Ok(root)) => folder.join(catalog) == root,
        _ => false,
    }
}

/// The catalog of the project that a folder is in: what the nearest gen-catalog.toml in it or above names, where the folder is
/// not in that catalog itself.
///
/// # Errors
/// The file cannot be read, or is wrong.
pub fn catalog_of_project(folder: &Path) -> Result<Option<PathBuf>, ConfigError> {
    named_by(folder, &mut |above| here(folder, above))
}

/// As [`catalog_of_project`], with the content of the files from elsewhere.
pub(super) fn named_by<E: From<ConfigError>>(folder: &Path, read: &mut ReadIn<'_, E>) -> Result<Option<PathBuf>, E> {
    let cannot = |error: io::Error| {
        let reason = format!("the folder cannot be looked at: {error}");
        ConfigError { path: folder.to_owned(), place: String::new(), reason }
    };
    let folder = folder.canonicalize().map_err(cannot)?;
    for above in std::iter::once(folder.clone()).chain(parents(&folder)) {
        let Some(bytes) = read(&above)? else { continue };
        let text = String::from_utf8_lossy(&bytes);
        let config = CatalogConfig::parse(&above, &text)?;
        let Some(named) = &config.catalog else { return Ok(None) };
        let catalog: PathBuf = above.join(&named.path).components().collect();
        if folder.starts_with(&catalog) {
            return Ok(None);
        }
        let wrong = match catalog.canonicalize() {
            Ok(real) if real == catalog => return Ok(Some(catalog)),
            // It would lead to what is no part of the project.
            Ok(_) => "a link is on the way to it, and none is followed",
            Err(_) => "there is no such folder here",
        };
        return Err(config.no_catalog(named, wrong).into());
    }
    Ok(None)
}
