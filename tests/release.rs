//! `gen-catalog release`, with real git on a copy of a real catalog and a bare remote.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use swarm_lab::trial::Trial;

use serde_json::Value;
use swarm_lab::generator::corpus;
use swarm_lab::git::{Sandbox, as_person, changed, commit_all, edit, git, outcome, state};
use swarm_lab::trial::trial;

pub const BRANCH: &str = "swarm-v2.0.0";
const CONFIG: &str = "infra-templates/swarm/config.yml";
const FIRST: [&str; 4] = [
    "A infra-templates/swarm/4/README.md",
    "A infra-templates/swarm/4/docker-compose.yml",
    "A infra-templates/swarm/4/rancher-compose.yml",
    "M infra-templates/swarm/config.yml",
];

pub fn trials() -> Vec<Trial> {
    let missing = corpus().is_none().then_some("needs the real catalogs (CATALOG_CORPUS)");
    vec![
        trial("a_first_release_makes_the_change_that_a_careful_maintainer_makes", missing, first),
        trial("a_second_run_does_nothing_whoever_runs_it", missing, second),
        trial("once_merged_there_is_nothing_to_do", missing, merged),
        trial("a_dry_run_changes_nothing_anywhere", missing, dry_run),
        trial("of_two_in_one_clone_one_wins_and_the_other_says_so", missing, parallel_here),
        trial("of_two_in_two_clones_one_wins_and_the_other_says_so", missing, parallel_there),
        trial("of_two_that_differ_one_wins_and_the_other_is_refused", missing, parallel_different),
        trial("killed_at_any_moment_the_clone_is_untouched_or_complete", missing, killed),
        trial("the_same_program_makes_the_same_tree_again", missing, again),
        trial("metadata_brings_config_and_icon", missing, metadata),
        trial("older_revisions_are_closed_only_when_asked", missing, closing),
        trial("the_environment_template_goes_where_it_is_kept", missing, project),
        trial("author_and_signature_are_gits_own_configuration", missing, author),
        trial("no_hook_of_the_clone_is_run", missing, hooks),
        trial("a_catalog_in_a_folder_of_its_repository", missing, subfolder),
    ]
}

pub fn community() -> Sandbox {
    Sandbox::of(&corpus().unwrap().join("community-catalog"))
}

pub fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn first() {
    let sandbox = community();
    let before = state(&sandbox.clone);
    let (code, text, errors) = sandbox.release(&["--push", "origin"]);
    assert_eq!((code, errors.as_str()), (0, ""), "{text}");
    assert_eq!(changed(&sandbox.clone, "master", BRANCH), FIRST);
    let diff = git(&sandbox.clone, &["diff", "-U0", "master", BRANCH, "--", CONFIG]);
    let lines: Vec<&str> = diff.lines().skip_while(|line| !line.starts_with("@@")).skip(1).collect();
    assert_eq!(lines, ["-version: v1.13.0-beta.1", "+version: v2.0.0"]);
    // One commit, upon the base; nothing else in the clone is other than it was.
    assert_eq!(
        git(&sandbox.clone, &["rev-parse", &format!("{BRANCH}~")]),
        git(&sandbox.clone, &["rev-parse", "master"])
    );
    let mut after = state(&sandbox.clone);
    for gone in ["refs", &format!(".git/refs/heads/{BRANCH}"), &format!(".git/refs/remotes/origin/{BRANCH}")] {
        after.remove(gone);
    }
    let before: Vec<(String, Vec<u8>)> = before.into_iter().filter(|(name, _)| name != "refs").collect();
    assert_eq!(after.into_iter().collect::<Vec<_>>(), before);
    let here = git(&sandbox.clone, &["rev-parse", BRANCH]);
    assert_eq!(git(&sandbox.remote, &["rev-parse", BRANCH]), here);
    assert_eq!(git(&sandbox.clone, &["fsck", "--strict"]), "");
    // What is in the commit is what `render` writes.
    git(&sandbox.clone, &["checkout", "-q", BRANCH]);
    let clone = sandbox.clone.to_str().unwrap();
    let (_, text, _) = outcome(sandbox.folder.path(), &["render", "--check", "--catalog", clone, "--format", "json"]);
    let report = json(&text);
    assert_eq!(report["infra"]["published"], true);
    for file in report["infra"]["files"].as_array().unwrap().iter().filter(|file| file["published"] == true) {
        assert_eq!(file["change"], "same", "{file}");
    }
}

