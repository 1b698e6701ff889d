//! The real catalogs preview without an error, no page is large, and what is shown is what `gen-catalog render-compose` prints.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use catalog_preview::catalog::{Catalog, Place, Shelf};
use catalog_preview::links::{Links, query};
use catalog_preview::{Preview as Pages, Query};
use rancher_catalog::model::Question;
use rancher_catalog::source::{TemplateSource, VersionSource};
use serde_json::Value;
use swarm_lab::dice::Dice;
use swarm_lab::generator::{corpus, gen_catalog};
use swarm_lab::large_catalog::{Size, write};
use swarm_lab::previewed::Preview;
use swarm_lab::programs::root;
use swarm_lab::trial::{Trial, is_long, trial};

pub fn trials() -> Vec<Trial> {
    let missing = corpus().is_none().then_some("needs the real catalogs (CATALOG_CORPUS)");
    vec![
        trial("every_page_of_the_real_catalogs_is_made_and_none_is_large", missing, every_page),
        trial("random_answers_give_what_render_compose_prints", missing, random_answers),
        trial("the_pages_of_a_large_catalog_are_no_larger", None, large),
        trial("the_pages_of_a_hostile_catalog_are_no_larger", None, hostile),
    ]
}

/// What no page is larger than, in bytes.
const LARGEST: usize = 200_000;

fn catalogs() -> Vec<PathBuf> {
    let corpus = corpus().unwrap();
    ["community-catalog", "rancher-catalog"].iter().map(|name| corpus.join(name)).collect()
}

fn pages(catalog: &Path, links: Links) -> Pages {
    let (own, _) = Catalog::open(catalog, None).unwrap();
    Pages::new(Shelf { own, beside: Vec::new() }, links)
}

#[track_caller]
fn is_good(page: &str, what: &str) {
    assert!(page.len() < LARGEST, "{what} has {} bytes", page.len());
    assert!(page.ends_with("</html>") || page.ends_with("</html>\n"), "{what} has no end");
    for outside in ["src=\"http", "<iframe", "<object", "<style>@", "url(http"] {
        assert!(!page.contains(outside), "{what}: {outside}");
    }
}

/// All pages of a catalog; of a template those of so many versions.
fn all_pages(catalog: &Path, most: usize) -> usize {
    let live = pages(catalog, Links::Live);
    let files = pages(catalog, Links::Files { depth: 2 });
    let asked = Query::default();
    let mut made = 0;
    let mut good = |page: Result<String, catalog_preview::PageError>, what: &str| {
        is_good(&page.unwrap_or_else(|error| panic!("{what}: {error}")), what);
        made += 1;
    };
    good(live.list(&asked), "list");
    good(pages(catalog, Links::Files { depth: 0 }).list(&asked), "list, as a file");
    good(live.environments(&asked), "environments");
    good(live.editing(None, &asked), "editing");
    good(live.all_findings(), "findings");
    for place in live.shelf.own.places().unwrap() {
        let what = place.inside();
        if place.is_environment() {
            good(live.editing(Some(&place), &asked), &what);
        }
        let template = TemplateSource::outline(&place.path);
        if template.versions.is_empty() {
            continue;
        }
        good(live.entry(&place, None, &asked), &what);
        good(files.whole(&place), &what);
        for version in template.versions.iter().rev().take(most) {
            let (what, name) = (format!("{what}/{}", version.name), Some(version.name.as_str()));
            good(live.entry(&place, name, &asked), &what);
            good(live.choices(&place, name, &asked), &what);
            good(live.upgrade(&place, name, &asked), &what);
            good(live.version_findings(&place, name, &asked), &what);
        }
    }
    made
}

fn every_page() {
    for catalog in catalogs() {
        let made = all_pages(&catalog, usize::MAX);
        assert!(made > 100, "{made}");
    }
}

fn large() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = folder.path().join("large-catalog");
    write(&catalog, Size { versions: 900, first: 420 }).unwrap();
    // The list is cut into pages where it is served.
    assert!(all_pages(&catalog, 1) > 15);
}

fn hostile() {
    let folder = tempfile::tempdir().unwrap();
    let template = folder.path().join("x-catalog/templates/x");
    fs::create_dir_all(template.join("0")).unwrap();
    let put = |name: &str, text: String| fs::write(template.join(name), text).unwrap();
    put("config.yml", format!("name: {}\ndescription: {}\nversion: v1\n", "n".repeat(300_000), "<b>".repeat(100_000)));
    put("catalogIcon-x.svg", format!("<svg>{}</svg>", " ".repeat(900_000)));
    put("0/README.md", "> ".repeat(400_000));
    let questions: String = (0..1_000)
        .map(|number| {
            let options = "option, ".repeat(100);
            format!("  - {{variable: Q{number}, type: enum, label: {}, options: [{options}]}}\n", "l".repeat(40))
        })
        .collect();
    put("0/rancher-compose.yml", format!(".catalog:\n  version: v1\n  questions:\n{questions}"));
    let services: String = (0..3_000).map(|number| format!("s{number}: {{image: 'x:1', ports: [a]}}\n")).collect();
    put("0/docker-compose.yml", services);
    all_pages(&folder.path().join("x-catalog"), 1);
}

