//! What a release builds upon: a commit of the clone, by a name, checked against where it comes from.

use std::path::{Path, PathBuf};

use super::ReleaseError;
use super::refusal::Refusal;
use crate::catalog::CatalogError;
use catalog_check::config::FILE_NAME;
use rancher_catalog::git::Git;
use rancher_catalog::source::{catalog_above, is_base};

/// The most names of changed files that are told.
const TOLD: usize = 5;

/// A clone of a catalog, ready to be built upon.
#[derive(Debug, Clone)]
pub struct Base {
    /// Git, at the root of the clone.
    pub git: Git,
    /// The catalog's folder in the clone: empty, or ends in `/`.
    pub prefix: String,
    /// What was named: a branch, or any reference.
    pub name: String,
    /// The commit.
    pub commit: String,
    /// The branch of a remote that it stands for.
    pub upstream: Option<Upstream>,
}

/// A branch of a remote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    /// The remote.
    pub remote: String,
    /// The branch there.
    pub branch: String,
}

impl Base {
    /// Where a gen-catalog.toml may stand that is the catalog's: in its folder, and in those above it in the clone.
    pub fn configs(&self) -> impl Iterator<Item = String> {
        let catalog = Path::new(&self.prefix).to_owned();
        let folders: Vec<PathBuf> = catalog.ancestors().map(Path::to_owned).collect();
        folders.into_iter().map(|folder| folder.join(FILE_NAME).to_string_lossy().into_owned())
    }

    /// Looks at a clone, and finds what to build upon: what is named, or else the branch that it is on.
    ///
    /// # Errors
    /// It is no clone; it is dirty; or there is nothing to build upon.
    pub fn find(catalog: &Path, named: Option<&str>) -> Result<Self, ReleaseError> {
        let base = Self::look(catalog, named)?;
        base.agrees_with_upstream()?;
        Ok(base)
    }

    /// The same of a branch that goes on by itself: it may have commits that its upstream has not.
    ///
    /// # Errors
    /// As [`Base::find`].
    pub fn find_ahead(catalog: &Path, named: Option<&str>) -> Result<Self, ReleaseError> {
        let base = Self::look(catalog, named)?;
        match base.agrees_with_upstream() {
            Ok(()) | Err(ReleaseError::Refused(Refusal::Ahead { .. })) => Ok(base),
            Err(other) => Err(other),
        }
    }

    fn look(catalog: &Path, named: Option<&str>) -> Result<Self, ReleaseError> {
        if let Some(above) = catalog_above(catalog) {
            return Err(CatalogError::Within { folder: catalog.to_owned(), catalog: above }.into());
        }
        let git = Git::at(catalog)?;
        let prefix = git.prefix().to_owned();
        if git.top().is_some() {
            clean(&git)?;
        }
        let name = match named {
            Some(name) => name.to_owned(),
            None => match git.ask(&["symbolic-ref", "--quiet", "--short", "HEAD"])? {
                Some(branch) => branch,
                None => return Err(Refusal::Detached.into()),
            },
        };
        let Some(commit) = git.find_commit(&name)? else {
            let empty = git.ask(&["rev-parse", "--verify", "--quiet", "HEAD"])?.is_none();
            return Err(if named.is_none() && empty { Refusal::Empty } else { Refusal::NoBase(name) }.into());
        };
        Ok(Self { upstream: upstream(&git, &name)?, git, prefix, name, commit })
    }

    fn agrees_with_upstream(&self) -> Result<(), ReleaseError> {
        let Some(Upstream { remote, branch }) = &self.upstream else { return Ok(()) };
        let (base, upstream) = (self.name.clone(), format!("{remote}/{branch}"));
        let Some(theirs) = self.git.ask(&["rev-parse", "--verify", "--quiet", &format!("refs/remotes/{upstream}")])?
        else {
            return Ok(());
        };
        if theirs == self.commit {
            return Ok(());
        }
        let within = |one: &str, other: &str| self.git.ask(&["merge-base", "--is-ancestor", one, other]);
        let refusal = if within(&self.commit, &theirs)?.is_some() {
            Refusal::Behind { base, upstream }
        } else if within(&theirs, &self.commit)?.is_some() {
            Refusal::Ahead { base, upstream }
        } else {
            Refusal::Diverged { base, upstream }
        };
        Err(refusal.into())
    }

    /// A path of the catalog as a path of the clone.
    pub fn path(&self, in_catalog: &str) -> String {
        format!("{}{in_catalog}", self.prefix)
    }
}

/// The branch of a remote that a name stands for: that which a local branch follows, or the name itself.
pub(super) fn upstream(git: &Git, name: &str) -> Result<Option<Upstream>, ReleaseError> {
    let full = git
        .ask(&["rev-parse", "--verify", "--quiet", "--symbolic-full-name", "--end-of-options", name])?
        .unwrap_or_default();
    if let Some(branch) = full.strip_prefix("refs/heads/") {
        let set = |key: &str| git.setting(&format!("branch.{branch}.{key}"));
        return Ok(match (set("remote"), set("merge")) {
            (Some(remote), Some(merge)) if remote != "." => {
                let branch = merge.trim_start_matches("refs/heads/").to_owned();
                Some(Upstream { remote: remote.to_owned(), branch })
            }
            _ => None,
        });
    }
    let Some(rest) = full.strip_prefix("refs/remotes/") else { return Ok(None) };
    let found = git.remotes().into_iter().find_map(|remote| {
        let branch = rest.strip_prefix(remote)?.strip_prefix('/')?;
        Some(Upstream { remote: remote.to_owned(), branch: branch.to_owned() })
    });
    Ok(found)
}

/// Refuses a clone with changes that a release would pass over: to files that git knows, or new ones among templates.
/// Other new files (a text for the pull request, what a build left) are nobody's mistake.
fn clean(git: &Git) -> Result<(), ReleaseError> {
    let Some(head) = git.find_commit("HEAD")? else { return Ok(()) };
    let changed = git.changed_since(&head, &[])?;
    let among_templates = |path: &PathBuf| path.iter().any(|part| is_base(&part.to_string_lossy()));
    let wanted = changed.new.iter().filter(|path| among_templates(path));
    let mut told: Vec<String> =
        changed.known.iter().chain(wanted).map(|path| path.to_string_lossy().into_owned()).collect();
    if told.is_empty() {
        return Ok(());
    }
    let more = told.len().saturating_sub(TOLD);
    told.truncate(TOLD);
    if more > 0 {
        told.push(format!("and {more} more"));
    }
    Err(Refusal::Dirty(told).into())
}
