//! A catalog, a pull request and a clone may come from anybody: nothing that they hold is run, no file outside of them is
//! read, and no command waits for what never ends.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use swarm_lab::git::{as_person, git};
use swarm_lab::programs;
use swarm_lab::trial::{Trial, trial};

use crate::check_changed::repository;

pub fn trials() -> Vec<Trial> {
    let no_cases = cases().is_none().then_some("the cases are not there: name their folder in CATALOG_CASES");
    vec![
        trial("the_cases_are_held", no_cases, the_cases_are_held),
        trial("no_folder_of_a_catalog_is_taken_for_its_repository", None, no_folder_of_a_catalog_is_its_repository),
        trial("nothing_that_a_clone_is_set_to_is_run", None, nothing_that_a_clone_is_set_to_is_run),
        trial("nothing_is_fetched_for_an_object_that_is_not_there", None, nothing_is_fetched),
        trial("no_link_is_followed_by_any_command", None, no_link_is_followed_by_any_command),
        trial("what_is_no_file_is_not_waited_for", None, what_is_no_file_is_not_waited_for),
        trial("what_is_large_costs_little", None, what_is_large_costs_little),
        trial("a_file_that_is_checked_out_otherwise_has_not_changed", None, checked_out_otherwise),
    ]
}

/// Scripts that try it from outside, where they are: beside the project, or where `CATALOG_CASES` says.
fn cases() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/cases");
    let folder = std::env::var_os("CATALOG_CASES").map_or(beside, PathBuf::from).join("hostile");
    folder.is_dir().then_some(folder)
}

fn the_cases_are_held() {
    let Some(cases) = cases() else { return };
    let mut scripts: Vec<PathBuf> = fs::read_dir(cases).unwrap().map(|entry| entry.unwrap().path()).collect();
    scripts.retain(|path| path.extension().is_some_and(|end| end == "sh") && !path.ends_with("common.sh"));
    assert!(scripts.len() >= 6, "{scripts:?}");
    for case in scripts {
        let output = Command::new("sh").arg(&case).arg(programs::gen_catalog()).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && !text.contains("DEFECT"), "{}: {text}", case.display());
    }
}

/// Runs a command in a folder: exit code, and all that it prints. It must end within a few seconds.
fn run(folder: &Path, args: &[&str]) -> (i32, String) {
    let mut command = Command::new(programs::gen_catalog());
    as_person(command.current_dir(folder).args(args)).stdin(Stdio::null());
    let begin = Instant::now();
    let (stdout, stderr) = (tempfile::NamedTempFile::new().unwrap(), tempfile::NamedTempFile::new().unwrap());
    let mut child = command.stdout(stdout.reopen().unwrap()).stderr(stderr.reopen().unwrap()).spawn().unwrap();
    let status = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None if begin.elapsed() > Duration::from_secs(30) => {
                child.kill().unwrap();
                panic!("{args:?} does not end");
            }
            None => std::thread::sleep(Duration::from_millis(10)),
        }
    };
    let read = |file: &tempfile::NamedTempFile| String::from_utf8_lossy(&fs::read(file.path()).unwrap()).into_owned();
    (status.code().unwrap(), read(&stdout) + &read(&stderr))
}

/// A program that leaves a mark, and the mark.
fn program(folder: &Path) -> (String, PathBuf) {
    let (path, mark) = (folder.join("program"), folder.join("ran"));
    fs::write(&path, format!("#!/bin/sh\ntouch '{}'\ncat\n", mark.display())).unwrap();
    fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    (path.display().to_string(), mark)
}

