//! What `release` refuses, each with what to do; the clone and the remote stay as they were.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use swarm_lab::trial::Trial;

use catalog_check::rules::GOOD_TEMPLATE;
use swarm_lab::git::{Sandbox, as_person, changed, commit_all, edit, git, outcome, state};
use swarm_lab::trial::trial;

const BRANCH: &str = "swarm-v2.0.0";

pub fn trials() -> Vec<Trial> {
    let mounts = if mount_command("true").is_some() { None } else { Some("needs root, or user namespaces, to mount") };
    vec![
        trial("a_clone_with_changes_that_are_not_committed", None, dirty),
        trial("what_does_not_matter_is_no_dirt", None, not_dirty),
        trial("a_dirty_submodule", None, submodule),
        trial("a_head_that_is_detached", None, detached),
        trial("a_base_that_is_behind_ahead_or_diverged", None, diverged),
        trial("a_remote_that_has_gone_on", None, went_on),
        trial("a_version_that_is_published_and_differs", None, published),
        trial("a_version_lower_than_the_newest", None, lower),
        trial("a_branch_with_other_content_unless_forced", None, branch),
        trial("a_remote_branch_with_other_content_unless_forced", None, remote_branch),
        trial("a_branch_that_is_checked_out", None, checked_out),
        trial("names_that_are_none", None, names),
        trial("a_template_in_which_the_check_finds_errors", None, errors),
        trial("a_config_that_cannot_be_changed_alone", None, odd_config),
        trial("no_clone_an_empty_one_and_no_git", None, no_clone),
        trial("a_bare_and_a_shallow_clone_serve", None, bare_and_shallow),
        trial("names_that_are_not_utf8_serve", None, not_utf8),
        trial("a_remote_that_does_not_answer", None, no_answer),
        trial("links_in_the_catalog", None, links),
        trial("files_that_cannot_be_written", None, files),
        trial("a_clone_that_is_read_only", mounts, read_only),
        trial("a_disk_that_is_full", mounts, full_disk),
    ]
}

/// A catalog with one good template, made `swarm`.
fn sandbox() -> Sandbox {
    Sandbox::with(|clone| {
        for (name, text) in GOOD_TEMPLATE {
            let path =
                clone.join("infra-templates/swarm").join(name.replace("catalogIcon-example", "catalogIcon-swarm"));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    })
}

fn refused(sandbox: &Sandbox, args: &[&str], says: &[&str]) {
    let before = (state(&sandbox.clone), git(&sandbox.remote, &["for-each-ref"]));
    let (code, text, errors) = sandbox.release(args);
    assert_eq!((code, text.as_str()), (1, ""), "{errors}");
    assert!(errors.contains("error: nothing was released: "), "{errors}");
    for part in says {
        assert!(errors.contains(part), "{part}: {errors}");
    }
    assert_eq!((state(&sandbox.clone), git(&sandbox.remote, &["for-each-ref"])), before);
    // For programs too; and a dry run does not say that it would be fine.
    let dry_run = if args.contains(&"--dry-run") { &[][..] } else { &["--dry-run"][..] };
    let (code, text, _) = sandbox.release(&[args, dry_run, &["--format", "json"]].concat());
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, report["status"].as_str()), (1, Some("refused")));
}

fn serves(sandbox: &Sandbox, args: &[&str]) {
    let (code, text, errors) = sandbox.release(args);
    assert_eq!(code, 0, "{text}{errors}");
}

