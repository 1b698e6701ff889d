//! The catalog that is looked at, the others that its Rancher has, and where their templates are.

use std::io;
use std::path::{Path, PathBuf};

use rancher_catalog::beneath::{Beneath, NotRead};
use rancher_catalog::catalog_service::base_of;
use rancher_catalog::source::{catalog_of_template, templates_of};

use crate::unreadable::why;

/// Names by which Rancher knows catalogs whose repositories are called otherwise.
const KNOWN_NAMES: [(&str, &str); 1] = [("rancher-catalog", "library")];

/// A catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalog {
    /// Its folder.
    pub root: PathBuf,
    /// The name that Rancher has for it.
    pub name: String,
}

/// All catalogs of one Rancher: the one that is looked at first.
#[derive(Debug, Clone)]
pub struct Shelf {
    /// The one that is looked at.
    pub own: Catalog,
    /// Those beside it, to which environment templates refer.
    pub beside: Vec<Catalog>,
}

/// Where a template is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The folder at the catalog's top: `infra-templates`.
    pub above: String,
    /// Its own folder.
    pub folder: String,
    /// The way to it.
    pub path: PathBuf,
}

/// Why a catalog cannot have a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// There is none.
    #[error("it is empty, and a catalog has a name")]
    Empty,
    /// It has a character that ids and addresses have between their parts.
    #[error(
        "a catalog's name cannot hold {0:?}: the ids of its templates and their addresses have it between their parts"
    )]
    Character(char),
    /// It is a way to another folder, or has space around it.
    #[error("that is no name of a catalog: letters, digits, `-`, `_` and `.` make one")]
    Odd,
}

/// Why a catalog cannot be looked at.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Its folder cannot be read.
    #[error("cannot look at {}: {}", path.display(), why(reason))]
    Unreadable {
        /// The folder.
        path: PathBuf,
        /// Why.
        reason: io::Error,
    },
    /// No template is there.
    #[error(
        "{} holds no template, which is a folder with a config.yml or numbered versions; name a catalog (a folder with \
         infra-templates/, templates/ or the like) or a template of one",
        .0.display()
    )]
    Empty(PathBuf),
    /// The template is in no catalog.
    #[error("{} is in no catalog: Rancher wants a folder such as infra-templates/ above it", .0.display())]
    Alone(PathBuf),
}

impl Catalog {
    /// The catalog at a path, or the one that a path is in; then also the template that is meant.
    ///
    /// # Errors
    /// There is none.
    pub fn open(path: &Path, name: Option<&str>) -> Result<(Self, Option<Place>), OpenError> {
        let unreadable = |reason| OpenError::Unreadable { path: path.to_owned(), reason };
        let wanted = std::path::absolute(path).map_err(unreadable)?;
        let templates = templates_of(path).map_err(unreadable)?;
        let Some(first) = templates.first() else { return Err(OpenError::Empty(path.to_owned())) };
        let root = catalog_of_template(first).unwrap_or_else(|| wanted.clone());
        if root == *first {
            return Err(OpenError::Alone(path.to_owned()));
        }
        let meant = (wanted != root && templates.len() == 1).then(|| Place::of(&root, first)).flatten();
        let name = name.map_or_else(|| usual_name(&root), str::to_owned);
        Ok((Self { root, name }, meant))
    }

    /// Its templates, in the order of their folders.
    ///
    /// # Errors
    /// The catalog's folder cannot be read.
    pub fn places(&self) -> io::Result<Vec<Place>> {
        let found = templates_of(&self.root)?;
        // What has no UTF-8 name has no id in Rancher either.
        Ok(found.iter().filter_map(|path| Place::of(&self.root, path)).collect())
    }

    /// A template by its base and folder, as in its id.
    ///
    /// # Errors
    /// As [`Catalog::places`].
    pub fn by_base(&self, base: &str, folder: &str) -> io::Result<Option<Place>> {
        Ok(self.places()?.into_iter().find(|place| place.base() == base && place.folder == folder))
    }
}

impl Shelf {
    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &Catalog> {
        std::iter::once(&self.own).chain(&self.beside)
    }

    /// The catalog of a name.
    pub fn named(&self, name: &str) -> Option<&Catalog> {
        self.all().find(|catalog| catalog.name == name)
    }
}

