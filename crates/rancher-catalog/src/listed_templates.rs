//! The templates in a listing of a catalog's files, as git has one of a commit.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use crate::catalog_service::FolderName;
use crate::template_folders::is_base;

/// Which templates are in folders whose name does not say so: the same that [`crate::source::templates_of`] finds in
/// folders that are there.
#[derive(Debug, Default)]
pub struct ListedTemplates {
    others: HashSet<PathBuf>,
}

impl ListedTemplates {
    /// The folders at the top of which a listing must tell whether they hold the template of a file. All paths are those
    /// from the catalog's root.
    pub fn to_list<'f>(files: impl IntoIterator<Item = &'f Path>) -> BTreeSet<PathBuf> {
        let top = |file: &'f Path| {
            let (top, template) = template_path(file)?;
            (!is_base(top) && !is_hidden(top) && !is_hidden(template)).then(|| PathBuf::from(top))
        };
        files.into_iter().filter_map(top).collect()
    }

    /// Takes the files of a commit; those of several add up.
    pub fn add<'f>(&mut self, files: impl IntoIterator<Item = &'f Path>) {
        let (mut with_config, mut with_version) = (HashSet::new(), HashSet::new());
        for file in files {
            let parts: Vec<&str> = file.iter().filter_map(|part| part.to_str()).collect();
            match parts.as_slice() {
                [top, template, "config.yml"] => {
                    with_config.insert(Path::new(top).join(template));
                }
                [top, template, version, "docker-compose.yml" | "docker-compose.yml.tpl" | "rancher-compose.yml"]
                    if !is_hidden(version) && !matches!(FolderName::of(version), FolderName::PassedOver) =>
                {
                    with_version.insert(Path::new(top).join(template));
                }
                _ => {}
            }
        }
        self.others.extend(with_config.intersection(&with_version).cloned());
    }

    /// The folder of the template that a file belongs to.
    pub fn folder_of(&self, file: &Path) -> Option<PathBuf> {
        let (top, template) = template_path(file)?;
        let folder = Path::new(top).join(template);
        (is_base(top) || self.others.contains(&folder)).then_some(folder)
    }
}

/// The folder at the top, and the one in it, of a file that is deeper.
fn template_path(file: &Path) -> Option<(&str, &str)> {
    let mut parts = file.iter();
    let (top, template) = (parts.next()?.to_str()?, parts.next()?.to_str()?);
    parts.next().map(|_| (top, template))
}

fn is_hidden(name: &str) -> bool {
    name.starts_with('.')
}
