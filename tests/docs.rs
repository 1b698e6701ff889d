//! The docs show what is: the rendered service, the settings, the commands, the findings, the picture. What is generated in
//! them is renewed by `./scripts/docs`; what they name is there.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use catalog_preview::catalog::{Catalog, Shelf};
use catalog_preview::links::Links;
use catalog_preview::{Preview, Query, STYLE};
use rancher_catalog::digest::sha256_hex;
use swarm_lab::generator::{corpus, outcome};
use swarm_lab::programs::root;
use swarm_lab::sample_swarm;
use swarm_lab::trial::{Trial, trial};
use swarm_lab::trials;
use swarmkit_settings::{SETTINGS, markdown_table};

pub fn trials() -> Vec<Trial> {
    let mut trials = trials![
        the_table_of_settings_is_the_daemons,
        the_table_of_warnings_is_the_monitors,
        the_rendered_file_is_the_rendered_file,
        the_table_of_commands_is_the_programs,
        each_command_has_help_with_an_example,
        the_picture_shows_what_is_rendered,
        the_pictures_show_the_monitors_page,
        the_table_of_metrics_is_the_monitors,
        the_readme_is_short,
        every_place_that_is_named_is_there,
        every_command_of_the_lab_that_is_named_is_there,
    ];
    let missing = corpus().is_none().then_some("needs the real catalogs (CATALOG_CORPUS)");
    trials.push(trial("the_table_of_findings_is_what_the_check_finds", missing, findings));
    trials
}

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap()
}

/// Holds a part of a document against what it is generated from: it stands between `<!-- NAME -->` and `<!-- end -->`.
fn is_up_to_date(document: &str, name: &str, wanted: &str) {
    // Two parts of one document may be renewed at once.
    static WRITING: Mutex<()> = Mutex::new(());
    let _one_at_a_time = WRITING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let text = read(document);
    let mark = format!("<!-- {name} -->\n");
    let start = text.find(&mark).unwrap_or_else(|| panic!("{document} has no {mark}")) + mark.len();
    let end = start + text[start..].find("<!-- end -->").unwrap_or_else(|| panic!("{document}: {name} has no end"));
    let wanted = format!("\n{wanted}\n");
    if text[start..end] == wanted {
        return;
    }
    assert!(
        std::env::var_os("UPDATE_SNAPSHOTS").is_some(),
        "{document}: what stands at {mark:?} is out of date: ./scripts/docs renews it"
    );
    fs::write(root().join(document), format!("{}{wanted}{}", &text[..start], &text[end..])).unwrap();
}

fn the_table_of_settings_is_the_daemons() {
    is_up_to_date("docs/operating.md", "settings", &markdown_table(SETTINGS));
}

fn the_table_of_warnings_is_the_monitors() {
    is_up_to_date("docs/operating.md", "warnings", &swarmkit_mon::plan::table_of_warnings());
}

fn the_rendered_file_is_the_rendered_file() {
    let file = "infra-templates/swarm/4/docker-compose.yml";
    let rendered = read(&format!("community-catalog/{file}"));
    is_up_to_date("docs/gen-catalog.md", &format!("rendered: {file}"), &format!("```yaml\n{rendered}```\n"));
}

fn the_table_of_commands_is_the_programs() {
    let mut table = "| command | what it does |\n|---|---|\n".to_owned();
    for command in gen_catalog::cli::command().get_subcommands() {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        table.push_str(&format!("| `gen-catalog {}` | {about} |\n", command.get_name()));
    }
    is_up_to_date("docs/gen-catalog.md", "commands", &table);
}

fn findings() {
    let mut counts = BTreeMap::new();
    for finding in crate::check_corpus::of_corpus().findings {
        let severity = finding.rule.severity;
        *counts.entry((std::cmp::Reverse(severity), finding.rule.id)).or_insert(0_usize) += 1;
    }
    let mut table = "| rule | severity | findings |\n|---|---|---|\n".to_owned();
    for ((severity, rule), count) in counts {
        table.push_str(&format!("| `{rule}` | {} | {count} |\n", severity.0.name()));
    }
    is_up_to_date("docs/gen-catalog.md", "findings", &table);
}

fn each_command_has_help_with_an_example() {
    for command in gen_catalog::cli::command().get_subcommands().map(clap::Command::get_name) {
        let (code, help, _) = outcome(root(), &[command, "--help"]);
        assert_eq!(code, 0);
        assert!(help.contains("Examples:\n  gen-catalog ") && help.contains("--quiet"), "{command}: {help}");
    }
}

