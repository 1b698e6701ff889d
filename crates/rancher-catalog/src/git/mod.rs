//! Calls of git: each with a time limit, without a terminal, and with none of the settings of the clone, whoever made it.
//!
//! Git's plumbing reads and writes objects, references and the index; the files of the work tree are read here
//! ([`work_tree`]). Gitoxide's crates would do it without a program, but are 55 more, and pushing and signing would still
//! be git's.

mod export;
mod place;
mod view;
pub mod work_tree;

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, Command};
use std::sync::Arc;
use std::time::Duration;

use crate::limited_child;
use crate::temporary_folder::TemporaryFolder;
use place::Place;
use view::Format;

/// What a call that only reads or writes the clone may take.
const LOCAL_LIMIT: Duration = Duration::from_secs(60);
/// What a call may take that speaks to another machine, or waits for a person who unlocks a signing key.
pub const SLOW_LIMIT: Duration = Duration::from_secs(300);
/// The most that a call may print, but for the contents of files.
const MAX_OUTPUT_BYTES: u64 = 256 << 20;

/// Where git looks for a repository, if these are set: a hook that calls us sets them, and we name the folder.
const LOCATION_VARIABLES: [&str; 12] = [
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
    "GIT_CONFIG",
    "GIT_LITERAL_PATHSPECS",
];

/// The user's own settings hold, but for these. Hooks and a monitor would judge a work tree, and there is none. No
/// collection of garbage is left behind to run.
const SETTINGS: [&str; 18] = [
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.quotePath=false",
    "-c",
    "core.alternateRefsCommand=true",
    "-c",
    "protocol.ext.allow=never",
    "-c",
    "push.gpgSign=false",
    "-c",
    "gc.auto=0",
    "-c",
    "maintenance.auto=false",
    "-c",
    "i18n.commitEncoding=UTF-8",
];

/// What of the clone's settings a call to another machine needs: where it is, and how to speak to it. Nothing else of
/// them is heard even then.
const FOR_REMOTES: [&str; 6] = ["remote.", "url.", "http.", "credential.", "ssh.", "core.sshcommand"];
/// What of these names a program to be run in the place of git's own.
const NOT_FOR_REMOTES: [&str; 3] = [".vcs", ".uploadpack", ".receivepack"];
/// What of the clone's settings says who makes a commit, and whether it is signed.
const FOR_COMMITS: [&str; 5] = ["user.", "author.", "committer.", "commit.gpgsign", "gpg.format"];
/// What of the user's own settings says it beside these. They may be for this clone alone (`includeIf`), which git could
/// not know.
const BY_WHICH_PROGRAM: &str = "gpg.";

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
    /// There is no clone.
    #[error("{} is in no git clone (not a git repository)", .0.display())]
    NoClone(PathBuf),
    /// A clone without some of its objects.
    #[error(
        "the clone has not the object {0}, and nothing is fetched unasked: fetch all (git fetch --refetch --no-filter)"
    )]
    Absent(String),
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

/// Git, in a clone.
#[derive(Debug, Clone)]
pub struct Git {
    settings: Arc<Vec<Setting>>,
    place: Arc<Place>,
    /// From the root of the work tree to the folder that was named; empty, or ends in `/`.
    prefix: String,
    view: Arc<TemporaryFolder>,
    index: Option<PathBuf>,
    scratch: Option<PathBuf>,
}

/// What is set for the clone.
#[derive(Debug)]
struct Setting {
    /// By the clone itself, and not by the user for all clones.
    by_clone: bool,
    key: String,
    value: String,
}

/// Which settings of the clone a call hears.
#[derive(Debug, Clone, Copy)]
enum Heard {
    Nothing,
    ForRemotes,
    ForCommits,
}

impl Git {
    /// In the clone that a folder is in, or in a bare one that is named itself.
    ///
    /// # Errors
    /// There is none, or git cannot read it.
    pub fn at(folder: &Path) -> Result<Self, GitError> {
        let io = |source| GitError::Io { command: format!("in {}", folder.display()), source };
        let place = match Place::find(folder) {
            Ok(Some(place)) => place,
            Ok(None) => return Err(GitError::NoClone(folder.to_owned())),
            Err(error) => return Err(io(error)),
        };
        let prefix = match &place.top {
            None => String::new(),
            Some(top) => {
                let named = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
                let named = named.canonicalize().map_err(io)?;
                let inside = named.strip_prefix(top).unwrap_or(Path::new("")).to_string_lossy().into_owned();
                if inside.is_empty() { inside } else { format!("{inside}/") }
            }
        };
        let view = view::make(&place).map_err(io)?;
        let mut git = Self {
            settings: Arc::default(),
            place: Arc::new(place),
            prefix,
            view: Arc::new(view),
            index: None,
            scratch: None,
        };
        let settings = git.own_settings()?;
        git.settings = Arc::new(settings);
        let own = |key: &str| git.setting(key).map(str::to_owned);
        let format = Format { objects: own("extensions.objectformat"), references: own("extensions.refstorage") };
        view::write_settings(git.view.path(), &format, git.place.top.is_none()).map_err(io)?;
        Ok(git)
    }

