//! Calls of git: each with a time limit, without a terminal, and with none of the clone's own programs.

use std::collections::BTreeSet;
#[cfg(unix)]
use std::ffi::OsStr;
#[cfg(not(unix))]
use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use process_control::{ChildExt, Control};

/// What a call that only reads or writes the clone may take.
const LOCAL_LIMIT: Duration = Duration::from_secs(60);
/// What a call may take that speaks to another machine, or waits for a person who unlocks a signing key.
pub const SLOW_LIMIT: Duration = Duration::from_secs(300);
/// The most that is taken out of a commit at once. The largest public catalog has 40 MB with all its templates.
const MAX_EXPORT_BYTES: u64 = 512 << 20;

/// Where git looks for a repository, if these are set: a hook that calls us sets them, and we name the folder.
const LOCATION_VARIABLES: [&str; 10] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_PREFIX",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",
    "GIT_GRAFT_FILE",
    "GIT_SHALLOW_FILE",
];

/// A clone's hooks are programs: none is run here, as what is done without its work tree is nothing that they could
/// judge, and a clone may come from anyone. The same holds for its file system monitor. No collection of garbage is
/// left behind to run.
const SETTINGS: [&str; 12] = [
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.quotePath=false",
    "-c",
    "gc.auto=0",
    "-c",
    "maintenance.auto=false",
    "-c",
    "i18n.commitEncoding=UTF-8",
];

/// Why a call of git failed.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// There is no git.
    #[error("git is not there: install it (Debian: git)")]
    Missing,
    /// Git refuses.
    #[error("git {command}: {message}")]
    Refused {
        /// What was asked.
        command: String,
        /// What it said.
        message: String,
    },
    /// Git did not end.
    #[error("git {command}: it had not ended after {} s and was stopped", limit.as_secs())]
    TooSlow {
        /// What was asked.
        command: String,
        /// How long it had.
        limit: Duration,
    },
    /// A commit holds a name that leads out of a folder.
    #[error("the commit {commit} holds the path {path:?}, which leads elsewhere: it is no honest catalog")]
    Path {
        /// The commit.
        commit: String,
        /// The path.
        path: PathBuf,
    },
    /// A commit holds more than any catalog.
    #[error("the commit {commit} holds {bytes} bytes of templates, more than any catalog")]
    TooLarge {
        /// The commit.
        commit: String,
        /// How many.
        bytes: u64,
    },
    /// Something could not be read or written.
    #[error("git {command}: {source}")]
    Io {
        /// What was asked.
        command: String,
        /// Why not.
        source: io::Error,
    },
}

/// A file of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    is_link: bool,
    object: String,
    size: u64,
    path: PathBuf,
}

/// Git, in a folder.
#[derive(Debug, Clone)]
pub struct Git {
    folder: PathBuf,
    index: Option<PathBuf>,
    scratch: Option<Scratch>,
}

/// Where new objects go instead of the clone, and the clone's own.
#[derive(Debug, Clone)]
struct Scratch {
    objects: PathBuf,
    behind: String,
}

