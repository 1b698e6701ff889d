//! How the files of a work tree differ from a commit: told from git's objects and index and from the files themselves,
//! read by us. Git would look at the same files through filters, which are programs of whoever set up the clone.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use sha1::{Digest, Sha1};
use sha2::Sha256;

use super::export::{Entry, Mode};
use super::{Git, GitError, parts, path_of};
use crate::beneath::{Beneath, Kind, NotRead};

/// The most of a file that is read to find whether it differs by the ends of its lines alone.
const MAX_CONVERTED_BYTES: u64 = 1 << 20;

/// The files of a work tree that are not as in a commit.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Differing {
    /// Those that the commit or the index has.
    pub known: BTreeSet<PathBuf>,
    /// Those that neither has; what git ignores is not among them.
    pub new: BTreeSet<PathBuf>,
}

impl Differing {
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &PathBuf> {
        self.known.iter().chain(&self.new)
    }
}

/// What the index has of a file.
struct Staged {
    mode: Mode,
    object: String,
    /// A sparse clone leaves it out of the work tree.
    left_out: bool,
}

impl Git {
    /// The files below some paths (of the root of the work tree; none: all) that are not as in a commit.
    ///
    /// # Errors
    /// There is no work tree, or git fails.
    pub fn changed_since(&self, commit: &str, paths: &[&str]) -> Result<Differing, GitError> {
        let io = |source| GitError::Io { command: "work tree".to_owned(), source };
        let top = self.top().ok_or_else(|| io(io::Error::other("a bare clone has none")))?;
        let files = Beneath::open(top).map_err(|error| io(error.into()))?;
        let before: BTreeMap<PathBuf, Entry> =
            self.entries(commit, paths)?.into_iter().map(|entry| (entry.path.clone(), entry)).collect();
        let staged = self.staged(paths)?;
        let known: BTreeSet<&PathBuf> = before.keys().chain(staged.keys()).collect();
        let is_same = |path: &PathBuf| -> bool {
            let Some(was) = before.get(path) else { return false };
            match staged.get(path) {
                Some(now) if now.left_out => now.object == was.object,
                now => {
                    let is_staged = now.is_some_and(|now| now.mode == was.mode && now.object == was.object);
                    match was.mode {
                        Mode::Repository => is_staged && is_clean(&top.join(path), &was.object),
                        _ => as_in(&files, was, is_staged),
                    }
                }
            }
        };
        let differing = known.par_iter().filter(|path| !is_same(path)).map(|path| (*path).clone()).collect();
        let mut new = Vec::new();
        let is_other = |path: &Path| before.get(path).is_some_and(|was| was.mode == Mode::Repository);
        match paths {
            [] => below(&files, Path::new(""), &is_other, &mut new),
            paths => paths.iter().for_each(|path| below(&files, Path::new(path), &is_other, &mut new)),
        }
        new.retain(|path| !known.contains(path));
        Ok(Differing { known: differing, new: self.not_ignored(new)?.into_iter().collect() })
    }

    fn staged(&self, paths: &[&str]) -> Result<BTreeMap<PathBuf, Staged>, GitError> {
        let mut args = vec!["ls-files", "--stage", "-t", "-z", "--full-name", "--"];
        args.extend(paths);
        let mut staged = BTreeMap::new();
        for line in parts(&self.run(&args)?) {
            let Some(tab) = line.iter().position(|byte| *byte == b'\t') else { continue };
            let head = String::from_utf8_lossy(&line[..tab]).into_owned();
            let [tag, mode, object, _] = head.split(' ').collect::<Vec<_>>()[..] else { continue };
            let entry = Staged { mode: Mode::of(mode), object: object.to_owned(), left_out: tag == "S" };
            staged.insert(path_of(&line[tab + 1..]), entry);
        }
        Ok(staged)
    }

