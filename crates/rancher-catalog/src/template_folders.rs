//! The folders of a catalog that are templates.

use std::io;
use std::path::{Path, PathBuf};

use crate::beneath::{Beneath, Kind, NotRead};
use crate::model::Revision;

/// Whether a folder's name makes what is in it templates: `infra-templates`, `templates`, …
pub fn is_base(name: &str) -> bool {
    name == "templates" || name.ends_with("-templates")
}

/// The templates that a path means: all of a catalog, all of a base, one, or the one that the path is in.
///
/// # Errors
/// The path cannot be looked at.
pub fn templates_of(path: &Path) -> io::Result<Vec<PathBuf>> {
    let path = std::path::absolute(path)?;
    let is_folder = std::fs::metadata(&path)?.is_dir();
    // A file is in the template that its folder is in.
    let path = if is_folder { path } else { path.parent().map(Path::to_owned).unwrap_or(path) };
    let mut at = path.as_path();
    while let Some(above) = at.parent() {
        if is_base(&file_name(above)) && at.is_dir() {
            return Ok(vec![at.to_owned()]);
        }
        at = above;
    }
    let root = if is_base(&file_name(&path)) { path.parent().unwrap_or(&path) } else { &path };
    let catalog = Beneath::open(root)?;
    // A link in the place of a template is one that nobody gets: whoever reads it says so.
    let entries = |inside: &Path| -> Result<Vec<PathBuf>, NotRead> {
        let entries = catalog.entries(inside)?.into_iter();
        let wanted = entries.filter(|(name, kind)| {
            matches!(kind, Kind::Folder | Kind::Link) && !name.as_encoded_bytes().starts_with(b".")
        });
        Ok(wanted.map(|(name, _)| root.join(inside).join(name)).collect())
    };
    let of = |path: &Path, cause: NotRead| {
        let error = io::Error::from(cause);
        io::Error::new(error.kind(), format!("{}: {error}", path.display()))
    };
    if root != path {
        return entries(path.strip_prefix(root).unwrap_or(&path)).map_err(|cause| of(&path, cause));
    }
    let inner = entries(Path::new("")).map_err(|cause| of(&path, cause))?;
    let mut found = Vec::new();
    for base in inner.iter().filter(|folder| is_base(&file_name(folder))) {
        match entries(base.strip_prefix(root).unwrap_or(base)) {
            Ok(templates) => found.extend(templates),
            Err(NotRead::Link(_)) => found.push(base.clone()),
            Err(cause) => return Err(of(base, cause)),
        }
    }
    if found.is_empty() {
        let is_template = catalog.kind(Path::new("config.yml"))? == Some(Kind::File)
            || inner.iter().any(|folder| Revision::from_folder_name(&file_name(folder)).is_some());
        if is_template {
            found.push(path);
        } else if Revision::from_folder_name(&file_name(&path)).is_some() {
            found.extend(path.parent().map(Path::to_owned));
        }
    }
    Ok(found)
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
