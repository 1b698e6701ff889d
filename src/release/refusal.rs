//! What a release refuses to do, and what to do instead.

use std::path::PathBuf;

use crate::text_edit::EditError;

/// A state in which nothing is released. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Something is not committed.
    #[error("the clone has changes that are not committed ({}): commit, stash or remove them", .0.join(", "))]
    Dirty(Vec<String>),
    /// There is no commit.
    #[error(
        "the clone has no commit yet: make a first one, such as a README.md, or name what to build upon with --base"
    )]
    Empty,
    /// The clone is on no branch.
    #[error(
        "the clone is on no branch (its HEAD is detached): name what to build upon with --base, such as --base origin/master"
    )]
    Detached,
    /// The base is not there.
    #[error("there is no `{0}` to build upon: fetch it, or name another --base")]
    NoBase(String),
    /// The base lacks commits of its upstream.
    #[error(
        "{base} is behind {upstream}: bring it up to date (git merge --ff-only {upstream}), or name --base {upstream}"
    )]
    Behind {
        /// The branch.
        base: String,
        /// Where it comes from.
        upstream: String,
    },
    /// The base has commits that its upstream has not.
    #[error(
        "{base} has commits that {upstream} has not, and the pull request would carry them: push them first, or name --base {upstream}"
    )]
    Ahead {
        /// The branch.
        base: String,
        /// Where it comes from.
        upstream: String,
    },
    /// Both have commits of their own.
    #[error("{base} and {upstream} have diverged: bring them together first, or name --base {upstream}")]
    Diverged {
        /// The branch.
        base: String,
        /// Where it comes from.
        upstream: String,
    },
    /// The remote has gone on.
    #[error(
        "{remote} has another commit at {branch} than the one to build upon: fetch it (git fetch {remote}) and bring the base up to date"
    )]
    RemoteWentOn {
        /// The remote.
        remote: String,
        /// Its branch.
        branch: String,
    },
    /// There is no such remote.
    #[error("the clone has no remote `{0}`: add it (git remote add {0} URL), or name another with --push")]
    NoRemote(String),
    /// The version is published, but is another one.
    #[error("{folder} has {version} already, as revision {revision}, and not as this program renders it ({}): what is published never changes; raise the version", files.join(", "))]
    PublishedDiffers {
        /// The template.
        folder: String,
        /// The version.
        version: String,
        /// Its revision.
        revision: String,
        /// The files that differ.
        files: Vec<String>,
    },
    /// A newer version is published.
    #[error(
        "{folder} has {newest} already, and {version} is lower: Rancher would offer no upgrade to it; raise the version"
    )]
    Lower {
        /// The template.
        folder: String,
        /// The version.
        version: String,
        /// The newest of the catalog.
        newest: String,
    },
    /// The branch's name is none.
    #[error("`{0}` is not the name of a branch: name another with --branch")]
    BranchName(String),
    /// The branch is the base.
    #[error("{0} is the branch to build upon: name another with --branch")]
    BranchIsBase(String),
    /// The branch is there and has other content.
    #[error(
        "the branch {0} is there already, with other content: remove it, name another with --branch, or replace it with --force-branch"
    )]
    BranchExists(String),
    /// The branch is checked out.
    #[error("the branch {branch} is checked out in {}: switch to another there first", worktree.display())]
    BranchCheckedOut {
        /// The branch.
        branch: String,
        /// Where.
        worktree: PathBuf,
    },
    /// The branch to commit upon is checked out.
    #[error(
        "{branch} is checked out in {}: commit where it comes from, with --push REMOTE, or make the revision in the work tree with `gen-catalog bump`",
        worktree.display()
    )]
    CommitCheckedOut {
        /// The branch.
        branch: String,
        /// Where.
        worktree: PathBuf,
    },
    /// What to commit upon is no branch of the clone.
    #[error("{0} is no branch of the clone: commit where it comes from, with --push REMOTE")]
    NoBranchHere(String),
    /// The branch to commit upon comes from another remote.
    #[error("{base} does not come from {remote}: name a branch of it with --base, such as --base {remote}/master")]
    OtherRemote {
        /// The branch.
        base: String,
        /// The remote that was named.
        remote: String,
    },
    /// The remote's branch is there and has other content.
    #[error(
        "{remote} has a branch {branch} already, with other content: another release may have been quicker; look at it, name another with --branch, or replace it with --force-branch"
    )]
    RemoteBranchExists {
        /// The remote.
        remote: String,
        /// The branch.
        branch: String,
    },
    /// The branch changed while it was about to be written.
    #[error(
        "another run changed the branch {0} at the same time, and was quicker: look at what it made, and run again"
    )]
    Overtaken(String),
    /// A file cannot be changed alone.
    #[error("{path}: {error}; fix it, or use --metadata for config.yml")]
    Edit {
        /// The file.
        path: String,
        /// Why not.
        error: EditError,
    },
    /// The check found errors.
    #[error(
        "the check found {errors} in the templates that would be released: fix them, or allow them with a reason in gen-catalog.toml"
    )]
    Check {
        /// How many, in words.
        errors: String,
    },
    /// Nobody is named as the author.
    #[error(
        "git does not know who you are ({0}): set user.name and user.email (git config), or GIT_AUTHOR_NAME, GIT_AUTHOR_EMAIL, GIT_COMMITTER_NAME and GIT_COMMITTER_EMAIL"
    )]
    NoAuthor(String),
}