    /// Those of some new files that git does not ignore.
    fn not_ignored(&self, files: Vec<PathBuf>) -> Result<Vec<PathBuf>, GitError> {
        let Some(top) = self.top().filter(|_| !files.is_empty()) else { return Ok(files) };
        // With this before it no name is taken for a pattern.
        let names: Vec<u8> =
            files.iter().flat_map(|file| [b"./", file.as_os_str().as_bytes(), b"\0"].concat()).collect();
        let top = top.to_string_lossy().into_owned();
        let args = ["-C", &top, "--work-tree", &top, "check-ignore", "-z", "--no-index", "--stdin"];
        let ignored: BTreeSet<PathBuf> = match self.feed(&args, &names) {
            Ok(output) => parts(&output).map(|name| path_of(name.strip_prefix(b"./").unwrap_or(name))).collect(),
            // So it says that none is.
            Err(GitError::Refused { message, .. }) if message.is_empty() => BTreeSet::new(),
            Err(other) => return Err(other),
        };
        Ok(files.into_iter().filter(|file| !ignored.contains(file)).collect())
    }
}

/// All that is no folder below a path. A repository that the commit names below is one of its own.
fn below(files: &Beneath, path: &Path, is_other: &dyn Fn(&Path) -> bool, found: &mut Vec<PathBuf>) {
    match files.kind(path) {
        Ok(Some(Kind::Folder)) => {}
        Ok(Some(_)) => return found.push(path.to_owned()),
        Ok(None) | Err(_) => return,
    }
    // What cannot be read is told by whoever reads it.
    let Ok(entries) = files.entries(path) else { return };
    for (name, kind) in entries {
        match kind {
            _ if name == ".git" => {}
            Kind::Folder if is_other(&path.join(&name)) => {}
            Kind::Folder => below(files, &path.join(name), is_other, found),
            _ => found.push(path.join(name)),
        }
    }
}

/// Whether a clone within a clone is at a commit and as that is; one that was never fetched is.
fn is_clean(folder: &Path, commit: &str) -> bool {
    match Git::at(folder) {
        Ok(git) if git.top() == Some(folder) => {
            let is_there = matches!(git.find_commit("HEAD"), Ok(Some(head)) if head == commit);
            is_there && git.changed_since(commit, &[]).is_ok_and(|changed| changed.iter().next().is_none())
        }
        Ok(_) => true,
        Err(_) => false,
    }
}

/// Whether a file of the work tree is what a commit has. One that the index has unchanged may have other ends of lines:
/// a clone can be set to such.
fn as_in(files: &Beneath, was: &Entry, is_staged: bool) -> bool {
    let same = || -> Result<bool, NotRead> {
        match was.mode {
            Mode::Link => {
                let target = files.target(&was.path)?;
                let target = target.as_os_str().as_bytes();
                Ok(object_of(&was.object, target.len() as u64, target).is_ok_and(|object| object == was.object))
            }
            Mode::File | Mode::Repository => {
                let (file, length) = files.file(&was.path)?;
                if object_of(&was.object, length, file).map_err(NotRead::Failed)? == was.object {
                    return Ok(true);
                }
                if !is_staged || length > MAX_CONVERTED_BYTES {
                    return Ok(false);
                }
                let text = String::from_utf8_lossy(&files.read(&was.path, MAX_CONVERTED_BYTES)?).replace("\r\n", "\n");
                let object = object_of(&was.object, text.len() as u64, text.as_bytes()).map_err(NotRead::Failed)?;
                Ok(object == was.object)
            }
        }
    };
    same().unwrap_or(false)
}

/// The name that git gives to a content of some length, by the hash of another name.
fn object_of(like: &str, length: u64, content: impl Read) -> io::Result<String> {
    fn hash<D: Digest>(length: u64, content: impl Read) -> io::Result<String> {
        let (mut hasher, mut buffer) = (D::new(), vec![0; 64 << 10]);
        hasher.update(format!("blob {length}\0"));
        // A file that grows meanwhile is not what the commit has.
        let mut content = content.take(length + 1);
        loop {
            match content.read(&mut buffer)? {
                0 => return Ok(crate::digest::hex(&hasher.finalize())),
                read => hasher.update(&buffer[..read]),
            }
        }
    }
    if like.len() == 64 { hash::<Sha256>(length, content) } else { hash::<Sha1>(length, content) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_has_gits_own_name() {
        let object = |like: &str| object_of(like, 6, &b"hello\n"[..]).unwrap();
        assert_eq!(object(""), "ce013625030ba8dba906f756967f9e9ca394464a");
        let sha256 = "2cf8d83d9ee29543b34a87727421fdecb7e3f3a183d337639025de576db9ebb4";
        assert_eq!(object(sha256), sha256);
    }
}