    /// The root of the clone's work tree; a bare one has none.
    pub fn top(&self) -> Option<&Path> {
        self.place.top.as_deref()
    }

    /// From there to the folder that was named: empty, or ends in `/`.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Where the clone keeps its objects.
    pub fn objects(&self) -> PathBuf {
        self.place.common.join("objects")
    }

    /// What is set for the clone by a key, which is in lower case but for a name in its middle; the last one holds.
    pub fn setting(&self, key: &str) -> Option<&str> {
        self.settings.iter().rfind(|setting| setting.key == key).map(|setting| setting.value.as_str())
    }

    /// The remotes that the clone knows.
    pub fn remotes(&self) -> Vec<&str> {
        let keys = self.settings.iter().map(|setting| &setting.key);
        let names = keys.filter_map(|key| key.strip_prefix("remote.")?.strip_suffix(".url"));
        let mut names: Vec<&str> = names.collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The index's file.
    fn index(&self) -> PathBuf {
        self.index.clone().unwrap_or_else(|| self.place.own.join("index"))
    }

    /// The same, with another index than the clone's.
    #[must_use]
    pub fn with_index(&self, index: &Path) -> Self {
        Self { index: Some(index.to_owned()), ..self.clone() }
    }

    /// The same, with all new objects in a folder of their own: the clone is only read.
    #[must_use]
    pub fn with_scratch(&self, objects: &Path) -> Self {
        Self { scratch: Some(objects.to_owned()), ..self.clone() }
    }

    /// What a call prints.
    ///
    /// # Errors
    /// Git is not there, refuses, or does not end.
    pub fn run(&self, args: &[&str]) -> Result<Vec<u8>, GitError> {
        self.feed(args, b"")
    }

    /// What a call prints that speaks to another machine, as the clone is set to: it was asked for.
    ///
    /// # Errors
    /// As [`Git::run`].
    pub fn speak(&self, args: &[&str]) -> Result<Vec<u8>, GitError> {
        self.call(args, b"", Heard::ForRemotes, SLOW_LIMIT, all)?
    }

    /// What a call prints that makes a commit: the clone may say by whom, and whether it is signed. By which program,
    /// the user's own settings say.
    ///
    /// # Errors
    /// As [`Git::run`].
    pub fn sign(&self, args: &[&str]) -> Result<Vec<u8>, GitError> {
        self.call(args, b"", Heard::ForCommits, SLOW_LIMIT, all)?
    }

    /// What a call prints that is given something to read.
    ///
    /// # Errors
    /// As [`Git::run`].
    pub fn feed(&self, args: &[&str], input: &[u8]) -> Result<Vec<u8>, GitError> {
        self.call(args, input, Heard::Nothing, LOCAL_LIMIT, all)?
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
        Ok(parts(&self.run(args)?).map(path_of).collect())
    }

    /// The work trees of the clone and what they are on, as git lists them for programs.
    ///
    /// # Errors
    /// As [`Git::run`].
    pub fn work_trees(&self) -> Result<String, GitError> {
        let mut command = self.command(&["worktree", "list", "--porcelain"], Heard::Nothing);
        // This is the one question to which the clone itself must be named; nothing that it is set to is run for it.
        command.env("GIT_DIR", &self.place.own).env_remove("GIT_OBJECT_DIRECTORY");
        let output = self.ended("worktree list", command, b"", LOCAL_LIMIT, all)??;
        Ok(String::from_utf8_lossy(&output).into_owned())
    }

    /// What is set for the clone: asking that runs nothing.
    fn own_settings(&self) -> Result<Vec<Setting>, GitError> {
        let args = ["config", "--show-scope", "--includes", "--null", "--list"];
        let mut command = self.command(&args, Heard::Nothing);
        command.env("GIT_DIR", &self.place.own);
        let output = self.ended("config --list", command, b"", LOCAL_LIMIT, all)??;
        let mut settings = Vec::new();
        let mut words = output.split(|byte| *byte == 0);
        while let (Some(scope), Some(text)) = (words.next(), words.next()) {
            let text = String::from_utf8_lossy(text).into_owned();
            // A key without a value is one that is true.
            let (key, value) = text.split_once('\n').unwrap_or((&text, "true"));
            let by_clone = match scope {
                b"local" | b"worktree" => true,
                b"system" | b"global" => false,
                // What the caller's environment says is said to each call by that.
                _ => continue,
            };
            settings.push(Setting { by_clone, key: key.to_owned(), value: value.to_owned() });
        }
        Ok(settings)
    }

    fn call<T: Send + 'static>(
        &self,
        args: &[&str],
        input: &[u8],
        heard: Heard,
        limit: Duration,
        read: impl FnOnce(ChildStdout) -> T + Send + 'static,
    ) -> Result<T, GitError> {
        self.ended(&args.join(" "), self.command(args, heard), input, limit, read)
    }

