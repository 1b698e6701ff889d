//! The files of `gen-catalog test`: where tests and snapshots lie, what is said of those that cannot be used, how it is
//! reported, and that nobody but it looks at them.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use swarm_lab::catalog_service::{self, CatalogService};
use swarm_lab::generator::{outcome, rendered_catalog};
use swarm_lab::git::{commit_all, git};
use swarm_lab::tree;
use swarm_lab::trial::{Trial, trial};
use swarm_lab::trials;

use crate::template_tests::{catalog, fails, one, put};

pub fn trials() -> Vec<Trial> {
    let mut trials = trials![
        a_snapshot_is_written_once_and_then_held_against,
        an_update_lists_what_it_wrote_and_writes_nothing_else,
        killed_at_any_moment_the_snapshots_are_the_former_or_the_new,
        a_snapshot_that_no_test_names_is_told,
        a_path_without_tests_is_an_error,
        what_is_asked_for_is_run_and_no_more,
        a_file_that_cannot_be_used_is_told_by_line_and_column,
        a_file_that_cannot_be_read_is_told,
        a_hostile_file_gives_an_error_and_drives_no_terminal,
        a_program_reads_the_report,
        five_hundred_tests_of_the_entry_are_quick,
        the_schema_takes_what_is_read_and_nothing_else,
        nobody_else_looks_at_the_tests,
    ];
    trials.push(trial("rancher_serves_the_same_with_tests_beside_the_revisions", catalog_service::missing(), served));
    trials
}

const SNAPSHOT: &str = "tests:\n  - name: it\n    snapshot: default\n";
const DOCKER: &str = "infra-templates/example/tests/snapshots/default.docker-compose.yml";
const RANCHER: &str = "infra-templates/example/tests/snapshots/default.rancher-compose.yml";

/// A good run, and what it prints.
#[track_caller]
fn good(folder: &Path, args: &[&str]) -> String {
    let (code, text, errors) = outcome(folder, &[&["test"], args].concat());
    assert_eq!((code, errors.as_str()), (0, ""), "{args:?}: {text}");
    text
}

/// A run that ends with exit code 2, and what it says.
#[track_caller]
fn refused(folder: &Path, args: &[&str], says: &[&str]) {
    let (code, text, errors) = outcome(folder, &[&["test"], args].concat());
    assert_eq!((code, text.as_str()), (2, ""), "{args:?}: {errors}");
    for part in says {
        assert!(errors.contains(part), "{args:?}: {part}: {errors}");
    }
    assert!(errors.lines().all(|line| line.starts_with("error: ")), "{errors}");
}

fn a_snapshot_is_written_once_and_then_held_against() {
    let catalog = catalog(SNAPSHOT);
    let folder = catalog.path();
    fails(
        folder,
        "snapshot: default",
        &["tests/snapshots/default.docker-compose.yml: this snapshot is not there yet: --update"],
    );
    let text = good(folder, &["--update"]);
    assert_eq!(text, format!("wrote {DOCKER}\nwrote {RANCHER}\n1 test passed in 1 template; 2 snapshots written\n"));
    assert_eq!(good(folder, &[]), "1 test passed in 1 template\n");
    // It is what render-compose prints.
    let (_, json, _) = outcome(folder, &["render-compose", "infra-templates/example/1", "--format", "json"]);
    let printed: Value = serde_json::from_str(&json).unwrap();
    let printed = printed["files"].as_array().or(printed.as_array()).unwrap()[0]["text"].as_str().unwrap().to_owned();
    assert_eq!(fs::read_to_string(folder.join(DOCKER)).unwrap(), printed);
    let compose = fs::read_to_string(folder.join("infra-templates/example/1/docker-compose.yml")).unwrap();
    put(folder, "1/docker-compose.yml", &compose.replace("8080:80", "8081:80"));
    fails(folder, "snapshot: default", &["is not as it was", "\n-      - '8080:80'\n+      - '8081:80'\n", "--update"]);
    fs::remove_file(folder.join("infra-templates/example/1/docker-compose.yml")).unwrap();
    put(folder, "1/docker-compose.yml", &compose);
    fs::write(folder.join("infra-templates/example/1/rancher-compose.yml"), "").unwrap();
    assert_eq!(outcome(folder, &["test"]).0, 1);
}