fn dirty() {
    let config = |sandbox: &Sandbox| sandbox.clone.join("infra-templates/swarm/config.yml");
    let one = sandbox();
    edit(&config(&one), "name:", "# x\nname:");
    refused(&one, &[], &["not committed (infra-templates/swarm/config.yml)", "commit, stash or remove"]);
    git(&one.clone, &["add", "-A"]);
    refused(&one, &["--dry-run"], &["not committed (infra-templates/swarm/config.yml)"]);
    let one = sandbox();
    fs::remove_file(config(&one)).unwrap();
    refused(&one, &["--base", "master"], &["not committed"]);
    let one = sandbox();
    for at in 0..9 {
        fs::create_dir_all(one.clone.join(format!("infra-templates/new{at}"))).unwrap();
        fs::write(one.clone.join(format!("infra-templates/new{at}/config.yml")), "").unwrap();
    }
    refused(&one, &[], &["infra-templates/new0/", "and 4 more"]);
}

fn not_dirty() {
    let one = sandbox();
    // The text of a pull request, and a file that git is told to pass over.
    fs::write(one.clone.join("body.md"), "x").unwrap();
    fs::write(one.clone.join(".git/info/exclude"), "*.swp\n").unwrap();
    fs::write(one.clone.join("infra-templates/swarm/x.swp"), "x").unwrap();
    serves(&one, &[]);
}

fn submodule() {
    let one = sandbox();
    let other = sandbox();
    let url = other.clone.to_str().unwrap();
    git(&one.clone, &["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", url, "inner"]);
    commit_all(&one.clone, "with a submodule");
    git(&one.clone, &["push", "-q", "origin", "master"]);
    serves(&one, &["--branch", "first"]);
    fs::write(one.clone.join("inner/infra-templates/swarm/config.yml"), "x").unwrap();
    refused(&one, &[], &["not committed (inner)"]);
}

fn detached() {
    let one = sandbox();
    git(&one.clone, &["checkout", "-q", "--detach"]);
    refused(&one, &[], &["on no branch", "--base origin/master"]);
    serves(&one, &["--base", "origin/master", "--push", "origin"]);
    assert_eq!(changed(&one.clone, "master", BRANCH).len(), 4);
}

fn diverged() {
    let one = sandbox();
    let other = one.another("other");
    fs::write(other.join("README.md"), "theirs").unwrap();
    commit_all(&other, "theirs");
    git(&other, &["push", "-q", "origin", "master"]);
    git(&one.clone, &["fetch", "-q"]);
    refused(&one, &[], &["master is behind origin/master", "git merge --ff-only origin/master"]);
    fs::write(one.clone.join("README.md"), "ours").unwrap();
    commit_all(&one.clone, "ours");
    refused(&one, &["--base", "master"], &["master and origin/master have diverged"]);
    git(&one.clone, &["reset", "-q", "--hard", "origin/master"]);
    fs::write(one.clone.join("x"), "ours").unwrap();
    commit_all(&one.clone, "ours again");
    refused(&one, &[], &["master has commits that origin/master has not", "push them first"]);
    serves(&one, &["--base", "origin/master"]);
    refused(&one, &["--base", "nowhere"], &["there is no `nowhere` to build upon"]);
    refused(&one, &["--base=--all"], &["there is no `--all` to build upon"]);
}

fn went_on() {
    let one = sandbox();
    let other = one.another("other");
    fs::write(other.join("README.md"), "theirs").unwrap();
    commit_all(&other, "theirs");
    git(&other, &["push", "-q", "origin", "master"]);
    // Not fetched yet: only the remote can tell.
    refused(&one, &["--push", "origin"], &["origin has another commit at master", "git fetch origin"]);
}

fn published() {
    let one = sandbox();
    serves(&one, &[]);
    git(&one.clone, &["merge", "-q", "--ff-only", BRANCH]);
    git(&one.clone, &["branch", "-q", "-D", BRANCH]);
    let folder = one.clone.join("infra-templates/swarm/2");
    fs::write(folder.join("extra.txt"), "x").unwrap();
    edit(&folder.join("docker-compose.yml"), "read_only: true", "read_only: false");
    commit_all(&one.clone, "changed after it was published");
    git(&one.clone, &["push", "-q", "origin", "master"]);
    refused(
        &one,
        &[],
        &["has v2.0.0 already, as revision 2", "2/docker-compose.yml, ", "2/extra.txt", "raise the version"],
    );
}