fn second() {
    let sandbox = community();
    assert_eq!(sandbox.release(&["--push", "origin"]).0, 0);
    let (before, remote) = (state(&sandbox.clone), git(&sandbox.remote, &["for-each-ref"]));
    let (code, text, _) = sandbox.release(&["--push", "origin"]);
    assert_eq!((code, text.as_str()), (0, "nothing to do: the branch swarm-v2.0.0 is there, with the same content\n"));
    assert_eq!(state(&sandbox.clone), before);
    // In a fresh clone, as CI has one: the remote's branch is looked into.
    let other = sandbox.another("other");
    let fresh = state(&other);
    let args = ["release", "--catalog", other.to_str().unwrap(), "--push", "origin", "--format", "json"];
    let (code, text, errors) = outcome(sandbox.folder.path(), &args);
    assert_eq!((code, json(&text)["status"].as_str()), (0, Some("nothing-to-do")), "{errors}");
    assert_eq!(state(&other), fresh);
    assert_eq!(git(&sandbox.remote, &["for-each-ref"]), remote);
    // A clone in which the branch is, but not at the remote: it is pushed as it is.
    git(&sandbox.remote, &["update-ref", "-d", &format!("refs/heads/{BRANCH}")]);
    let (code, text, _) = sandbox.release(&["--push", "origin", "--format", "json"]);
    assert_eq!((code, json(&text)["pushed"].as_bool()), (0, Some(true)));
    assert_eq!(git(&sandbox.remote, &["for-each-ref"]), remote);
}

fn merged() {
    let sandbox = community();
    assert_eq!(sandbox.release(&[]).0, 0);
    git(&sandbox.clone, &["merge", "-q", "--ff-only", BRANCH]);
    git(&sandbox.clone, &["push", "-q", "origin", "master"]);
    git(&sandbox.clone, &["branch", "-q", "-D", BRANCH]);
    let before = state(&sandbox.clone);
    let (code, text, errors) = sandbox.release(&["--push", "origin"]);
    let says = "nothing to do: infra-templates/swarm has v2.0.0 already, as revision 4\n";
    assert_eq!((code, text.as_str(), errors.as_str()), (0, says, ""));
    assert_eq!(state(&sandbox.clone), before);
}

fn dry_run() {
    let sandbox = community();
    let everything = |folder: &Path| swarm_lab::tree::snapshot(folder);
    let before = (everything(&sandbox.clone), everything(&sandbox.remote));
    let body = sandbox.folder.path().join("body.md");
    let (code, text, _) = sandbox.release(&["--dry-run", "--push", "origin", "--body-file", body.to_str().unwrap()]);
    assert_eq!(code, 0);
    assert!(text.contains("would create infra-templates/swarm/4/docker-compose.yml"), "{text}");
    assert!(fs::read_to_string(&body).unwrap().contains("An upgrade of a running stack recreates"));
    // Not even an object.
    assert_eq!((everything(&sandbox.clone), everything(&sandbox.remote)), before);
    // It makes the very tree that a run makes; and where that was done, it says so.
    let tree = |args: &[&str]| json(&sandbox.release(args).1)["tree"].as_str().unwrap().to_owned();
    let planned = tree(&["--dry-run", "--format", "json"]);
    assert_eq!(tree(&["--push", "origin", "--format", "json"]), planned);
    let (code, text, _) = sandbox.release(&["--dry-run"]);
    assert_eq!((code, text.as_str()), (0, "nothing to do: the branch swarm-v2.0.0 is there, with the same content\n"));
    let other = sandbox.another("other");
    let before = everything(&other);
    let args = ["release", "--catalog", "other", "--push", "origin", "--dry-run", "--format", "json"];
    let (_, text, errors) = outcome(sandbox.folder.path(), &args);
    assert_eq!(json(&text)["status"], "nothing-to-do", "{errors}");
    assert_eq!(everything(&other), before);
}