fn an_update_lists_what_it_wrote_and_writes_nothing_else() {
    let two = format!("{SNAPSHOT}  - name: blue\n    answers: {{COLOR: blue}}\n    snapshot: blue\n");
    let catalog = catalog(&format!("{two}  - name: bad\n    answers: {{COLOR: green}}\n    snapshot: bad\n"));
    let folder = catalog.path();
    let (code, text, _) = outcome(folder, &["test", "--update"]);
    assert!(code == 1 && text.ends_with("1 of 3 tests failed in 1 template; 4 snapshots written\n"), "{text}");
    assert!(!folder.join(DOCKER.replace("default", "bad")).exists());
    put(folder, "tests/a.yml", &two);
    let before = tree::snapshot(folder);
    assert_eq!(good(folder, &["--update"]), "2 tests passed in 1 template; every snapshot is up to date\n");
    fs::write(folder.join(DOCKER), "other\n").unwrap();
    let text = good(folder, &["--update"]);
    assert_eq!(text, format!("wrote {DOCKER}\n2 tests passed in 1 template; 1 snapshot written\n"));
    assert_eq!(tree::snapshot(folder), before);
    // A link in the place of one is not written through.
    fs::write(folder.join("outside"), "mine").unwrap();
    fs::remove_file(folder.join(DOCKER)).unwrap();
    symlink(folder.join("outside"), folder.join(DOCKER)).unwrap();
    refused(folder, &["--update"], &["default.docker-compose.yml: it is a symbolic link to "]);
    assert_eq!(fs::read_to_string(folder.join("outside")).unwrap(), "mine");
}