impl Place {
    fn of(root: &Path, path: &Path) -> Option<Self> {
        let mut parts = path.strip_prefix(root).ok()?.iter();
        let (above, folder) = (parts.next()?.to_str()?.to_owned(), parts.next()?.to_str()?.to_owned());
        parts.next().is_none().then(|| Self { above, folder, path: path.to_owned() })
    }

    /// What stands before the first `-` of the folder above.
    pub fn base(&self) -> &str {
        base_of(&self.above)
    }

    /// Whether it is an environment template.
    pub fn is_environment(&self) -> bool {
        self.base() == "project"
    }

    /// Its id: `community:infra*swarm`.
    pub fn id(&self, catalog: &str) -> String {
        match self.base() {
            "" => format!("{catalog}:{}", self.folder),
            base => format!("{catalog}:{base}*{}", self.folder),
        }
    }

    /// Its path in the catalog.
    pub fn inside(&self) -> String {
        format!("{}/{}", self.above, self.folder)
    }

    /// A file of it, by its path in it.
    ///
    /// # Errors
    /// It is not there, is a link, is too large, or cannot be read.
    pub fn read(&self, inside: &str, most: u64) -> Result<Vec<u8>, NotRead> {
        Beneath::template(&self.path)?.read(Path::new(inside), most)
    }
}

/// Whether a character stands between the parts of an id or of an address.
fn parts_ids(character: char) -> bool {
    matches!(character, '/' | '\\' | ':' | '*' | '?' | '#' | '%') || character.is_control()
}

/// Whether a catalog can have a name.
///
/// # Errors
/// It cannot.
pub fn check_name(name: &str) -> Result<(), NameError> {
    match name.chars().find(|character| parts_ids(*character)) {
        Some(character) => Err(NameError::Character(character)),
        None if name.is_empty() => Err(NameError::Empty),
        None if matches!(name, "." | "..") || name.trim() != name => Err(NameError::Odd),
        None => Ok(()),
    }
}

/// The name that Rancher will have for a catalog: most repositories are called after it.
fn usual_name(root: &Path) -> String {
    let folder = root.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let known = KNOWN_NAMES.iter().find(|(repository, _)| *repository == folder).map(|(_, name)| (*name).to_owned());
    let name = known.unwrap_or_else(|| folder.strip_suffix("-catalog").unwrap_or(&folder).to_owned());
    let name = name.trim().replace(parts_ids, "-");
    if check_name(&name).is_ok() { name } else { "catalog".to_owned() }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_catalog_is_found_from_a_template_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let template = folder.path().join("community-catalog/infra-templates/x");
        fs::create_dir_all(template.join("0")).unwrap();
        fs::write(template.join("config.yml"), "name: X\n").unwrap();
        let (catalog, meant) = Catalog::open(&template, None).unwrap();
        assert_eq!(
            (catalog.name.as_str(), catalog.root.clone()),
            ("community", folder.path().join("community-catalog"))
        );
        let place = meant.unwrap();
        assert_eq!(place.id(&catalog.name), "community:infra*x");
        assert_eq!(Catalog::open(&catalog.root, Some("mine")).unwrap().0.name, "mine");
        assert_eq!(Catalog::open(&catalog.root, None).unwrap().1, None);
        assert!(matches!(Catalog::open(folder.path(), None), Err(OpenError::Empty(_))));
    }

    #[test]
    fn a_name_that_ids_cannot_hold_is_none() {
        for (name, error) in [
            ("", NameError::Empty),
            ("a/b", NameError::Character('/')),
            ("a:b", NameError::Character(':')),
            ("a*", NameError::Character('*')),
            ("a?b", NameError::Character('?')),
            ("a\nb", NameError::Character('\n')),
            ("..", NameError::Odd),
            (" a", NameError::Odd),
        ] {
            assert_eq!(check_name(name), Err(error), "{name:?}");
        }
        for name in ["library", "my catalog", "b\u{fc}ro_1.0-x"] {
            assert_eq!(check_name(name), Ok(()), "{name:?}");
        }
        assert_eq!(usual_name(Path::new("/x/a:b*-catalog")), "a-b-");
        assert_eq!(usual_name(Path::new("/x/-catalog")), "catalog");
    }
}