impl Git {
    /// In a folder of a clone.
    pub fn at(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), index: None, scratch: None }
    }

    /// The same, with another index than the clone's.
    #[must_use]
    pub fn with_index(&self, index: &Path) -> Self {
        Self { index: Some(index.to_owned()), ..self.clone() }
    }

    /// The same, with all new objects in a folder of their own: the clone is only read.
    ///
    /// # Errors
    /// It is no clone.
    pub fn with_scratch(&self, objects: &Path) -> Result<Self, GitError> {
        let own = self.line(&["rev-parse", "--path-format=absolute", "--git-path", "objects"])?;
        // In this list of folders a name may be quoted, and must be where it holds what parts the list.
        let behind = format!("\"{}\"", own.replace('\\', "\\\\").replace('"', "\\\""));
        Ok(Self { scratch: Some(Scratch { objects: objects.to_owned(), behind }), ..self.clone() })
    }

    /// The same clone, at the root of its work tree; a bare one as it is.
    ///
    /// # Errors
    /// The folder is in no clone.
    pub fn with_top(&self) -> Result<Self, GitError> {
        let top = self.line(&["rev-parse", "--show-cdup"])?;
        Ok(Self { folder: self.folder.join(top), ..self.clone() })
    }

    /// What a call prints.
    ///
    /// # Errors
    /// Git is not there, refuses, or does not end.
    pub fn run(&self, args: &[&str]) -> Result<Vec<u8>, GitError> {
        self.call(args, &[], LOCAL_LIMIT)
    }

    /// What a call prints that speaks to another machine or signs.
    ///
    /// # Errors
    /// As [`Git::run`].
    pub fn run_slowly(&self, args: &[&str]) -> Result<Vec<u8>, GitError> {
        self.call(args, &[], SLOW_LIMIT)
    }

    /// What a call prints that is given something to read.
    ///
    /// # Errors
    /// As [`Git::run`].
    pub fn feed(&self, args: &[&str], input: &[u8]) -> Result<Vec<u8>, GitError> {
        self.call(args, input, LOCAL_LIMIT)
    }

    /// The first line that a call prints.
    ///
    /// # Errors
    /// As [`Git::run`].
    pub fn line(&self, args: &[&str]) -> Result<String, GitError> {
        Ok(first_line(&self.run(args)?))
    }

    /// The first line that a call prints; `None` where git refuses.
    ///
    /// # Errors
    /// Git is not there, or does not end.
    pub fn ask(&self, args: &[&str]) -> Result<Option<String>, GitError> {
        match self.run(args) {
            Ok(output) => Ok(Some(first_line(&output))),
            Err(GitError::Refused { .. }) => Ok(None),
            Err(other) => Err(other),
        }
    }

    /// The commit that a reference names.
    ///
    /// # Errors
    /// There is none.
    pub fn commit(&self, reference: &str) -> Result<String, GitError> {
        self.line(&["rev-parse", "--verify", "--end-of-options", &format!("{reference}^{{commit}}")])
    }

    /// The commit that a reference names; `None` where there is none.
    ///
    /// # Errors
    /// As [`Git::ask`].
    pub fn find_commit(&self, reference: &str) -> Result<Option<String>, GitError> {
        self.ask(&["rev-parse", "--verify", "--quiet", "--end-of-options", &format!("{reference}^{{commit}}")])
    }

    /// The names that a call prints, each ended by a null byte.
    ///
    /// # Errors
    /// As [`Git::run`].
    pub fn names(&self, args: &[&str]) -> Result<Vec<PathBuf>, GitError> {
        let output = self.run(args)?;
        Ok(output.split(|byte| *byte == 0).filter(|name| !name.is_empty()).map(path_of).collect())
    }

    /// Writes what a commit holds below some paths (of its root; none: all) into a folder.
    ///
    /// # Errors
    /// Git fails, a path leads out of the folder, or something cannot be written.
    pub fn export(&self, commit: &str, paths: &[&str], into: &Path) -> Result<(), GitError> {
        let entries = self.entries(commit, paths)?;
        let wanted: Vec<&Entry> = {
            let mut seen = BTreeSet::new();
            entries.iter().filter(|entry| seen.insert(&entry.path)).collect()
        };
        let bytes = wanted.iter().map(|entry| entry.size).sum();
        if bytes > MAX_EXPORT_BYTES {
            return Err(GitError::TooLarge { commit: commit.to_owned(), bytes });
        }
        let asked: String = wanted.iter().map(|entry| format!("{}\n", entry.object)).collect();
        let output = self.feed(&["cat-file", "--batch"], asked.as_bytes())?;
        let io = |source| GitError::Io { command: "cat-file --batch".to_owned(), source };
        let mut rest = output.as_slice();
        let mut links = Vec::new();
        for entry in wanted {
            let content = next_object(&mut rest).ok_or_else(|| io(io::ErrorKind::UnexpectedEof.into()))?;
            let path = into.join(&entry.path);
            fs::create_dir_all(path.parent().unwrap_or(into)).map_err(io)?;
            if entry.is_link {
                links.push((path, content));
            } else {
                fs::write(path, content).map_err(io)?;
            }
        }
        // Links last: nothing is ever written through one.
        for (path, target) in links {
            link(&path_of(target), &path).map_err(io)?;
        }
        Ok(())
    }

    fn entries(&self, commit: &str, paths: &[&str]) -> Result<Vec<Entry>, GitError> {
        let mut args = vec!["ls-tree", "-r", "-l", "-z", "--full-tree", commit, "--"];
        args.extend(paths);
        let output = self.run(&args)?;
        let mut entries = Vec::new();
        for line in output.split(|byte| *byte == 0).filter(|line| !line.is_empty()) {
            let Some(tab) = line.iter().position(|byte| *byte == b'\t') else { continue };
            let head = String::from_utf8_lossy(&line[..tab]).into_owned();
            let words: Vec<&str> = head.split_whitespace().collect();
            // A commit among the entries is a submodule: another repository.
            let [mode, "blob", object, size] = words[..] else { continue };
            let path = path_of(&line[tab + 1..]);
            if !path.components().all(|part| matches!(part, Component::Normal(_))) {
                return Err(GitError::Path { commit: commit.to_owned(), path });
            }
            entries.push(Entry {
                is_link: mode == "120000",
                object: object.to_owned(),
                size: size.parse().unwrap_or(u64::MAX),
                path,
            });
        }
        Ok(entries)
    }

    fn call(&self, args: &[&str], input: &[u8], limit: Duration) -> Result<Vec<u8>, GitError> {
        let name = || args.join(" ");
        let io = |source: io::Error| match source.kind() {
            io::ErrorKind::NotFound => GitError::Missing,
            _ => GitError::Io { command: name(), source },
        };
        let mut child = self.command(args).spawn().map_err(io)?;
        let writer = child.stdin.take().map(|mut stdin| {
            let input = input.to_owned();
            // A git that has read enough closes its end; what it says of that is its own.
            std::thread::spawn(move || drop(stdin.write_all(&input)))
        });
        let ended = child.controlled_with_output().time_limit(limit).terminate_for_timeout().wait().map_err(io)?;
        if let Some(writer) = writer {
            let _ = writer.join();
        }
        let Some(output) = ended else { return Err(GitError::TooSlow { command: name(), limit }) };
        if output.status.success() {
            Ok(output.stdout)
        } else {
            let message = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            Err(GitError::Refused { command: name(), message })
        }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("git");
        command.arg("-C").arg(&self.folder).args(SETTINGS).args(args);
        for variable in LOCATION_VARIABLES {
            command.env_remove(variable);
        }
        // Looking must not write either, not even an index that is quicker to read.
        command
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_LITERAL_PATHSPECS", "1")
            .env("GIT_PAGER", "cat")
            .env("LC_ALL", "C");
        if let Some(index) = &self.index {
            command.env("GIT_INDEX_FILE", index);
        }
        if let Some(scratch) = &self.scratch {
            command.env("GIT_OBJECT_DIRECTORY", &scratch.objects);
            command.env("GIT_ALTERNATE_OBJECT_DIRECTORIES", &scratch.behind);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

fn first_line(output: &[u8]) -> String {
    String::from_utf8_lossy(output).lines().next().unwrap_or_default().to_owned()
}

/// Takes the next object off what `cat-file --batch` printed: a line with its size, its content, a line's end.
fn next_object<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    let head = String::from_utf8_lossy(&rest[..end]).into_owned();
    let size: usize = head.rsplit(' ').next()?.parse().ok()?;
    let content = rest.get(end + 1..end + 1 + size)?;
    *rest = rest.get(end + 2 + size..)?;
    Some(content)
}

#[cfg(unix)]
fn path_of(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    OsStr::from_bytes(bytes).into()
}

#[cfg(not(unix))]
fn path_of(bytes: &[u8]) -> PathBuf {
    OsString::from(String::from_utf8_lossy(bytes).into_owned()).into()
}

#[cfg(unix)]
fn link(target: &Path, path: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, path)
}

#[cfg(not(unix))]
fn link(_: &Path, path: &Path) -> io::Result<()> {
    fs::write(path, "")
}
