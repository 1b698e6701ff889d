//! A program of somebody else makes its entry, which holds before the check and before Rancher's own compose executor.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use catalog_check::{CheckOptions, Severity};
use serde_json::json;
use swarm_lab::executor::Executor;
use swarm_lab::real_parts;
use swarm_lab::tree::snapshot;
use swarm_lab::trial::{Trial, run, trial};

/// What a program of a few lines is.
const LINES: usize = 60;

fn main() {
    run(None, &[("own_entry", trials)]);
}

fn trials() -> Vec<Trial> {
    vec![
        trial("it_is_a_program_of_a_few_lines", None, few_lines),
        trial("the_check_finds_nothing_in_what_it_makes", None, checked),
        trial("a_second_run_writes_nothing_and_a_published_version_never_changes", None, again),
        trial("ranchers_own_executor_launches_what_it_makes_with_its_answers", real_parts::missing(), launched),
    ]
}

fn own_entry(catalog: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_own-entry")).arg(catalog).output().unwrap()
}

fn few_lines() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/main.rs")).unwrap();
    assert!(text.lines().count() <= LINES, "{} lines", text.lines().count());
}

fn checked() {
    let catalog = tempfile::tempdir().unwrap();
    let output = own_entry(catalog.path());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "revision 0: 5 files written\n");
    // Nor warnings: as `gen-catalog check --strict` does.
    let options = CheckOptions { level: Some(Severity::Warning), ..CheckOptions::default() };
    let checked = catalog_check::check(&[catalog.path().to_owned()], &options).unwrap();
    let told: Vec<String> =
        checked.findings.iter().map(|found| format!("{}: {}", found.rule.id, found.message)).collect();
    assert_eq!((told, checked.templates), (Vec::new(), 1));
}

fn again() {
    let catalog = tempfile::tempdir().unwrap();
    assert!(own_entry(catalog.path()).status.success());
    let before = snapshot(catalog.path());
    assert_eq!(own_entry(catalog.path()).stdout, b"revision 0: 0 files written\n");
    assert_eq!(snapshot(catalog.path()), before);
    let compose = catalog.path().join("templates/hello/0/docker-compose.yml");
    fs::write(&compose, "version: '2'\nservices: {}\n").unwrap();
    let before = snapshot(catalog.path());
    let output = own_entry(catalog.path());
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("templates/hello/0/docker-compose.yml") && told.contains("never changes"), "{told}");
    assert_eq!(snapshot(catalog.path()), before);
}

fn launched() {
    let catalog = tempfile::tempdir().unwrap();
    assert!(own_entry(catalog.path()).status.success());
    let file = |name: &str| fs::read_to_string(catalog.path().join("templates/hello/0").join(name)).unwrap();
    let (docker, rancher) = (file("docker-compose.yml"), file("rancher-compose.yml"));
    let mut executor = Executor::start();
    for greeting in ["Hello", "", "yes", "{{ .Stack.Name }}", "'\"", "$$X"] {
        let answers = json!({"GREETING": greeting, "LOG_LEVEL": "debug"});
        let asked =
            json!({"kind": "version", "docker_compose": docker, "rancher_compose": rancher, "answers": answers});
        let verdict = executor.ask(&asked);
        assert_eq!((&verdict["accepted"], &verdict["services"]), (&json!(true), &json!(["hello"])), "{verdict}");
        assert_eq!(verdict["version"], "v1.0.0");
    }
    // It is asked in earnest: what is no compose file is refused.
    let broken = docker.replace("image:", "imagine:");
    let verdict = executor.ask(&json!({"kind": "version", "docker_compose": broken, "rancher_compose": rancher}));
    assert_eq!(verdict["accepted"], false, "{verdict}");
}