fn lower() {
    let one = sandbox();
    for name in ["config.yml", "1/rancher-compose.yml"] {
        edit(&one.clone.join("infra-templates/swarm").join(name), "v1.1.0", "v2.0.1");
    }
    commit_all(&one.clone, "newer");
    git(&one.clone, &["push", "-q", "origin", "master"]);
    refused(&one, &[], &["has v2.0.1 already, and v2.0.0 is lower", "raise the version"]);
}

fn branch() {
    let one = sandbox();
    git(&one.clone, &["branch", "-q", BRANCH]);
    refused(&one, &[], &["the branch swarm-v2.0.0 is there already, with other content", "--force-branch"]);
    serves(&one, &["--branch", "other"]);
    serves(&one, &["--force-branch"]);
    assert_eq!(git(&one.clone, &["rev-parse", BRANCH]), git(&one.clone, &["rev-parse", BRANCH]));
    assert_eq!(changed(&one.clone, "other", BRANCH), [""; 0]);
}

fn remote_branch() {
    let one = sandbox();
    git(&one.clone, &["push", "-q", "origin", &format!("master:{BRANCH}")]);
    refused(
        &one,
        &["--push", "origin"],
        &["origin has a branch swarm-v2.0.0 already, with other content", "--force-branch"],
    );
    serves(&one, &["--push", "origin", "--force-branch"]);
    assert_eq!(git(&one.remote, &["rev-parse", BRANCH]), git(&one.clone, &["rev-parse", BRANCH]));
    assert_eq!(changed(&one.remote, "master", BRANCH).len(), 4);
}

fn checked_out() {
    let one = sandbox();
    git(&one.clone, &["branch", "-q", BRANCH]);
    git(&one.clone, &["worktree", "add", "-q", "../elsewhere", BRANCH]);
    refused(&one, &["--force-branch"], &["the branch swarm-v2.0.0 is checked out in ", "elsewhere"]);
    // Before anything is pushed.
    refused(&one, &["--force-branch", "--push", "origin"], &["is checked out in "]);
    refused(&one, &["--branch", "master"], &["master is the branch to build upon", "--branch"]);
    let args = ["--base", "origin/master", "--branch", "master", "--push", "origin", "--force-branch"];
    refused(&one, &args, &["master is the branch to build upon"]);
}

fn names() {
    let one = sandbox();
    for name in ["a..b", "-x", "a b", "x.lock", "", "@{u}"] {
        refused(&one, &[&format!("--branch={name}")], &["is not the name of a branch"]);
    }
    refused(&one, &["--push", "nowhere"], &["no remote `nowhere`", "git remote add nowhere URL"]);
    refused(&one, &["--push=--all"], &["no remote `--all`"]);
    let (code, _, errors) = one.release(&["--maximum-rancher-version", "new"]);
    assert_eq!(code, 2);
    assert!(errors.contains("such as v1.5.99"), "{errors}");
}

fn errors() {
    let one = sandbox();
    edit(&one.clone.join("infra-templates/swarm/1/docker-compose.yml"), "image:", "imagee:");
    commit_all(&one.clone, "broken");
    git(&one.clone, &["push", "-q", "origin", "master"]);
    refused(
        &one,
        &[],
        &[
            "the check found ",
            "error[service-unknown-key]",
            "gen-catalog.toml",
            "infra-templates/swarm/1/docker-compose.yml:",
        ],
    );
    refused(&one, &["--dry-run"], &["the check found "]);
    // One that is silenced wrongly is not silenced.
    fs::write(one.clone.join("gen-catalog.toml"), "[[allow]]\nrule = \"service-unknown-key\"\n").unwrap();
    commit_all(&one.clone, "without a reason");
    git(&one.clone, &["push", "-q", "origin", "master"]);
    let (code, _, errors) = one.release(&[]);
    assert_eq!(code, 2);
    assert!(errors.contains("gen-catalog.toml") && errors.contains("this allowance has no `reason`"), "{errors}");
}

