//! docs/architecture.md shows the workspace as it is: the crates, and which one uses which.

use std::collections::BTreeSet;
use std::fs;

use swarm_lab::programs::root;
use swarm_lab::trial::Trial;
use swarm_lab::trials;
use toml::Table;

pub fn trials() -> Vec<Trial> {
    trials![
        an_arrow_is_drawn_for_what_is_used_and_for_nothing_else,
        every_crate_has_a_row,
        every_place_it_names_is_there,
        every_test_program_is_run
    ]
}

type Arrow = (String, String);

fn text() -> String {
    fs::read_to_string(root().join("docs/architecture.md")).unwrap()
}

/// The crates with the folders that they are in.
fn crates() -> Vec<(String, String)> {
    let inner = fs::read_dir(root().join("crates")).unwrap().map(|entry| entry.unwrap().file_name());
    let inner = inner.map(|name| name.into_string().unwrap()).map(|name| (name.clone(), format!("crates/{name}")));
    inner.chain([("gen-catalog".to_owned(), ".".to_owned())]).collect()
}

/// Which crate's code uses which, as the manifests say; what only tests use does not count.
fn used() -> BTreeSet<Arrow> {
    let all = crates();
    let mut arrows = BTreeSet::new();
    for (name, folder) in &all {
        let manifest = fs::read_to_string(root().join(folder).join("Cargo.toml")).unwrap();
        let manifest: Table = toml::from_str(&manifest).unwrap();
        let dependencies = manifest.get("dependencies").and_then(toml::Value::as_table).into_iter().flatten();
        let ours = dependencies.filter(|(used, _)| all.iter().any(|(name, _)| name == *used));
        arrows.extend(ours.map(|(used, _)| (name.clone(), used.clone())));
    }
    arrows
}

fn drawn() -> BTreeSet<Arrow> {
    let text = text();
    let (_, diagram) = text.split_once("```mermaid\n").unwrap();
    let mut arrows = BTreeSet::new();
    for line in diagram.split_once("```").unwrap().0.lines() {
        let nodes: Vec<Vec<&str>> = line.trim().split(" --> ").map(|side| side.split(" & ").collect()).collect();
        for pair in nodes.windows(2) {
            let each = pair[0].iter().flat_map(|from| pair[1].iter().map(move |to| (from.to_string(), to.to_string())));
            arrows.extend(each);
        }
    }
    arrows
}

fn an_arrow_is_drawn_for_what_is_used_and_for_nothing_else() {
    assert_eq!(drawn(), used());
}

fn every_crate_has_a_row() {
    let text = text();
    for (name, folder) in crates() {
        let place = if folder == "." { "src/".to_owned() } else { format!("{folder}/") };
        assert!(text.contains(&format!("| `{place}`")), "{name} has no row");
    }
}

fn every_place_it_names_is_there() {
    let text = text();
    let is_place = |word: &&str| ["src/", "tests/", "crates/", "templates/"].iter().any(|top| word.starts_with(top));
    let named: Vec<&str> = text.split('`').skip(1).step_by(2).filter(is_place).collect();
    assert!(named.len() > 10, "{named:?}");
    for place in named {
        assert!(root().join(place).exists(), "{place}");
    }
}

fn every_test_program_is_run() {
    let script = fs::read_to_string(root().join("scripts/test")).unwrap();
    let examples = fs::read_dir(root().join("examples")).unwrap();
    let examples = examples.map(|entry| format!("examples/{}", entry.unwrap().file_name().into_string().unwrap()));
    let mut programs = 0;
    for folder in crates().into_iter().map(|(_, folder)| folder).chain(examples) {
        let manifest = fs::read_to_string(root().join(&folder).join("Cargo.toml")).unwrap();
        let manifest: Table = toml::from_str(&manifest).unwrap();
        for test in manifest.get("test").and_then(toml::Value::as_array).into_iter().flatten() {
            let name = test["name"].as_str().unwrap();
            assert!(
                script.contains(&format!("--test {name} ")) || script.contains(&format!("--test {name}\n")),
                "{name}"
            );
            programs += 1;
        }
        let found = fs::read_dir(root().join(&folder).join("tests")).into_iter().flatten();
        let found = found.filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|is| is == "rs"));
        let declared = manifest.get("test").is_some() || manifest["package"].get("autotests").is_some();
        assert!(
            declared || found.count() == 0,
            "{folder}: cargo finds test programs by itself, which the script does not name"
        );
    }
    assert!(programs >= 4);
}
