//! A commit right on the branch of a remote, for catalogs without pull requests: one push, which is taken whole or not at
//! all. Where another push came first, what is built upon is fetched anew.

use std::path::Path;

use super::ReleaseError;
use super::base::{Base, Upstream};
use super::publish::{RemoteBranch, fetch};
use super::refusal::Refusal;
use rancher_catalog::git::Git;

/// The branch of a remote as it is now: fetched, and nothing else in the clone touched.
///
/// # Errors
/// There is no such remote or branch, or it does not answer.
pub fn fetched(catalog: &Path, named: Option<&str>, remote: &str) -> Result<Base, ReleaseError> {
    let git = Git::at(catalog)?;
    if !git.remotes().contains(&remote) {
        return Err(Refusal::NoRemote(remote.to_owned()).into());
    }
    let name = match named {
        Some(name) => name.to_owned(),
        None => match git.ask(&["symbolic-ref", "--quiet", "--short", "HEAD"])? {
            Some(branch) => branch,
            None => return Err(Refusal::Detached.into()),
        },
    };
    let branch = match super::base::upstream(&git, &name)? {
        Some(upstream) if upstream.remote == remote => upstream.branch,
        Some(_) => return Err(Refusal::OtherRemote { base: name, remote: remote.to_owned() }.into()),
        None => name.strip_prefix(&format!("{remote}/")).unwrap_or(&name).to_owned(),
    };
    if git.ask(&["check-ref-format", &format!("refs/heads/{branch}")])?.is_none() || branch.starts_with('-') {
        return Err(Refusal::BranchName(branch).into());
    }
    let refspec = format!("+refs/heads/{branch}:refs/remotes/{remote}/{branch}");
    fetch(&git, remote, &refspec)?;
    let mut base = Base::find(catalog, Some(&format!("refs/remotes/{remote}/{branch}")))?;
    base.name = format!("{remote}/{branch}");
    base.upstream = Some(Upstream { remote: remote.to_owned(), branch });
    Ok(base)
}

/// Pushes a commit upon what was fetched; tells whether it was taken, and not another one first.
///
/// # Errors
/// The remote refuses it for another reason, or does not answer.
pub fn push(base: &Base, commit: &str) -> Result<bool, ReleaseError> {
    let Some(Upstream { remote, branch }) = base.upstream.clone() else {
        return Err(Refusal::NoBase(base.name.clone()).into());
    };
    let seen = RemoteBranch { remote, name: branch, commit: Some(base.commit.clone()) };
    match seen.push(base, commit) {
        Ok(_) => Ok(true),
        Err(ReleaseError::Refused(Refusal::Overtaken(_) | Refusal::RemoteWentOn { .. })) => Ok(false),
        Err(other) => Err(other),
    }
}

/// Moves a branch of the clone to a commit upon it, if it is still what was built upon; tells whether it did.
///
/// # Errors
/// A work tree is on it, or it cannot be written.
pub fn move_here(base: &Base, commit: &str) -> Result<bool, ReleaseError> {
    let reference = format!("refs/heads/{}", base.name);
    if base.git.ask(&["rev-parse", "--verify", "--quiet", &reference])?.is_none() {
        return Err(Refusal::NoBranchHere(base.name.clone()).into());
    }
    let branch = super::commit::Branch { name: base.name.clone(), commit: Some(base.commit.clone()) };
    match branch.move_to(&base.git, commit) {
        Ok(()) => Ok(true),
        Err(ReleaseError::Refused(Refusal::Overtaken(_))) => Ok(false),
        Err(ReleaseError::Refused(Refusal::BranchCheckedOut { branch, worktree })) => {
            Err(Refusal::CommitCheckedOut { branch, worktree }.into())
        }
        Err(other) => Err(other),
    }
}
