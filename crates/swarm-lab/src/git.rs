//! Real git: repositories of a catalog, with a bare remote.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::tree;

/// Settings of a person who has none of their own, whoever runs the tests.
const PERSON: [(&str, &str); 8] = [
    ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ("GIT_CONFIG_SYSTEM", "/dev/null"),
    ("GIT_AUTHOR_NAME", "A"),
    ("GIT_AUTHOR_EMAIL", "a@example.com"),
    ("GIT_COMMITTER_NAME", "C"),
    ("GIT_COMMITTER_EMAIL", "c@example.com"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("LC_ALL", "C"),
];

/// A command of that person.
pub fn as_person(command: &mut Command) -> &mut Command {
    command.env_remove("GITHUB_ACTIONS").envs(PERSON)
}

/// What git prints, which must not fail.
pub fn git(folder: &Path, args: &[&str]) -> String {
    let output = as_person(Command::new("git").arg("-C").arg(folder).args(args)).output().unwrap();
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}

/// A run of `gen-catalog` as that person.
pub fn gen_catalog(folder: &Path, args: &[&str]) -> Output {
    as_person(Command::new(crate::programs::gen_catalog()).current_dir(folder).args(args)).output().unwrap()
}

/// Its exit code, standard output and standard error.
pub fn outcome(folder: &Path, args: &[&str]) -> (i32, String, String) {
    let output = gen_catalog(folder, args);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

/// A clone of a catalog, and the bare remote that it comes from.
pub struct Sandbox {
    /// Where both are.
    pub folder: tempfile::TempDir,
    /// The clone.
    pub clone: PathBuf,
    /// The remote.
    pub remote: PathBuf,
}

impl Sandbox {
    /// From a folder with a catalog.
    pub fn of(catalog: &Path) -> Self {
        Self::with(|clone| tree::copy(catalog, clone))
    }

    /// From what a function writes.
    pub fn with(write: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (clone, remote) = (folder.path().join("clone"), folder.path().join("remote.git"));
        git(folder.path(), &["init", "-q", "--bare", "-b", "master", "remote.git"]);
        git(folder.path(), &["init", "-q", "-b", "master", "clone"]);
        write(&clone);
        git(&clone, &["add", "-A"]);
        git(&clone, &["commit", "-q", "-m", "what was published before"]);
        git(&clone, &["remote", "add", "origin", remote.to_str().unwrap()]);
        git(&clone, &["push", "-q", "-u", "origin", "master"]);
        Self { folder, clone, remote }
    }

    /// A release into the clone.
    pub fn release(&self, args: &[&str]) -> (i32, String, String) {
        let clone = self.clone.to_str().unwrap();
        outcome(self.folder.path(), &[&["release", "--catalog", clone], args].concat())
    }

    /// Another clone of the remote.
    pub fn another(&self, name: &str) -> PathBuf {
        git(self.folder.path(), &["clone", "-q", self.remote.to_str().unwrap(), name]);
        self.folder.path().join(name)
    }
}

/// All that a clone is, but for objects that nothing names: references, HEAD, index, work tree.
pub fn state(clone: &Path) -> BTreeMap<String, Vec<u8>> {
    let own = |name: &str| {
        !name.starts_with(".git/objects/")
            && !name.starts_with(".git/logs/")
            && !name.ends_with('/')
            && name != ".git/config"
    };
    let mut state: BTreeMap<String, Vec<u8>> =
        tree::snapshot(clone).into_iter().filter(|(name, _)| own(name)).collect();
    state.insert("refs".to_owned(), git(clone, &["for-each-ref"]).into_bytes());
    state
}

/// The files that differ between two commits: how, and which.
pub fn changed(clone: &Path, from: &str, to: &str) -> Vec<String> {
    let listed = git(clone, &["diff", "--name-status", "--no-renames", from, to]);
    listed.lines().map(|line| line.replace('\t', " ")).collect()
}

/// Commits everything in a clone.
pub fn commit_all(clone: &Path, message: &str) {
    git(clone, &["add", "-A"]);
    git(clone, &["commit", "-q", "-m", message]);
}

/// Changes a text in a file.
pub fn edit(file: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(file).unwrap();
    assert!(text.contains(from), "{}: {from}", file.display());
    fs::write(file, text.replacen(from, to, 1)).unwrap();
}
