//! Runs of `gen-catalog`, catalogs of their own for tests, the real catalogs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::programs::{self, root};

/// A run of `gen-catalog`.
pub fn gen_catalog(folder: &Path, args: &[&str]) -> Output {
    Command::new(programs::gen_catalog()).current_dir(folder).args(args).output().unwrap()
}

/// The exit code, standard output and standard error of a run.
pub fn outcome(folder: &Path, args: &[&str]) -> (i32, String, String) {
    let output = gen_catalog(folder, args);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

/// An empty folder with an empty `community-catalog` in it.
pub fn empty_catalog() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("community-catalog")).unwrap();
    folder
}

/// A folder with a rendered `community-catalog` in it.
pub fn rendered_catalog() -> tempfile::TempDir {
    let folder = empty_catalog();
    let (code, _, errors) = outcome(folder.path(), &["render"]);
    assert_eq!(code, 0, "{errors}");
    folder
}

/// The real catalogs, where they are: beside the project, or where `CATALOG_CORPUS` says.
pub fn corpus() -> Option<PathBuf> {
    let beside = root().join("../shared/corpus");
    let folder = std::env::var_os("CATALOG_CORPUS").map_or(beside, PathBuf::from);
    folder.join("community-catalog").is_dir().then_some(folder)
}
