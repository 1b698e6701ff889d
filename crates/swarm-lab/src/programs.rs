//! The programs of this build, and the folder that they are built from.

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use std::time::SystemTime;

/// The folder of the project.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().and_then(Path::parent).unwrap()
}

/// The generator's path.
pub fn gen_catalog() -> &'static str {
    static PATH: OnceLock<String> = OnceLock::new();
    let sources = [
        "src",
        "templates",
        "crates/rancher-catalog",
        "crates/catalog-check",
        "crates/catalog-diff",
        "crates/catalog-lsp",
        "crates/catalog-preview",
        "crates/catalog-write",
    ];
    PATH.get_or_init(|| built("gen-catalog", &sources))
}

/// The daemon's path.
pub fn swarmkit_mon() -> &'static str {
    static PATH: OnceLock<String> = OnceLock::new();
    PATH.get_or_init(|| built("swarmkit-mon", &["crates/swarmkit-mon/src", "crates/swarmkit-mon/templates"]))
}

/// Builds both, where cargo runs this: of other packages than its own it builds what is linked alone.
///
/// # Errors
/// They do not build.
pub fn build() -> Result<(), String> {
    let Some(cargo) = std::env::var_os("CARGO") else { return Ok(()) };
    let own = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new(cargo);
    // With all that the tests use, so that what they find beside them is the same.
    command.current_dir(root()).args(["build", "--quiet", "--locked", "--workspace", "--bins"]);
    command.args(["--features", "lsp,preview"]);
    command.args(own.components().any(|part| part.as_os_str() == "release").then_some("--release"));
    // What cargo told this program of its package would make it build some crates anew.
    for (name, _) in std::env::vars_os() {
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "OUT_DIR"].iter().any(|prefix| name.to_string_lossy().starts_with(prefix))
        {
            command.env_remove(name);
        }
    }
    let status = command.status().map_err(|error| format!("cargo: {error}"))?;
    if status.success() { Ok(()) } else { Err("the programs do not build".to_owned()) }
}

/// A program of this build, which cargo puts beside the folder of the test programs. One that is older than what it is made of
/// would be tested in the place of what stands there now.
fn built(name: &str, sources: &[&str]) -> String {
    let own = std::env::current_exe().unwrap();
    let folder = own.parent().unwrap();
    let is_inner = |folder: &&Path| folder.ends_with("deps") || folder.ends_with("examples");
    let program = Some(folder).filter(is_inner).and_then(Path::parent).unwrap_or(folder).join(name);
    let built = program.metadata().and_then(|about| about.modified());
    let changed = sources.iter().chain(&["crates/swarmkit-settings", "crates/whole-file", "Cargo.lock"]);
    let changed = changed.map(|source| newest(&root().join(source))).max();
    match built {
        Ok(built) if Some(built) >= changed => program.display().to_string(),
        Ok(_) => panic!("{} is older than its sources: cargo build --workspace", program.display()),
        Err(error) => panic!("{}: {error}: cargo build --workspace", program.display()),
    }
}

/// When a file, or one of those in a folder, was written last.
fn newest(path: &Path) -> SystemTime {
    if path.is_file() {
        return path.metadata().and_then(|about| about.modified()).unwrap();
    }
    let entries = std::fs::read_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    entries.map(|entry| newest(&entry.unwrap().path())).max().unwrap_or(SystemTime::UNIX_EPOCH)
}
