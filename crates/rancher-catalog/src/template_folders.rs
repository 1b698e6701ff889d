//! The folders of a catalog that are templates.

use std::io;
use std::path::{Path, PathBuf};

use crate::beneath::{Beneath, Kind, NotRead};
use crate::model::Revision;

/// Whether a folder's name makes what is in it templates: `infra-templates`, `templates`, …
pub fn is_base(name: &str) -> bool {
    name == "templates" || name.ends_with("-templates")
}

/// Whether a path leads to such a folder.
pub fn is_base_folder(path: &Path) -> bool {
    path.file_name().is_some_and(|name| is_base(&name.to_string_lossy()))
}

/// The templates that a path means: all of a catalog, all of a base, one, or the one that the path is in.
///
/// # Errors
/// The path cannot be looked at.
pub fn templates_of(path: &Path) -> io::Result<Vec<PathBuf>> {
    let path = std::path::absolute(path)?;
    if let Some(base) = path.ancestors().skip(1).find(|above| is_base_folder(above)) {
        let root = base.parent().unwrap_or(base);
        let catalog = Beneath::open(root)?;
        let inside = |path: &Path| path.strip_prefix(root).unwrap_or(Path::new("")).to_owned();
        catalog.kind(&inside(&path))?.ok_or(NotRead::Missing)?;
        let name = path.strip_prefix(base).ok().and_then(|below| below.iter().next()).unwrap_or_default();
        let template = base.join(name);
        // A link in the place of a template is one that nobody gets: whoever reads it says so.
        if matches!(catalog.kind(&inside(&template))?, Some(Kind::Folder | Kind::Link)) {
            return Ok(vec![template]);
        }
    }
    let is_folder = std::fs::metadata(&path)?.is_dir();
    // A file is in the template that its folder is in.
    let path = if is_folder { path } else { path.parent().map(Path::to_owned).unwrap_or(path) };
    let root = if is_base_folder(&path) { path.parent().unwrap_or(&path) } else { &path };
    let catalog = Beneath::open(root)?;
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
    for base in inner.iter().filter(|folder| is_base_folder(folder)) {
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

/// The catalog that a folder is in which somebody took for the catalog, though it is one of templates, of a template or of
/// a version.
pub fn catalog_above(folder: &Path) -> Option<PathBuf> {
    let folder = folder.canonicalize().ok()?;
    let is_version = |path: &Path| Revision::from_folder_name(&file_name(path)).is_some();
    let entries = Beneath::open(&folder).ok()?.entries(Path::new("")).ok()?;
    let holds = |wanted: &dyn Fn(&str) -> bool| entries.iter().any(|(name, _)| wanted(&name.to_string_lossy()));
    if holds(&is_base) {
        return None;
    }
    let base = folder.ancestors().take(3).find(|path| is_base_folder(path))?;
    let holds_template = || holds(&|name| name == "config.yml" || is_version(Path::new(name)));
    let is_within = match folder.strip_prefix(base).ok()?.components().count() {
        0 => true,
        1 => holds_template(),
        _ => is_version(&folder),
    };
    base.parent().filter(|_| is_within).map(Path::to_owned)
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