/// Runs at the same time, each in its clone.
fn at_once(runs: &[(&Path, &[&str])]) -> Vec<(i32, Value, String)> {
    let children: Vec<_> = runs
        .iter()
        .map(|(clone, args)| {
            let mut command = Command::new(swarm_lab::programs::gen_catalog());
            command.args(["release", "--format", "json", "--catalog"]).arg(clone).args(*args);
            as_person(&mut command).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    children
        .into_iter()
        .map(|child| {
            let output = child.wait_with_output().unwrap();
            let (text, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            (output.status.code().unwrap(), serde_json::from_str(&text).unwrap_or(Value::Null), errors.into_owned())
        })
        .collect()
}

fn parallel_here() {
    for _ in 0..6 {
        let sandbox = community();
        let clone = sandbox.clone.as_path();
        let results = at_once(&[(clone, &[]), (clone, &[]), (clone, &[])]);
        let tip = git(clone, &["rev-parse", BRANCH]);
        for (code, report, errors) in &results {
            assert_eq!((*code, report["commit"].as_str()), (0, Some(tip.as_str())), "{errors}");
        }
        let status = |wanted: &str| results.iter().filter(|(_, report, _)| report["status"] == wanted).count();
        assert_eq!((status("released"), status("nothing-to-do")), (1, 2));
        assert_eq!(changed(clone, "master", BRANCH), FIRST);
    }
}

fn parallel_there() {
    for _ in 0..6 {
        let sandbox = community();
        let other = sandbox.another("other");
        let push: &[&str] = &["--push", "origin"];
        let results = at_once(&[(&sandbox.clone, push), (&other, push)]);
        let tip = git(&sandbox.remote, &["rev-parse", BRANCH]);
        for (code, report, errors) in &results {
            assert_eq!((*code, report["commit"].as_str()), (0, Some(tip.as_str())), "{errors}");
        }
        let pushed = results.iter().filter(|(_, report, _)| report["pushed"] == true).count();
        assert_eq!(pushed, 1);
        // The other one came too late, and says so; or so late that it found the branch.
        let other = results.iter().find(|(_, report, _)| report["pushed"] == false).unwrap();
        let said =
            other.1["notes"][0].as_str().is_some_and(|note| note.contains("another run pushed the same release"));
        assert!(said || other.1["status"] == "nothing-to-do", "{}", other.1["notes"]);
    }
}

fn parallel_different() {
    for _ in 0..6 {
        let sandbox = community();
        let other = sandbox.another("other");
        let results = at_once(&[
            (&sandbox.clone, &["--push", "origin"]),
            (&other, &["--push", "origin", "--image", "example.com/other"]),
        ]);
        let mut codes: Vec<i32> = results.iter().map(|(code, ..)| *code).collect();
        codes.sort_unstable();
        assert_eq!(codes, [0, 1]);
        let (at, (_, report, errors)) = results.iter().enumerate().find(|(_, (code, ..))| *code == 1).unwrap();
        assert_eq!(report["status"], "refused");
        assert!(errors.contains("origin has a branch swarm-v2.0.0 already, with other content"), "{errors}");
        // The clone of the one that lost is as it was.
        let lost = [&sandbox.clone, &other][at];
        assert_eq!(git(lost, &["branch", "--list", BRANCH]), "");
    }
}

/// Kills at one moment after another until runs come to their end, and looks at the clone each time: the program
/// alone, so that a git which it started goes on, and all of them together.
fn killed() {
    let original = community();
    let (clone, remote) = (&original.clone, &original.remote);
    let local = |mut state: std::collections::BTreeMap<String, Vec<u8>>| {
        // What is known of the remote is no part of what is released. A lock that a killed git left is git's own: it
        // says so, and what to do.
        state.retain(|name, _| name != "refs" && !name.contains("remotes/origin/swarm-") && !name.ends_with(".lock"));
        state
    };
    let untouched = local(state(clone));
    let (mut ended, mut cut_off) = (0, 0);
    for round in 0..400 {
        let together = round % 2 == 0;
        let mut command = Command::new(swarm_lab::programs::gen_catalog());
        command.args(["release", "--push", "origin", "--catalog"]).arg(clone).process_group(0);
        let mut child = as_person(&mut command).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(round * 8));
        let group = format!("-{}", child.id());
        if together {
            let _ = Command::new("kill").args(["-9", "--", &group]).stderr(Stdio::null()).status();
        } else {
            let _ = child.kill();
        }
        let status = child.wait().unwrap();
        if status.success() {
            ended += 1;
        } else {
            cut_off += 1;
        }
        settle(&group);
        remove_locks(&clone.join(".git/refs"));
        remove_locks(&remote.join("refs"));
        let branch = git(clone, &["for-each-ref", "--format=%(objectname)", &format!("refs/heads/{BRANCH}")]);
        if branch.is_empty() {
            assert_eq!(local(state(clone)), untouched, "round {round}");
        } else {
            assert_eq!(changed(clone, "master", BRANCH), FIRST);
            assert_eq!(git(remote, &["rev-parse", BRANCH]), branch);
        }
        assert_eq!(git(clone, &["fsck", "--no-dangling"]), "", "round {round}");
        // Whatever was left behind, a run now comes to its end and the result is the same.
        let (code, text, errors) = original.release(&["--push", "origin"]);
        assert_eq!(code, 0, "round {round}: {text}{errors}");
        assert_eq!(changed(remote, "master", BRANCH), FIRST);
        for (folder, reference) in [
            (clone, format!("refs/heads/{BRANCH}")),
            (clone, format!("refs/remotes/origin/{BRANCH}")),
            (remote, format!("refs/heads/{BRANCH}")),
        ] {
            git(folder, &["update-ref", "-d", &reference]);
        }
        if ended == 4 {
            break;
        }
    }
    assert!(cut_off >= 10 && ended == 4, "{cut_off} runs were killed before their end, {ended} were not");
}

/// Waits until the last process of a group is gone.
fn settle(group: &str) {
    for _ in 0..1000 {
        let there = Command::new("kill").args(["-0", "--", group]).stderr(Stdio::null()).status().unwrap();
        if !there.success() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    panic!("something of the run goes on");
}

fn remove_locks(folder: &Path) {
    for name in swarm_lab::tree::snapshot(folder).keys().filter(|name| name.ends_with(".lock")) {
        fs::remove_file(folder.join(name)).unwrap();
    }
}

fn again() {
    let sandbox = community();
    let (_, text, _) = sandbox.release(&["--format", "json"]);
    let report = json(&text);
    let body = report["body"].as_str().unwrap();
    // As the pull request says.
    let (_, command) = body.split_once("    gen-catalog ").unwrap();
    let (command, rest) = command.split_once('\n').unwrap();
    let (compare, _) = rest.trim_start().split_once('\n').unwrap();
    let other = sandbox.another("other");
    git(&other, &["fetch", "-q", sandbox.clone.to_str().unwrap(), &format!("{BRANCH}:{BRANCH}")]);
    let (code, text, errors) = outcome(&other, &command.split(' ').collect::<Vec<_>>());
    assert_eq!(code, 0, "{text}{errors}");
    let compare: Vec<&str> = compare.strip_prefix("git ").unwrap().split(' ').collect();
    assert_eq!(git(&other, &compare), "");
    assert!(body.contains(report["tree"].as_str().unwrap()));
}

fn metadata() {
    let sandbox = community();
    assert_eq!(sandbox.release(&["--metadata"]).0, 0);
    let mut files: Vec<&str> = FIRST.to_vec();
    files.insert(3, "M infra-templates/swarm/catalogIcon-swarm.svg");
    assert_eq!(changed(&sandbox.clone, "master", BRANCH), files);
    git(&sandbox.clone, &["checkout", "-q", BRANCH]);
    let clone = sandbox.clone.to_str().unwrap();
    let (_, text, _) = outcome(sandbox.folder.path(), &["render", "--check", "--catalog", clone, "--format", "json"]);
    assert!(json(&text)["infra"]["files"].as_array().unwrap().iter().all(|file| file["change"] == "same"), "{text}");
}

fn closing() {
    let sandbox = community();
    let (code, text, errors) = sandbox.release(&["--maximum-rancher-version", "v1.5.99", "--format", "json"]);
    assert_eq!(code, 0, "{errors}");
    assert_eq!(json(&text)["templates"][0]["closed"], serde_json::json!([0, 1, 2, 3]));
    let compose = |revision: u32| format!("infra-templates/swarm/{revision}/rancher-compose.yml");
    let mut files: Vec<String> = (0..4).map(|revision| format!("M {}", compose(revision))).collect();
    files.extend(FIRST.map(str::to_owned));
    assert_eq!(changed(&sandbox.clone, "master", BRANCH), files);
    for revision in 0..4 {
        let diff = git(&sandbox.clone, &["diff", "-U0", "master", BRANCH, "--", &compose(revision)]);
        let lines: Vec<&str> = diff.lines().skip_while(|line| !line.starts_with("@@")).skip(1).collect();
        assert_eq!(lines, ["+  maximum_rancher_version: v1.5.99"], "{diff}");
    }
    // Nothing of the new version is closed.
    assert!(!git(&sandbox.clone, &["show", &format!("{BRANCH}:{}", compose(4))]).contains("maximum"));
}

fn project() {
    let sandbox = Sandbox::of(&corpus().unwrap().join("rancher-catalog"));
    let (code, text, errors) = sandbox.release(&["--what", "project"]);
    // The real one has a swarm already, with a version of its own.
    assert_eq!(code, 0, "{text}{errors}");
    let files = changed(&sandbox.clone, "master", BRANCH);
    assert!(files.iter().all(|file| file.contains(" project-templates/swarm/")), "{files:?}");
    assert!(files.contains(&"M project-templates/swarm/config.yml".to_owned()), "{files:?}");
    let both = community();
    assert_eq!(both.release(&["--what", "both"]).0, 0);
    let files = changed(&both.clone, "master", BRANCH);
    assert_eq!(files.len(), 7, "{files:?}");
}

fn author() {
    let sandbox = community();
    git(&sandbox.clone, &["config", "user.name", "Maintainer"]);
    git(&sandbox.clone, &["config", "user.email", "m@example.com"]);
    let settings = sandbox.folder.path().join("settings");
    fs::write(&settings, "").unwrap();
    let run = |args: &[&str], with_name: bool| {
        let mut command = Command::new(swarm_lab::programs::gen_catalog());
        as_person(command.args(["release", "--catalog"]).arg(&sandbox.clone).args(args));
        command.env("GIT_CONFIG_GLOBAL", &settings);
        for name in ["GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"] {
            command.env_remove(name);
        }
        if !with_name {
            command.env("EMAIL", "").env("HOME", "/nonexistent");
        }
        command.output().unwrap()
    };
    assert!(run(&[], true).status.success());
    assert_eq!(
        git(&sandbox.clone, &["log", "-1", "--format=%an <%ae> %cn", BRANCH]),
        "Maintainer <m@example.com> Maintainer"
    );
    // A signature, by a program that signs anything.
    let signer = sandbox.folder.path().join("signer");
    let script = "#!/bin/sh\necho '[GNUPG:] BEGIN_SIGNING' >&2\necho '[GNUPG:] SIG_CREATED ' >&2\necho '-----BEGIN PGP SIGNATURE-----'\ncat >/dev/null\n";
    fs::write(&signer, script).unwrap();
    fs::set_permissions(&signer, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    git(&sandbox.clone, &["config", "--file", settings.to_str().unwrap(), "gpg.program", signer.to_str().unwrap()]);
    // Not by one that the clone names.
    let mark = sandbox.folder.path().join("ran");
    let other = sandbox.folder.path().join("other");
    fs::write(&other, format!("#!/bin/sh\ntouch '{}'\nexit 1\n", mark.display())).unwrap();
    fs::set_permissions(&other, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    git(&sandbox.clone, &["config", "gpg.program", other.to_str().unwrap()]);
    git(&sandbox.clone, &["config", "commit.gpgSign", "true"]);
    let output = run(&["--branch", "signed"], true);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(git(&sandbox.clone, &["cat-file", "commit", "signed"]).contains("gpgsig -----BEGIN PGP SIGNATURE-----"));
    assert!(!mark.exists());
    // Who does not sign, though it is asked for, makes no commit.
    fs::write(&signer, "#!/bin/sh\nexit 1\n").unwrap();
    let output = run(&["--branch", "unsigned"], true);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(git(&sandbox.clone, &["branch", "--list", "unsigned"]), "");
    git(&sandbox.clone, &["config", "commit.gpgSign", "false"]);
    git(&sandbox.clone, &["config", "--unset", "user.name"]);
    git(&sandbox.clone, &["config", "--unset", "user.email"]);
    git(&sandbox.clone, &["config", "user.useConfigOnly", "true"]);
    let output = run(&["--branch", "nobody"], false);
    assert_eq!(output.status.code(), Some(1));
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(errors.contains("git does not know who you are") && errors.contains("set user.name"), "{errors}");
}

fn hooks() {
    let sandbox = community();
    let mark = sandbox.folder.path().join("ran");
    let hooks = sandbox.clone.join(".git/hooks");
    fs::create_dir_all(&hooks).unwrap();
    let write = |path: PathBuf| {
        fs::write(&path, format!("#!/bin/sh\ntouch '{}'\n", mark.display())).unwrap();
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    };
    for name in
        ["pre-commit", "commit-msg", "post-commit", "pre-push", "reference-transaction", "post-index-change", "monitor"]
    {
        write(hooks.join(name));
    }
    git(&sandbox.clone, &["config", "core.fsmonitor", hooks.join("monitor").to_str().unwrap()]);
    let _ = fs::remove_file(&mark);
    assert_eq!(sandbox.release(&["--push", "origin"]).0, 0);
    assert!(!mark.exists());
    // Those of the remote are the remote's own, and are run.
    let remote = sandbox.remote.join("hooks");
    fs::create_dir_all(&remote).unwrap();
    fs::write(remote.join("pre-receive"), "#!/bin/sh\necho no such branches here >&2\nexit 1\n").unwrap();
    fs::set_permissions(remote.join("pre-receive"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let before = state(&sandbox.clone);
    let (code, _, errors) = sandbox.release(&["--push", "origin", "--branch", "second"]);
    assert_eq!(code, 2);
    assert!(errors.contains("no such branches here"), "{errors}");
    assert_eq!(state(&sandbox.clone), before);
}

fn subfolder() {
    let catalog = corpus().unwrap().join("community-catalog");
    let sandbox = Sandbox::with(|clone| {
        swarm_lab::tree::copy(&catalog, &clone.join("deep/catalog"));
        fs::write(clone.join("README.md"), "x").unwrap();
    });
    let folder = sandbox.clone.join("deep/catalog");
    let (code, text, errors) = outcome(sandbox.folder.path(), &["release", "--catalog", folder.to_str().unwrap()]);
    assert_eq!(code, 0, "{text}{errors}");
    let files: Vec<String> = FIRST.iter().map(|file| file.replace(" infra", " deep/catalog/infra")).collect();
    assert_eq!(changed(&sandbox.clone, "master", BRANCH), files);
    // And a catalog that has silenced a rule is heard.
    let rancher = folder.join("infra-templates/swarm/3/rancher-compose.yml");
    edit(&rancher, "    type: enum", "    type: enumm");
    commit_all(&sandbox.clone, "broken");
    git(&sandbox.clone, &["push", "-q", "origin", "master"]);
    let (_, text, _) = outcome(&folder, &["check", "infra-templates/swarm", "--format", "json"]);
    let rule = json(&text)["findings"][0]["rule"].as_str().unwrap().to_owned();
    fs::write(folder.join("gen-catalog.toml"), format!("[[allow]]\nrule = \"{rule}\"\nreason = \"it is old\"\n"))
        .unwrap();
    commit_all(&sandbox.clone, "allowed");
    git(&sandbox.clone, &["push", "-q", "origin", "master"]);
    let args = ["release", "--catalog", folder.to_str().unwrap(), "--branch", "x", "--format", "json"];
    let (code, text, errors) = outcome(sandbox.folder.path(), &args);
    assert_eq!(code, 0, "{errors}");
    assert!(json(&text)["check"]["silenced"].as_u64().unwrap() > 0, "{text}");
}
