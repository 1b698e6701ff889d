//! The template that somebody names.

use std::path::{Path, PathBuf};

use super::BumpError;
use catalog_check::is_it;
use rancher_catalog::beneath::{Beneath, Kind};
use rancher_catalog::catalog_service::base_of;
use rancher_catalog::source::{catalog_of_template, is_base};

/// A template in a catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The catalog's folder.
    pub catalog: PathBuf,
    /// The template's folder in it, with `/`.
    pub folder: String,
}

/// Finds a template: by its path, by its path in a catalog, by its name, or by its id in Rancher (`infra*web`). Nothing but
/// names of folders is looked at.
///
/// # Errors
/// There is none, or there are several of that name.
pub fn find(named: &str, catalog: Option<&Path>) -> Result<Place, BumpError> {
    let named = named.trim_end_matches('/');
    let asked = |text: String| Err(BumpError::Asked(text));
    if named.is_empty() {
        return asked("name a template: its folder, or its name".to_owned());
    }
    if catalog.is_none()
        && let Some(place) = by_path(Path::new(named))
    {
        return Ok(place);
    }
    let root = catalog.unwrap_or(Path::new("."));
    let cannot = |path: &Path| {
        let path = path.to_owned();
        move |reason: rancher_catalog::beneath::NotRead| BumpError::Io { path, reason: reason.to_string() }
    };
    let beneath = Beneath::open(root).map_err(cannot(root))?;
    let folders = |inside: &Path| -> Result<Vec<String>, BumpError> {
        let entries = beneath.entries(inside).map_err(cannot(&root.join(inside)))?;
        let folders = entries.into_iter().filter(|(_, kind)| *kind == Kind::Folder);
        let names = folders.map(|(name, _)| name.to_string_lossy().into_owned());
        Ok(names.filter(|name| !name.starts_with('.')).collect())
    };
    let bases: Vec<String> = folders(Path::new(""))?.into_iter().filter(|name| is_base(name)).collect();
    if bases.is_empty() {
        return asked(format!(
            "there is no template `{named}`, and {} is no catalog: name the folder of a template, or its catalog with \
             --catalog",
            root.display()
        ));
    }
    let mut known = Vec::new();
    for base in &bases {
        known.extend(folders(Path::new(base))?.into_iter().map(|name| (base.clone(), name)));
    }
    let means = |(base, name): &&(String, String)| {
        named == name.as_str() || named == format!("{base}/{name}") || named == format!("{}*{name}", base_of(base))
    };
    let found: Vec<&(String, String)> = known.iter().filter(means).collect();
    match found.as_slice() {
        [(base, name)] => Ok(Place { catalog: root.to_owned(), folder: format!("{base}/{name}") }),
        [] => {
            let names = known.iter().flat_map(|(base, name)| [name.clone(), format!("{base}/{name}")]);
            let names: Vec<String> = names.collect();
            let meant = is_it(names.iter().map(String::as_str), named);
            asked(format!("there is no template `{named}` in {}{meant}", root.display()))
        }
        several => {
            let names: Vec<String> = several.iter().map(|(base, name)| format!("{base}/{name}")).collect();
            asked(format!("`{named}` is the name of several templates: name {}", names.join(" or ")))
        }
    }
}

/// A folder that is there, if it is that of a template.
fn by_path(named: &Path) -> Option<Place> {
    let path = std::path::absolute(named).ok()?;
    let path = if named.components().all(|part| matches!(part, std::path::Component::CurDir)) {
        path.canonicalize().ok()?
    } else {
        path
    };
    if !path.is_dir() {
        return None;
    }
    let catalog = catalog_of_template(&path)?;
    let folder = path.strip_prefix(&catalog).ok()?.to_str()?.to_owned();
    // A catalog, or a folder of templates, is none itself.
    let is_template = folder.contains('/');
    is_template.then_some(Place { catalog, folder })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_found_by_path_name_and_id() {
        let catalog = tempfile::tempdir().unwrap();
        for folder in ["infra-templates/web/0", "templates/web/0", "templates/db/0", "docs/x"] {
            std::fs::create_dir_all(catalog.path().join(folder)).unwrap();
        }
        let of = |named: &str| {
            find(named, Some(catalog.path())).map(|place| place.folder).map_err(|error| error.to_string())
        };
        for named in ["db", "templates/db", "*db", "templates/db/"] {
            assert_eq!(of(named).as_deref(), Ok("templates/db"), "{named}");
        }
        assert_eq!(of("infra*web").as_deref(), Ok("infra-templates/web"));
        assert!(of("web").unwrap_err().ends_with("name infra-templates/web or templates/web"));
        assert!(of("bd").unwrap_err().contains("there is no template `bd`"));
        assert!(of("templates/dbb").unwrap_err().ends_with("is `templates/db` meant?"));
        assert!(of("").is_err() && of("docs/x").is_err());
        let path = catalog.path().join("templates/db");
        let place = find(path.to_str().unwrap(), None).unwrap();
        assert_eq!((place.catalog.as_path(), place.folder.as_str()), (catalog.path(), "templates/db"));
        assert!(find("db", Some(&catalog.path().join("docs"))).unwrap_err().to_string().contains("is no catalog"));
    }
}