/// All that git may be set to run.
fn set_all(set: &dyn Fn(&str, &str), program: &str) {
    for key in [
        "core.fsmonitor",
        "core.pager",
        "core.editor",
        "core.sshCommand",
        "core.askPass",
        "core.gitProxy",
        "core.alternateRefsCommand",
        "credential.helper",
        "diff.external",
        "diff.x.textconv",
        "diff.x.command",
        "filter.x.clean",
        "filter.x.smudge",
        "filter.x.process",
        "merge.x.driver",
        "gpg.program",
        "gpg.ssh.program",
        "gpg.ssh.defaultKeyCommand",
        "hook.x.command",
        "pager.diff",
        "pager.config",
        "pager.ls-tree",
        "alias.ls-tree",
        "trailer.x.command",
        "uploadpack.packObjectsHook",
        "remote.origin.uploadpack",
        "remote.origin.receivepack",
        "interactive.diffFilter",
    ] {
        set(key, program);
    }
    set("hook.x.event", "reference-transaction");
    set("protocol.ext.allow", "always");
    set("commit.gpgSign", "true");
    set("remote.origin.url", &format!("ext::{program}"));
    set("remote.origin.promisor", "true");
    set("remote.origin.partialCloneFilter", "blob:none");
    set("core.repositoryFormatVersion", "1");
    set("extensions.partialClone", "origin");
}

const FILTERED: &str = "* filter=x diff=x merge=x\n";

fn no_folder_of_a_catalog_is_its_repository() {
    for bare in [true, false] {
        let (folder, template) = repository();
        let top = folder.path();
        let outside = tempfile::tempdir().unwrap();
        let (program, mark) = program(outside.path());
        let hostile = top.join("infra-templates/hostile");
        swarm_lab::tree::copy(&template, &hostile);
        fs::write(hostile.join(".gitattributes"), FILTERED).unwrap();
        git(&hostile, &["init", "-q"]);
        git(&hostile, &["add", "-A"]);
        git(&hostile, &["commit", "-q", "-m", "theirs"]);
        git(&hostile, &["branch", "their-branch"]);
        set_all(&|key, value| drop(git(&hostile, &["config", key, value])), &program);
        let hooks = hostile.join(".git/hooks");
        fs::create_dir_all(&hooks).unwrap();
        for name in ["reference-transaction", "post-index-change"] {
            fs::copy(&program, hooks.join(name)).unwrap();
        }
        if bare {
            for entry in fs::read_dir(hostile.join(".git")).unwrap() {
                let entry = entry.unwrap();
                fs::rename(entry.path(), hostile.join(entry.file_name())).unwrap();
            }
            fs::remove_dir(hostile.join(".git")).unwrap();
            git(top, &["add", "-A"]);
        }
        for inside in ["infra-templates/hostile", "infra-templates/hostile/1", "infra-templates", "."] {
            let (code, text) = run(top, &["check", inside, "--changed-since", "HEAD"]);
            assert!(code < 2 && !mark.exists(), "{inside}: {text}");
            let (code, text) = run(top, &["check", inside, "--changed-since", "their-branch"]);
            assert!(code == 2 && text.contains("their-branch"), "{inside}: {text}");
            for args in [
                &["check", inside, "--fix", "--diff"][..],
                &["check", inside, "--format", "sarif"],
                &["diff", "--catalog", inside, "HEAD", "HEAD"],
                &["release", "--catalog", inside, "--dry-run"],
                &["version", "--catalog", inside],
            ] {
                run(top, args);
                assert!(!mark.exists(), "{args:?}");
            }
        }
    }
}

