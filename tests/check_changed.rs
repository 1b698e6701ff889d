//! `check --changed-since`: what only a diff can show, in a real git repository.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};
use swarm_lab::trial::Trial;
use swarm_lab::trials;

use catalog_check::rules::GOOD_TEMPLATE;
use serde_json::Value;
use swarm_lab::generator::outcome;

pub fn trials() -> Vec<Trial> {
    trials![
        nothing_changed_is_nothing_checked,
        a_new_revision_as_it_should_be_is_fine_and_alone_is_checked,
        a_published_revision_that_changes_is_an_error,
        closing_an_old_revision_and_correcting_its_readme_are_no_changes_of_it,
        what_was_wrong_before_in_versions_that_stay_is_not_told,
        what_a_diff_shows_can_be_allowed_with_a_reason,
        links_and_other_repositories_in_what_was_published_are_passed_over,
        what_a_change_allows_does_not_count_in_it,
        a_new_revision_may_take_over_what_was_allowed_before,
        for_whom_a_catalog_is_does_not_change_in_the_change_that_says_so,
        a_baseline_counts_as_it_was_before_the_change,
        a_path_that_holds_nothing_is_an_error_here_too,
        a_renumbered_revision_is_told_as_such,
        a_version_that_did_not_grow_and_a_default_that_did_not_follow,
        a_reference_that_is_not_there_or_no_repository_is_a_clear_error,
        what_a_check_leaves_that_was_killed_the_next_one_removes,
    ]
}

