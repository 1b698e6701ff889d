//! docs/architecture.md shows the code as it is: the modules, and which one uses which.

use crate::support::trial::Trial;
use crate::support::trial::trial;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

pub fn trials() -> Vec<Trial> {
    vec![
        trial(
            "an_arrow_is_drawn_for_what_is_used_and_for_nothing_else",
            None,
            an_arrow_is_drawn_for_what_is_used_and_for_nothing_else,
        ),
        trial("every_module_is_drawn", None, every_module_is_drawn),
        trial("every_place_that_it_names_is_there", None, every_place_that_it_names_is_there),
    ]
}

type Uses = BTreeMap<String, BTreeSet<String>>;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(file: impl AsRef<Path>) -> String {
    fs::read_to_string(root().join(file)).unwrap()
}

/// The modules that a file declares for others.
fn modules(file: &str) -> BTreeSet<String> {
    let text = read(file);
    text.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).map(str::to_owned).collect()
}

fn sources(place: PathBuf) -> Vec<PathBuf> {
    if place.is_file() {
        return vec![place];
    }
    fs::read_dir(place).unwrap().flat_map(|entry| sources(entry.unwrap().path())).collect()
}

/// Which of the crate's modules each of them uses, as the code says; what its own tests use does not count.
fn used(all: &BTreeSet<String>) -> Uses {
    let of = |module: &String| {
        let folder = root().join("src").join(module);
        let place = if folder.is_dir() { folder } else { folder.with_extension("rs") };
        let mut uses = BTreeSet::new();
        for file in sources(place).into_iter().filter(|file| !file.ends_with("tests.rs")) {
            let text = fs::read_to_string(file).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
            for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
                let paths = line.split("crate::").skip(1);
                let names = paths.map(|path| path.split(|c: char| !c.is_ascii_lowercase() && c != '_').next().unwrap());
                uses.extend(names.filter(|name| all.contains(*name) && name != module).map(str::to_owned));
            }
        }
        uses
    };
    all.iter().map(|module| (module.clone(), of(module))).collect()
}

/// Everything that can be reached from a module.
fn reached(uses: &Uses, from: &str) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut next = vec![from.to_owned()];
    while let Some(module) = next.pop() {
        for used in uses.get(&module).into_iter().flatten() {
            if reached.insert(used.clone()) {
                next.push(used.clone());
            }
        }
    }
    reached
}

fn diagram() -> String {
    let text = read("docs/architecture.md");
    let (_, diagram) = text.split_once("```mermaid\n").unwrap();
    diagram.split_once("```").unwrap().0.to_owned()
}

/// What the diagram's plain arrows say.
fn drawn() -> Uses {
    let mut drawn = Uses::new();
    for line in diagram().lines() {
        let nodes: Vec<&str> = line.trim().split(" --> ").collect();
        for pair in nodes.windows(2) {
            drawn.entry(pair[0].to_owned()).or_default().insert(pair[1].to_owned());
        }
    }
    drawn
}

fn an_arrow_is_drawn_for_what_is_used_and_for_nothing_else() {
    let all = modules("src/lib.rs");
    let (code, drawn) = (used(&all), drawn());
    for (module, targets) in &drawn {
        for target in targets {
            assert!(code[module].contains(target), "{module} does not use {target}");
        }
    }
    for module in &all {
        assert_eq!(reached(&code, module), reached(&drawn, module), "{module}");
        assert!(!reached(&code, module).contains(module), "{module} uses what uses it");
    }
}

fn every_module_is_drawn() {
    let words: BTreeSet<String> =
        diagram().split(|c: char| !c.is_alphanumeric() && c != '_').map(str::to_owned).collect();
    for module in modules("src/lib.rs").union(&modules("src/monitor/mod.rs")) {
        assert!(words.contains(module), "{module} is not in the diagram");
    }
    let text = read("docs/architecture.md");
    for module in modules("src/lib.rs").iter().filter(|module| *module != "monitor") {
        let has_row =
            [format!("`src/{module}`"), format!("`src/{module}.rs`")].iter().any(|place| text.contains(place));
        assert!(has_row, "{module} has no row");
    }
}

fn every_place_that_it_names_is_there() {
    let text = read("docs/architecture.md");
    let named =
        text.split('`').skip(1).step_by(2).filter(|word| ["src/", "tests/"].iter().any(|top| word.starts_with(top)));
    let mut count = 0;
    for place in named {
        assert!(root().join(place).exists(), "{place}");
        count += 1;
    }
    assert!(count > 10, "{count}");
    let parts = sources(root().join("src/monitor/plan"));
    for part in parts.iter().map(|part| part.file_name().unwrap().to_str().unwrap()).filter(|part| *part != "mod.rs") {
        assert!(text.contains(&format!("{part}`")), "{part}");
    }
}
