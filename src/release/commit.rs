//! The commit, made without the clone's work tree, index and HEAD.

use std::path::PathBuf;

use super::ReleaseError;
use super::base::Base;
use super::refusal::Refusal;
use crate::catalog::Change;
use rancher_catalog::git::Git;
use rancher_catalog::temporary_folder::TemporaryFolder;

/// A branch of the clone, as it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// Its name.
    pub name: String,
    /// Its commit; `None` if it is not there.
    pub commit: Option<String>,
}

/// What a release's commit holds, and upon what: two commits that agree in both are the same release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// The tree.
    pub tree: String,
    /// The commit before.
    pub parent: String,
}

impl Branch {
    /// Looks at a branch that a release may be written to.
    ///
    /// # Errors
    /// Its name is none, or it is the one to build upon.
    pub fn look(base: &Base, name: &str) -> Result<Self, ReleaseError> {
        if base.git.ask(&["check-ref-format", &format!("refs/heads/{name}")])?.is_none() || name.starts_with('-') {
            return Err(Refusal::BranchName(name.to_owned()).into());
        }
        if name == base.name || base.upstream.as_ref().is_some_and(|upstream| upstream.branch == name) {
            return Err(Refusal::BranchIsBase(name.to_owned()).into());
        }
        let commit = base.git.ask(&["rev-parse", "--verify", "--quiet", &format!("refs/heads/{name}")])?;
        Ok(Self { name: name.to_owned(), commit })
    }

    /// Refuses one that a work tree is on: its files would no longer be those of its commit.
    ///
    /// # Errors
    /// It is.
    pub fn is_free(&self, git: &Git) -> Result<(), ReleaseError> {
        match checked_out(git, &self.name)? {
            Some(worktree) => Err(Refusal::BranchCheckedOut { branch: self.name.clone(), worktree }.into()),
            None => Ok(()),
        }
    }

    /// Moves it to a commit, if it is still what was seen.
    ///
    /// # Errors
    /// It has changed, or cannot be written.
    pub fn move_to(&self, git: &Git, commit: &str) -> Result<(), ReleaseError> {
        if self.commit.is_some() {
            self.is_free(git)?;
        }
        let reference = format!("refs/heads/{}", self.name);
        // Nothing stands for a branch that must not be there.
        let seen = self.commit.as_deref().unwrap_or_default();
        let moved = git.run(&["update-ref", "-m", "gen-catalog release", &reference, commit, seen]);
        match moved {
            Ok(_) => Ok(()),
            Err(error) => {
                let now = git.ask(&["rev-parse", "--verify", "--quiet", &reference])?;
                if now == self.commit { Err(error.into()) } else { Err(Refusal::Overtaken(self.name.clone()).into()) }
            }
        }
    }
}

/// The work tree in which a branch is checked out.
fn checked_out(git: &Git, branch: &str) -> Result<Option<PathBuf>, ReleaseError> {
    let listed = git.work_trees()?;
    let mut folder = None;
    for line in listed.lines() {
        if let Some(path) = line.strip_prefix("worktree ") {
            folder = Some(PathBuf::from(path));
        } else if line.strip_prefix("branch refs/heads/") == Some(branch) {
            return Ok(folder);
        }
    }
    Ok(None)
}

/// Writes the tree of the base with some files changed, and tells its name. Files are stored byte for byte, whatever
/// filters a clone is set to: what is published is what was rendered.
///
/// # Errors
/// The clone cannot be written.
pub fn tree<'c>(base: &Base, changes: impl IntoIterator<Item = &'c Change>) -> Result<Content, ReleaseError> {
    let folder = TemporaryFolder::new().map_err(|source| ReleaseError::Io { path: std::env::temp_dir(), source })?;
    let git = base.git.with_index(&folder.path().join("index"));
    git.run(&["read-tree", &base.commit])?;
    let mut entries = String::new();
    for change in changes {
        let path = base.path(&change.path);
        let content = change.after.as_deref().unwrap_or_default();
        let object = git.feed(&["hash-object", "-w", "--stdin", "--no-filters"], content)?;
        let object = String::from_utf8_lossy(&object).trim().to_owned();
        let listed = git.line(&["ls-tree", "--full-tree", "--format=%(objectmode)", &base.commit, "--", &path])?;
        let mode = if listed == "100755" || change.executable { "100755" } else { "100644" };
        entries.push_str(&format!("{mode} {object}\t{path}\n"));
    }
    git.feed(&["update-index", "--index-info"], entries.as_bytes())?;
    Ok(Content { tree: git.line(&["write-tree"])?, parent: base.commit.clone() })
}

/// Makes the commit. Author, committer and signature are git's own configuration.
///
/// # Errors
/// Git does not know the author, cannot sign, or the clone cannot be written.
pub fn commit(git: &Git, content: &Content, message: &str) -> Result<String, ReleaseError> {
    for identity in ["GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT"] {
        if let Err(rancher_catalog::git::GitError::Refused { message, .. }) = git.sign(&["var", identity]) {
            let first = message.lines().rfind(|line| !line.is_empty()).unwrap_or_default();
            return Err(Refusal::NoAuthor(first.trim_start_matches("fatal: ").to_owned()).into());
        }
    }
    let wanted = git.setting("commit.gpgsign").unwrap_or_default();
    let sign = ["true", "yes", "on", "1"].contains(&wanted.to_ascii_lowercase().as_str());
    let mut args = vec!["commit-tree", content.tree.as_str(), "-p", content.parent.as_str(), "-m", message];
    if sign {
        args.push("-S");
    }
    let made = git.sign(&args)?;
    Ok(String::from_utf8_lossy(&made).trim().to_owned())
}

/// What a commit holds, and upon what; `None` for one with several parents or none.
///
/// # Errors
/// The commit is not there.
pub fn content(git: &Git, commit: &str) -> Result<Option<Content>, ReleaseError> {
    let text = git.run(&["cat-file", "commit", commit])?;
    let text = String::from_utf8_lossy(&text);
    let head: Vec<&str> = text.lines().take_while(|line| !line.is_empty()).collect();
    let values = |key: &str| head.iter().filter_map(move |line| line.strip_prefix(key)).collect::<Vec<&str>>();
    Ok(match (&values("tree ")[..], &values("parent ")[..]) {
        ([tree], [parent]) => Some(Content { tree: (*tree).to_owned(), parent: (*parent).to_owned() }),
        _ => None,
    })
}

/// Whether a folder is one that git can write: told before anything is made, in words that say which.
///
/// # Errors
/// It is not.
pub fn writable(git: &Git) -> Result<(), ReleaseError> {
    let folder = git.objects();
    tempfile::tempfile_in(&folder).map(drop).map_err(|source| ReleaseError::Io { path: folder, source })
}
