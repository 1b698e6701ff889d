//! `gen-catalog diff` as people and CI use it: versions, templates, catalogs and git references; the judgement of an
//! upgrade; formats; bad input.

use std::fs;
use std::path::Path;
use swarm_lab::trial::Trial;
use swarm_lab::trials;

use catalog_check::rules::GOOD_TEMPLATE;
use serde_json::Value;
use swarm_lab::generator::outcome;
use swarm_lab::git::{Sandbox, commit_all, edit, git};
use swarm_lab::tree;

pub fn trials() -> Vec<Trial> {
    trials![
        nothing_differs_is_exit_code_0_and_something_is_1,
        whole_catalogs_and_their_bases_are_compared_template_by_template,
        two_ways_to_write_the_same_are_no_difference_in_meaning,
        an_upgrade_that_replaces_nothing_is_safe,
        an_upgrade_that_changes_how_a_container_is_launched_recreates_it,
        an_upgrade_that_asks_something_new_needs_an_answer,
        an_answer_that_no_longer_fits_is_told,
        an_upgrade_that_rancher_does_not_offer_is_told,
        what_is_left_behind_and_what_fails_is_told,
        a_template_is_rendered_with_the_answers_of_a_running_stack,
        a_file_that_cannot_be_read_is_said_and_the_rest_compared,
        references_of_a_clone_are_compared_template_by_template,
        markdown_cannot_be_made_to_say_something_else,
        what_cannot_be_compared_is_a_clear_error,
    ]
}