fn the_picture_shows_what_is_rendered() {
    let (own, _) = Catalog::open(&root().join("community-catalog"), None).unwrap();
    let pages = Preview::new(Shelf { own, beside: Vec::new() }, Links::Live);
    let place = pages.place("infra-templates", "swarm").unwrap();
    let asked = Query(vec![("MANAGER_SCALE".to_owned(), "5".to_owned())]);
    let page = pages.entry(&place, Some("4"), &asked).unwrap();
    let digest = sha256_hex(format!("{page}{STYLE}").as_bytes());
    let shown = format!("<!-- picture of sha256:{digest} -->\n![");
    assert!(read("README.md").contains(&shown), "docs/preview.png is out of date: ./scripts/docs draws it anew");
    assert!(fs::metadata(root().join("docs/preview.png")).unwrap().len() < 190_000);
}

fn the_pictures_show_the_monitors_page() {
    let digest = sha256_hex(sample_swarm::page().as_bytes());
    let shown = format!("<!-- picture of sha256:{digest} -->\n![");
    assert!(
        read("docs/monitoring/README.md").contains(&shown),
        "docs/monitoring/*.png: ./scripts/docs draws them anew"
    );
    for (picture, width) in [("page", 1040), ("page-dark", 1040), ("page-phone", 390)] {
        let picture = fs::read(root().join(format!("docs/monitoring/{picture}.png"))).unwrap();
        assert!(picture.len() < 250_000);
        // The width stands in the first chunk of a PNG.
        assert_eq!(u32::from_be_bytes(picture[16..20].try_into().unwrap()), width);
    }
}

fn the_table_of_metrics_is_the_monitors() {
    is_up_to_date("docs/monitoring/README.md", "metrics", &swarmkit_mon::metrics::markdown_table());
}

fn the_readme_is_short() {
    let lines = read("README.md").lines().count();
    assert!(lines < 150, "README.md has {lines} lines: what only some readers need belongs into docs/");
}

/// Every document, by its path from the root.
fn documents() -> Vec<PathBuf> {
    let in_folder = |folder: &str| {
        let entries = fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().file_name());
        let folder = folder.to_owned();
        entries
            .map(move |name| Path::new(&folder).join(name))
            .filter(|path| path.extension().is_some_and(|e| e == "md"))
    };
    ["", "docs", "docs/ci", "docs/monitoring"].into_iter().flat_map(in_folder).collect()
}

/// What stands in backticks and is a path of the project.
fn named_places(text: &str) -> impl Iterator<Item = &str> {
    let places = ["src/", "tests/", "crates/", "templates/", "docs/", "scripts/", "community-catalog/"];
    let words = text.split('`').skip(1).step_by(2).flat_map(str::split_whitespace);
    let words = words.map(|word| word.trim_start_matches("./"));
    words.filter(move |word| places.iter().any(|top| word.starts_with(top)) && !word.contains(['*', '[', '…']))
}

/// The headings, as GitHub makes anchors of them, and what is marked by hand.
fn anchors(text: &str) -> Vec<String> {
    let headings = text.lines().filter_map(|line| line.strip_prefix('#'));
    let headings = headings.map(|line| line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-"));
    let headings = headings.map(|line| line.replace(|c: char| !(c.is_alphanumeric() || c == '-'), ""));
    let marked = text.split("<a id=\"").skip(1).filter_map(|rest| Some(rest.split_once('"')?.0.to_owned()));
    headings.chain(marked).collect()
}

fn every_place_that_is_named_is_there() {
    let documents = documents();
    assert!(documents.len() > 8, "{documents:?}");
    for document in documents {
        let text = read(document.to_str().unwrap());
        for place in named_places(&text) {
            assert!(root().join(place).exists(), "{}: {place}", document.display());
        }
        let links = text.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0));
        for link in links.filter(|link| !link.starts_with("http")) {
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if path.is_empty() { document.clone() } else { document.with_file_name(path) };
            assert!(root().join(&target).exists(), "{}: {link}", document.display());
            let found = anchor.is_empty() || anchors(&read(target.to_str().unwrap())).iter().any(|a| a == anchor);
            assert!(found, "{}: {link}: no such heading", document.display());
        }
    }
}

fn every_command_of_the_lab_that_is_named_is_there() {
    for document in documents() {
        for rest in read(document.to_str().unwrap()).split("swarm-lab -- ").skip(1) {
            let command = rest.split(|c: char| !(c.is_ascii_lowercase() || c == '-')).next().unwrap();
            let file = format!("crates/swarm-lab/src/commands/{}.rs", command.replace('-', "_"));
            assert!(command.starts_with('-') || root().join(file).exists(), "{}: {command}", document.display());
        }
    }
}