fn odd_config() {
    let one = sandbox();
    let config = one.clone.join("infra-templates/swarm/config.yml");
    edit(&config, "version: v1.1.0", "version: &v v1.1.0\nlicense: *v");
    commit_all(&one.clone, "odd");
    git(&one.clone, &["push", "-q", "origin", "master"]);
    refused(&one, &[], &["infra-templates/swarm/config.yml: ", "`version`", "--metadata"]);
    serves(&one, &["--metadata"]);
}

fn no_clone() {
    let folder = tempfile::tempdir().unwrap();
    let release = |folder: &Path| outcome(folder, &["release", "--catalog", "."]);
    let (code, _, errors) = release(folder.path());
    assert_eq!(code, 2);
    assert!(errors.contains("not a git repository"), "{errors}");
    let (code, _, errors) = outcome(folder.path(), &["release", "--catalog", "nowhere"]);
    assert_eq!(code, 2);
    assert!(errors.contains("nowhere"), "{errors}");
    git(folder.path(), &["init", "-q", "-b", "master"]);
    let (code, _, errors) = release(folder.path());
    assert_eq!(code, 1);
    assert!(errors.contains("no commit yet"), "{errors}");
    let mut command = Command::new(swarm_lab::programs::gen_catalog());
    let output = as_person(command.current_dir(folder.path()).args(["release", "--catalog", "."]))
        .env("PATH", "/nonexistent")
        .output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("git is not there: install it"));
    // One whose only commit holds something else is a catalog in the making.
    fs::write(folder.path().join("README.md"), "x").unwrap();
    commit_all(folder.path(), "first");
    let (code, _, errors) = release(folder.path());
    assert_eq!(code, 0, "{errors}");
    assert!(errors.contains("holds no templates yet"), "{errors}");
    assert_eq!(changed(folder.path(), "master", BRANCH).len(), 5);
}

fn bare_and_shallow() {
    let one = sandbox();
    let (code, text, errors) = outcome(one.folder.path(), &["release", "--catalog", "remote.git"]);
    assert_eq!(code, 0, "{text}{errors}");
    assert_eq!(changed(&one.remote, "master", BRANCH).len(), 4);
    let one = sandbox();
    fs::write(one.clone.join("README.md"), "x").unwrap();
    commit_all(&one.clone, "second");
    git(&one.clone, &["push", "-q", "origin", "master"]);
    let url = format!("file://{}", one.remote.display());
    git(one.folder.path(), &["clone", "-q", "--depth", "1", &url, "shallow"]);
    let args = ["release", "--catalog", "shallow", "--push", "origin"];
    let (code, text, errors) = outcome(one.folder.path(), &args);
    assert_eq!(code, 0, "{text}{errors}");
    assert_eq!(changed(&one.remote, "master", BRANCH).len(), 4);
    let (code, text, _) = outcome(one.folder.path(), &args);
    assert_eq!(code, 0);
    assert!(text.contains("nothing to do"), "{text}");
}

fn not_utf8() {
    let one = sandbox();
    let name = std::ffi::OsStr::from_bytes(b"infra-templates/swarm/\xff\xfe.txt");
    fs::write(one.clone.join(name), "x").unwrap();
    commit_all(&one.clone, "odd names");
    git(&one.clone, &["push", "-q", "origin", "master"]);
    serves(&one, &["--push", "origin"]);
    assert_eq!(changed(&one.clone, "master", BRANCH).len(), 4);
    let (code, _, errors) = outcome(one.folder.path(), &["diff", "--catalog", "clone", "master", BRANCH]);
    assert_eq!(code, 1, "{errors}");
}

