//! A build knows the commit that it is of: told, noted by `cargo package`, or from its clone; else it says that it does
//! not know. The build script itself is run, in folders of each kind.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use swarm_lab::trial::Trial;
use swarm_lab::trials;

use swarm_lab::git::{commit_all, git};

pub fn trials() -> Vec<Trial> {
    trials![a_build_says_its_commit_or_that_it_does_not_know,]
}

/// The build script, compiled as cargo compiles it.
fn script(folder: &Path) -> PathBuf {
    let program = folder.join("script");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/swarmkit-settings/build.rs");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let status = Command::new(rustc).args(["--edition", "2024", "-o"]).arg(&program).arg(source).status().unwrap();
    assert!(status.success());
    program
}

/// What it tells the compiler: the commit, and whether there are changes.
fn told(script: &Path, folder: &Path, variable: Option<&str>) -> (String, String) {
    let mut command = Command::new(script);
    command.current_dir(folder).env_remove("SWARMKIT_CATALOG_COMMIT");
    command.envs(variable.map(|commit| ("SWARMKIT_CATALOG_COMMIT", commit)));
    let text = String::from_utf8(command.output().unwrap().stdout).unwrap();
    let value = |name: &str| {
        let line = format!("cargo:rustc-env=SWARMKIT_BUILD_{name}=");
        text.lines().find_map(|found| found.strip_prefix(&line)).unwrap().to_owned()
    };
    (value("COMMIT"), value("CHANGED"))
}

fn a_build_says_its_commit_or_that_it_does_not_know() {
    let folder = tempfile::tempdir().unwrap();
    let script = script(folder.path());
    let (one, two) = ("1".repeat(40), "2".repeat(40));
    let is = |commit: &str, changed: bool| (commit.to_owned(), changed.to_string());

    let nothing = folder.path().join("nothing");
    fs::create_dir(&nothing).unwrap();
    assert_eq!(told(&script, &nothing, None), is("", false));
    assert_eq!(told(&script, &nothing, Some("")), is("", false));
    assert_eq!(told(&script, &nothing, Some("main")), is("", false));
    assert_eq!(told(&script, &nothing, Some(&two)), is(&two, false));

    let noted =
        |more: &str| format!("{{\n  \"git\": {{\n    \"sha1\": \"{one}\"{more}\n  }},\n  \"path_in_vcs\": \"\"\n}}");
    fs::write(nothing.join(".cargo_vcs_info.json"), noted("")).unwrap();
    assert_eq!(told(&script, &nothing, None), is(&one, false));
    assert_eq!(told(&script, &nothing, Some(&two)), is(&two, false));
    fs::write(nothing.join(".cargo_vcs_info.json"), noted(",\n    \"dirty\": true")).unwrap();
    assert_eq!(told(&script, &nothing, None), is(&one, true));

    let clone = folder.path().join("clone");
    fs::create_dir_all(clone.join("src")).unwrap();
    let package = clone.join("crates/swarmkit-settings");
    fs::create_dir_all(&package).unwrap();
    fs::write(clone.join("src/lib.rs"), "").unwrap();
    fs::write(clone.join("README.md"), "").unwrap();
    git(&clone, &["init", "-q"]);
    commit_all(&clone, "all");
    let head = git(&clone, &["rev-parse", "HEAD"]);
    assert_eq!(told(&script, &package, None), is(&head, false));
    // What makes no program is no change; a clone around another package's folder is not its clone.
    fs::write(clone.join("README.md"), "more").unwrap();
    assert_eq!(told(&script, &package, None), is(&head, false));
    let deeper = clone.join("vendor/crates/swarmkit-settings");
    fs::create_dir_all(&deeper).unwrap();
    assert_eq!(told(&script, &deeper, None), is("", false));
    fs::write(clone.join("src/lib.rs"), "// more").unwrap();
    assert_eq!(told(&script, &package, None), is(&head, true));
}
