//! `gen-catalog check --fix`: what it changes, what it lists, and what it leaves alone.

use std::fs;
use std::path::Path;
use swarm_lab::trial::Trial;
use swarm_lab::trials;

use serde_json::Value;
use swarm_lab::generator::outcome;
use swarm_lab::tree::snapshot;

use crate::check_changed::{git, repository};
use crate::check_command::{DOCKER, RANCHER, catalog};

pub fn trials() -> Vec<Trial> {
    trials![
        fix_corrects_what_has_one_safe_answer_and_leaves_the_rest_of_the_file_alone,
        each_place_is_listed,
        diff_shows_what_fix_would_do_and_writes_nothing,
        a_published_revision_is_left_alone,
        what_is_new_since_a_reference_is_fixed,
        outside_of_a_clone_and_before_the_first_commit_nothing_is_published,
        what_is_silenced_is_not_fixed,
        a_file_that_is_not_utf_8_is_left_as_it_is,
        options_that_do_not_go_together_are_refused,
    ]
}

fn fix_corrects_what_has_one_safe_answer_and_leaves_the_rest_of_the_file_alone() {
    let folder = catalog(&[
        (DOCKER, "services:", "services:  # all of them  "),
        (DOCKER, "pull_image: always", "pull_image: always # keep\n      a: true\n      b:   1.10   \n      c: \"x\""),
        (RANCHER, "- blue", "- false"),
        (RANCHER, "- red", "- off"),
    ]);
    let path = folder.path().join("infra-templates/example").join(DOCKER);
    let mut bytes = fs::read_to_string(&path).unwrap().replace("ports:", "ports:\r");
    bytes.push_str("\n\n");
    fs::write(&path, bytes).unwrap();
    let (_, text, errors) = outcome(folder.path(), &["check", ".", "--level", "note", "--fix"]);
    assert!(errors.is_empty(), "{errors}");
    let after = fs::read_to_string(&path).unwrap();
    assert!(after.contains("services:  # all of them\n"), "{after}");
    assert!(after.contains("pull_image: always # keep\n      a: 'true'\n      b:   1.10\n      c: \"x\"\n"), "{after}");
    assert!(after.ends_with("    ports:\n      - '8080:80'\n"), "{after}");
    // 1.10 and off are not what they say: what is meant is the author's to tell.
    assert!(text.contains("the value `1.10` of b"), "{text}");
    let rancher = fs::read_to_string(folder.path().join("infra-templates/example").join(RANCHER)).unwrap();
    assert!(rancher.contains("        - off\n        - 'false'\n"), "{rancher}");
    assert!(text.contains(" fixed"), "{text}");
    let before = snapshot(folder.path());
    outcome(folder.path(), &["check", ".", "--level", "note", "--fix"]);
    assert_eq!(snapshot(folder.path()), before);
}

fn a_file_that_is_not_utf_8_is_left_as_it_is() {
    let folder = catalog(&[]);
    let path = folder.path().join("infra-templates/example").join(DOCKER);
    let text =
        format!("# caf\u{e9} \u{e9}\n{}", fs::read_to_string(&path).unwrap().replace("services:", "services:  "));
    let latin1: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let utf16: Vec<u8> = "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    for bytes in [latin1, utf16] {
        fs::write(&path, &bytes).unwrap();
        let (_, told, _) = outcome(folder.path(), &FIX);
        assert!(told.contains("note[text-trailing-space]") && !told.contains(" fixed"), "{told}");
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }
}

/// White space at the end of lines of both revisions and of config.yml.
fn spoil(template: &Path) {
    for file in ["config.yml", "0/docker-compose.yml", "1/docker-compose.yml"] {
        let path = template.join(file);
        let text = fs::read_to_string(&path).unwrap();
        let mut lines = text.lines();
        let first = lines.next().unwrap();
        fs::write(&path, format!("{first}  \n{}\n", lines.collect::<Vec<_>>().join("\n"))).unwrap();
    }
}

const FIX: [&str; 5] = ["check", ".", "--level", "note", "--fix"];