/// Of each catalog so many: a thousand of both in the campaigns.
fn random_answers() {
    let tries = if is_long() { 500 } else { 100 };
    let mut dice = Dice::new(20);
    for catalog in catalogs() {
        let served = Preview::start(&catalog, &[]);
        let (own, _) = Catalog::open(&catalog, None).unwrap();
        let versions: Vec<(Place, VersionSource)> = own
            .places()
            .unwrap()
            .into_iter()
            .flat_map(|place| {
                let versions = TemplateSource::outline(&place.path).versions.into_iter();
                versions.map(move |version| (place.clone(), version))
            })
            .filter(|(_, version)| version.docker_compose.is_some())
            .collect();
        for _ in 0..tries {
            let (place, version) = &versions[dice.between(0, versions.len())];
            let answers = made_up(version, &mut dice);
            as_printed(&served, place, version, &answers);
        }
    }
}

/// Answers to some of the questions, such as can be given.
fn made_up(version: &VersionSource, dice: &mut Dice) -> BTreeMap<String, String> {
    let answer = |question: &Question, dice: &mut Dice| -> String {
        let odd =
            ["", "5", "-1", "a b", "$x", "$$", "${NAME}", "a\nb", "é ü", "{{ .Values }}", "'\"", "true", "a: b", "# x"];
        let offered = question.offered();
        if offered.is_empty() {
            odd[dice.between(0, odd.len())].to_owned()
        } else {
            offered[dice.between(0, offered.len())].clone()
        }
    };
    let asked = version.questions().iter().filter_map(|question| Some((question.name()?, question)));
    let chosen: Vec<(String, &Question)> = asked.filter(|(name, _)| !name.is_empty() && !dice.one_in(3)).collect();
    chosen.into_iter().map(|(name, question)| (name, answer(question, dice))).collect()
}

fn as_printed(served: &Preview, place: &Place, version: &VersionSource, answers: &BTreeMap<String, String>) {
    let what = format!("{} {answers:?}", version.path.display());
    let mut args =
        vec!["render-compose".to_owned(), version.path.display().to_string(), "--format".into(), "json".into()];
    if !answers.is_empty() {
        args.push("--answers".to_owned());
        args.extend(answers.iter().map(|(name, value)| format!("{name}={value}")));
    }
    let printed = gen_catalog(root(), &args.iter().map(String::as_str).collect::<Vec<_>>());
    let asked = query(answers.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let here = format!("{}/{}", Links::Live.entry(place), version.name);
    let text = |name: &str| served.get(&format!("{here}/{name}{asked}"));
    if printed.status.code() == Some(2) {
        let failed = ["docker-compose.yml", "rancher-compose.yml"].iter().any(|name| text(name).status == 500);
        assert!(failed, "{what}: {}", String::from_utf8_lossy(&printed.stderr));
        return;
    }
    let printed: Value = serde_json::from_slice(&printed.stdout).unwrap();
    let page = served.get(&format!("{here}{asked}")).text();
    for file in printed["files"].as_array().unwrap() {
        let (name, wanted) = (file["path"].as_str().unwrap(), file["text"].as_str().unwrap());
        assert_eq!(text(name).text(), wanted, "{what}: {name}");
        let start = format!("aria-label=\"{name}\">");
        let Some((_, shown)) = page.split_once(&start) else {
            assert!(wanted.is_empty(), "{what}: {name} is not in the page");
            continue;
        };
        let shown = lines(shown.split_once("</pre>").unwrap().0);
        let is_cut = page.contains("The rest of this long file is left out here");
        assert!(shown == wanted || (is_cut && wanted.starts_with(&shown)), "{what}: {name}: {shown}");
    }
}

/// The text of the lines of a file, as a page shows it.
fn lines(html: &str) -> String {
    let lines = html.split("<span class=\"").skip(1).filter(|span| span.starts_with("l\"") || span.starts_with("l "));
    let text: String = lines.map(|span| span.split_once('>').unwrap().1.split_once("</span>").unwrap().0).collect();
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#x27;", "'"), ("&#x2f;", "/"), ("&amp;", "&")]
        .iter()
        .fold(text, |text, (escaped, plain)| text.replace(escaped, plain))
}
