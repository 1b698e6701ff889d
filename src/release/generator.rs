//! The commit that this program was built from.

use std::path::Path;

use crate::git::Git;

/// Set when the program is built, where the builder knows it: as CI does.
const BUILT_FROM: Option<&str> = option_env!("SWARMKIT_CATALOG_COMMIT");

/// What makes this program: if any of it differs from the commit, the program is not that commit's.
const SOURCES: [&str; 6] = ["Cargo.toml", "Cargo.lock", "src", "templates", "build.rs", ".cargo"];

/// The commit, if it is known: as told to the build, or that of the clone in which the program stands, if its sources
/// have no changes. `None` says that it is not known; nothing is guessed.
pub fn commit() -> Option<String> {
    if let Some(commit) = BUILT_FROM.filter(|commit| is_commit(commit)) {
        return Some(commit.to_owned());
    }
    let program = std::env::current_exe().ok()?;
    let root = program.ancestors().find(|folder| is_this_project(folder))?;
    let git = Git::at(root);
    let top = git.ask(&["rev-parse", "--show-cdup"]).ok()??;
    let mut args = vec!["status", "--porcelain", "--untracked-files=all", "--"];
    args.extend(SOURCES);
    let clean = top.is_empty() && git.run(&args).ok()?.is_empty();
    if clean { git.ask(&["rev-parse", "--verify", "--quiet", "HEAD"]).ok()? } else { None }
}

fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_this_project(folder: &Path) -> bool {
    let Ok(text) = std::fs::read_to_string(folder.join("Cargo.toml")) else { return false };
    let Ok(manifest) = toml::from_str::<toml::Table>(&text) else { return false };
    let package = |key: &str| manifest.get("package")?.get(key)?.as_str();
    package("name") == Some(env!("CARGO_PKG_NAME")) && package("version") == Some(env!("CARGO_PKG_VERSION"))
}