fn nothing_that_a_clone_is_set_to_is_run() {
    let (folder, template) = repository();
    let top = folder.path();
    let outside = tempfile::tempdir().unwrap();
    let (program, mark) = program(outside.path());
    fs::write(top.join(".gitattributes"), FILTERED).unwrap();
    git(top, &["add", "-A"]);
    git(top, &["commit", "-q", "-m", "second"]);
    let hooks = top.join(".git/hooks");
    fs::create_dir_all(&hooks).unwrap();
    for name in ["reference-transaction", "post-index-change", "pre-commit", "commit-msg", "pre-push"] {
        fs::copy(&program, hooks.join(name)).unwrap();
    }
    set_all(&|key, value| drop(git(top, &["config", key, value])), &program);
    fs::write(outside.path().join("more"), format!("[filter \"x\"]\n\tclean = {program}\n")).unwrap();
    git(top, &["config", "include.path", outside.path().join("more").to_str().unwrap()]);
    let _ = fs::remove_file(&mark);
    // Files that git would have to look into.
    let touch = || {
        let file = template.join("1/README.md");
        let text = fs::read(&file).unwrap();
        fs::write(&file, text).unwrap();
    };
    for args in [
        &["check", ".", "--changed-since", "HEAD"][..],
        &["check", ".", "--changed-since", "HEAD~1"],
        &["check", ".", "--fix"],
        &["diff", "--catalog", ".", "HEAD~1", "HEAD"],
        &["release", "--catalog", ".", "--dry-run"],
        // This one signs; by the user's own program, which has no key here.
        &["release", "--catalog", "."],
        &["render", "--catalog", ".", "--check"],
    ] {
        touch();
        let (_, text) = run(top, args);
        assert!(!mark.exists(), "{args:?}: {text}");
    }
    fs::remove_file(top.join(".gitattributes")).unwrap();
    git(top, &["config", "commit.gpgSign", "false"]);
    // The transport is none that is spoken, even where it is asked for.
    git(top, &["checkout", "-q", "--", ".gitattributes"]);
    let _ = fs::remove_file(&mark);
    let (code, text) = run(top, &["release", "--catalog", ".", "--push", "origin"]);
    assert!(code == 2 && text.contains("'ext' not allowed") && !mark.exists(), "{text}");
    // What git knows of the files is what they are.
    let (code, text) = run(top, &["check", ".", "--changed-since", "HEAD"]);
    assert_eq!((code, text.as_str()), (0, "nothing found in 0 templates, 0 versions\n"));
}

fn nothing_is_fetched() {
    let (folder, template) = repository();
    let top = folder.path();
    let outside = tempfile::tempdir().unwrap();
    let (program, mark) = program(outside.path());
    fs::write(template.join("1/README.md"), "# other\n").unwrap();
    git(top, &["commit", "-qam", "second"]);
    let object = git(top, &["rev-parse", "HEAD~1:infra-templates/example/1/README.md"]);
    fs::remove_file(top.join(".git/objects").join(&object[..2]).join(&object[2..])).unwrap();
    set_all(&|key, value| drop(git(top, &["config", key, value])), &program);
    let _ = fs::remove_file(&mark);
    for args in [&["diff", "--catalog", ".", "HEAD~1", "HEAD"][..], &["check", ".", "--changed-since", "HEAD~1"]] {
        let (code, text) = run(top, args);
        assert!(code == 2 && text.contains(&object) && text.contains("fetch"), "{args:?}: {text}");
        assert!(!mark.exists(), "{args:?}");
    }
}

const SECRET: &str = "word-of-the-runner";

/// Puts a link, or what else is no file, in the place of a path.
fn put(path: &Path, link: &dyn Fn(&Path)) {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path).unwrap(),
        Ok(_) => fs::remove_file(path).unwrap(),
        Err(_) => {}
    }
    link(path);
}

/// Every command that reads a catalog, in a clone whose HEAD~1 is fine.
fn commands() -> Vec<Vec<&'static str>> {
    let all: [&[&str]; 16] = [
        &["check", "."],
        &["check", "infra-templates/example"],
        &["check", "infra-templates/example/1"],
        &["check", ".", "--format", "json"],
        &["check", ".", "--format", "sarif"],
        &["check", ".", "--changed-since", "HEAD~1"],
        &["check", "infra-templates/example", "--changed-since", "HEAD~1"],
        &["check", ".", "--baseline", "baseline.json"],
        &["check", ".", "--fix", "--diff", "--fix-published"],
        &["diff", "--catalog", ".", "HEAD~1", "HEAD"],
        &["diff", "--catalog", ".", "HEAD~1", "HEAD", "--format", "markdown"],
        &["diff", "infra-templates/other", "infra-templates/example"],
        &["diff", "infra-templates/example/0", "infra-templates/example/1"],
        &["model", "infra-templates/example"],
        &["render-compose", "infra-templates/example/1"],
        &["release", "--catalog", ".", "--dry-run"],
    ];
    all.iter().map(|args| args.to_vec()).chain([vec!["render", "--catalog", "."]]).collect()
}

