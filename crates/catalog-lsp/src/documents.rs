//! The files that are open in the editor, as they are there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lsp_types::Uri;
use percent_encoding::percent_decode_str;
use rancher_catalog::schema::SchemaKind;
use rancher_catalog::source::{MAX_FILE_BYTES, catalog_of_template};

use crate::lines::Lines;

/// A file that is open.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) uri: Uri,
    pub(crate) version: i32,
    pub(crate) text: String,
    pub(crate) lines: Lines,
    /// Where it is in a catalog; `None` for a file of no template.
    pub(crate) place: Option<Place>,
}

/// Where a file of a template is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The catalog.
    pub(crate) root: PathBuf,
    /// The template's folder, by its path in the catalog.
    pub(crate) template: PathBuf,
    /// The version's folder; `None` for what lies beside the versions.
    pub(crate) version: Option<String>,
    /// The file, by its path in the catalog.
    pub(crate) inside: PathBuf,
    /// What the file is.
    pub(crate) kind: Option<SchemaKind>,
}

impl Document {
    pub(crate) fn new(uri: Uri, version: i32, text: String) -> Self {
        let place = path_of(&uri).and_then(|path| Place::of(&path));
        let lines = Lines::of(&text);
        Self { uri, version, text, lines, place }
    }

    /// Whether it is larger than what is read of a file.
    pub(crate) fn is_too_large(&self) -> bool {
        self.text.len() as u64 > MAX_FILE_BYTES
    }
}

impl Place {
    /// `catalog/infra-templates/swarm/4/docker-compose.yml`, or `catalog/infra-templates/swarm/config.yml`.
    pub(crate) fn of(file: &Path) -> Option<Self> {
        let name = file.file_name()?.to_str()?;
        let kind = kind_of(name);
        let above = file.parent()?;
        let (template, version) = match kind {
            Some(SchemaKind::Config) => (above, None),
            // Only these two lie where a version's name can be told by the file's own.
            Some(_) => (above.parent()?, Some(above.file_name()?.to_str()?.to_owned())),
            None => return None,
        };
        let root = catalog_of_template(template).filter(|root| root != template)?;
        Some(Self {
            template: template.strip_prefix(&root).ok()?.to_owned(),
            inside: file.strip_prefix(&root).ok()?.to_owned(),
            root,
            version,
            kind,
        })
    }

    /// The version's folder, or that of the template.
    pub(crate) fn scope(&self) -> PathBuf {
        self.version.as_ref().map_or_else(|| self.template.clone(), |version| self.template.join(version))
    }
}

fn kind_of(name: &str) -> Option<SchemaKind> {
    match name.strip_suffix(".tpl").unwrap_or(name) {
        "config.yml" => Some(SchemaKind::Config),
        "docker-compose.yml" => Some(SchemaKind::DockerCompose),
        "rancher-compose.yml" => Some(SchemaKind::RancherCompose),
        "project.yml" => Some(SchemaKind::Project),
        _ => None,
    }
}

/// The path of a file's address; `None` of any other.
pub(crate) fn path_of(uri: &Uri) -> Option<PathBuf> {
    let rest = uri.as_str().strip_prefix("file://")?;
    let path = &rest[rest.find('/')?..];
    let path = percent_decode_str(path.split(['?', '#']).next()?).decode_utf8().ok()?;
    (!path.contains('\0')).then(|| PathBuf::from(path.into_owned()))
}

/// All that is open, by its address.
#[derive(Debug, Default)]
pub(crate) struct Documents(BTreeMap<String, Document>);

impl Documents {
    pub(crate) fn put(&mut self, document: Document) {
        self.0.insert(document.uri.as_str().to_owned(), document);
    }

    pub(crate) fn close(&mut self, uri: &Uri) {
        self.0.remove(uri.as_str());
    }

    pub(crate) fn get(&self, uri: &Uri) -> Option<&Document> {
        self.0.get(uri.as_str())
    }

    /// Those of a template.
    pub(crate) fn of_template<'a>(&'a self, template: &'a Path) -> impl Iterator<Item = (&'a Document, &'a Place)> {
        let placed = self.0.values().filter_map(|document| Some((document, document.place.as_ref()?)));
        placed.filter(move |(_, place)| place.root.join(&place.template) == template)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_found_in_its_catalog_by_its_path_alone() {
        let place = Place::of(Path::new("/c/infra-templates/swarm/4/docker-compose.yml.tpl")).unwrap();
        assert_eq!(place.root, Path::new("/c"));
        assert_eq!(place.scope(), Path::new("infra-templates/swarm/4"));
        assert_eq!(place.kind, Some(SchemaKind::DockerCompose));
        let place = Place::of(Path::new("/c/templates/web/config.yml")).unwrap();
        assert_eq!((place.scope(), place.version), (PathBuf::from("templates/web"), None));
        for other in ["/c/templates/web/README.md", "/docker-compose.yml", "/a/docker-compose.yml"] {
            assert_eq!(Place::of(Path::new(other)), None, "{other}");
        }
    }

    #[test]
    fn the_address_of_a_file_is_a_path_and_no_other_is() {
        let path = |uri: &str| path_of(&uri.parse().unwrap());
        assert_eq!(path("file:///a%20b/%C3%A9%231/config.yml").as_deref(), Some(Path::new("/a b/é#1/config.yml")));
        assert_eq!(path("file://localhost/a/config.yml").as_deref(), Some(Path::new("/a/config.yml")));
        for other in ["untitled:x", "https://a.example/config.yml", "file:///a%00b", "file:///%ff"] {
            assert_eq!(path(other), None, "{other}");
        }
    }
}