pub fn git(folder: &Path, args: &[&str]) {
    let output = Command::new("git")
        .current_dir(folder)
        .args(["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"])
        .args(args)
        .output()
        .unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A repository whose first commit holds the good template twice.
pub fn repository() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    for name in ["example", "other"] {
        for (file, text) in GOOD_TEMPLATE {
            let path = folder.path().join("infra-templates").join(name).join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }
    git(folder.path(), &["init", "-q"]);
    git(folder.path(), &["add", "-A"]);
    git(folder.path(), &["commit", "-q", "-m", "first"]);
    let template = folder.path().join("infra-templates/example");
    (folder, template)
}

fn what_a_check_leaves_that_was_killed_the_next_one_removes() {
    let (folder, _) = repository();
    let temporary = tempfile::tempdir().unwrap();
    let tools = temporary.path().join("tools");
    let used = temporary.path().join("used");
    fs::create_dir(&tools).unwrap();
    fs::create_dir(&used).unwrap();
    // A git that never answers: whoever asks it is killed in the middle.
    fs::write(tools.join("git"), "#!/bin/sh\nexec sleep 1000\n").unwrap();
    fs::set_permissions(tools.join("git"), fs::Permissions::from_mode(0o755)).unwrap();
    let check = |path: &str| {
        let mut command = Command::new(swarm_lab::programs::gen_catalog());
        command.args(["check", "--changed-since", "HEAD", "--quiet"]).current_dir(folder.path());
        command.env("TMPDIR", &used).env("PATH", path);
        command
    };
    let path = std::env::var("PATH").unwrap();
    let entries = || fs::read_dir(&used).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    let mut killed = check(&format!("{}:{path}", tools.display())).process_group(0).spawn().unwrap();
    let start = Instant::now();
    while entries().is_empty() {
        assert!(start.elapsed() < Duration::from_secs(60) && killed.try_wait().unwrap().is_none());
        std::thread::sleep(Duration::from_millis(10));
    }
    // With its git, as the whole of a job is killed.
    let group = format!("-{}", killed.id());
    assert!(Command::new("kill").args(["-KILL", "--", &group]).status().unwrap().success());
    killed.wait().unwrap();
    let left = entries();
    assert_eq!(left.len(), 1, "{left:?}");
    // What is young may be somebody's who has just begun.
    assert!(check(&path).status().unwrap().success());
    assert_eq!(entries(), left);
    let then = SystemTime::now() - Duration::from_secs(120);
    fs::File::open(&left[0]).unwrap().set_modified(then).unwrap();
    assert!(check(&path).status().unwrap().success());
    assert_eq!(entries(), Vec::<PathBuf>::new());
}

fn findings(folder: &Path) -> Vec<String> {
    let (_, text, errors) = outcome(folder, &["check", ".", "--changed-since", "HEAD", "--format", "json"]);
    let json: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{errors}"));
    let one =
        |finding: &Value| format!("{} {}", finding["rule"].as_str().unwrap(), finding["message"].as_str().unwrap());
    json["findings"].as_array().unwrap().iter().map(one).collect()
}

/// A third revision, of a version, that config.yml names or not.
fn add_revision(template: &Path, version: &str, default: bool) {
    fs::create_dir(template.join("2")).unwrap();
    for file in ["docker-compose.yml", "rancher-compose.yml", "README.md"] {
        let text = fs::read_to_string(template.join("1").join(file)).unwrap();
        let text = text.replace("version: v1.1.0", &format!("version: {version}")).replace("web:1.1.0", "web:1.2.0");
        fs::write(template.join("2").join(file), text).unwrap();
    }
    if default {
        let config = fs::read_to_string(template.join("config.yml")).unwrap();
        fs::write(template.join("config.yml"), config.replace("v1.1.0", version)).unwrap();
    }
}

fn nothing_changed_is_nothing_checked() {
    let (folder, _) = repository();
    let (code, text, _) = outcome(folder.path(), &["check", ".", "--changed-since", "HEAD"]);
    assert_eq!((code, text.as_str()), (0, "nothing found in 0 templates, 0 versions\n"));
}

fn a_new_revision_as_it_should_be_is_fine_and_alone_is_checked() {
    let (folder, template) = repository();
    add_revision(&template, "v1.2.0", true);
    let (code, text, _) = outcome(folder.path(), &["check", ".", "--changed-since", "HEAD", "--strict"]);
    assert_eq!((code, text.as_str()), (0, "nothing found in 1 template, 1 version\n"));
    git(folder.path(), &["add", "-A"]);
    git(folder.path(), &["commit", "-q", "-m", "second"]);
    let (code, text, _) = outcome(folder.path(), &["check", ".", "--changed-since", "HEAD~1", "--strict"]);
    assert_eq!((code, text.as_str()), (0, "nothing found in 1 template, 1 version\n"));
}

fn a_published_revision_that_changes_is_an_error() {
    let (folder, template) = repository();
    let file = template.join("0/docker-compose.yml");
    fs::write(&file, fs::read_to_string(&file).unwrap() + "# x\n").unwrap();
    fs::write(template.join("1/new.txt"), "").unwrap();
    assert_eq!(
        findings(folder.path()),
        [
            "published-revision-changed changed in revision 0, which was published",
            "published-revision-changed added to revision 1, which was published",
        ]
    );
    assert_eq!(outcome(folder.path(), &["check", ".", "--changed-since", "HEAD"]).0, 1);
    fs::remove_dir_all(template.join("0")).unwrap();
    assert!(findings(folder.path()).contains(&"published-revision-changed revision 0 was removed".to_owned()));
}

fn closing_an_old_revision_and_correcting_its_readme_are_no_changes_of_it() {
    let (folder, template) = repository();
    let file = template.join("0/rancher-compose.yml");
    let text = fs::read_to_string(&file).unwrap();
    let closed = text.replace("  minimum_rancher", "  maximum_rancher_version: v1.6.99\n  minimum_rancher");
    fs::write(&file, &closed).unwrap();
    fs::write(template.join("0/README.md"), "# Corrected\n").unwrap();
    assert_eq!(findings(folder.path()), [""; 0]);
    fs::write(&file, closed.replace("port: 80", "port: 81")).unwrap();
    assert_eq!(findings(folder.path()), ["published-revision-changed changed in revision 0, which was published"]);
}

fn what_was_wrong_before_in_versions_that_stay_is_not_told() {
    let (folder, template) = repository();
    let spoil = |revision: &str| {
        let file = template.join(revision).join("docker-compose.yml");
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, text.replace("web:1.0.0", "web:latest").replace("web:1.2.0", "web:latest")).unwrap();
    };
    spoil("0");
    git(folder.path(), &["commit", "-q", "-a", "-m", "second"]);
    add_revision(&template, "v1.2.0", true);
    assert_eq!(findings(folder.path()), Vec::<String>::new());
    spoil("2");
    assert_eq!(findings(folder.path()), ["image-latest example/web:latest is whatever was built last"]);
    fs::write(template.join("config.yml"), "name: Example\nversion: v9.9.9\ncategory: x\n").unwrap();
    assert!(findings(folder.path()).iter().any(|text| text.starts_with("default-version ")));
}

fn what_a_diff_shows_can_be_allowed_with_a_reason() {
    let (folder, template) = repository();
    add_revision(&template, "v0.9.0", false);
    let found = ["default-version-not-following", "version-not-higher"];
    let ids = |folder: &Path| -> Vec<String> {
        findings(folder).iter().filter_map(|text| Some(text.split_once(' ')?.0.to_owned())).collect()
    };
    assert!(found.iter().all(|id| ids(folder.path()).contains(&(*id).to_owned())));
    let allow = |id: &str| format!("[[allow]]\nrule = \"{id}\"\nreason = \"for an older Rancher\"\n");
    fs::write(folder.path().join("gen-catalog.toml"), found.map(allow).concat()).unwrap();
    git(folder.path(), &["add", "gen-catalog.toml"]);
    git(folder.path(), &["commit", "-q", "-m", "second"]);
    assert!(found.iter().all(|id| !ids(folder.path()).contains(&(*id).to_owned())));
    let (_, text, _) = outcome(folder.path(), &["check", ".", "--changed-since", "HEAD"]);
    assert!(text.contains("2 silenced"), "{text}");
}