fn each_place_is_listed() {
    let folder = catalog(&[
        (DOCKER, "services:", "services: "),
        (DOCKER, "  web:", "  web: "),
        (DOCKER, "    labels:", "    labels: "),
    ]);
    let (code, text, _) = outcome(folder.path(), &FIX);
    assert_eq!(code, 0);
    let file = format!("infra-templates/example/{DOCKER}");
    let expected = format!(
        "fixed {file}: text-trailing-space in lines 2-3, 8\nnothing found in 1 template, 2 versions; 3 fixed\n"
    );
    assert_eq!(text, expected);
    spoil(&folder.path().join("infra-templates/example"));
    let (_, text, _) = outcome(folder.path(), &[&FIX[..], &["--format", "json"]].concat());
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["summary"]["fixed"], 3);
    assert_eq!(json["fixed"][0]["rule"], "text-trailing-space");
    assert_eq!(json["fixed"][0]["lines"], serde_json::json!([1]));
}

fn diff_shows_what_fix_would_do_and_writes_nothing() {
    let folder = catalog(&[(DOCKER, "services:", "services: "), (DOCKER, "web:1.1.0", "web:latest")]);
    let path = folder.path().join("infra-templates/example").join(DOCKER);
    fs::write(&path, fs::read_to_string(&path).unwrap() + " \n\n").unwrap();
    let before = snapshot(folder.path());
    let (code, text, errors) = outcome(folder.path(), &["check", ".", "--level", "note", "--diff"]);
    assert_eq!((code, errors.as_str()), (0, ""));
    assert_eq!(snapshot(folder.path()), before);
    let file = format!("infra-templates/example/{DOCKER}");
    assert!(text.starts_with(&format!("--- a/{file}\n+++ b/{file}\n@@ ")), "{text}");
    assert!(text.contains("-services: \n+services:\n"), "{text}");
    assert!(text.contains(&format!("would fix {file}: text-trailing-space in line")), "{text}");
    assert!(text.ends_with(" would be fixed, nothing was written\n"), "{text}");
    // The diff alone is a patch, and the same that --fix does.
    let (_, patch, _) = outcome(folder.path(), &["check", ".", "--level", "note", "--diff", "--quiet"]);
    fs::write(folder.path().join("fix.patch"), patch).unwrap();
    git(folder.path(), &["init", "-q"]);
    git(folder.path(), &["apply", "fix.patch"]);
    let patched = fs::read_to_string(&path).unwrap();
    git(folder.path(), &["apply", "-R", "fix.patch"]);
    outcome(folder.path(), &FIX);
    assert_eq!(fs::read_to_string(&path).unwrap(), patched);
    let (_, text, _) = outcome(folder.path(), &["check", ".", "--level", "note", "--diff"]);
    assert!(text.ends_with("; 0 would be fixed, nothing was written\n"), "{text}");
}

fn a_published_revision_is_left_alone() {
    let (folder, template) = repository();
    spoil(&template);
    git(folder.path(), &["commit", "-q", "-a", "-m", "second"]);
    let published = |revision: &str| snapshot(&template.join(revision));
    let before = (published("0"), published("1"));
    let (code, text, _) = outcome(folder.path(), &FIX);
    assert_eq!(code, 0);
    assert_eq!((published("0"), published("1")), before);
    assert!(text.contains("fixed infra-templates/example/config.yml: text-trailing-space in line 1\n"), "{text}");
    assert!(text.ends_with("; 1 fixed; 2 that are published left alone (--fix-published)\n"), "{text}");
    let (code, text, _) = outcome(folder.path(), &["check", ".", "--changed-since", "HEAD"]);
    assert_eq!(code, 0, "{text}");
    let (_, text, _) = outcome(folder.path(), &["check", ".", "--level", "note", "--diff"]);
    assert!(
        text.ends_with("; 0 would be fixed, nothing was written; 2 that are published left alone (--fix-published)\n"),
        "{text}"
    );
    // From within the revision too.
    outcome(&template.join("1"), &["check", "--level", "note", "--fix"]);
    assert_eq!(published("1"), before.1);
    let (_, text, _) = outcome(folder.path(), &[&FIX[..], &["--fix-published"]].concat());
    assert!(
        text.contains("fixed infra-templates/example/1/docker-compose.yml: text-trailing-space in line 1\n"),
        "{text}"
    );
    assert_ne!(published("1"), before.1);
}

