//! The branch at a remote: it is made, or it is there already.

use super::ReleaseError;
use super::base::Base;
use super::commit::{Content, content};
use super::refusal::Refusal;
use rancher_catalog::git::{Git, GitError};

/// Fetches one reference, as its refspec says, and touches nothing else in a clone.
pub(super) fn fetch(git: &Git, remote: &str, refspec: &str) -> Result<(), GitError> {
    let args = [
        "fetch",
        "--quiet",
        "--no-tags",
        "--no-write-fetch-head",
        "--refmap=",
        "--no-recurse-submodules",
        remote,
        refspec,
    ];
    git.speak(&args).map(drop)
}

/// The branch of a release at a remote, as it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteBranch {
    /// The remote.
    pub remote: String,
    /// The branch's name.
    pub name: String,
    /// Its commit; `None` if it is not there.
    pub commit: Option<String>,
}

impl RemoteBranch {
    /// Asks a remote for a branch, and whether what is built upon is still what it has.
    ///
    /// # Errors
    /// There is no such remote, it does not answer, or it has gone on.
    pub fn look(base: &Base, remote: &str, name: &str) -> Result<Self, ReleaseError> {
        if !base.git.remotes().contains(&remote) {
            return Err(Refusal::NoRemote(remote.to_owned()).into());
        }
        let reference = format!("refs/heads/{name}");
        let upstream = base.upstream.as_ref().filter(|upstream| upstream.remote == remote);
        let theirs = upstream.map(|upstream| format!("refs/heads/{}", upstream.branch));
        let mut args = vec!["ls-remote", "--quiet", remote, reference.as_str()];
        args.extend(theirs.as_deref());
        let listed = String::from_utf8_lossy(&base.git.speak(&args)?).into_owned();
        let at = |reference: &str| {
            listed.lines().find_map(|line| {
                let (commit, name) = line.split_once('\t')?;
                (name == reference).then(|| commit.to_owned())
            })
        };
        if let Some(theirs) = &theirs
            && at(theirs).is_some_and(|commit| commit != base.commit)
        {
            let branch = theirs.trim_start_matches("refs/heads/").to_owned();
            return Err(Refusal::RemoteWentOn { remote: remote.to_owned(), branch }.into());
        }
        Ok(Self { remote: remote.to_owned(), name: name.to_owned(), commit: at(&reference) })
    }

    /// Whether it holds a release already; its commit is fetched for that, and nothing else in the clone changes.
    ///
    /// # Errors
    /// The remote does not answer.
    pub fn holds(&self, base: &Base, wanted: &Content) -> Result<bool, ReleaseError> {
        let Some(commit) = &self.commit else { return Ok(false) };
        let there = |base: &Base| base.git.ask(&["cat-file", "-e", &format!("{commit}^{{commit}}")]);
        if there(base)?.is_none() {
            let reference = format!("refs/heads/{}", self.name);
            fetch(&base.git, &self.remote, &reference)?;
        }
        // It may have moved on since it was asked for.
        Ok(there(base)?.is_some() && content(&base.git, commit)?.as_ref() == Some(wanted))
    }

    /// Pushes a commit to it, if it is still what was seen; tells whether this was what made it so.
    ///
    /// # Errors
    /// It has changed, or the remote refuses.
    pub fn push(&self, base: &Base, commit: &str) -> Result<bool, ReleaseError> {
        let reference = format!("refs/heads/{}", self.name);
        let lease = format!("--force-with-lease={reference}:{}", self.commit.as_deref().unwrap_or_default());
        let change = format!("{commit}:{reference}");
        let args = [
            "push",
            "--porcelain",
            "--no-verify",
            "--no-follow-tags",
            "--recurse-submodules=no",
            &lease,
            &self.remote,
            &change,
        ];
        match base.git.speak(&args) {
            // Two runs within a second, by one person, make the same commit: for the second one there is nothing to push.
            Ok(output) => Ok(!output.split(|byte| *byte == b'\n').any(|line| line.starts_with(b"=\t"))),
            Err(error @ GitError::Refused { .. }) => {
                let now = Self::look(base, &self.remote, &self.name)?;
                if now.commit == self.commit {
                    Err(error.into())
                } else {
                    Err(Refusal::Overtaken(self.name.clone()).into())
                }
            }
            Err(other) => Err(other.into()),
        }
    }
}