/// A catalog with the good template, and one with changes to its version 1.
fn catalogs(changes: &[(&str, &str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["old", "new"] {
        for (file, text) in GOOD_TEMPLATE {
            let path = folder.path().join(name).join("infra-templates/example").join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }
    for (file, from, to) in changes {
        edit(&folder.path().join("new/infra-templates/example").join(file), from, to);
    }
    folder
}

const OLD: &str = "old/infra-templates/example/1";
const NEW: &str = "new/infra-templates/example/1";
const RANCHER: &str = "1/rancher-compose.yml";
const DOCKER: &str = "1/docker-compose.yml";
const HIGHER: (&str, &str, &str) = (RANCHER, "version: v1.1.0", "version: v1.2.0");

fn compared(changes: &[(&str, &str, &str)]) -> Value {
    let folder = catalogs(changes);
    let (code, text, errors) = outcome(folder.path(), &["diff", OLD, NEW, "--format", "json"]);
    assert_eq!(code, 1, "{errors}");
    let report: Value = serde_json::from_str(&text).unwrap();
    report["versions"][0].clone()
}

/// The verdict on an upgrade, and its reasons.
fn upgrade(changes: &[(&str, &str, &str)]) -> (String, Vec<String>) {
    let upgrade = compared(&[&[HIGHER], changes].concat())["upgrade"].clone();
    let reason = |reason: &Value| {
        format!(
            "{} {}: {}",
            reason["kind"].as_str().unwrap(),
            reason["subject"].as_str().unwrap_or(""),
            reason["text"].as_str().unwrap()
        )
    };
    let reasons = upgrade["reasons"].as_array().unwrap().iter().map(reason).collect();
    (upgrade["verdict"].as_str().unwrap().to_owned(), reasons)
}

fn nothing_differs_is_exit_code_0_and_something_is_1() {
    let folder = catalogs(&[]);
    for (old, new) in [(OLD, NEW), ("old/infra-templates/example", "new/infra-templates/example"), ("old", "new")] {
        assert_eq!(outcome(folder.path(), &["diff", old, new]), (0, "nothing differs\n".to_owned(), String::new()));
        assert_eq!(outcome(folder.path(), &["diff", old, new, "--quiet"]).1, "");
    }
    let folder = catalogs(&[(DOCKER, "version: '2'", "# a comment\nversion: '2'")]);
    let (code, text, _) = outcome(folder.path(), &["diff", OLD, NEW]);
    assert_eq!(code, 1);
    assert!(text.contains("Nothing changes in meaning.\n") && text.contains("\n+# a comment\n"), "{text}");
    assert_eq!(outcome(folder.path(), &["diff", "old", "new"]).0, 1);
}

fn whole_catalogs_and_their_bases_are_compared_template_by_template() {
    let folder = catalogs(&[HIGHER]);
    tree::copy(&folder.path().join("new/infra-templates/example"), &folder.path().join("new/infra-templates/more"));
    fs::create_dir_all(folder.path().join("old/templates/gone/0")).unwrap();
    for (old, new) in [("old", "new"), ("old/infra-templates", "new/infra-templates")] {
        let (code, text, errors) = outcome(folder.path(), &["diff", old, new, "--format", "json"]);
        assert_eq!(code, 1, "{errors}");
        let report: Value = serde_json::from_str(&text).unwrap();
        let names: Vec<&str> =
            report["templates"].as_array().unwrap().iter().map(|t| t["template"].as_str().unwrap()).collect();
        let wanted = ["infra-templates/example", "infra-templates/more", "templates/gone"];
        assert_eq!(names, if old == "old" { &wanted[..] } else { &wanted[..2] });
        let changed = &report["templates"][0]["versions"][0];
        assert_eq!((&changed["before"]["version"], &changed["after"]["version"]), (&"v1.1.0".into(), &"v1.2.0".into()));
        assert_eq!(report["templates"][1]["added"].as_array().unwrap().len(), 2);
    }
}

fn two_ways_to_write_the_same_are_no_difference_in_meaning() {
    let folder = catalogs(&[]);
    let compose = |name: &str, text: &str| {
        let file = folder.path().join(name).join("infra-templates/example/1/docker-compose.yml");
        fs::write(file, text).unwrap();
    };
    compose(
        "old",
        "version: '2'\nservices:\n  web:\n    image: a/b:1\n    environment: {A: 1, B: 'x'}\n    labels: {c: 'true'}\n    command: run fast\n    privileged: false\n    scale: 1\n",
    );
    compose(
        "new",
        "web:\n  image: a/b:1\n  labels: [c=true]\n  environment:\n  - B=x\n  - A=1\n  command: [run, fast]\n",
    );
    let (code, text, _) = outcome(folder.path(), &["diff", OLD, NEW, "--format", "json"]);
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, report["versions"][0]["differences"].as_array().unwrap().len()), (1, 0), "{text}");
}

fn an_upgrade_that_replaces_nothing_is_safe() {
    assert_eq!(upgrade(&[]), ("safe".to_owned(), vec![]));
    let metadata = (RANCHER, "    health_check:", "    metadata:\n      a: b\n    health_check:");
    let (verdict, reasons) = upgrade(&[metadata]);
    assert_eq!((verdict.as_str(), reasons), ("safe", vec!["in-place web: metadata is updated in place".to_owned()]));
    let scale = (RANCHER, "scale: 1", "scale: 4");
    let (verdict, reasons) = upgrade(&[scale]);
    assert_eq!(
        (verdict.as_str(), reasons),
        ("safe", vec!["no-effect web: a running service keeps its scale".to_owned()])
    );
}

fn an_upgrade_that_changes_how_a_container_is_launched_recreates_it() {
    for (changes, why) in [
        ((DOCKER, "web:1.1.0", "web:1.2.0"), "image"),
        ((DOCKER, "    image:", "    privileged: true\n    image:"), "rights"),
        ((DOCKER, "8080:80", "8081:80"), "ports"),
        ((DOCKER, "    image:", "    volumes: ['a:/a']\n    image:"), "volumes"),
        ((DOCKER, "    image:", "    mem_limit: 1g\n    image:"), "settings"),
        ((RANCHER, "port: 80", "port: 81"), "health check"),
    ] {
        let (verdict, reasons) = upgrade(&[changes]);
        assert_eq!(verdict, "recreates", "{why}");
        assert_eq!(reasons, [format!("recreates web: changed: {why}")]);
    }
}

fn an_upgrade_that_asks_something_new_needs_an_answer() {
    let question = |text: &str| {
        let all = format!("  questions:\n{text}");
        (RANCHER.to_owned(), "  questions:\n".to_owned(), all)
    };
    let judged = |text: &str| {
        let (file, from, to) = question(text);
        upgrade(&[(&file, &from, &to)])
    };
    let (verdict, reasons) = judged("    - variable: NEW\n      label: x\n      type: string\n      required: true\n");
    assert_eq!(
        (verdict.as_str(), reasons),
        ("needs-answer", vec!["answer NEW: it is new and required, and has no default".to_owned()])
    );
    for harmless in [
        "    - variable: NEW\n      label: x\n      type: string\n      required: true\n      default: a\n",
        "    - variable: NEW\n      label: x\n      type: string\n",
        "    - variable: NEW\n      label: x\n      type: boolean\n      required: true\n",
    ] {
        assert_eq!(judged(harmless).0, "safe", "{harmless}");
    }
}

fn an_answer_that_no_longer_fits_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let judged = |old: &str, new: &str| {
        for (name, version, question) in [("1", "v1.0.0", old), ("2", "v1.1.0", new)] {
            let folder = folder.path().join("infra-templates/x").join(name);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("docker-compose.yml"), "version: '2'\nservices:\n  a:\n    image: a:1\n").unwrap();
            let text = format!(
                "version: '2'\ncatalog:\n  version: {version}\n  questions:\n  - {{variable: Q, {question}}}\n"
            );
            fs::write(folder.join("rancher-compose.yml"), text).unwrap();
        }
        let (_, text, errors) =
            outcome(folder.path(), &["diff", "infra-templates/x/1", "infra-templates/x/2", "--format", "json"]);
        let report: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{errors}"));
        let reasons = report["versions"][0]["upgrade"]["reasons"].as_array().unwrap().clone();
        reasons.first().map_or_else(String::new, |reason| reason["text"].as_str().unwrap().to_owned())
    };
    for (old, new, says) in [
        (
            "type: enum, options: [a, b]",
            "type: enum, options: [b, c]",
            "stacks that answered a need another answer: it is no option any more",
        ),
        (
            "type: string",
            "type: enum, options: [a]",
            "it is of type enum now, and was of type string: an answer may not fit",
        ),
        ("type: string", "type: int", "it is of type int now, and was of type string: an answer may not fit"),
        ("type: int, max: 9", "type: int, max: 5", "stacks that answered above 5 need another answer"),
        ("type: int", "type: int, min: 2", "stacks that answered below 2 need another answer"),
        (
            "type: string",
            "type: string, required: true",
            "it is required now and has no default: stacks that left it empty need an answer",
        ),
        ("type: enum, options: [a]", "type: enum, options: [a, b]", ""),
        ("type: int", "type: string", ""),
        ("type: string", "type: password", ""),
        ("type: int, max: 5", "type: int, max: 9", ""),
        ("type: string, default: a", "type: string, default: b", ""),
    ] {
        assert_eq!(judged(old, new), says, "{old} to {new}");
    }
}

