//! `verify` finds each place of the project that does not agree with the tag.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use swarm_lab::trial::Trial;
use swarm_lab::trials;

use serde_json::Value;
use swarm_lab::generator::outcome;
use swarm_lab::git::{commit_all, edit, git};
use swarm_lab::tree;

pub fn trials() -> Vec<Trial> {
    trials![
        a_project_that_agrees_is_told_so_in_a_table,
        another_tag_disagrees_with_everything,
        each_place_is_looked_at,
        the_daemon_is_asked_itself,
        a_lock_must_be_of_this_version_and_what_the_entry_names,
        what_is_not_committed_is_told,
    ]
}

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A copy of what matters of this project, ready to be released.
fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for file in ["Cargo.toml", "Cargo.lock"] {
        fs::copy(root.join(file), folder.path().join(file)).unwrap();
    }
    fs::write(folder.path().join("CHANGELOG.md"), format!("# Changelog\n\n## {VERSION} (2026-01-31)\n")).unwrap();
    tree::copy(&root.join("community-catalog"), &folder.path().join("community-catalog"));
    folder
}

fn monitor(folder: &Path, script: &str) -> String {
    let path = folder.join("monitor");
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path.to_str().unwrap().to_owned()
}

/// The rows that do not agree, each as `what: says`.
fn wrong(folder: &Path, tag: &str, more: &[&str]) -> Vec<String> {
    let monitor = swarm_lab::programs::swarmkit_mon();
    let mut args = vec!["verify", "--tag", tag, "--format", "json"];
    if !more.contains(&"--monitor") {
        args.extend(["--monitor", monitor]);
    }
    args.extend(more);
    let (code, text, errors) = outcome(folder, &args);
    let report: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{errors}"));
    let rows = report["rows"].as_array().unwrap();
    let wrong: Vec<String> = rows
        .iter()
        .filter(|row| row["agrees"] == false)
        .map(|row| format!("{}: {}", row["what"].as_str().unwrap(), row["says"].as_str().unwrap()))
        .collect();
    assert_eq!(code, i32::from(!wrong.is_empty()));
    assert_eq!(report["agree"], wrong.is_empty());
    wrong
}

fn tag() -> String {
    format!("v{VERSION}")
}

fn a_project_that_agrees_is_told_so_in_a_table() {
    let folder = project();
    assert_eq!(wrong(folder.path(), &tag(), &[]), [""; 0]);
    let args = ["verify", "--tag", &tag(), "--monitor", swarm_lab::programs::swarmkit_mon()];
    let (code, text, errors) = outcome(folder.path(), &args);
    assert_eq!((code, errors.as_str()), (0, ""));
    assert!(text.contains("ok  package           Cargo.toml"), "{text}");
    assert!(text.ends_with("all 13 agree\n"), "{text}");
    // From elsewhere.
    let project = folder.path().to_str().unwrap().to_owned();
    let elsewhere = tempfile::tempdir().unwrap();
    assert_eq!(outcome(elsewhere.path(), &[&args[..], &["--project", &project]].concat()).0, 0);
}

fn another_tag_disagrees_with_everything() {
    let folder = project();
    let rows = wrong(folder.path(), "v9.9.9", &[]);
    assert_eq!(rows.len(), 11, "{rows:?}");
    for tag in [VERSION, "2.0", "", "release", "v2.0.0-", "vv2.0.0"] {
        let rows = wrong(folder.path(), tag, &[]);
        assert!(rows[0].starts_with("tag: "), "{tag}: {rows:?}");
    }
}

