//! The files that are copied into a new revision, and those beside the revisions that change with it.

use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::BumpError;
use crate::catalog::CatalogRoot;
use rancher_catalog::beneath::{Beneath, NotRead};
use rancher_catalog::source::{MAX_FILE_BYTES, TemplateSource, VersionSource};

/// The most that is read of a file that is copied.
const MAX_COPIED_BYTES: u64 = 64 << 20;

/// A file of the revision that the new one is made from, and what it becomes.
pub(super) struct Copied {
    /// Its path in the revision.
    pub name: String,
    pub before: Vec<u8>,
    pub after: Vec<u8>,
    pub executable: bool,
}

impl Copied {
    pub fn base_name(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or_default()
    }

    pub fn is_compose(&self) -> bool {
        let name = self.base_name().trim_end_matches(".tpl");
        matches!(name, "docker-compose.yml" | "rancher-compose.yml" | "docker-compose.yaml" | "rancher-compose.yaml")
    }

    /// Whether it is one; what is larger than any file that Rancher's authors write is copied as it is.
    pub fn is_readme(&self) -> bool {
        is_readme(self.base_name()) && self.before.len() as u64 <= MAX_FILE_BYTES
    }
}

pub(super) fn is_readme(name: &str) -> bool {
    name.to_lowercase().starts_with("readme")
}

fn read(beneath: &Beneath, root: &CatalogRoot, folder: &str, name: String) -> Result<Copied, BumpError> {
    let path = format!("{folder}/{name}");
    let full = root.folder().join(&path);
    let cannot = |cause: NotRead| BumpError::Io { path: full.clone(), reason: cause.to_string() };
    let (file, length) = beneath.file(Path::new(&path)).map_err(cannot)?;
    if length > MAX_COPIED_BYTES {
        return Err(cannot(NotRead::TooLarge(MAX_COPIED_BYTES)));
    }
    let failed = |error: std::io::Error| cannot(NotRead::Failed(error));
    let executable = file.metadata().map_err(failed)?.permissions().mode() & 0o100 != 0;
    let mut before = Vec::new();
    file.take(MAX_COPIED_BYTES).read_to_end(&mut before).map_err(failed)?;
    Ok(Copied { name, after: before.clone(), before, executable })
}

fn open(root: &CatalogRoot) -> Result<Beneath, BumpError> {
    let cannot = |cause: NotRead| BumpError::Io { path: root.folder().to_owned(), reason: cause.to_string() };
    Beneath::open(root.folder()).map_err(cannot)
}

pub(super) fn copied(root: &CatalogRoot, folder: &str, version: &VersionSource) -> Result<Vec<Copied>, BumpError> {
    let beneath = open(root)?;
    let folder = format!("{folder}/{}", version.name);
    version.files.iter().map(|name| read(&beneath, root, &folder, name.clone())).collect()
}

/// The files beside the versions that may name an image or a version: config.yml and README.
pub(super) fn beside(root: &CatalogRoot, template: &TemplateSource, folder: &str) -> Result<Vec<Copied>, BumpError> {
    let beneath = open(root)?;
    let config = template.config.iter().filter_map(|config| config.path.strip_prefix(&template.path).ok());
    let config = config.map(|path| path.to_string_lossy().into_owned());
    let readmes = template.other_files.iter().filter(|name| is_readme(name)).cloned();
    readmes.chain(config).map(|name| read(&beneath, root, folder, name)).collect()
}