fn no_link_is_followed_by_any_command() {
    let outside = tempfile::tempdir().unwrap();
    let elsewhere = outside.path().join("elsewhere");
    for file in
        ["file", "folder/docker-compose.yml", "folder/rancher-compose.yml", "folder/README.md", "folder/1/README.md"]
    {
        let path = elsewhere.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("{SECRET}: [\n")).unwrap();
    }
    for (place, to) in [
        ("infra-templates/example/1/README.md", "file"),
        ("infra-templates/example/1/docker-compose.yml", "file"),
        ("infra-templates/example/1/rancher-compose.yml", "file"),
        ("infra-templates/example/config.yml", "file"),
        ("infra-templates/example/catalogIcon-example.svg", "file"),
        ("infra-templates/example/1/more", "folder"),
        ("infra-templates/example/1", "folder"),
        ("infra-templates/example", "folder"),
        ("infra-templates", "folder"),
        ("gen-catalog.toml", "file"),
        ("baseline.json", "file"),
        ("infra-templates/swarm", "folder"),
        ("project-templates", "folder"),
    ] {
        let (folder, _) = repository();
        let target = elsewhere.join(to);
        put(&folder.path().join(place), &|path| symlink(&target, path).unwrap());
        git(folder.path(), &["add", "-A"]);
        git(folder.path(), &["commit", "-q", "-m", "a link"]);
        let before = swarm_lab::tree::snapshot(&elsewhere);
        for args in commands() {
            let (code, text) = run(folder.path(), &args);
            assert!(!text.contains(SECRET), "{place} {args:?}: {text}");
            // What cannot be done because of it is told with it.
            let told = code != 2 || text.contains("symbolic link") || !text.contains(place);
            assert!(told || args[0] == "diff", "{place} {args:?}: {text}");
        }
        assert_eq!(swarm_lab::tree::snapshot(&elsewhere), before, "{place}");
        let (_, text) = run(folder.path(), &["diff", "--catalog", ".", "HEAD~1", "HEAD"]);
        let is_shown = place.starts_with("infra-templates/example/") && place != "infra-templates/example/1";
        assert!(!is_shown || text.contains("a symbolic link to"), "{place}: {text}");
        let (_, text) = run(folder.path(), &["check", ".", "--level", "note"]);
        let is_file_of_a_template = place.starts_with("infra-templates/example");
        assert!(!is_file_of_a_template || text.contains("a symbolic link to"), "{place}: {text}");
        git(folder.path(), &["reset", "-q", "--hard", "HEAD~1"]);
    }
}

fn what_is_no_file_is_not_waited_for() {
    let pipe = |path: &Path| assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    let socket = |path: &Path| drop(std::os::unix::net::UnixListener::bind(path).unwrap());
    let device = |path: &Path| symlink("/dev/zero", path).unwrap();
    let kinds: [&dyn Fn(&Path); 3] = [&pipe, &socket, &device];
    for make in kinds {
        for place in [
            "infra-templates/example/1/README.md",
            "infra-templates/example/1/docker-compose.yml",
            "infra-templates/example/config.yml",
            "infra-templates/example/1/more",
            "infra-templates/example/more",
            "gen-catalog.toml",
            "baseline.json",
        ] {
            let (folder, _) = repository();
            git(folder.path(), &["commit", "-q", "--allow-empty", "-m", "second"]);
            put(&folder.path().join(place), make);
            for args in commands() {
                let (_, text) = run(folder.path(), &args);
                assert!(text.len() < 100_000, "{place} {args:?}");
            }
        }
    }
}

