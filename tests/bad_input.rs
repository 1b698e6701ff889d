//! Bad input gets a clear error and exit code 2, and the catalog stays as it was.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output};
use swarm_lab::trial::Trial;

use swarm_lab::generator::{empty_catalog, outcome};
use swarm_lab::tree::snapshot;
use swarm_lab::trial::trial;

pub fn trials() -> Vec<Trial> {
    let mounts = if mount_command("true").is_some() { None } else { Some("needs root, or user namespaces, to mount") };
    vec![
        trial("a_catalog_that_is_not_there", None, missing),
        trial("a_catalog_that_is_a_file", None, file),
        trial("a_file_where_a_folder_should_be", None, file_for_folder),
        trial("a_folder_where_a_file_should_be", None, folder_for_file),
        trial("a_symbolic_link_out_of_the_catalog", None, links),
        trial("a_run_while_another_writes", None, busy),
        trial("what_a_killed_run_left_behind_is_removed", None, leftovers),
        trial("templates_that_cannot_be_read_or_lie", None, templates),
        trial("unknown_commands_and_options", None, usage),
        trial("a_catalog_that_is_read_only", mounts, read_only),
        trial("a_disk_that_fills_half_way", mounts, full_disk),
    ]
}

fn refused(folder: &Path, says: &str) {
    let before = snapshot(folder);
    let (code, text, errors) = outcome(folder, &["render"]);
    assert_eq!((code, text.as_str()), (2, ""), "{errors}");
    assert!(errors.starts_with("error: ") && errors.contains(says), "{errors}");
    assert_eq!(snapshot(folder), before);
    // A look is refused in the same way.
    assert_eq!(outcome(folder, &["render", "--check"]).0, 2);
}

fn missing() {
    let folder = tempfile::tempdir().unwrap();
    refused(folder.path(), "there is no catalog at community-catalog");
}

fn file() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("community-catalog"), "").unwrap();
    refused(folder.path(), "community-catalog is not a folder");
}

fn file_for_folder() {
    for place in ["infra-templates", "infra-templates/swarm", "infra-templates/swarm/4", "project-templates/swarm"] {
        let folder = empty_catalog();
        let path = folder.path().join("community-catalog").join(place);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "x").unwrap();
        refused(folder.path(), &format!("{place} is not a folder"));
    }
}

fn folder_for_file() {
    let folder = empty_catalog();
    fs::create_dir_all(folder.path().join("community-catalog/infra-templates/swarm/config.yml")).unwrap();
    refused(folder.path(), "config.yml is not a file");
}

fn links() {
    for place in
        ["infra-templates", "infra-templates/swarm", "infra-templates/swarm/config.yml", "project-templates/swarm"]
    {
        let folder = empty_catalog();
        let outside = folder.path().join("outside");
        if place.ends_with("yml") {
            fs::write(&outside, "mine").unwrap();
        } else {
            fs::create_dir(&outside).unwrap();
        }
        let path = folder.path().join("community-catalog").join(place);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(&outside, &path).unwrap();
        refused(folder.path(), &format!("{place} is a symbolic link"));
    }
}

fn busy() {
    let folder = empty_catalog();
    let staging = folder.path().join("community-catalog/.gen-catalog-staging");
    fs::create_dir(&staging).unwrap();
    let lock = fs::File::open(&staging).unwrap();
    lock.try_lock().unwrap();
    let (code, _, errors) = outcome(folder.path(), &["render"]);
    assert_eq!(code, 2);
    assert!(errors.contains("another gen-catalog is writing"), "{errors}");
    lock.unlock().unwrap();
    assert_eq!(outcome(folder.path(), &["render"]).0, 0);
}

fn leftovers() {
    let folder = empty_catalog();
    let staging = folder.path().join("community-catalog/.gen-catalog-staging");
    fs::create_dir_all(staging.join("new/infra-templates/swarm/4")).unwrap();
    fs::write(staging.join("new/infra-templates/swarm/4/half"), "wri").unwrap();
    assert_eq!(outcome(folder.path(), &["render"]).0, 0);
    assert!(!staging.exists());
    assert_eq!(outcome(folder.path(), &["render", "--check"]).0, 0);
}