fn an_upgrade_that_rancher_does_not_offer_is_told() {
    let judged = |text: &str| {
        let to = format!("version: v1.2.0\n  {text}");
        upgrade_of(&[(RANCHER, "version: v1.1.0", &to)])
    };
    fn upgrade_of(changes: &[(&str, &str, &str)]) -> (String, String) {
        let upgrade = compared(changes)["upgrade"].clone();
        let text = upgrade["reasons"][0]["text"].as_str().unwrap_or("").to_owned();
        (upgrade["verdict"].as_str().unwrap().to_owned(), text)
    }
    let pair = |verdict: &str, text: &str| (verdict.to_owned(), text.to_owned());
    assert_eq!(
        judged("upgrade_from: '>=v1.1.5'"),
        pair("not-offered", "upgrade_from is >=v1.1.5, which does not hold v1.1.0")
    );
    assert_eq!(judged("upgrade_from: '>=v1.1.0'").0, "safe");
    assert_eq!(judged("upgrade_from: new"), pair("not-offered", "upgrade_from: \"new\" is not a range of versions"));
    assert_eq!(
        judged("maximum_rancher_version: v1.2.0"),
        pair("not-offered", "no Rancher is at least v1.6.0 and at most v1.2.0")
    );
    let lower = upgrade_of(&[(RANCHER, "version: v1.1.0", "version: v1.0.9")]);
    assert_eq!(lower, pair("not-offered", "v1.0.9 is not higher than v1.1.0"));
    let narrower =
        upgrade_of(&[HIGHER, (RANCHER, "minimum_rancher_version: v1.6.0", "minimum_rancher_version: v1.6.9")]);
    assert_eq!(narrower, pair("safe", "Rancher before v1.6.9 is not offered it"));
}