fn killed_at_any_moment_the_snapshots_are_the_former_or_the_new() {
    let names = ["a", "b", "c", "d"];
    let tests: String = names.iter().map(|name| format!("  - name: {name}\n    snapshot: {name}\n")).collect();
    let catalog = catalog(&format!("tests:\n{tests}"));
    let folder = catalog.path();
    let compose = fs::read_to_string(folder.join("infra-templates/example/1/docker-compose.yml")).unwrap();
    let state = || -> BTreeMap<String, Vec<u8>> {
        let all = tree::snapshot(folder).into_iter();
        all.filter(|(name, _)| name.contains("/snapshots/") && !name.starts_with(".gen-catalog-staging")).collect()
    };
    let (mut states, mut took) = (Vec::new(), Duration::ZERO);
    for port in ["8080:80", "8081:80"] {
        put(folder, "1/docker-compose.yml", &compose.replace("8080:80", port));
        let began = Instant::now();
        good(folder, &["--update"]);
        took = began.elapsed();
        states.push(state());
    }
    assert_ne!(states[0], states[1]);
    let (mut at, mut wanted) = (1, 1);
    for time in 0..30_u32 {
        let next = 1 - at;
        wanted = next;
        put(folder, "1/docker-compose.yml", &compose.replace("8080:80", ["8080:80", "8081:80"][next]));
        let mut child = Command::new(swarm_lab::programs::gen_catalog())
            .current_dir(folder)
            .args(["test", "--update", "--quiet"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(took.mul_f64(0.2 + 1.3 * f64::from(time) / 30.0).max(Duration::from_micros(50)));
        child.kill().unwrap();
        child.wait().unwrap();
        let now = state();
        match states.iter().position(|state| *state == now) {
            Some(found) => at = found,
            None => panic!("neither the former nor the new: {:?}", now.keys().collect::<Vec<_>>()),
        }
    }
    good(folder, &["--update"]);
    assert_eq!(state(), states[wanted]);
    assert!(!folder.join(".gen-catalog-staging").exists());
}

fn a_snapshot_that_no_test_names_is_told() {
    let catalog = catalog(SNAPSHOT);
    let folder = catalog.path();
    good(folder, &["--update"]);
    put(folder, "tests/snapshots/old.docker-compose.yml", "x: 1\n");
    let told = "unused infra-templates/example/tests/snapshots/old.docker-compose.yml: no test names this snapshot";
    assert!(good(folder, &[]).contains(told));
    assert!(folder.join("infra-templates/example/tests/snapshots/old.docker-compose.yml").exists());
    // Who runs some of the tests is told of none.
    assert!(!good(folder, &["infra-templates/example/tests/a.yml"]).contains("unused"));
}

fn a_path_without_tests_is_an_error() {
    let catalog = catalog(&one("refused: false"));
    let folder = catalog.path();
    refused(folder, &["infra-templates/exmaple"], &["infra-templates/exmaple: it is not there"]);
    refused(
        folder,
        &["infra-templates/example/1"],
        &["it holds no tests: those of the template lie in", "example/tests"],
    );
    refused(folder, &["infra-templates/example/tests/b.yml"], &["it is not there"]);
    refused(folder, &["infra-templates/example/config.yml"], &["it holds no tests"]);
    refused(folder, &["--filter", "nothing"], &["--filter nothing: no test has this in its name"]);
    refused(folder.parent().unwrap(), &[folder.join("infra-templates/example/1").to_str().unwrap()], &["no tests"]);
    fs::remove_file(folder.join("infra-templates/example/tests/a.yml")).unwrap();
    refused(folder, &[], &["example/tests: it holds no tests"]);
    fs::remove_dir(folder.join("infra-templates/example/tests")).unwrap();
    refused(folder, &[], &[".: it holds no tests", "such as infra-templates/example/tests/answers.yml"]);
    let empty = tempfile::tempdir().unwrap();
    refused(empty.path(), &[], &["it holds no template, and so no tests"]);
    fs::create_dir_all(empty.path().join("mine/infra-templates/x/0")).unwrap();
    refused(empty.path(), &[], &["mine is one: name that"]);
}

fn what_is_asked_for_is_run_and_no_more() {
    let catalog = catalog("tests:\n  - {name: one red, refused: false}\n  - {name: two red, refused: false}\n");
    let folder = catalog.path();
    put(folder, "tests/b.yml", "tests:\n  - {name: three, refused: true}\n");
    put(folder, "tests/notes.txt", "no tests");
    let tests = "infra-templates/example/tests";
    for (args, passed) in [
        (&["infra-templates/example/tests/a.yml"][..], 2),
        (&["--filter", "red"], 2),
        (&[".", "--filter", "two"], 1),
        (&["infra-templates/example/tests/a.yml", "infra-templates/example/tests/a.yml"], 2),
    ] {
        let tests = if passed == 1 { "1 test".to_owned() } else { format!("{passed} tests") };
        assert_eq!(good(folder, args), format!("{tests} passed in 1 template\n"), "{args:?}");
    }
    for path in [".", "infra-templates", "infra-templates/example", tests, "infra-templates/example/tests/"] {
        let (code, text, _) = outcome(folder, &["test", path]);
        assert!(code == 1 && text.ends_with("\n1 of 3 tests failed in 1 template\n"), "{path}: {text}");
    }
    let (code, text, _) = outcome(&folder.join(tests), &["test"]);
    assert!(code == 1 && text.starts_with("FAIL b.yml:2:12: three (revision 1)\n  b.yml:2:"), "{text}");
    assert_eq!(good(folder, &["--filter", "red", "--quiet"]), "");
    // A template that is in no catalog has tests, too.
    let alone = tempfile::tempdir().unwrap();
    tree::copy(&folder.join("infra-templates/example"), alone.path());
    assert_eq!(outcome(alone.path(), &["test"]).0, 1);
    put(folder, "tests/a.yml", SNAPSHOT);
    tree::copy(&folder.join("infra-templates/example/tests"), &alone.path().join("tests"));
    good(alone.path(), &["tests/a.yml", "--update"]);
    assert!(alone.path().join("tests/snapshots/default.docker-compose.yml").exists());
}

fn a_file_that_cannot_be_used_is_told_by_line_and_column() {
    let catalog = catalog("");
    let folder = catalog.path();
    let many = (0..5001).map(|n| format!("- {{name: t{n}, refused: false}}\n")).collect::<String>();
    for (text, says) in [
        ("", "a.yml:1:1: the file is empty"),
        ("- a\n", "a.yml:1:1: a test file is a list; a map is due"),
        ("test: []\n", "a.yml:1:1: there is no `test` in a test file, where `tests` can stand: is `tests` meant?"),
        ("tests: []\n", "a.yml:1:1: there is no test in `tests`"),
        ("tests: {}\n", "a.yml:1:8: `tests` is a map; a list is due"),
        ("tests:\n- x: [\n", "a.yml:"),
        ("tests:\n- name: a\n  expct: {}\n", "a.yml:3:3: there is no `expct` in an item of `tests`"),
        ("tests:\n- name: a\n  expct: {}\n", "is `expect` meant?"),
        ("tests:\n- refused: true\n", "a.yml:2:3: an item of `tests` has no `name`"),
        ("tests:\n- name: [a]\n", "a.yml:2:9: `name` is a list; one text is due"),
        ("tests:\n- name:\n", "a.yml:2:8: `name` is empty; one text is due"),
        ("tests:\n- name: a\n", "a.yml:2:9: this test expects nothing"),
        ("tests:\n- name: a\n  name: b\n", "a.yml:3:3: `name` stands here twice; the first is in line 2"),
        (
            "tests:\n- {name: a, refused: false}\n- {name: a, refused: true}\n",
            "a.yml:3:10: there is a test of this name in line 2",
        ),
        ("tests:\n- {name: a, refused: 5}\n", "a.yml:2:22: `refused` is the number 5; true, false or a text is due"),
        ("tests:\n- {name: a, refused: ''}\n", "which every refusal holds"),
        ("tests:\n- {name: a, refused: true, snapshot: x}\n", "of what is refused nothing comes"),
        ("tests:\n- {name: a, expect: {docker-compose.yaml: {}}}\n", "is `docker-compose.yml` meant?"),
        (
            "tests:\n- {name: a, expect: {docker-compose.yml: 5}}\n",
            "`docker-compose.yml` is the number 5; a map is due",
        ),
        (
            "tests:\n- name: a\n  expect:\n    docker-compose.yml:\n      a..b: 1\n",
            "a.yml:5:7: there is nothing between two dots",
        ),
        ("tests:\n- {name: a, contains: {docker-compose.yml: {a: ''}}}\n", "all contains nothing"),
        ("tests:\n- {name: a, snapshot: ../x}\n", "a.yml:2:23: \"../x\" is no name for a snapshot"),
        ("tests:\n- {name: a, snapshot: catalogIcon}\n", "for a part of the template"),
        ("tests:\n- {name: a, snapshot: docker-compose}\n", "for a part of the template"),
        (
            "tests:\n- {name: a, snapshot: x}\n- {name: b, snapshot: x}\n",
            "a.yml:3:23: the snapshot `x` is that of the test in a.yml:2",
        ),
        (
            "tests:\n- {name: a, revision: 9, refused: false}\n",
            "a.yml:2:23: there is no revision `9` in infra-templates/example, but 0 (v1.0.0), 1 (v1.1.0)",
        ),
        ("tests:\n- {name: a, revision: v1.1.1, refused: false}\n", "is `v1.1.0` meant?"),
        (
            "tests:\n- {name: a, rancher: newest, refused: false}\n",
            "a.yml:2:22: `rancher` is \"newest\": three numbers",
        ),
        (
            "tests:\n- {name: a, answers: {COLOUR: red}, refused: false}\n",
            "a.yml:2:31: COLOUR in revision 1: nothing is asked or used by this name: is `COLOR` meant?",
        ),
        ("tests:\n- {name: a, answers: {COLOR: [red]}, refused: false}\n", "`COLOR` is a list; one text is due"),
        ("tests:\n- {name: a, upgrade: {to: 1, keeps: [web]}}\n", "`upgrade` has no `from`"),
        ("tests:\n- {name: a, upgrade: {from: 7, keeps: [web]}}\n", "there is no revision `7`"),
        ("tests:\n- {name: a, revision: 1, upgrade: {from: 0, keeps: [web]}}\n", "write `to: 1` in `upgrade`"),
        ("tests:\n- {name: a, refused: false}\n---\nx: 1\n", "a second document begins here"),
        (&format!("tests:\n{many}"), "a.yml:5002:3: a file holds at most 5000 tests"),
    ] {
        put(folder, "tests/a.yml", text);
        refused(folder, &[], &[says]);
    }
    // All files that are wrong are told at once, and nothing is run.
    put(folder, "tests/b.yml", "tests: 5\n");
    put(folder, "tests/c.yml", "tests: 6\n");
    refused(folder, &[], &["b.yml:1:8: ", "c.yml:1:8: "]);
}

fn a_file_that_cannot_be_read_is_told() {
    let catalog = catalog(&one("refused: false"));
    let folder = catalog.path();
    let tests = folder.join("infra-templates/example/tests");
    let other = tests.join("b.yml");
    fs::write(&other, b"tests:\n- name: \xff\n").unwrap();
    refused(folder, &[], &["b.yml:2:1: this is not UTF-8"]);
    fs::write(&other, vec![b' '; (1 << 20) + 1]).unwrap();
    refused(folder, &[], &["b.yml: it has more than 1048576 bytes"]);
    fs::remove_file(&other).unwrap();
    symlink("/etc/passwd", &other).unwrap();
    refused(folder, &[], &["b.yml: it is a symbolic link to /etc/passwd, and is not followed"]);
    fs::remove_file(&other).unwrap();
    assert!(Command::new("mkfifo").arg(&other).status().unwrap().success());
    refused(folder, &[], &["b.yml: it is a pipe, and is not read"]);
    fs::remove_file(&other).unwrap();
    for name in ["config.yml", "docker-compose.yml", "project.yml"] {
        fs::write(tests.join(name), one("refused: false")).unwrap();
        refused(folder, &[], &[&format!("Rancher would take a file of the name {name} for a part of the template")]);
        fs::remove_file(tests.join(name)).unwrap();
    }
    fs::create_dir(tests.join("more")).unwrap();
    refused(folder, &[], &["tests/more: tests lie right in `tests`"]);
    fs::remove_dir(tests.join("more")).unwrap();
    // What cannot be read of a revision is told, too.
    let compose = folder.join("infra-templates/example/1/docker-compose.yml");
    fs::remove_file(&compose).unwrap();
    symlink("/etc/passwd", &compose).unwrap();
    refused(folder, &[], &["1/docker-compose.yml: it is a symbolic link"]);
    let elsewhere = tempfile::tempdir().unwrap();
    fs::rename(&tests, elsewhere.path().join("tests")).unwrap();
    symlink(elsewhere.path().join("tests"), &tests).unwrap();
    refused(folder, &[], &["example/tests: it is a symbolic link"]);
}

fn a_hostile_file_gives_an_error_and_drives_no_terminal() {
    let catalog = catalog("");
    let folder = catalog.path();
    let escape = "\\e]0;x\\a\\u202e";
    let test = format!(
        "tests:\n- name: \"{escape}\"\n  expect:\n    docker-compose.yml:\n      services.web.image: \"{escape}\"\n      \
         \"services.{escape}\": 1\n- {{name: b, snapshot: x}}\n"
    );
    put(folder, "tests/a.yml", &test);
    put(folder, "tests/snapshots/x.docker-compose.yml", "\u{1b}]0;x\u{7}\n");
    let acts = |text: &str| text.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}');
    for format in ["text", "json", "junit"] {
        let (code, text, errors) = outcome(folder, &["test", "--format", format, "--color", "never"]);
        assert!(code == 1 && errors.is_empty() && !acts(&text), "{format}: {text:?}");
    }
    put(folder, "tests/a.yml", &format!("tests:\n- {{name: a, \"{escape}\": 1}}\n"));
    let (code, _, errors) = outcome(folder, &["test"]);
    assert!(code == 2 && !acts(&errors), "{errors:?}");
    let deep = format!("tests:\n- {{name: a, whole: {{docker-compose.yml: {}}}}}\n", "[".repeat(100_000));
    let laughs: String = (0..30).map(|n| format!("- &a{} [{}]\n", n + 1, format!("*a{n}, ").repeat(9))).collect();
    for text in [deep, format!("x:\n- &a0 [x]\n{laughs}")] {
        put(folder, "tests/a.yml", &text);
        let began = Instant::now();
        let (code, _, errors) = outcome(folder, &["test"]);
        assert!(code == 2 && errors.starts_with("error: infra-templates/example/tests/a.yml:"), "{errors}");
        assert!(began.elapsed() < Duration::from_secs(10));
    }
    let path = format!("{}x", "a.".repeat(400_000));
    put(folder, "tests/a.yml", &one(&format!("expect:\n  docker-compose.yml:\n    ? {path}\n    : 1")));
    assert_eq!(outcome(folder, &["test"]).0, 2);
}

fn a_program_reads_the_report() {
    let catalog = catalog("tests:\n- {name: good, refused: false}\n- {name: 'bad <&\"', refused: true}\n");
    let folder = catalog.path();
    let (code, text, _) = outcome(folder, &["test", "--format", "json"]);
    let told: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, &told["summary"]), (1, &json!({ "tests": 2, "failed": 1, "templates": 1 })));
    let file = "infra-templates/example/tests/a.yml";
    assert_eq!(
        told["tests"][1],
        json!({
            "template": "infra-templates/example", "file": file, "line": 3, "column": 10, "name": "bad <&\"",
            "revision": "1", "passed": false, "notes": [],
            "failures": [{"line": 3, "column": 30, "message": "a refusal is expected, and Rancher takes it"}],
        })
    );
    let (code, text, _) = outcome(folder, &["test", "--format", "junit", "--color", "always"]);
    assert_eq!(code, 1);
    let document = roxmltree::Document::parse(&text).unwrap();
    crate::junit::is_valid(document.root_element());
    let suite = document.descendants().find(|node| node.has_tag_name("testsuite")).unwrap();
    assert_eq!((suite.attribute("name"), suite.attribute("failures")), (Some(file), Some("1")));
    let cases: Vec<(&str, bool)> = suite
        .children()
        .filter(|node| node.has_tag_name("testcase"))
        .map(|case| (case.attribute("name").unwrap(), case.children().any(|node| node.has_tag_name("failure"))))
        .collect();
    assert_eq!(cases, [("good", false), ("bad <&\"", true)]);
    assert!(!text.contains('\u{1b}'));
}

