//! What `diff` says of every two consecutive versions of the real catalogs: read by a person once, and kept.
//!
//! `tests/snapshots/meaning.txt` is what it says. After a change of it that is meant, `UPDATE_SNAPSHOTS=1 cargo test
//! --test main meaning_corpus` writes it anew; read what git then shows.

use std::fs;
use std::path::{Path, PathBuf};
use swarm_lab::trial::Trial;

use catalog_diff::comparison::{VersionComparison, template_name};
use catalog_diff::words::version_lines;
use rancher_catalog::source::{TemplateSource, templates_of};
use swarm_lab::generator::corpus;
use swarm_lab::trial::trial;

pub fn trials() -> Vec<Trial> {
    let missing = corpus().is_none().then_some("needs the real catalogs (CATALOG_CORPUS)");
    vec![
        trial("every_consecutive_pair_is_told_as_it_was_read", missing, pairs),
        trial("no_version_differs_from_itself", missing, itself),
        trial("the_way_back_tells_as_many_differences", missing, way_back),
    ]
}

fn templates() -> Vec<TemplateSource> {
    let corpus = corpus().unwrap();
    let catalogs: Vec<PathBuf> = ["community-catalog", "rancher-catalog"].map(|name| corpus.join(name)).into();
    catalogs
        .iter()
        .flat_map(|catalog| templates_of(catalog).unwrap())
        .map(|folder| TemplateSource::read(&folder))
        .collect()
}

fn each_pair(mut look: impl FnMut(&str, &TemplateSource, usize)) {
    for template in templates() {
        for at in 1..template.versions.len() {
            look(&template_name(&template), &template, at);
        }
    }
}

/// With the usual answers it has a key that is empty, which Rancher's parser refuses.
const NEEDS_AN_ANSWER: [&str; 1] = ["infra-templates/secrets-bridge-v2"];

fn pairs() {
    let mut told = String::new();
    each_pair(|name, template, at| {
        let comparison = VersionComparison::new(name, &template.versions[at - 1], &template.versions[at]);
        assert!(comparison.unread.is_empty() || NEEDS_AN_ANSWER.contains(&name), "{name}: {:?}", comparison.unread);
        for (_, line) in version_lines(&comparison) {
            told.push_str(&line);
            told.push('\n');
        }
        told.push('\n');
    });
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots/meaning.txt");
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, &told).unwrap();
    }
    let kept = fs::read_to_string(&file).unwrap();
    let first = kept.lines().zip(told.lines()).position(|(kept, told)| kept != told);
    assert_eq!(told, kept, "from line {:?} on it says something else", first.map(|at| at + 1));
}

fn itself() {
    for template in templates() {
        for version in &template.versions {
            let comparison = VersionComparison::new("x", version, version);
            assert!(comparison.is_empty(), "{:?}: {:?}", version.path, comparison.differences);
        }
    }
}

fn way_back() {
    each_pair(|name, template, at| {
        let (old, new) = (&template.versions[at - 1], &template.versions[at]);
        let count = |from, to| {
            VersionComparison::new(name, from, to).differences.iter().filter(|d| d.with_answer.is_none()).count()
        };
        // The answers that a stack has are those of the version it comes from, and a template may ask for them.
        let is_template =
            [old, new].iter().any(|version| version.docker_compose.as_ref().is_some_and(|file| file.is_template()));
        if !is_template {
            assert_eq!(count(old, new), count(new, old), "{name} {}", new.name);
        }
    });
}
