//! The templates that differ between two references of a catalog's clone.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rancher_catalog::git::{Git, GitError};
use rancher_catalog::listed_templates::ListedTemplates;
use rancher_catalog::source::{TemplateSource, catalog_above};
use rancher_catalog::temporary_folder::TemporaryFolder;

use super::comparison::TemplateComparison;

/// Why two references cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// Git fails.
    #[error(transparent)]
    Git(#[from] GitError),
    /// What was named is a folder within the catalog.
    #[error("this is a folder within a catalog: name the catalog itself, which is {}, with --catalog", .0.display())]
    Within(PathBuf),
    /// A path is in neither commit.
    #[error("neither of the two has {path}")]
    Nowhere {
        /// The path.
        path: String,
        /// The templates that there are.
        known: Vec<String>,
    },
}

/// Compares the templates of two references of a clone; of one folder of it, if one is named.
///
/// # Errors
/// The folder is in no clone, a reference is not there, or git fails.
pub fn compare(
    catalog: &Path,
    before: &str,
    after: &str,
    only: Option<&str>,
) -> Result<Vec<TemplateComparison>, CompareError> {
    if let Some(catalog) = catalog_above(catalog) {
        return Err(CompareError::Within(catalog));
    }
    let git = Git::at(catalog)?;
    let (before, after) = (git.commit(before)?, git.commit(after)?);
    let prefix = git.prefix().to_owned();
    let mut args = vec!["diff-tree", "-r", "--name-only", "--no-renames", "-z", &before, &after, "--"];
    let below = format!("{prefix}{}", only.unwrap_or_default());
    let below = below.trim_end_matches('/');
    if !below.is_empty() {
        args.push(below);
    }
    if let Some(only) = only {
        let listed = |commit: &str, path: &str| {
            let args = ["ls-tree", "-r", "-z", "--name-only", "--full-tree", commit, "--", path];
            git.names(if path.is_empty() { &args[..7] } else { &args })
        };
        if listed(&before, below)?.is_empty() && listed(&after, below)?.is_empty() {
            let files = listed(&after, &prefix)?;
            let files = || files.iter().filter_map(|file| file.strip_prefix(&prefix).ok());
            let mut templates = ListedTemplates::default();
            templates.add(files());
            let known: BTreeSet<PathBuf> = files().filter_map(|file| templates.folder_of(file)).collect();
            let known = known.iter().map(|folder| folder.to_string_lossy().into_owned()).collect();
            return Err(CompareError::Nowhere { path: only.to_owned(), known });
        }
    }
    let changed = git.names(&args)?;
    let changed = || changed.iter().filter_map(|file| file.strip_prefix(&prefix).ok());
    let mut templates = ListedTemplates::default();
    for top in ListedTemplates::to_list(changed()) {
        let top = format!("{prefix}{}", top.to_string_lossy());
        for commit in [&before, &after] {
            let files = git.names(&["ls-tree", "-r", "-z", "--name-only", "--full-tree", commit, "--", &top])?;
            templates.add(files.iter().filter_map(|file| file.strip_prefix(&prefix).ok()));
        }
    }
    let folders: BTreeSet<PathBuf> = changed().filter_map(|file| templates.folder_of(file)).collect();
    let folder = |source| GitError::Io { command: "diff-tree".to_owned(), source };
    let (old, new) = (TemporaryFolder::new().map_err(folder)?, TemporaryFolder::new().map_err(folder)?);
    let paths: Vec<String> = folders.iter().map(|folder| format!("{prefix}{}", folder.to_string_lossy())).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    if paths.is_empty() {
        return Ok(Vec::new());
    }
    git.export(&before, &paths, old.path())?;
    git.export(&after, &paths, new.path())?;
    let read = |root: &Path, folder: &Path| TemplateSource::read(&root.join(&prefix).join(folder));
    let compared = folders.iter().map(|folder| {
        let name = folder.to_string_lossy().into_owned();
        TemplateComparison::named(name, &read(old.path(), folder), &read(new.path(), folder))
    });
    Ok(compared.filter(|comparison| !comparison.is_empty()).collect())
}