fn five_hundred_tests_of_the_entry_are_quick() {
    let catalog = rendered_catalog();
    let test = |n: usize| {
        format!(
            "- name: t{n}\n  answers: {{GRACE_PERIOD: {n}}}\n  expect:\n    docker-compose.yml:\n      \
             services.swarmkit-mon.environment.GRACE_PERIOD: '{n}'\n"
        )
    };
    let tests: String = (0..500).map(test).collect();
    let folder = catalog.path().join("community-catalog/infra-templates/swarm/tests");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("many.yml"), format!("tests:\n{tests}")).unwrap();
    let began = Instant::now();
    assert_eq!(good(catalog.path(), &["community-catalog"]), "500 tests passed in 1 template\n");
    let took = began.elapsed();
    eprintln!("500 tests: {took:?}");
    assert!(took < Duration::from_secs(20), "{took:?}");
}

fn the_schema_takes_what_is_read_and_nothing_else() {
    let (code, text, _) = outcome(Path::new("/"), &["schema", "test"]);
    let schema: Value = serde_json::from_str(&text).unwrap();
    assert!(code == 0 && jsonschema::meta::is_valid(&schema));
    let validator = jsonschema::validator_for(&schema).unwrap();
    let entry = swarm_lab::programs::root().join("community-catalog/infra-templates/swarm/tests/answers.yml");
    let read = |text: &str| {
        let value = rancher_catalog::yaml::Document::read(text).unwrap().to_value();
        serde_json::to_value(value).unwrap()
    };
    assert!(validator.is_valid(&read(&fs::read_to_string(entry).unwrap())));
    for text in [
        "tests: 5",
        "tests: [{refused: true}]",
        "tests: [{name: a, expct: {}}]",
        "tests: [{name: a, expect: {config.yml: {}}}]",
        "tests: [{name: a, answers: {A: [b]}}]",
        "tests: [{name: a, upgrade: {keeps: [web]}}]",
    ] {
        assert!(!validator.is_valid(&read(text)), "{text}");
    }
}

