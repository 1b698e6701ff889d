//! Rancher's own programs, to test against. The kit that builds them is beside the project, or where `RANCHER_REAL` says.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The programs, as the kit builds them.
#[derive(Debug, Clone)]
pub struct Programs {
    /// rancher-metadata, which answers containers.
    pub metadata: PathBuf,
    /// rancher-compose-executor's code, which is asked in lines of JSON.
    pub executor: PathBuf,
    /// catalog-service, which serves catalogs.
    pub catalog_service: PathBuf,
}

/// The kit's folder.
pub fn folder() -> Result<PathBuf, String> {
    let beside = crate::programs::root().join("../shared/real");
    let folder = std::env::var_os("RANCHER_REAL").map_or(beside, PathBuf::from);
    let is_kit = folder.join("build").is_file();
    if is_kit { Ok(folder) } else { Err("needs Rancher's own programs (RANCHER_REAL)".to_owned()) }
}

/// The programs, built when they are first asked for.
pub fn kit() -> Result<Programs, String> {
    static KIT: OnceLock<Result<Programs, String>> = OnceLock::new();
    KIT.get_or_init(build).clone()
}

fn build() -> Result<Programs, String> {
    let program = folder()?.join("build");
    let output = Command::new(&program).stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("{}: {error}", program.display()))?;
    let errors = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        let last = errors.lines().last().unwrap_or_default();
        return Err(format!("Rancher's own programs cannot be built: {last}"));
    }
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let path = |name: &str| {
        let path = printed.lines().map(PathBuf::from).find(|path| path.ends_with(name));
        path.ok_or_else(|| format!("{} prints no path of {name}: {printed}", program.display()))
    };
    Ok(Programs {
        metadata: path("rancher-metadata")?,
        executor: path("executor-oracle")?,
        catalog_service: path("catalog-service")?,
    })
}

/// Why the programs cannot be used here; `None` if they can. CI has them: there a test without them fails.
pub fn missing() -> Option<&'static str> {
    static MISSING: OnceLock<Option<String>> = OnceLock::new();
    MISSING.get_or_init(|| unless_in_ci(kit().err())).as_deref()
}

/// The same for what lies in the kit's folder and is not built.
pub fn folder_missing() -> Option<&'static str> {
    static MISSING: OnceLock<Option<String>> = OnceLock::new();
    MISSING.get_or_init(|| unless_in_ci(folder().err())).as_deref()
}

fn unless_in_ci(missing: Option<String>) -> Option<String> {
    missing.filter(|_| std::env::var_os("CI").is_none_or(|value| value != "true"))
}

/// Why a program cannot be used here; `None` if it answers to these arguments.
pub fn program_missing(program: &str, args: &[&str], missing: &'static str) -> Option<&'static str> {
    let answers = Command::new(program).args(args).stdin(Stdio::null()).output();
    if answers.is_ok_and(|output| output.status.success()) { None } else { Some(missing) }
}