fn what_is_left_behind_and_what_fails_is_told() {
    let folder = tempfile::tempdir().unwrap();
    for (name, compose) in [
        (
            "1",
            "version: '2'\nservices:\n  a:\n    image: a:1\n    labels: {io.rancher.sidekicks: s}\n  s:\n    image: s:1\n  gone:\n    image: g:1\nvolumes:\n  data: {driver: one}\n  old: {}\n",
        ),
        (
            "2",
            "version: '2'\nservices:\n  a:\n    image: a:1\n  new:\n    image: n:1\n    privileged: true\nvolumes:\n  data: {driver: two}\n",
        ),
    ] {
        let folder = folder.path().join("infra-templates/x").join(name);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("docker-compose.yml"), compose).unwrap();
        fs::write(folder.join("rancher-compose.yml"), format!("version: '2'\ncatalog:\n  version: v1.{name}.0\n"))
            .unwrap();
    }
    let (code, text, _) = outcome(folder.path(), &["diff", "infra-templates/x/1", "infra-templates/x/2", "--no-text"]);
    assert_eq!(code, 1);
    for part in [
        "An upgrade of a running stack fails because of volume data, recreates the containers of a, starts new and leaves behind gone, volume old.",
        "  volume data: Rancher refuses to change a volume's driver (one to two): the volume must be removed before\n",
        "  a: its sidekick s is removed\n",
        "  gone: it is no part of the version any more; Rancher leaves it running until someone removes it\n",
        "    + new gains: privileged: everything that root on the host may do\n",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(!text.contains("---"), "{text}");
}

fn a_template_is_rendered_with_the_answers_of_a_running_stack() {
    let folder = tempfile::tempdir().unwrap();
    for (name, default, image) in [("1", "off", "1"), ("2", "on", "1")] {
        let folder = folder.path().join("infra-templates/x").join(name);
        fs::create_dir_all(&folder).unwrap();
        let compose = format!(
            "version: '2'\nservices:\n  a:\n    image: a:{image}\n{{{{- if eq .Values.DEBUG \"on\" }}}}\n    command: debug{name}\n{{{{- end }}}}\n"
        );
        fs::write(folder.join("docker-compose.yml.tpl"), compose).unwrap();
        let rancher = format!(
            "version: '2'\ncatalog:\n  version: v1.{name}.0\n  questions:\n  - {{variable: DEBUG, type: enum, options: [on, off], default: '{default}'}}\n"
        );
        fs::write(folder.join("rancher-compose.yml"), rancher.replace("[on, off]", "['on', 'off']")).unwrap();
    }
    let (_, text, _) = outcome(folder.path(), &["diff", "infra-templates/x/1", "infra-templates/x/2", "--no-text"]);
    // The default changes, a running stack keeps its answer; with the other answer the command differs.
    assert!(text.contains("    ~ DEBUG default: off -> on\n"), "{text}");
    assert!(text.contains("    ~ a command (with DEBUG=on): debug1 -> debug2\n"), "{text}");
    assert!(!text.contains("+ a command"), "{text}");
    assert!(text.contains("  a: with DEBUG=on, changed: command\n"), "{text}");
}

fn a_file_that_cannot_be_read_is_said_and_the_rest_compared() {
    let folder = catalogs(&[HIGHER]);
    fs::write(folder.path().join(NEW).join("docker-compose.yml"), "services: [").unwrap();
    let (code, text, _) = outcome(folder.path(), &["diff", OLD, NEW, "--no-text"]);
    assert_eq!(code, 1);
    assert!(text.contains("not compared, as it cannot be read: 1/docker-compose.yml:"), "{text}");
}