    fn ended<T: Send + 'static>(
        &self,
        name: &str,
        mut command: Command,
        input: &[u8],
        limit: Duration,
        read: impl FnOnce(ChildStdout) -> T + Send + 'static,
    ) -> Result<T, GitError> {
        let command_name = || name.to_owned();
        let ended =
            limited_child::run(&mut command, input.to_vec(), limit, read).map_err(|source| match source.kind() {
                io::ErrorKind::NotFound => GitError::Missing,
                _ => GitError::Io { command: command_name(), source },
            })?;
        let Some(ended) = ended else { return Err(GitError::TooSlow { command: command_name(), limit }) };
        if ended.status.success() {
            Ok(ended.output)
        } else {
            let message = String::from_utf8_lossy(&ended.errors).trim().to_owned();
            Err(GitError::Refused { command: command_name(), message })
        }
    }

    fn command(&self, args: &[&str], heard: Heard) -> Command {
        let mut command = Command::new("git");
        command.arg("-C").arg(self.view.path()).args(SETTINGS);
        // Paths are names, and no patterns; this one command knows no such option.
        if !args.contains(&"check-ignore") {
            command.arg("--literal-pathspecs");
        }
        command.args(args);
        for variable in LOCATION_VARIABLES {
            command.env_remove(variable);
        }
        command
            .env("GIT_DIR", self.view.path())
            .env("GIT_OBJECT_DIRECTORY", self.objects())
            // Looking must not write either, not even an index that is quicker to read.
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("GIT_NO_REPLACE_OBJECTS", "1")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_PAGER", "cat")
            .env("LC_ALL", "C");
        if !matches!(heard, Heard::ForRemotes) {
            // No way to another machine is open to a call that is not to speak to one.
            command.env("GIT_ALLOW_PROTOCOL", "none");
        }
        command.env("GIT_INDEX_FILE", self.index());
        if let Some(scratch) = &self.scratch {
            // In this list of folders a name may be quoted, and must be where it holds what parts the list.
            let behind = self.objects().to_string_lossy().replace('\\', "\\\\").replace('"', "\\\"");
            command.env("GIT_OBJECT_DIRECTORY", scratch);
            command.env("GIT_ALTERNATE_OBJECT_DIRECTORIES", format!("\"{behind}\""));
        }
        let wanted: Vec<&Setting> = self.settings.iter().filter(|setting| heard.hears(setting)).collect();
        let given: usize = std::env::var("GIT_CONFIG_COUNT").ok().and_then(|count| count.parse().ok()).unwrap_or(0);
        for (at, Setting { key, value, .. }) in wanted.iter().enumerate() {
            command.env(format!("GIT_CONFIG_KEY_{}", given + at), key);
            command.env(format!("GIT_CONFIG_VALUE_{}", given + at), value);
        }
        command.env("GIT_CONFIG_COUNT", (given + wanted.len()).to_string());
        command
    }
}

impl Heard {
    fn hears(self, setting: &Setting) -> bool {
        let key = &setting.key;
        let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| key.starts_with(prefix));
        match self {
            Self::Nothing => false,
            Self::ForRemotes => {
                setting.by_clone && begins(&FOR_REMOTES) && !NOT_FOR_REMOTES.iter().any(|end| key.ends_with(end))
            }
            Self::ForCommits => begins(&FOR_COMMITS) || (!setting.by_clone && key.starts_with(BY_WHICH_PROGRAM)),
        }
    }
}

fn all(stdout: ChildStdout) -> Result<Vec<u8>, GitError> {
    limited_child::all(stdout, MAX_OUTPUT_BYTES).map_err(|source| GitError::Io { command: "output".to_owned(), source })
}

fn first_line(output: &[u8]) -> String {
    String::from_utf8_lossy(output).lines().next().unwrap_or_default().to_owned()
}

/// What null bytes end in an output.
fn parts(output: &[u8]) -> impl Iterator<Item = &[u8]> {
    output.split(|byte| *byte == 0).filter(|part| !part.is_empty())
}

fn path_of(bytes: &[u8]) -> PathBuf {
    OsStr::from_bytes(bytes).into()
}
