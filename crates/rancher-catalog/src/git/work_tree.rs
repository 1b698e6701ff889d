//! How the files of a work tree differ from a commit: told from git's objects and index and from the files themselves,
//! read by us. Git would look at the same files through filters, which are programs of whoever set up the clone.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use sha1::{Digest, Sha1};
use sha2::Sha256;

use super::export::{Entry, Mode};
use super::{Git, GitError, parts, path_of};
use crate::beneath::{Beneath, Kind, NotRead, Stamp};

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
    /// What the file was like when the index was written.
    stamp: Option<Stamp>,
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
        let staged = self.staged(paths)?;
        let before = self.committed(commit, paths, &staged)?;
        let known: HashSet<&PathBuf> = before.keys().chain(staged.keys()).collect();
        let is_other = |path: &Path| before.get(path).is_some_and(|was| was.mode == Mode::Repository);
        let mut found = HashMap::new();
        match paths {
            [] => below(&files, Path::new(""), &is_other, &mut found),
            paths => paths.iter().for_each(|path| below(&files, Path::new(path), &is_other, &mut found)),
        }
        let indexed = self.index_written();
        // One that was written within the same moment as the index may have been written after it.
        let is_untouched = |path: &PathBuf, staged: &Staged| {
            let stamp =
                found.get(path).copied().flatten().filter(|stamp| indexed.is_some_and(|at| stamp.modified < at));
            stamp.is_some() && stamp == staged.stamp
        };
        let is_same = |path: &PathBuf| -> bool {
            let Some(was) = before.get(path) else { return false };
            match staged.get(path) {
                Some(now) if now.left_out => now.object == was.object,
                now => {
                    let is_staged = now.is_some_and(|now| now.mode == was.mode && now.object == was.object);
                    match was.mode {
                        Mode::Repository => is_staged && is_clean(&top.join(path), &was.object),
                        _ if is_staged && now.is_some_and(|now| is_untouched(path, now)) => true,
                        _ => as_in(&files, was, is_staged),
                    }
                }
            }
        };
        let differing = known.par_iter().filter(|path| !is_same(path)).map(|path| (*path).clone()).collect();
        let new: Vec<PathBuf> = found.into_keys().filter(|path| !known.contains(path)).collect();
        Ok(Differing { known: differing, new: self.not_ignored(new)?.into_iter().collect() })
    }

    /// What a commit has, by how the index differs from it: that is quicker to tell than all of a large commit.
    fn committed(
        &self,
        commit: &str,
        paths: &[&str],
        staged: &HashMap<PathBuf, Staged>,
    ) -> Result<HashMap<PathBuf, Entry>, GitError> {
        let mut args = vec!["diff-index", "--cached", "--raw", "-z", "--no-renames", "--no-abbrev", commit, "--"];
        args.extend(paths);
        let output = self.run(&args)?;
        let mut before: HashMap<PathBuf, Entry> = staged
            .iter()
            .map(|(path, now)| (path.clone(), Entry { mode: now.mode, object: now.object.clone(), path: path.clone() }))
            .collect();
        let mut words = parts(&output);
        while let (Some(head), Some(path)) = (words.next(), words.next()) {
            let (head, path) = (String::from_utf8_lossy(head).into_owned(), path_of(path));
            let [mode, _, object, _, status] = head.split(' ').collect::<Vec<_>>()[..] else { continue };
            match status {
                "A" => drop(before.remove(&path)),
                // Of what is not merged the index has several.
                "U" => {
                    let all = self.entries(commit, paths)?;
                    return Ok(all.into_iter().map(|entry| (entry.path.clone(), entry)).collect());
                }
                _ => {
                    let entry = Entry { mode: Mode::of(mode.trim_start_matches(':')), object: object.to_owned(), path };
                    before.insert(entry.path.clone(), entry);
                }
            }
        }
        Ok(before)
    }

    fn staged(&self, paths: &[&str]) -> Result<HashMap<PathBuf, Staged>, GitError> {
        let mut args = vec!["ls-files", "--stage", "-t", "--debug", "-z", "--full-name", "--"];
        args.extend(paths);
        let mut staged = HashMap::new();
        let output = self.run(&args)?;
        let mut parts = parts(&output);
        let mut rest = parts.next().unwrap_or_default();
        // What a file was like stands behind its path, before the next one.
        for next in parts.chain([&b""[..]]) {
            let (stamp, after) = stamp_of(next);
            if let Some(tab) = rest.iter().position(|byte| *byte == b'\t') {
                let head = String::from_utf8_lossy(&rest[..tab]).into_owned();
                if let [tag, mode, object, _] = head.split(' ').collect::<Vec<_>>()[..] {
                    let (mode, object, left_out) = (Mode::of(mode), object.to_owned(), tag == "S");
                    staged.insert(path_of(&rest[tab + 1..]), Staged { mode, object, left_out, stamp });
                }
            }
            rest = after;
        }
        Ok(staged)
    }

    /// When the index was written.
    fn index_written(&self) -> Option<(u32, u32)> {
        let found = std::fs::metadata(self.index()).ok()?;
        Some((u32::try_from(found.mtime()).ok()?, u32::try_from(found.mtime_nsec()).ok()?))
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

/// Takes what a file was like, as `ls-files --debug` tells it in lines, off what stands behind the file's path. Git promises
/// nothing of these lines: of what cannot be read the files themselves are.
fn stamp_of(text: &[u8]) -> (Option<Stamp>, &[u8]) {
    let is_told = text.starts_with(b"  ctime: ");
    let last = text.windows(7).position(|word| word == b"flags: ").filter(|_| is_told);
    let Some(last) = last else { return (None, text) };
    let end = text[last..].iter().position(|byte| *byte == b'\n').map_or(text.len(), |at| last + at + 1);
    let told = String::from_utf8_lossy(&text[..last]);
    let value = |name: &str| told.split_once(name).and_then(|(_, rest)| rest.split_whitespace().next());
    let time = |name: &str| {
        let (seconds, fraction) = value(name)?.split_once(':')?;
        Some((seconds.parse().ok()?, fraction.parse().ok()?))
    };
    let number = |name: &str| value(name)?.parse().ok();
    let stamp = || {
        let (changed, modified) = (time("ctime: ")?, time("mtime: ")?);
        Some(Stamp { changed, modified, inode: number("ino: ")?, length: number("size: ")? })
    };
    (stamp(), &text[end..])
}

/// All that is no folder below a path. A repository that the commit names below is one of its own.
fn below(files: &Beneath, path: &Path, is_other: &dyn Fn(&Path) -> bool, found: &mut HashMap<PathBuf, Option<Stamp>>) {
    match files.kind(path) {
        // What cannot be read is told by whoever reads it.
        Ok(Some(Kind::Folder)) => drop(files.folder(path).map(|folder| inside(&folder, path, is_other, found))),
        Ok(Some(_)) => drop(found.insert(path.to_owned(), None)),
        Ok(None) | Err(_) => {}
    }
}

fn inside(
    folder: &Beneath,
    path: &Path,
    is_other: &dyn Fn(&Path) -> bool,
    found: &mut HashMap<PathBuf, Option<Stamp>>,
) {
    let Ok(entries) = folder.stamped(Path::new("")) else { return };
    for (name, (kind, stamp)) in entries {
        let at = path.join(&name);
        match kind {
            _ if name == ".git" => {}
            Kind::Folder if is_other(&at) => {}
            Kind::Folder => drop(folder.folder(Path::new(&name)).map(|below| inside(&below, &at, is_other, found))),
            _ => drop(found.insert(at, Some(stamp))),
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
    use std::ffi::{OsStr, OsString};
    use std::fs::{self, File};
    use std::process::Command;
    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    fn a_content_has_gits_own_name() {
        let object = |like: &str| object_of(like, 6, &b"hello\n"[..]).unwrap();
        assert_eq!(object(""), "ce013625030ba8dba906f756967f9e9ca394464a");
        let sha256 = "2cf8d83d9ee29543b34a87727421fdecb7e3f3a183d337639025de576db9ebb4";
        assert_eq!(object(sha256), sha256);
    }

    /// A clone with a file `f` that was committed, as an index an hour later has it.
    fn clone() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("f"), "before").unwrap();
        let who = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
        for args in [&["init", "-q"][..], &["add", "f"], &["commit", "-q", "-m", "x"]] {
            let git = Command::new("git").current_dir(&folder).args(who).args(args).status().unwrap();
            assert!(git.success(), "{args:?}");
        }
        let index = File::options().append(true).open(folder.path().join(".git/index")).unwrap();
        index.set_modified(SystemTime::now() + Duration::from_secs(3600)).unwrap();
        folder
    }

    fn differing(folder: &Path) -> Vec<PathBuf> {
        let git = Git::at(&folder.canonicalize().unwrap()).unwrap();
        let head = git.find_commit("HEAD").unwrap().unwrap();
        git.changed_since(&head, &[]).unwrap().iter().cloned().collect()
    }

    #[test]
    fn a_file_that_the_index_knows_untouched_is_not_read() {
        let folder = clone();
        assert!(differing(folder.path()).is_empty());
        let git = Git::at(&folder.path().canonicalize().unwrap()).unwrap();
        let staged = git.staged(&[]).unwrap();
        let files = Beneath::open(folder.path()).unwrap();
        let stamps: HashMap<OsString, (Kind, Stamp)> = files.stamped(Path::new("")).unwrap().into_iter().collect();
        assert_eq!(staged[Path::new("f")].stamp, Some(stamps[OsStr::new("f")].1));
    }

    #[test]
    fn a_file_that_was_written_with_its_length_and_time_as_before_is_seen() {
        let folder = clone();
        let path = folder.path().join("f");
        let time = fs::metadata(&path).unwrap().modified().unwrap();
        fs::write(&path, "behind").unwrap();
        File::options().append(true).open(&path).unwrap().set_modified(time).unwrap();
        assert_eq!(differing(folder.path()), [Path::new("f")]);
        fs::write(&path, "before").unwrap();
        assert!(differing(folder.path()).is_empty(), "it is again what it was");
    }
}
