//! Rancher's own parts, built from their sources: beside the project, or where `RANCHER_REAL` says. Nothing of them is in
//! the project, so they are not there everywhere.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// rancher-metadata, built where it was not yet; or why it is not there.
pub fn rancher_metadata() -> Result<&'static Path, &'static str> {
    static PROGRAM: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let found = PROGRAM.get_or_init(|| program("rancher-metadata"));
    found.as_deref().map_err(String::as_str)
}

/// Why rancher-metadata cannot be used here; `None` if it can.
pub fn missing() -> Option<&'static str> {
    rancher_metadata().err()
}

fn program(name: &str) -> Result<PathBuf, String> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/real");
    let build = std::env::var_os("RANCHER_REAL").map_or(beside, PathBuf::from).join("build");
    if !build.is_file() {
        return Err(format!("needs Rancher's own {name} (RANCHER_REAL names the folder that builds it)"));
    }
    let output = Command::new(&build).stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout);
    let path = text.lines().map(PathBuf::from).find(|path| path.ends_with(name));
    path.filter(|path| output.status.success() && path.is_file()).ok_or_else(|| {
        let why = String::from_utf8_lossy(&output.stderr);
        format!("needs Rancher's own {name}, which did not build: {}", why.lines().last().unwrap_or_default())
    })
}
