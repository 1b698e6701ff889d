//! What Rancher takes without a word, and does not do: `check` warns of it.

use std::fs;

use catalog_check::{CheckOptions, Severity, check};
use serde_json::json;
use swarm_lab::executor::ask_all;

const RANCHER: &str = "version: '2'\ncatalog:\n  version: v1.0.0\n";

/// Services below `services`, and what is told of them; nothing where they are as they should be.
const CASES: &[(&str, Option<&str>)] = &[
    (
        "web: {image: 'a/b:1', labels: {io.rancher.sidekicks: web}}",
        Some("nothing-launched: `web` is its own sidekick: Rancher launches neither it nor what else is beside it"),
    ),
    (
        "web: {image: 'a/b:1', labels: {io.rancher.sidekicks: 'db, web'}}\n  db: {image: 'a/b:1'}",
        Some("nothing-launched: `web` is its own sidekick"),
    ),
    (
        "web: {image: 'a/b:1', labels: {io.rancher.sidekicks: db}}\n  db: {image: 'a/b:1', labels: {io.rancher.sidekicks: web}}",
        Some("nothing-launched: `web` is a sidekick of `db`, which is one itself: Rancher never launches it"),
    ),
    (
        "web: {image: 'a/b:1', labels: {io.rancher.sidekicks: db}}\n  db: {image: 'a/b:1', labels: {io.rancher.sidekicks: log}}\n  log: {image: 'a/b:1'}",
        Some("nothing-launched: `log` is a sidekick of `db`, which is one itself: Rancher never launches it"),
    ),
    ("web: {image: 'a/b:1', labels: {io.rancher.sidekicks: db}}\n  db: {image: 'a/b:1'}", None),
    (
        "web: {image: 'a/b:1', mem_limit: 8192p}",
        Some("value-retyped: `mem_limit` is `8192p`, which is more than 64 bits hold"),
    ),
    ("web: {image: 'a/b:1', mem_limit: 9223372036854775808}", Some("value-retyped: `mem_limit` is ")),
    ("web: {image: 'a/b:1', shm_size: '99999999999999999999g'}", Some("value-retyped: `shm_size` is ")),
    ("web: {image: 'a/b:1', mem_limit: 8191p, shm_size: 9223372036854775807}", None),
    (
        "web: {image: 'a/b:1', labels: {io.rancher.scheduler.global: maybe}}",
        Some("passed-over: the label `io.rancher.scheduler.global` is `maybe`: to Rancher all but `true` is no"),
    ),
    ("web: {image: 'a/b:1', labels: ['io.rancher.scheduler.global=yes']}", Some("passed-over: the label ")),
    ("web: {image: 'a/b:1', labels: {io.rancher.container.start_once: '1'}}", Some("passed-over: the label ")),
    ("web: {image: 'a/b:1', labels: {io.rancher.container.dns: ''}}", Some("passed-over: the label ")),
    ("web: {image: 'a/b:1', labels: {io.rancher.scheduler.global: 'True'}}", None),
    ("web: {image: 'a/b:1', labels: {io.rancher.scheduler.global: 'false'}}", None),
    ("web: {image: 'a/b:1', labels: {io.rancher.container.create_agent: 'true'}}", None),
];

fn docker(services: &str) -> String {
    format!("version: '2'\nservices:\n  {services}\n")
}

pub fn is_told() {
    for (services, wanted) in CASES {
        let catalog = tempfile::tempdir().unwrap();
        let folder = catalog.path().join("templates/example/0");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("docker-compose.yml"), docker(services)).unwrap();
        fs::write(folder.join("rancher-compose.yml"), RANCHER).unwrap();
        let found = check(&[catalog.path().to_owned()], &CheckOptions::default()).unwrap().findings;
        let rules = ["nothing-launched", "value-retyped", "passed-over"];
        let told: Vec<String> = found
            .iter()
            .filter(|found| rules.contains(&found.rule.id))
            .inspect(|found| assert_eq!(found.rule.severity, Severity::Warning))
            .map(|found| format!("{}: {}", found.rule.id, found.message))
            .collect();
        match wanted {
            None => assert!(told.is_empty(), "{services}: {told:?}"),
            Some(wanted) => assert!(told.iter().any(|told| told.starts_with(wanted)), "{services}: {told:?}"),
        }
    }
}

/// Rancher's executor takes all of them; and it looks at no restart policy of what it does not make.
pub fn is_taken_by_the_executor() {
    let ask = |services: &[String]| {
        ask_all(services, |executor, services| {
            executor.ask(&json!({ "kind": "version", "docker_compose": docker(services), "rancher_compose": RANCHER }))
        })
    };
    let all: Vec<String> = CASES.iter().map(|(services, _)| (*services).to_owned()).collect();
    for (services, answer) in all.iter().zip(ask(&all)) {
        assert_eq!(answer["accepted"], true, "{services}: {answer}");
    }
    let broken = |name: &str, sidekicks: &str| {
        let broken = |of: &str| if of == name { ", restart: 'on-failure:x'" } else { "" };
        format!(
            "web: {{image: 'a/b:1', labels: {{io.rancher.sidekicks: {sidekicks}}}{}}}\n  db: {{image: 'a/b:1'{}}}",
            broken("web"),
            broken("db")
        )
    };
    let all = [("web", "db", false), ("db", "db", false), ("web", "'db,web'", true), ("db", "'db,web'", true)];
    let asked: Vec<String> = all.iter().map(|(name, sidekicks, _)| broken(name, sidekicks)).collect();
    for ((_, _, is_taken), (services, answer)) in all.iter().zip(asked.iter().zip(ask(&asked))) {
        assert_eq!(answer["accepted"], *is_taken, "{services}: {answer}");
    }
}