fn links_and_other_repositories_in_what_was_published_are_passed_over() {
    let (folder, template) = repository();
    std::os::unix::fs::symlink("README.md", template.join("1/link")).unwrap();
    git(folder.path(), &["init", "-q", "infra-templates/example/1/other"]);
    git(&template.join("1/other"), &["commit", "-q", "--allow-empty", "-m", "x"]);
    git(folder.path(), &["add", "-A"]);
    git(folder.path(), &["commit", "-q", "-m", "second"]);
    fs::write(template.join("1/README.md"), "# Example\n\nMore.\n").unwrap();
    assert!(!findings(folder.path()).iter().any(|text| text.starts_with("published-revision-changed")));
}

/// A published revision gets another image, which is an error.
fn change_what_is_published(template: &Path) {
    let file = template.join("0/docker-compose.yml");
    fs::write(&file, fs::read_to_string(&file).unwrap().replace("web:1.0.0", "web:9.0.0")).unwrap();
}

fn what_a_change_allows_does_not_count_in_it() {
    let (folder, template) = repository();
    let check =
        |arguments: &[&str]| outcome(folder.path(), &[&["check", ".", "--changed-since", "HEAD"], arguments].concat());
    change_what_is_published(&template);
    let allow = "[[allow]]\nrule = \"published-revision-changed\"\nreason = \"a slip of the pen\"\n";
    fs::write(folder.path().join("gen-catalog.toml"), allow).unwrap();
    for format in ["text", "json", "github", "sarif", "junit"] {
        let (code, text, errors) = check(&["--format", format]);
        assert_eq!(code, 1, "{errors}");
        assert!(text.contains("published-revision-changed") && text.contains("allowance-changed"), "{format}: {text}");
    }
    let found = findings(folder.path());
    assert!(found.contains(
        &"allowance-changed this change allows `published-revision-changed` everywhere itself: that does not count in it"
            .to_owned()
    ));
    // The same by a comment, at the top of the file and beside a line.
    fs::remove_file(folder.path().join("gen-catalog.toml")).unwrap();
    let file = template.join("0/docker-compose.yml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("# gen-catalog: allow published-revision-changed a slip of the pen\n{text}")).unwrap();
    let found = findings(folder.path());
    assert!(found.iter().any(|text| text.starts_with("published-revision-changed ")), "{found:?}");
    assert!(found.iter().any(|text| text.starts_with("allowance-changed this change allows")), "{found:?}");
    assert_eq!(check(&[]).0, 1);
    // Once it is merged it counts.
    fs::write(&file, text).unwrap();
    fs::write(folder.path().join("gen-catalog.toml"), allow).unwrap();
    git(folder.path(), &["add", "gen-catalog.toml"]);
    git(folder.path(), &["commit", "-q", "-m", "second"]);
    assert_eq!(findings(folder.path()), [""; 0]);
    // To take it back is told, and does not judge the change either.
    fs::remove_file(folder.path().join("gen-catalog.toml")).unwrap();
    let found = findings(folder.path());
    let [back] = found.as_slice() else { panic!("{found:?}") };
    assert!(back.starts_with("allowance-changed this change takes back the allowance of"), "{back}");
}

fn for_whom_a_catalog_is_does_not_change_in_the_change_that_says_so() {
    let (folder, _) = repository();
    fs::write(folder.path().join("gen-catalog.toml"), "for = \"community\"\n").unwrap();
    let told = "allowance-changed this change makes the catalog one for community: in it that for rancher still counts";
    assert_eq!(findings(folder.path()), [told]);
}

fn a_new_revision_may_take_over_what_was_allowed_before() {
    let (folder, template) = repository();
    let allowed = |revision: &str, from: &str| {
        let file = template.join(revision).join("docker-compose.yml");
        let text = fs::read_to_string(&file).unwrap();
        let to = "web:latest # gen-catalog: allow image-latest it is built each night";
        fs::write(&file, text.replace(from, to)).unwrap();
    };
    add_revision(&template, "v1.2.0", true);
    allowed("2", "web:1.2.0");
    let found = findings(folder.path());
    assert_eq!(found.iter().filter(|text| text.starts_with("image-latest ")).count(), 1, "{found:?}");
    assert_eq!(found.iter().filter(|text| text.starts_with("allowance-changed ")).count(), 1, "{found:?}");
    git(folder.path(), &["add", "-A"]);
    git(folder.path(), &["commit", "-q", "-m", "second"]);
    let copy = |from: &str, to: &str, version: &str| {
        fs::create_dir(template.join(to)).unwrap();
        for file in ["docker-compose.yml", "rancher-compose.yml", "README.md"] {
            let text = fs::read_to_string(template.join(from).join(file)).unwrap();
            fs::write(template.join(to).join(file), text.replace("version: v1.2.0", version)).unwrap();
        }
    };
    copy("2", "3", "version: v1.3.0");
    let config = template.join("config.yml");
    fs::write(&config, fs::read_to_string(&config).unwrap().replace("v1.2.0", "v1.3.0")).unwrap();
    assert_eq!(findings(folder.path()), [""; 0]);
    // Beside another line it is another allowance.
    let file = template.join("3/docker-compose.yml");
    fs::write(&file, fs::read_to_string(&file).unwrap().replace("example/web:latest", "elsewhere/web:latest")).unwrap();
    assert!(findings(folder.path()).iter().any(|text| text.starts_with("image-latest ")));
}

fn a_baseline_counts_as_it_was_before_the_change() {
    let (folder, template) = repository();
    let file = folder.path().join("baseline.json");
    let file = file.to_str().unwrap();
    let check = |arguments: &[&str]| outcome(folder.path(), &[&["check", ".", "--baseline", file], arguments].concat());
    add_revision(&template, "v1.2.0", true);
    let docker = template.join("2/docker-compose.yml");
    fs::write(&docker, fs::read_to_string(&docker).unwrap().replace("web:1.2.0", "web:latest")).unwrap();
    assert_eq!(check(&["--write-baseline"]).0, 0);
    assert_eq!(check(&["--strict"]).0, 0);
    let (code, text, _) = check(&["--strict", "--changed-since", "HEAD"]);
    assert_eq!(code, 1);
    assert!(text.contains("[image-latest]") && text.contains("[allowance-changed]"), "{text}");
    git(folder.path(), &["add", "baseline.json"]);
    git(folder.path(), &["commit", "-q", "-m", "second"]);
    let (code, text, _) = check(&["--strict", "--changed-since", "HEAD"]);
    assert_eq!((code, text.as_str()), (0, "nothing found in 1 template, 1 version; 1 in the baseline\n"));
}

fn a_path_that_holds_nothing_is_an_error_here_too() {
    let (folder, _) = repository();
    fs::create_dir(folder.path().join("docs")).unwrap();
    let (code, _, errors) = outcome(folder.path(), &["check", "docs", "--changed-since", "HEAD"]);
    assert_eq!(code, 2);
    assert!(errors.starts_with("error: docs holds no template"), "{errors}");
}

fn a_renumbered_revision_is_told_as_such() {
    let (folder, template) = repository();
    fs::rename(template.join("1"), template.join("2")).unwrap();
    let found = findings(folder.path());
    assert!(found.contains(&"revision-renumbered this was revision 1".to_owned()), "{found:?}");
    let new = ["version-not-higher", "default-version-not-following"];
    assert!(!found.iter().any(|finding| new.iter().any(|id| finding.starts_with(id))), "{found:?}");
}

fn a_version_that_did_not_grow_and_a_default_that_did_not_follow() {
    let (folder, template) = repository();
    add_revision(&template, "v1.0.5", false);
    let found = findings(folder.path());
    assert!(
        found.iter().any(|finding| finding.starts_with("version-not-higher v1.0.5 is not higher than v1.1.0")),
        "{found:?}"
    );
    let follows = "default-version-not-following the default is still v1.1.0, though revision 2 is new";
    assert!(found.contains(&follows.to_owned()), "{found:?}");
}

fn a_reference_that_is_not_there_or_no_repository_is_a_clear_error() {
    let (folder, _) = repository();
    for reference in ["nowhere", "--help", ""] {
        let option = format!("--changed-since={reference}");
        let (code, _, errors) = outcome(folder.path(), &["check", ".", &option]);
        assert_eq!(code, 2, "{reference}: {errors}");
        assert!(errors.starts_with(&format!("error: git knows no commit `{reference}`")), "{errors}");
    }
    fs::remove_dir_all(folder.path().join(".git")).unwrap();
    let (code, _, errors) = outcome(folder.path(), &["check", ".", "--changed-since", "HEAD"]);
    assert_eq!(code, 2);
    assert!(errors.contains("not a git repository"), "{errors}");
}