fn references_of_a_clone_are_compared_template_by_template() {
    let catalog = catalogs(&[]);
    let sandbox = Sandbox::of(&catalog.path().join("old"));
    let clone = sandbox.clone.as_path();
    git(clone, &["tag", "before"]);
    let template = clone.join("infra-templates/example");
    tree::copy(&template.join("1"), &template.join("2"));
    edit(&template.join("2/rancher-compose.yml"), "v1.1.0", "v1.2.0");
    edit(&template.join("2/docker-compose.yml"), "web:1.1.0", "web:1.2.0");
    edit(&template.join("config.yml"), "v1.1.0", "v1.2.0");
    tree::copy(&template, &clone.join("infra-templates/other"));
    commit_all(clone, "a release");
    let (code, text, errors) = outcome(clone, &["diff", "--catalog", ".", "before", "HEAD", "infra-templates/example"]);
    assert_eq!(code, 1, "{errors}");
    for part in [
        "infra-templates/example\n  + v1.2.0 (revision 2)\n  Default version\n    ~ config.yml version: v1.1.0 -> v1.2.0\n",
        "infra-templates/example: v1.1.0 (revision 1) -> v1.2.0 (revision 2)\nAn upgrade of a running stack recreates the containers of web.\n",
        "+++ b/infra-templates/example/2/docker-compose.yml",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(!text.contains("other"), "{text}");
    let (_, text, _) = outcome(clone, &["diff", "--catalog", ".", "before", "HEAD", "--format", "json"]);
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report["templates"].as_array().unwrap().len(), 2);
    assert_eq!(outcome(clone, &["diff", "--catalog", ".", "HEAD", "HEAD"]).0, 0);
    let (_, text, _) = outcome(clone, &["diff", "--catalog", ".", "before", "HEAD", "--format", "markdown"]);
    assert!(
        text.contains("\n### `v1.1.0 (revision 1)` → `v1.2.0 (revision 2)`\n\n**An upgrade of a running stack"),
        "{text}"
    );
    assert!(text.contains("<details><summary>Line by line</summary>\n\n```diff\n"), "{text}");
    for reference in ["nowhere", "--all", ""] {
        let (code, _, errors) = outcome(clone, &["diff", "--catalog", ".", "--", "HEAD", reference]);
        assert_eq!(code, 2);
        assert!(errors.contains("git rev-parse"), "{errors}");
    }
}

fn markdown_cannot_be_made_to_say_something_else() {
    let evil = "a`b\\n# heading @someone <script> \\u202e";
    let to = format!(
        "      X: \"{evil}\"
      COLOR:"
    );
    let folder = catalogs(&[(DOCKER, "      COLOR:", &to)]);
    let (_, text, _) = outcome(folder.path(), &["diff", OLD, NEW, "--format", "markdown", "--no-text"]);
    assert!(text.contains("- ➕ `web X`: ``a`b\\n# heading @someone <script> \\u{202e}``\n"), "{text}");
    let (_, text, _) = outcome(folder.path(), &["diff", OLD, NEW, "--no-text"]);
    assert!(text.contains("+ web X: a`b\\n# heading"), "{text}");
}

fn what_cannot_be_compared_is_a_clear_error() {
    let folder = catalogs(&[]);
    let refuses = |args: &[&str], says: &str| {
        let (code, text, errors) = outcome(folder.path(), &[&["diff"], args].concat());
        assert_eq!((code, text.as_str()), (2, ""), "{args:?}");
        assert!(errors.contains(says), "{args:?}: {errors}");
    };
    refuses(
        &[OLD, "new/infra-templates/example"],
        "is a version and new/infra-templates/example is a template: only like",
    );
    refuses(&[OLD, "new"], "is a catalog");
    refuses(
        &["master", NEW],
        "master is no folder: name the folder of a version, a template or a catalog; for git references",
    );
    refuses(&[OLD, "new/infra-templates/example/1/docker-compose.yml"], "is no folder");
    fs::create_dir(folder.path().join("empty")).unwrap();
    refuses(&["empty", NEW], "empty holds no template");
    refuses(&["--catalog", ".", "a", "b"], "not a git repository");
    refuses(&[OLD, NEW, "infra-templates/example"], "--catalog");
    let missing = Path::new("nowhere").display().to_string();
    refuses(&[&missing, NEW], "nowhere is no folder");
}
