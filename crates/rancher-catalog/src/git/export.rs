//! What a commit holds: listed, and written into a folder, from git's objects as they are.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::fs::symlink;
use std::path::{Component, Path, PathBuf};
use std::process::ChildStdout;

use super::{Git, GitError, Heard, LOCAL_LIMIT, parts, path_of};

/// The most that is taken out of a commit at once. The largest public catalog has 40 MB with all its templates.
const MAX_EXPORT_BYTES: u64 = 128 << 20;
/// The most that a link may point to: longer ones no system makes.
const MAX_TARGET_BYTES: u64 = 4 << 10;

/// What git knows of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    File,
    Link,
    /// Another repository, which is no part of this one.
    Repository,
}

/// A file of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) mode: Mode,
    pub(super) object: String,
    pub(super) path: PathBuf,
}

impl Git {
    /// Writes what a commit holds below some paths (of its root; none: all) into a folder.
    ///
    /// # Errors
    /// Git fails, a path leads out of the folder, or something cannot be written.
    pub fn export(&self, commit: &str, paths: &[&str], into: &Path) -> Result<(), GitError> {
        let mut seen = BTreeSet::new();
        let mut wanted = self.entries(commit, paths)?;
        wanted.retain(|entry| entry.mode != Mode::Repository && seen.insert(entry.path.clone()));
        let asked: String = wanted.iter().map(|entry| format!("{}\n", entry.object)).collect();
        let sizes = self.feed(&["cat-file", "--batch-check=%(objectname) %(objectsize)"], asked.as_bytes())?;
        let mut bytes = 0_u64;
        for line in String::from_utf8_lossy(&sizes).lines() {
            match line.split_once(' ') {
                Some((_, size)) if size.bytes().all(|byte| byte.is_ascii_digit()) => {
                    bytes = bytes.saturating_add(size.parse().unwrap_or(u64::MAX));
                }
                _ => return Err(GitError::Absent(line.split(' ').next().unwrap_or_default().to_owned())),
            }
        }
        if bytes > MAX_EXPORT_BYTES {
            return Err(GitError::TooLarge { commit: commit.to_owned(), bytes });
        }
        let into = into.to_owned();
        let write = move |stdout| write(stdout, &wanted, &into);
        self.call(&["cat-file", "--batch"], asked.as_bytes(), Heard::Nothing, LOCAL_LIMIT, write)?
            .map_err(|source| GitError::Io { command: "cat-file --batch".to_owned(), source })
    }

    /// The files that a commit has below some paths.
    pub(super) fn entries(&self, commit: &str, paths: &[&str]) -> Result<Vec<Entry>, GitError> {
        let mut args = vec!["ls-tree", "-r", "-z", "--full-tree", commit, "--"];
        args.extend(paths);
        let mut entries = Vec::new();
        for line in parts(&self.run(&args)?) {
            let Some(tab) = line.iter().position(|byte| *byte == b'\t') else { continue };
            let head = String::from_utf8_lossy(&line[..tab]).into_owned();
            let [mode, _, object] = head.split(' ').collect::<Vec<_>>()[..] else { continue };
            let path = path_of(&line[tab + 1..]);
            if !path.components().all(|part| matches!(part, Component::Normal(_))) {
                return Err(GitError::Path { commit: commit.to_owned(), path });
            }
            entries.push(Entry { mode: Mode::of(mode), object: object.to_owned(), path });
        }
        Ok(entries)
    }
}

impl Mode {
    /// By git's number.
    pub(super) fn of(number: &str) -> Self {
        match number {
            "120000" => Self::Link,
            "160000" => Self::Repository,
            _ => Self::File,
        }
    }
}

/// Writes what `cat-file --batch` prints: for each object a line with its size, its content, a line's end.
fn write(stdout: ChildStdout, entries: &[Entry], into: &Path) -> io::Result<()> {
    let mut from = BufReader::new(stdout);
    let mut links = Vec::new();
    for entry in entries {
        let mut head = String::new();
        from.by_ref().take(MAX_TARGET_BYTES).read_line(&mut head)?;
        let size = head.trim_end().rsplit(' ').next().and_then(|size| size.parse::<u64>().ok());
        let size = size.ok_or_else(|| io::Error::other(format!("no object: {}", head.trim_end())))?;
        let path = into.join(&entry.path);
        fs::create_dir_all(path.parent().unwrap_or(into))?;
        let mut content = from.by_ref().take(size);
        let written = if entry.mode == Mode::Link && size <= MAX_TARGET_BYTES {
            let mut target = Vec::new();
            content.read_to_end(&mut target)?;
            let length = target.len() as u64;
            links.push((path, target));
            length
        } else {
            io::copy(&mut content, &mut File::create(path)?)?
        };
        if written != size {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        from.by_ref().take(1).read_to_end(&mut Vec::new())?;
    }
    // Links last: nothing is ever written through one.
    links.into_iter().try_for_each(|(path, target)| symlink(path_of(&target), path))
}
