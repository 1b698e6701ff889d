//! What `gen-catalog release` tells: the pull request, the provenance, the outputs of a workflow.

use std::fs;
use std::process::Command;
use swarm_lab::trial::Trial;

use swarm_lab::generator::corpus;
use swarm_lab::git::{as_person, git};
use swarm_lab::trial::trial;

use super::release::{BRANCH, community, json};

pub fn trials() -> Vec<Trial> {
    let missing = corpus().is_none().then_some("needs the real catalogs (CATALOG_CORPUS)");
    vec![
        trial("the_pull_request_tells_what_changes_and_how_it_was_made", missing, pull_request),
        trial("the_record_of_provenance_names_every_file_by_its_digest", missing, provenance),
        trial("in_github_actions_outputs_and_summary_are_written", missing, github),
    ]
}

fn pull_request() {
    let sandbox = community();
    let digest = format!("sha256:{}", "a".repeat(64));
    let (code, text, errors) = sandbox.release(&["--digest", &digest, "--format", "json"]);
    assert_eq!(code, 0, "{errors}");
    let report = json(&text);
    assert_eq!(report["title"], "infra-templates/swarm: v2.0.0");
    let body = report["body"].as_str().unwrap();
    for part in [
        &format!("- image: `rancher/swarmkit:v2.0.0@{digest}` (pinned by digest)"),
        "`v1.13.0-beta.1 (revision 3)` → `v2.0.0 (revision 4)`",
        "**An upgrade of a running stack recreates the containers of swarmkit-mon.**",
        "- ➖ `swarmkit-mon` loses: `privileged: everything that root on the host may do`",
        "- ➕ `LOG_LEVEL`: `enum, required, default info`",
        "- `swarmkit-mon interval`: `15000` → `10000`",
        "## Check\n\nno error, no warning, ",
        "-    privileged: true",
        &format!("--branch {BRANCH}-again --digest {digest}"),
    ] {
        assert!(body.contains(part), "{part}\n{body}");
    }
    assert!(body.len() < 60_000);
    let message = git(&sandbox.clone, &["log", "-1", "--format=%B", BRANCH]);
    assert!(
        message.starts_with("infra-templates/swarm: v2.0.0\n\ninfra-templates/swarm gets v2.0.0 as revision 4; "),
        "{message}"
    );
    assert_eq!(report["templates"][0]["upgrade"]["verdict"], "recreates");
    assert_eq!(report["templates"][0]["replaces"]["version"], "v1.13.0-beta.1");
}

fn provenance() {
    let sandbox = community();
    let file = sandbox.folder.path().join("provenance.json");
    assert_eq!(sandbox.release(&["--provenance", file.to_str().unwrap()]).0, 0);
    let statement = json(&fs::read_to_string(&file).unwrap());
    assert_eq!(statement["_type"], "https://in-toto.io/Statement/v1");
    assert_eq!(statement["predicateType"], "https://slsa.dev/provenance/v1");
    let subjects = statement["subject"].as_array().unwrap();
    assert_eq!(subjects.len(), 4);
    for subject in subjects {
        let path = subject["name"].as_str().unwrap();
        let blob = Command::new("git").current_dir(&sandbox.clone).args(["show", &format!("{BRANCH}:{path}")]).output();
        fs::write(sandbox.folder.path().join("blob"), blob.unwrap().stdout).unwrap();
        let sum = Command::new("sha256sum").arg(sandbox.folder.path().join("blob")).output().unwrap();
        let sum = String::from_utf8(sum.stdout).unwrap();
        assert_eq!(subject["digest"]["sha256"].as_str(), sum.split(' ').next(), "{path}");
    }
    let definition = &statement["predicate"]["buildDefinition"];
    assert!(definition["buildType"].as_str().unwrap().starts_with("https://"));
    let dependencies = definition["resolvedDependencies"].as_array().unwrap();
    assert_eq!(dependencies[0]["digest"]["gitCommit"], git(&sandbox.clone, &["rev-parse", "master"]));
    assert_eq!(dependencies[2]["uri"], "docker://rancher/swarmkit:v2.0.0");
    assert_eq!(statement["predicate"]["runDetails"]["builder"]["version"]["gen-catalog"], "2.0.0");
}

fn github() {
    let sandbox = community();
    let (outputs, summary) = (sandbox.folder.path().join("outputs"), sandbox.folder.path().join("summary"));
    fs::write(&outputs, "earlier=1\n").unwrap();
    let mut command = Command::new(swarm_lab::programs::gen_catalog());
    as_person(command.args(["release", "--catalog"]).arg(&sandbox.clone));
    command.env("GITHUB_ACTIONS", "true").env("GITHUB_OUTPUT", &outputs).env("GITHUB_STEP_SUMMARY", &summary);
    assert!(command.output().unwrap().status.success());
    let text = fs::read_to_string(&outputs).unwrap();
    assert!(text.starts_with("earlier=1\nstatus<<end-"), "{text}");
    let values = github_outputs(text.strip_prefix("earlier=1\n").unwrap());
    let value = |name: &str| values.iter().find(|(key, _)| key == name).unwrap().1.clone();
    assert_eq!((value("status"), value("branch")), ("released".to_owned(), BRANCH.to_owned()));
    assert_eq!(value("commit"), git(&sandbox.clone, &["rev-parse", BRANCH]));
    assert_eq!(value("title"), "infra-templates/swarm: v2.0.0");
    assert_eq!(value("body"), fs::read_to_string(&summary).unwrap());
}

/// Reads outputs as the runner does: `name<<end`, lines, `end`.
fn github_outputs(text: &str) -> Vec<(String, String)> {
    let mut lines = text.lines();
    let mut found = Vec::new();
    while let Some(line) = lines.next() {
        let (name, end) = line.split_once("<<").unwrap();
        let value: Vec<&str> = lines.by_ref().take_while(|line| *line != end).collect();
        found.push((name.to_owned(), value.join("\n")));
    }
    found
}