fn each_place_is_looked_at() {
    let other = "2.0.1";
    for (file, from, to, wanted) in [
        ("Cargo.toml", format!("version = \"{VERSION}\""), format!("version = \"{other}\""), vec!["package: 2.0.1"]),
        (
            "Cargo.lock",
            format!("name = \"gen-catalog\"\nversion = \"{VERSION}\""),
            format!("name = \"gen-catalog\"\nversion = \"{other}\""),
            vec!["lock of packages: 2.0.1"],
        ),
        (
            "CHANGELOG.md",
            format!("## {VERSION} (2026-01-31)"),
            format!("## {VERSION} (not yet released)"),
            vec!["changelog: the section says (not yet released)"],
        ),
        (
            "CHANGELOG.md",
            format!("## {VERSION}"),
            format!("## {VERSION}1"),
            vec!["changelog: no section of this version"],
        ),
        (
            "community-catalog/infra-templates/swarm/config.yml",
            format!("version: v{VERSION}"),
            "version: v1.0.0".to_owned(),
            vec!["default version: v1.0.0", "rendered files: 1 differ: run `gen-catalog render --check`"],
        ),
        (
            "community-catalog/project-templates/swarm/0/rancher-compose.yml",
            format!("version: v{VERSION}"),
            "version: v1.0.0".to_owned(),
            vec!["catalog version: v1.0.0", "rendered files: 2 differ: run `gen-catalog render --check`"],
        ),
        (
            "community-catalog/infra-templates/swarm/4/docker-compose.yml",
            format!("swarmkit:v{VERSION}"),
            "swarmkit:latest".to_owned(),
            vec!["image tag: latest", "rendered files: 1 differ: run `gen-catalog render --check`"],
        ),
    ] {
        let folder = project();
        edit(&folder.path().join(file), &from, &to);
        assert_eq!(wrong(folder.path(), &tag(), &[]), wanted, "{file}");
    }
    for file in ["Cargo.toml", "Cargo.lock", "CHANGELOG.md", "community-catalog/infra-templates/swarm/config.yml"] {
        let folder = project();
        fs::remove_file(folder.path().join(file)).unwrap();
        assert!(!wrong(folder.path(), &tag(), &[]).is_empty(), "{file}");
        fs::write(folder.path().join(file), [0xff, 0]).unwrap();
        assert!(!wrong(folder.path(), &tag(), &[]).is_empty(), "{file}");
    }
}

fn the_daemon_is_asked_itself() {
    let folder = project();
    let said = |version: &str, catalog: &str| {
        format!("echo swarmkit-mon {version}; echo catalog v{catalog}; echo commit unknown")
    };
    for (script, says) in [
        (said("1.0.0", VERSION), vec!["daemon: swarmkit-mon 1.0.0"]),
        (said(VERSION, "1.0.0"), vec!["daemon's catalog: catalog v1.0.0"]),
        ("exit 3".to_owned(), vec!["daemon: it ended with exit status: 3"]),
        ("sleep 30".to_owned(), vec!["daemon: no answer within 10 s"]),
    ] {
        let path = monitor(folder.path(), &script);
        assert_eq!(wrong(folder.path(), &tag(), &["--monitor", &path]), says);
    }
    let rows = wrong(folder.path(), &tag(), &["--monitor", "/nonexistent"]);
    assert!(rows[0].contains("No such file") && rows[0].contains("--monitor"), "{rows:?}");
}

fn a_lock_must_be_of_this_version_and_what_the_entry_names() {
    let folder = project();
    let digest = format!("sha256:{}", "1".repeat(64));
    let lock =
        |version: &str| format!("version = \"{version}\"\ndigest = \"{digest}\"\nmedia_type = \"x\"\nplatforms = []\n");
    fs::write(folder.path().join("image.lock"), lock("1.0.0")).unwrap();
    let rows = wrong(folder.path(), &tag(), &[]);
    assert_eq!(rows[..2], ["image lock: 1.0.0", "image digest: no digest"], "{rows:?}");
    fs::write(folder.path().join("image.lock"), lock(VERSION)).unwrap();
    for folder in [
        folder.path().join("community-catalog/infra-templates/swarm/4"),
        folder.path().join("community-catalog/project-templates/swarm/0"),
    ] {
        fs::remove_dir_all(folder).unwrap();
    }
    assert_eq!(outcome(folder.path(), &["render"]).0, 0);
    assert_eq!(wrong(folder.path(), &tag(), &[]), [""; 0]);
}

fn what_is_not_committed_is_told() {
    let folder = project();
    git(folder.path(), &["init", "-q", "-b", "master"]);
    commit_all(folder.path(), "all");
    assert_eq!(wrong(folder.path(), &tag(), &[]), [""; 0]);
    fs::write(folder.path().join("community-catalog/infra-templates/swarm/x"), "").unwrap();
    assert_eq!(wrong(folder.path(), &tag(), &[]), ["committed files: with changes that are not committed"]);
}