fn templates() {
    let folder = empty_catalog();
    let own = folder.path().join("own");
    let refuses = |text: &str, says: &str| {
        fs::create_dir_all(&own).unwrap();
        fs::write(own.join("docker-compose.yml.j2"), text).unwrap();
        let (code, _, errors) = outcome(folder.path(), &["render", "--templates", "own"]);
        assert_eq!(code, 2, "{text}");
        assert!(errors.contains("docker-compose.yml") && errors.contains(says), "{text}: {errors}");
        assert!(snapshot(&folder.path().join("community-catalog")).is_empty());
    };
    refuses("<% if %>", "docker-compose.yml.j2:1");
    refuses("<= file.verison =>", "undefined");
    refuses("<% for x in range(100000) %><% for y in range(100000) %><% endfor %><% endfor %>", "fuel");
    refuses("services: [", "cannot read, line 2:1: the text ends");
    refuses("version: '2'\nversion: '2'\nservices: {}", "`version` stands there twice");
    refuses("version: '2'\nservices: {}", "something else than the model, at `services.swarmkit-mon`");
    refuses("version: 2\nservices: {}", "at `version`");
    let (code, _, errors) = outcome(folder.path(), &["render", "--templates", "nowhere"]);
    assert_eq!(code, 2);
    assert!(errors.contains("--templates: the templates in nowhere cannot be read"), "{errors}");
    // One good template of its own, the rest built in; its layout is free.
    fs::write(own.join("docker-compose.yml.j2"), "# mine\n<= file =>\n").unwrap();
    let (code, text, errors) = outcome(folder.path(), &["render", "--templates", "own", "--stdout"]);
    assert_eq!(code, 0, "{errors}");
    assert!(text.contains("# mine\n{'version': '2'"), "{text}");
}

fn usage() {
    let folder = empty_catalog();
    for args in [&["rendr"][..], &["render", "--chek"], &["schema", "compose"], &["render", "--check", "--stdout"], &[]]
    {
        let (code, _, errors) = outcome(folder.path(), args);
        assert_eq!(code, 2, "{args:?}");
        assert!(errors.contains("Usage") || errors.contains("possible values"), "{args:?}: {errors}");
    }
}

/// A shell command in a mount namespace of its own.
fn mount_command(script: &str) -> Option<Output> {
    ["-m", "-rm"].iter().find_map(|how| {
        let output = Command::new("unshare").args([how, "sh", "-c", script]).output().ok()?;
        let refused = String::from_utf8_lossy(&output.stderr).contains("unshare:");
        (!refused).then_some(output)
    })
}

fn render_mounted(folder: &Path, mount: &str, after: &str) -> String {
    let catalog = folder.join("community-catalog");
    let script = format!(
        "cd '{}' && {mount} && '{}' render --catalog '{}'; echo \"exit $?\"; {after}",
        folder.display(),
        swarm_lab::programs::gen_catalog(),
        catalog.display()
    );
    let output = mount_command(&script).unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn read_only() {
    let folder = empty_catalog();
    let text = render_mounted(
        folder.path(),
        "mount --bind community-catalog community-catalog && mount -o remount,bind,ro community-catalog",
        "find community-catalog",
    );
    assert!(text.contains("exit 2") && text.contains("Read-only file system"), "{text}");
    assert!(text.contains("the catalog is as it was"), "{text}");
    assert_eq!(text.matches("Read-only file system").count(), 1, "the reason is told once: {text}");
}

fn full_disk() {
    let folder = empty_catalog();
    let mut failures = 0;
    // From no room at all to enough room: nothing, or all of it.
    for kilobytes in (8..=96).step_by(4) {
        let text = render_mounted(
            folder.path(),
            &format!("mount -t tmpfs -o size={kilobytes}k none community-catalog"),
            "find community-catalog -mindepth 1 | wc -l",
        );
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        if text.contains("exit 0") {
            continue;
        }
        failures += 1;
        assert!(text.contains("exit 2") && text.contains("No space left on device"), "{kilobytes}k: {text}");
        assert!(lines.contains(&"0"), "{kilobytes}k: something was left behind: {text}");
    }
    assert!((3..20).contains(&failures), "{failures} sizes were too small");
}
