//! Carrying a release out: the commit, the branch at a remote, the branch of the clone. In this order: until the last
//! step the clone is as it was, and that one is a single move of a reference.

use super::ReleaseError;
use super::base::Base;
use super::commit::{Branch, Content, commit, content};
use super::publish::RemoteBranch;
use super::refusal::Refusal;

/// Where a release goes.
#[derive(Debug, Clone)]
pub struct Target<'a> {
    /// The branch.
    pub branch: &'a str,
    /// A remote to push it to.
    pub remote: Option<&'a str>,
    /// Whether to replace what other content the branch has.
    pub force: bool,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// The commit of the release.
    pub commit: String,
    /// Whether the branch of the clone was made or moved.
    pub made: bool,
    /// Whether the branch was pushed.
    pub pushed: bool,
    /// What another run did meanwhile.
    pub notes: Vec<String>,
}

/// The branch as it is here and at the remote, before anything is done.
#[derive(Debug)]
pub struct Seen {
    branch: Branch,
    remote: Option<RemoteBranch>,
}

impl Seen {
    /// Looks, and changes nothing.
    ///
    /// # Errors
    /// The branch's name is none, or the remote does not answer.
    pub fn look(base: &Base, target: &Target<'_>) -> Result<Self, ReleaseError> {
        let branch = Branch::look(base, target.branch)?;
        let remote = target.remote.map(|remote| RemoteBranch::look(base, remote, target.branch)).transpose()?;
        Ok(Self { branch, remote })
    }
}

/// Where a release is already: the commit that holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    here: Option<String>,
    there: Option<String>,
}

impl Standing {
    /// Compares what was seen with what is wanted; nothing but objects is written.
    ///
    /// # Errors
    /// The branch has other content, here or there, or cannot be moved.
    pub fn judge(base: &Base, seen: &Seen, target: &Target<'_>, wanted: &Content) -> Result<Self, ReleaseError> {
        let here = held(base, &seen.branch, wanted)?;
        if here.is_none() && seen.branch.commit.is_some() {
            if !target.force {
                return Err(Refusal::BranchExists(seen.branch.name.clone()).into());
            }
            seen.branch.is_free(&base.git)?;
        }
        let there = match &seen.remote {
            Some(remote) if remote.holds(base, wanted)? => remote.commit.clone(),
            Some(remote) if remote.commit.is_some() && !target.force => {
                let (remote, branch) = (remote.remote.clone(), remote.name.clone());
                return Err(Refusal::RemoteBranchExists { remote, branch }.into());
            }
            _ => None,
        };
        Ok(Self { here, there })
    }

    /// Whether there is nothing to do: a clone without the branch needs none where the remote has it.
    pub fn is_done(&self, seen: &Seen) -> bool {
        self.there.is_some() || (self.here.is_some() && seen.remote.is_none())
    }
}

/// The commit of a branch, if it holds what is wanted.
fn held(base: &Base, branch: &Branch, wanted: &Content) -> Result<Option<String>, ReleaseError> {
    match &branch.commit {
        Some(commit) if content(&base.git, commit)?.as_ref() == Some(wanted) => Ok(Some(commit.clone())),
        _ => Ok(None),
    }
}

/// Carries a release out.
///
/// # Errors
/// Another run was quicker with other content; git fails. The clone is then as it was.
pub fn execute(
    base: &Base,
    seen: &Seen,
    standing: Standing,
    wanted: &Content,
    message: &str,
) -> Result<Done, ReleaseError> {
    let git = &base.git;
    let Standing { here, there } = standing;
    // One and the same commit here and there, whoever made it.
    let known = there.clone().or_else(|| here.clone());
    let mut done = Done { commit: String::new(), made: false, pushed: false, notes: Vec::new() };
    done.commit = match known {
        Some(commit) => commit,
        None => commit(git, wanted, message)?,
    };
    if let (Some(remote), None) = (&seen.remote, &there) {
        match remote.push(base, &done.commit) {
            Ok(pushed) => {
                done.pushed = pushed;
                if !pushed {
                    done.notes.push(overtaken_at(&remote.remote));
                }
            }
            Err(ReleaseError::Refused(Refusal::Overtaken(_))) => {
                let now = RemoteBranch::look(base, &remote.remote, &remote.name)?;
                if !now.holds(base, wanted)? {
                    let (remote, branch) = (now.remote, now.name);
                    return Err(Refusal::RemoteBranchExists { remote, branch }.into());
                }
                done.notes.push(overtaken_at(&now.remote));
                done.commit = now.commit.unwrap_or(done.commit);
            }
            Err(other) => return Err(other),
        }
    }
    // Where the remote has it already, a clone without the branch needs none.
    if here.is_none() && there.is_none() {
        match seen.branch.move_to(git, &done.commit) {
            Ok(()) => done.made = true,
            Err(ReleaseError::Refused(Refusal::Overtaken(name))) => {
                let now = Branch::look(base, &name)?;
                let Some(commit) = held(base, &now, wanted)? else { return Err(Refusal::Overtaken(name).into()) };
                done.notes.push(
                    "another run made the same release in this clone at the same time, and was quicker".to_owned(),
                );
                done.commit = commit;
            }
            Err(other) => return Err(other),
        }
    }
    Ok(done)
}

fn overtaken_at(remote: &str) -> String {
    format!("another run pushed the same release to {remote} at the same time, and was quicker")
}
