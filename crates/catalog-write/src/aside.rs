//! A catalog of its own in a temporary folder: what is about to be written is checked there first.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use catalog_check::config::FILE_NAME;
use catalog_check::{CheckOptions, Checked, check};
use rancher_catalog::temporary_folder::TemporaryFolder;

/// Why something cannot be checked aside.
#[derive(Debug, thiserror::Error)]
#[error("{}: {reason}", path.display())]
pub struct AsideError {
    /// What cannot be written or looked at.
    pub path: PathBuf,
    /// Why not.
    pub reason: io::Error,
}

/// A catalog in a temporary folder, which goes when this does.
#[derive(Debug)]
pub struct Aside {
    folder: TemporaryFolder,
}

impl Aside {
    /// An empty one.
    ///
    /// # Errors
    /// There can be no temporary folder.
    pub fn new() -> Result<Self, AsideError> {
        let folder = TemporaryFolder::new().map_err(failed(&std::env::temp_dir()))?;
        Ok(Self { folder })
    }

    /// Where a path in it is.
    pub fn path(&self, inside: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(inside)
    }

    /// Writes a file, by its path in the catalog.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn put(&self, inside: impl AsRef<Path>, content: &[u8]) -> Result<(), AsideError> {
        let path = self.path(inside);
        let above = path.parent().unwrap_or(&path).to_owned();
        fs::create_dir_all(&above).and_then(|()| fs::write(&path, content)).map_err(failed(&path))
    }

    /// Lets it allow what a gen-catalog.toml allows, where that can be read.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn allow_as(&self, config: &Path) -> Result<(), AsideError> {
        fs::read(config).map_or(Ok(()), |allowed| self.put(FILE_NAME, &allowed))
    }

    /// What the check says of a template in it, or of a version, with the paths of that in the catalog. What is said of all else is left out: the
    /// rest of the catalog is not here.
    ///
    /// # Errors
    /// The template cannot be looked at.
    pub fn check(&self, template: impl AsRef<Path>, options: &CheckOptions) -> Result<Checked, AsideError> {
        let template = template.as_ref();
        let here = self.path(template);
        let mut checked = check(std::slice::from_ref(&here), options).map_err(failed(&here))?;
        checked.findings.retain_mut(|finding| match finding.path.strip_prefix(&here) {
            Ok(inside) => {
                finding.path = template.join(inside);
                true
            }
            Err(_) => false,
        });
        Ok(checked)
    }
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> AsideError {
    let path = path.to_owned();
    move |reason| AsideError { path, reason }
}