fn what_is_large_costs_little() {
    let (folder, template) = repository();
    let top = folder.path();
    let (readme, icon) = (template.join("1/README.md"), template.join("catalogIcon-large.svg"));
    // A line's end costs a comparison of lines most.
    fs::write(&readme, "\n".repeat(17 << 20)).unwrap();
    fs::write(&icon, vec![b'x'; 2 << 20]).unwrap();
    fs::write(template.join("1/rancher-compose.yml"), "#".repeat((1 << 20) + 1)).unwrap();
    let (_, text) = run(top, &["check", "."]);
    assert!(text.contains("too-large") && text.contains("more than 1048576 bytes"), "{text}");
    git(top, &["add", "-A"]);
    git(top, &["commit", "-q", "-m", "large"]);
    let (code, text) = run(top, &["diff", "--catalog", ".", "HEAD~1", "HEAD"]);
    assert!(code == 1 && text.len() < 10_000 && text.contains("17825792 bytes, SHA-256"), "{text}");
    // Two large files of one length are still known as different.
    fs::write(&icon, vec![b'y'; 2 << 20]).unwrap();
    let (code, text) = run(top, &["diff", "--catalog", ".", "HEAD", "HEAD"]);
    assert_eq!((code, text.as_str()), (0, "nothing differs\n"));
    git(top, &["commit", "-qam", "larger"]);
    assert_eq!(run(top, &["diff", "--catalog", ".", "HEAD~1", "HEAD"]).0, 1);
    // More than any catalog has is not taken out of git at all.
    fs::File::create(&icon).unwrap().set_len(130 << 20).unwrap();
    git(top, &["commit", "-qam", "too large"]);
    let (code, text) = run(top, &["diff", "--catalog", ".", "HEAD~1", "HEAD"]);
    assert!(code == 2 && text.contains("more than any catalog"), "{text}");
}

fn checked_out_otherwise() {
    let (folder, template) = repository();
    let readme = template.join("1/README.md");
    let nothing = "nothing found in 0 templates, 0 versions\n";
    let changed = || run(folder.path(), &["check", ".", "--changed-since", "HEAD"]);
    // A clone can be set to other ends of lines.
    let text = fs::read_to_string(&readme).unwrap();
    fs::write(&readme, text.replace('\n', "\r\n")).unwrap();
    assert_eq!(changed(), (0, nothing.to_owned()));
    fs::write(&readme, format!("{text}x\r\n")).unwrap();
    assert_ne!(changed().1, nothing);
    fs::write(&readme, &text).unwrap();
    // One that is sparse has not all files.
    git(folder.path(), &["sparse-checkout", "set", "--no-cone", "/infra-templates/example/"]);
    assert!(!folder.path().join("infra-templates/other").exists());
    assert_eq!(changed(), (0, nothing.to_owned()));
    git(folder.path(), &["sparse-checkout", "disable"]);
    // What git ignores and does not know is no part of a change.
    fs::write(folder.path().join(".git/info/exclude"), "*.swp\n").unwrap();
    fs::write(template.join("1/x.swp"), "x").unwrap();
    assert_eq!(changed(), (0, nothing.to_owned()));
    // A linked work tree is one of the same clone.
    let other = tempfile::tempdir().unwrap();
    let at = other.path().join("linked");
    git(folder.path(), &["worktree", "add", "-q", at.to_str().unwrap()]);
    assert_eq!(run(&at, &["check", ".", "--changed-since", "HEAD"]), (0, nothing.to_owned()));
    fs::write(at.join("infra-templates/example/1/README.md"), "# other\n").unwrap();
    assert_ne!(run(&at, &["check", ".", "--changed-since", "HEAD"]).1, nothing);
    // And git keeps its objects by another hash, or its references in another way.
    for args in [["--object-format", "sha256"], ["--ref-format", "reftable"]] {
        let folder = tempfile::tempdir().unwrap();
        swarm_lab::tree::copy(&template, &folder.path().join("infra-templates/example"));
        git(folder.path(), &["init", "-q", args[0], args[1]]);
        git(folder.path(), &["add", "-A"]);
        git(folder.path(), &["commit", "-q", "-m", "first"]);
        assert_eq!(run(folder.path(), &["check", ".", "--changed-since", "HEAD"]), (0, nothing.to_owned()), "{args:?}");
        fs::write(folder.path().join("infra-templates/example/1/README.md"), "# other\n").unwrap();
        assert_ne!(run(folder.path(), &["check", ".", "--changed-since", "HEAD"]).1, nothing, "{args:?}");
    }
}
