//! Tells the programs the commit that they are built from: `SWARMKIT_CATALOG_COMMIT`, where whoever builds knows it (CI,
//! a container build); else what `cargo package` noted; else that of the git clone. Nothing is guessed: where none of
//! these knows, none is told.
//!
//! It looks again when the sources change, and not at each commit: of the same sources a build stays true, and nothing is
//! compiled anew for it.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

const VARIABLE: &str = "SWARMKIT_CATALOG_COMMIT";
/// What `cargo package` notes in a package.
const NOTED: &str = ".cargo_vcs_info.json";
/// Where the workspace is, seen from this package in a clone.
const ROOT: &str = "../..";
/// What makes the programs, in the workspace.
const SOURCES: [&str; 12] = [
    "Cargo.toml",
    "Cargo.lock",
    ".cargo",
    "src",
    "templates",
    "crates/catalog-check",
    "crates/catalog-diff",
    "crates/catalog-write",
    "crates/rancher-catalog",
    "crates/swarmkit-mon/src",
    "crates/swarmkit-settings",
    "crates/whole-file",
];

fn main() {
    println!("cargo:rerun-if-env-changed={VARIABLE}");
    let sources = SOURCES.iter().map(|source| Path::new(ROOT).join(source));
    for source in sources.filter(|source| source.exists()) {
        println!("cargo:rerun-if-changed={}", source.display());
    }
    let (commit, changed) = told().or_else(noted).or_else(cloned).unwrap_or_default();
    println!("cargo:rustc-env=SWARMKIT_BUILD_COMMIT={commit}");
    println!("cargo:rustc-env=SWARMKIT_BUILD_CHANGED={changed}");
}

fn told() -> Option<(String, bool)> {
    let commit = env::var(VARIABLE).ok().filter(|commit| !commit.is_empty())?;
    if is_commit(&commit) {
        return Some((commit, false));
    }
    println!("cargo:warning={VARIABLE} is no commit, and is passed over: {commit:?}");
    None
}

fn noted() -> Option<(String, bool)> {
    let text = fs::read_to_string(NOTED).ok()?;
    let commit = text.split_once("\"sha1\"")?.1.split('"').nth(1)?;
    // Only `cargo package --allow-dirty` writes this key.
    is_commit(commit).then(|| (commit.to_owned(), text.contains("\"dirty\"")))
}

fn cloned() -> Option<(String, bool)> {
    // A package that lies in somebody else's clone is not of that clone's commit.
    git(&["rev-parse", "--show-cdup"]).filter(String::is_empty)?;
    let commit = git(&["rev-parse", "--verify", "--quiet", "HEAD"]).filter(|commit| is_commit(commit))?;
    let mut args = vec!["status", "--porcelain", "--untracked-files=all", "--"];
    args.extend(SOURCES);
    Some((commit, !git(&args)?.is_empty()))
}

fn git(args: &[&str]) -> Option<String> {
    let output = Command::new("git").args(["-C", ROOT, "--no-optional-locks"]).args(args).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
