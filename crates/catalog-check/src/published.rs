//! Which revisions are published, as far as git knows: no fix may change them unasked.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::since::ChangedError;
use rancher_catalog::git::Git;
use rancher_catalog::model::Revision;
use rancher_catalog::source::base_above;

/// The folders of revisions that a commit has.
#[derive(Debug, Default)]
pub struct Published {
    folders: HashSet<PathBuf>,
    /// Paths that are in no clone: there nothing is known to be published.
    pub outside: bool,
}

impl Published {
    /// Those of the repositories that paths are in: what the reference has, or else HEAD. In a repository without a
    /// commit, and outside of any, none is known.
    ///
    /// # Errors
    /// A path is in a clone that git cannot read, or the reference is not there.
    pub fn of(paths: &[PathBuf], reference: Option<&str>) -> Result<Self, ChangedError> {
        let mut published = Self::default();
        let mut seen = HashSet::new();
        for path in paths {
            let Some(top) = repository_of(&std::path::absolute(path)?) else {
                published.outside = true;
                continue;
            };
            if !seen.insert(top.clone()) {
                continue;
            }
            // That this is a clone at all must hold, else nothing would be known of what is published.
            let git = Git::at(&top)?;
            let commit = match (git.find_commit(reference.unwrap_or("HEAD"))?, reference) {
                (Some(commit), _) => commit,
                (None, Some(reference)) => return Err(ChangedError::NoCommit(reference.to_owned())),
                (None, None) => continue,
            };
            let folders = git.names(&["ls-tree", "-r", "-d", "-z", "--name-only", "--full-tree", &commit])?;
            published
                .folders
                .extend(folders.into_iter().filter(|folder| is_revision(folder)).map(|folder| top.join(folder)));
        }
        Ok(published)
    }

    /// Whether a file is in a revision that is published.
    pub fn holds(&self, file: &Path) -> bool {
        file.ancestors().skip(1).any(|folder| self.folders.contains(folder))
    }
}

/// The root of the repository that a path is in, as the path names it. It is never within a catalog: what lies there came
/// with it.
pub fn repository_of(path: &Path) -> Option<PathBuf> {
    catalog_of(path).ancestors().find(|folder| folder.join(".git").exists()).map(Path::to_owned)
}

/// The root of the catalog that a path is in; the path itself where that is a catalog, or in none.
pub(super) fn catalog_of(path: &Path) -> &Path {
    base_above(path).and_then(Path::parent).unwrap_or(path)
}

fn is_revision(folder: &Path) -> bool {
    folder.file_name().is_some_and(|name| Revision::from_folder_name(&name.to_string_lossy()).is_some())
}