fn what_is_new_since_a_reference_is_fixed() {
    let (folder, template) = repository();
    fs::create_dir(template.join("2")).unwrap();
    for file in ["docker-compose.yml", "rancher-compose.yml", "README.md"] {
        let text = fs::read_to_string(template.join("1").join(file)).unwrap().replace("v1.1.0", "v1.2.0");
        fs::write(template.join("2").join(file), text.replace("services:", "services: ")).unwrap();
    }
    let file = template.join("2/docker-compose.yml");
    let spoiled = fs::read_to_string(&file).unwrap();
    // Not committed, it is new.
    outcome(folder.path(), &FIX);
    assert_ne!(fs::read_to_string(&file).unwrap(), spoiled);
    fs::write(&file, &spoiled).unwrap();
    git(folder.path(), &["add", "-A"]);
    git(folder.path(), &["commit", "-q", "-m", "second"]);
    // Committed, it is published, unless a reference says that it is new.
    outcome(folder.path(), &FIX);
    assert_eq!(fs::read_to_string(&file).unwrap(), spoiled);
    let (_, text, _) = outcome(folder.path(), &[&FIX[..], &["--changed-since", "HEAD~1"]].concat());
    assert!(
        text.contains("fixed infra-templates/example/2/docker-compose.yml: text-trailing-space in line 2\n"),
        "{text}"
    );
    assert_ne!(fs::read_to_string(&file).unwrap(), spoiled);
}

fn outside_of_a_clone_and_before_the_first_commit_nothing_is_published() {
    let folder = catalog(&[]);
    let template = folder.path().join("infra-templates/example");
    for clone in [false, true] {
        if clone {
            git(folder.path(), &["init", "-q"]);
        }
        spoil(&template);
        let (_, text, _) = outcome(folder.path(), &FIX);
        assert!(text.ends_with("; 3 fixed\n"), "{text}");
    }
    // A clone that git cannot read says nothing of what is published.
    fs::write(folder.path().join(".git/HEAD"), "x").unwrap();
    spoil(&template);
    let before = snapshot(&template);
    let (code, _, errors) = outcome(folder.path(), &FIX);
    assert_eq!(code, 2);
    assert!(errors.contains("it cannot be told what is published"), "{errors}");
    assert_eq!(snapshot(&template), before);
}

fn what_is_silenced_is_not_fixed() {
    let folder = catalog(&[(DOCKER, "services:", "services: "), (RANCHER, "version: '2'", "version: '2' ")]);
    let toml = format!(
        "[[allow]]\nrule = \"text-trailing-space\"\npath = \"infra-templates/example/{DOCKER}\"\nreason = \"x\"\n"
    );
    fs::write(folder.path().join("gen-catalog.toml"), toml).unwrap();
    let (_, text, _) = outcome(folder.path(), &FIX);
    assert!(text.ends_with("nothing found in 1 template, 2 versions; 1 silenced; 1 fixed\n"), "{text}");
    let docker = fs::read_to_string(folder.path().join("infra-templates/example").join(DOCKER)).unwrap();
    assert!(docker.contains("services: \n"));
}

fn options_that_do_not_go_together_are_refused() {
    let folder = catalog(&[]);
    for arguments in [
        &["check", ".", "--fix-published"][..],
        &["check", ".", "--diff", "--format", "sarif"],
        &["check", ".", "--write-baseline"],
        &["check", ".", "--baseline", "x", "--write-baseline", "--fix"],
    ] {
        assert_eq!(outcome(folder.path(), arguments).0, 2, "{arguments:?}");
    }
}
