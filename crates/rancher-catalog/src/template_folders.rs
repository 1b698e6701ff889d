//! The folders of a catalog that are templates.

use std::io;
use std::path::{Path, PathBuf};

use crate::beneath::{Beneath, Kind, NotRead};
use crate::catalog_service::FolderName;
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
/// To Rancher every folder at the top of a catalog is one of templates, whatever its name. Here one of another name is
/// one where it holds a config.yml and a version, else each folder of pictures would be a template.
///
/// # Errors
/// The path cannot be looked at.
pub fn templates_of(path: &Path) -> io::Result<Vec<PathBuf>> {
    let path = std::path::absolute(path)?;
    if let Some(base) = base_above(&path).filter(|base| *base != path) {
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
    let root = if is_base(&file_name(&path)) && !is_catalog(&path) { path.parent().unwrap_or(&path) } else { &path };
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
            return Ok(found);
        }
        if Revision::from_folder_name(&file_name(&path)).is_some() {
            found.extend(path.parent().map(Path::to_owned));
        } else if is_at_top(&path) {
            found.extend(templates_in(&catalog, root, Path::new("")));
        }
    }
    for other in inner.iter().filter(|folder| !is_base_folder(folder)) {
        found.extend(templates_in(&catalog, root, other.strip_prefix(root).unwrap_or(other)));
    }
    Ok(found)
}

/// What is a template beyond doubt in a folder whose name does not say so. What cannot be looked at is none.
fn templates_in(catalog: &Beneath, root: &Path, folder: &Path) -> Vec<PathBuf> {
    let is_shown = |inside: &PathBuf| !inside.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    let shown = |inside: &Path| folders_in(catalog, inside).into_iter().filter(is_shown);
    let is_version = |inside: &PathBuf| {
        !matches!(FolderName::of(&file_name(inside)), FolderName::PassedOver)
            && ["rancher-compose.yml", "docker-compose.yml", "docker-compose.yml.tpl"]
                .iter()
                .any(|name| is_file(catalog, &inside.join(name)))
    };
    let is_template = |inside: &PathBuf| {
        is_file(catalog, &inside.join("config.yml")) && shown(inside).any(|folder| is_version(&folder))
    };
    shown(folder).filter(is_template).map(|inside| root.join(inside)).collect()
}

/// The folders in one. What cannot be looked at has none.
fn folders_in(catalog: &Beneath, inside: &Path) -> Vec<PathBuf> {
    let entries = catalog.entries(inside).unwrap_or_default().into_iter();
    entries.filter(|(_, kind)| *kind == Kind::Folder).map(|(name, _)| inside.join(name)).collect()
}

fn is_file(catalog: &Beneath, inside: &Path) -> bool {
    matches!(catalog.kind(inside), Ok(Some(Kind::File)))
}

fn is_repository(folder: &Path) -> bool {
    folder.join(".git").exists()
}

/// Whether a folder holds folders of templates, and so is the root of a catalog, whatever its own name.
fn is_catalog(folder: &Path) -> bool {
    let Ok(catalog) = Beneath::open(folder) else { return false };
    let holds_config = |inside: &PathBuf| is_file(&catalog, &inside.join("config.yml"));
    // What has one itself is a template, whatever lies in it.
    if holds_config(&PathBuf::new()) {
        return false;
    }
    let mut inner = folders_in(&catalog, Path::new("")).into_iter().filter(|inside| is_base_folder(inside));
    inner.any(|base| folders_in(&catalog, &base).iter().any(holds_config))
}

/// Whether a folder is at the top of a catalog, where to Rancher all are folders of templates.
fn is_at_top(folder: &Path) -> bool {
    folder.parent().is_some_and(|above| !is_repository(folder) && (is_repository(above) || is_catalog(above)))
}

/// The folder of templates that a path is or is in, if it is in one.
pub fn base_above(path: &Path) -> Option<&Path> {
    // A catalog may have the name of such a folder itself, and so may one that it lies in.
    let named = path.ancestors().find(|above| is_base_folder(above))?;
    let within: Vec<&Path> = path.ancestors().take_while(|above| *above != named).collect();
    (!is_catalog(named) && !within.into_iter().rev().take(2).any(is_catalog)).then_some(named)
}

/// The root of the catalog that a template's folder is in; a template that is in none is its own.
pub fn catalog_of_template(template: &Path) -> Option<PathBuf> {
    let base = template.parent()?;
    let above = base.parent().filter(|_| is_base_folder(base) || is_at_top(base));
    Some(above.unwrap_or(template).to_owned())
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