fn nobody_else_looks_at_the_tests() {
    let catalog = catalog(SNAPSHOT);
    let folder = catalog.path();
    let template = folder.join("infra-templates/example");
    let tests = tempfile::tempdir().unwrap();
    good(folder, &["--update"]);
    tree::copy(&template.join("tests"), tests.path());
    fs::remove_dir_all(template.join("tests")).unwrap();
    git(folder, &["init", "-q", "-b", "master"]);
    commit_all(folder, "without tests");
    let bump = ["bump", "example", "--image", "web=1.2.0", "--dry-run"];
    let commands: [&[&str]; 8] = [
        &["check", ".", "--level", "note", "--format", "json"],
        &["check", "infra-templates/example", "--format", "junit"],
        &["diff", "--catalog", ".", "HEAD~0", "HEAD"],
        &["model", "infra-templates/example"],
        &["images", "."],
        &["rules"],
        &bump,
        &["render-compose", "infra-templates/example/1"],
    ];
    let told = || commands.map(|args| outcome(folder, args));
    let without = told();
    tree::copy(tests.path(), &template.join("tests"));
    assert_eq!(told(), without);
    let change = ["check", ".", "--changed-since", "HEAD", "--level", "note"];
    assert_eq!(outcome(folder, &change), (0, "nothing found in 1 template, 0 versions\n".into(), String::new()));
    commit_all(folder, "tests");
    assert_eq!(
        outcome(folder, &["diff", "--catalog", ".", "HEAD~1", "HEAD"]),
        (0, "nothing differs\n".into(), String::new())
    );
    assert_eq!(told(), without);
    let (code, _, errors) = outcome(folder, &["check", "infra-templates/example/tests"]);
    assert!(code == 2 && errors.contains("`gen-catalog test infra-templates/example/tests` runs them"), "{errors}");
    // What Rancher does look at is told still.
    put(folder, "tests/snapshots/config.yml", "name: Other\nversion: v1.1.0\n");
    let (_, text, _) = outcome(folder, &["check", "."]);
    assert!(text.contains("infra-templates/example/tests/snapshots/config.yml: warning[config-below]"), "{text}");
}

/// What a catalog service serves of the template and all its versions, icon and README.
fn all_of(service: &CatalogService) -> Vec<Value> {
    let template = service.json("templates/mine:infra*example");
    let links = template["versionLinks"].as_object().unwrap().values();
    let mut all: Vec<Value> = links.map(|link| service.json(link.as_str().unwrap())).collect();
    let icon = service.ask("templates/mine:infra*example?image").good();
    all.extend([template, json!(String::from_utf8_lossy(&icon))]);
    all
}

fn served() {
    let catalog = catalog(SNAPSHOT);
    let folder = catalog.path();
    put(folder, "README.md", "# The template's own\n");
    good(folder, &["--update"]);
    put(folder, "tests/README.md", "# Of the tests\n");
    git(folder, &["init", "-q", "-b", "master"]);
    commit_all(folder, "with tests");
    let with_tests = all_of(&CatalogService::start(&[("mine", folder)]));
    assert!(with_tests.len() >= 4, "{with_tests:?}");
    fs::remove_dir_all(folder.join("infra-templates/example/tests")).unwrap();
    commit_all(folder, "without");
    assert_eq!(all_of(&CatalogService::start(&[("mine", folder)])), with_tests);
}