fn no_answer() {
    let one = sandbox();
    git(&one.clone, &["remote", "add", "away", "/nonexistent/remote.git"]);
    let before = state(&one.clone);
    let (code, _, errors) = one.release(&["--push", "away"]);
    assert_eq!(code, 2);
    assert!(errors.contains("git ls-remote") && errors.contains("/nonexistent/remote.git"), "{errors}");
    assert_eq!(state(&one.clone), before);
}

fn links() {
    let one = sandbox();
    let outside = one.folder.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::remove_dir_all(one.clone.join("infra-templates/swarm/1")).unwrap();
    std::os::unix::fs::symlink(&outside, one.clone.join("infra-templates/swarm/1")).unwrap();
    commit_all(&one.clone, "a link");
    git(&one.clone, &["push", "-q", "origin", "master"]);
    let (code, _, errors) = one.release(&[]);
    assert_eq!(code, 2);
    assert!(errors.contains("is a symbolic link"), "{errors}");
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
}

fn files() {
    let one = sandbox();
    for option in ["--body-file", "--provenance"] {
        let before = state(&one.clone);
        let (code, _, errors) = one.release(&[option, "/nonexistent/file"]);
        assert_eq!(code, 2);
        assert!(errors.contains("/nonexistent/file cannot be written"), "{errors}");
        assert_eq!(state(&one.clone), before);
    }
}

/// A shell command in a mount namespace of its own.
fn mount_command(script: &str) -> Option<Output> {
    ["-m", "-rm"].iter().find_map(|how| {
        let output = as_person(Command::new("unshare").args([how, "sh", "-c", script])).output().ok()?;
        let refused = String::from_utf8_lossy(&output.stderr).contains("unshare:");
        (!refused).then_some(output)
    })
}

fn mounted(folder: &Path, mount: &str, after: &str) -> String {
    let program = swarm_lab::programs::gen_catalog();
    let script = format!(
        "cd '{}' && {mount} && '{program}' release --catalog clone; echo \"exit $?\"; {after}",
        folder.display()
    );
    let output = mount_command(&script).unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn read_only() {
    let one = sandbox();
    let before = state(&one.clone);
    let text = mounted(one.folder.path(), "mount --bind clone clone && mount -o remount,bind,ro clone", "true");
    assert!(text.contains("exit 2") && text.contains("Read-only file system"), "{text}");
    assert_eq!(state(&one.clone), before);
    fs::set_permissions(&one.clone, fs::Permissions::from_mode(0o755)).unwrap();
}

fn full_disk() {
    let one = sandbox();
    let packed: PathBuf = one.folder.path().join("packed.tar");
    let tar = Command::new("tar").arg("-C").arg(&one.clone).arg("-cf").arg(&packed).arg(".").status().unwrap();
    assert!(tar.success());
    let before = git(&one.clone, &["for-each-ref"]);
    let (mut full, mut served) = (0, 0);
    // From just enough room for the clone itself on.
    for kilobytes in (160..=640).step_by(8) {
        let mount = format!(
            "mount -t tmpfs -o size={kilobytes}k none clone && {{ tar -C clone -xf packed.tar 2>/dev/null || exit 0; }}"
        );
        let text = mounted(one.folder.path(), &mount, "git -C clone for-each-ref; git -C clone status --short");
        if text.contains("exit 0") {
            served += 1;
            assert!(text.contains(&format!("refs/heads/{BRANCH}")), "{text}");
        } else if text.contains("exit 2") {
            full += 1;
            let refs = text.split_once("exit 2\n").unwrap().1;
            assert!(refs.starts_with(&before), "{kilobytes}k: {text}");
            let said = ["No space left on device", "Out of diskspace"].iter().any(|words| text.contains(words));
            assert!(text.contains("error: ") && said, "{kilobytes}k: {text}");
        }
    }
    assert!(full >= 3 && served >= 3, "{full} disks were full, {served} were not");
}
