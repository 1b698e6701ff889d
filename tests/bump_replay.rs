//! What authors of real catalogs made by hand, `gen-catalog bump` makes byte for byte: of every two revisions that follow each
//! other and differ in images and version alone.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use gen_catalog::bump::{ImageWish, Part, VersionWish, Wishes, plan};
use gen_catalog::catalog::{CatalogRoot, apply};
use rancher_catalog::catalog_service::base_of;
use rancher_catalog::source::{TemplateSource, VersionSource, templates_of};
use rancher_catalog::yaml::{Node, NodeKind};
use serde_yaml::Value;
use swarm_lab::catalog_service::{self, CatalogService};
use swarm_lab::generator::corpus;
use swarm_lab::git::{commit_all, git};
use swarm_lab::tree;
use swarm_lab::trial::{Trial, trial};

/// So many pairs there are at least.
const FLOOR: usize = 65;
/// What an author changed beside images and version, though nobody reads it.
const OTHERWISE: [(&str, &str); 1] = [("gandi-dns 0 → 1", "a line break at the end of docker-compose.yml is new")];

pub fn trials() -> Vec<Trial> {
    let missing = corpus().is_none().then_some("needs the real catalogs (CATALOG_CORPUS)");
    let no_service = missing.or_else(catalog_service::missing);
    vec![
        trial("every_release_of_images_and_version_comes_out_byte_for_byte", missing, replay),
        trial(
            "ranchers_catalog_service_offers_what_is_made_as_an_upgrade_of_what_it_was_made_from",
            no_service,
            offered,
        ),
    ]
}

/// A value without what a release of new images changes.
fn meaning(node: &Node, key: &str, version: &str) -> Value {
    match &node.kind {
        NodeKind::Map(entries) => {
            let is_block = |name: &str| matches!(name, "catalog" | ".catalog");
            let inner = entries.iter().map(|(name, value)| {
                let name = name.text().unwrap_or_default();
                let dropped = is_block(key) && matches!(name, "version" | "uuid");
                (name.into(), if dropped { Value::Null } else { meaning(value, name, version) })
            });
            Value::Mapping(inner.collect())
        }
        NodeKind::List(items) => Value::Sequence(items.iter().map(|item| meaning(item, "", version)).collect()),
        NodeKind::Scalar { .. } if key == "image" => "image".into(),
        NodeKind::Scalar { text, .. } => text.replace(version, "VERSION").into(),
    }
}

/// What a version means beside its images and its version: each file's readings.
fn meanings(version: &VersionSource) -> Option<BTreeMap<String, Vec<Value>>> {
    let name = version.version()?.text();
    let mut all = BTreeMap::new();
    for file in version.docker_compose.iter().chain(&version.rancher_compose) {
        let read = |reading: &rancher_catalog::source::Reading| {
            let document = reading.document.as_ref().ok()?;
            Some(document.root.as_ref().map_or(Value::Null, |root| meaning(root, "", &name)))
        };
        let readings: Option<Vec<Value>> = file.readings.iter().map(read).collect();
        all.insert(file.path.file_name()?.to_string_lossy().into_owned(), readings?);
    }
    for file in &version.files {
        let base = file.rsplit('/').next().unwrap_or_default();
        if !all.contains_key(base) {
            // README too: where an author wrote a new one that is no release of images alone.
            let text = String::from_utf8_lossy(&fs::read(version.path.join(file)).ok()?).replace(&name, "VERSION");
            all.insert(file.clone(), vec![text.into()]);
        }
    }
    Some(all)
}

/// The image of each service.
pub fn images(version: &VersionSource) -> BTreeMap<String, BTreeSet<String>> {
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let readings = version.docker_compose.iter().flat_map(|file| &file.readings);
    for root in readings.filter_map(|reading| reading.document.as_ref().ok()?.root.as_ref()) {
        for services in [Some(root), root.get("services")].into_iter().flatten() {
            for (name, service) in services.entries() {
                if let (Some(name), Some(image)) = (name.text(), service.get("image").and_then(Node::text)) {
                    all.entry(name.to_owned()).or_default().insert(image.to_owned());
                }
            }
        }
    }
    all
}

/// The images that change, as somebody would ask for them.
fn wishes(old: &VersionSource, new: &VersionSource) -> Vec<ImageWish> {
    let (old, new) = (images(old), images(new));
    let mut asked = BTreeSet::new();
    for (service, before) in &old {
        for (before, after) in before.iter().zip(new.get(service).into_iter().flatten()) {
            if before != after {
                let (repository, _) = before.rsplit_once(':').unwrap_or((before, ""));
                let (other, tag) = after.rsplit_once(':').unwrap_or((after, ""));
                asked.insert(format!("{repository}={}", if other == repository { tag } else { after }));
            }
        }
    }
    asked.iter().map(|asked| asked.parse().unwrap()).collect()
}

/// A catalog with the revisions of a template up to one.
fn up_to(template: &TemplateSource, last: usize) -> (tempfile::TempDir, String) {
    let catalog = tempfile::tempdir().unwrap();
    let base = template.path.parent().unwrap().file_name().unwrap().to_str().unwrap();
    let folder = format!("{base}/{}", template.folder);
    for version in &template.versions[..=last] {
        tree::copy(&version.path, &catalog.path().join(&folder).join(&version.name));
    }
    fs::copy(template.path.join("config.yml"), catalog.path().join(&folder).join("config.yml")).unwrap();
    (catalog, folder)
}

fn differs(template: &TemplateSource, at: usize, new: &VersionSource) -> Result<(), String> {
    let old = &template.versions[at];
    let (catalog, folder) = up_to(template, at);
    let mut wishes = Wishes {
        images: wishes(old, new),
        version: VersionWish::Given(new.version().unwrap().text()),
        settings: Vec::new(),
        from: None,
        rewrite: None,
        lower: false,
    };
    let root = CatalogRoot::open(catalog.path()).unwrap();
    let mut made = plan(&root, &folder, &wishes);
    if made.as_ref().is_err_and(|error| error.to_string().contains("is not later than")) {
        // Of two lines side by side the first step back has to be meant.
        wishes.lower = true;
        made = plan(&root, &folder, &wishes);
    }
    let made = made.map_err(|error| error.to_string())?;
    let inside = format!("{folder}/{}/", made.to);
    let files =
        made.changes.iter().filter_map(|change| Some((change.path.strip_prefix(&inside)?, change.after.clone()?)));
    let files: BTreeMap<String, Vec<u8>> = files.map(|(name, text)| (name.to_owned(), text)).collect();
    let wanted: BTreeMap<String, Vec<u8>> =
        new.files.iter().map(|file| (file.clone(), fs::read(new.path.join(file)).unwrap())).collect();
    let other: Vec<String> = wanted
        .iter()
        .filter(|(name, text)| files.get(*name) != Some(text))
        .map(|(name, text)| {
            let made = files.get(name).map(Vec::as_slice);
            rancher_catalog::unified_diff::unified_diff(name, made, name, Some(text))
        })
        .collect();
    if other.is_empty() && files.len() == wanted.len() { Ok(()) } else { Err(other.concat()) }
}

fn templates() -> Vec<PathBuf> {
    let corpus = corpus().unwrap();
    let both = ["community-catalog", "rancher-catalog"].map(|name| corpus.join(name));
    both.iter().flat_map(|catalog: &PathBuf| templates_of(catalog).unwrap()).collect()
}

fn replay() {
    let (mut pairs, mut same, mut others) = (0, 0, Vec::new());
    for folder in templates() {
        let template = TemplateSource::read(Path::new(&folder));
        for at in 0..template.versions.len().saturating_sub(1) {
            let (old, new) = (&template.versions[at], &template.versions[at + 1]);
            let (before, after) = (meanings(old), meanings(new));
            if before.is_none() || before != after || images(old) == images(new) {
                continue;
            }
            pairs += 1;
            match differs(&template, at, new) {
                Ok(()) => same += 1,
                Err(why) => others.push(format!("{} {} → {}:\n{why}", template.folder, old.name, new.name)),
            }
        }
    }
    println!("{same} of {pairs} releases byte for byte");
    let is_known = |other: &&String| OTHERWISE.iter().any(|(pair, _)| other.starts_with(pair));
    let (known, new): (Vec<&String>, Vec<&String>) = others.iter().partition(is_known);
    assert!(new.is_empty() && known.len() == OTHERWISE.len(), "{same} of {pairs}\n{}", others.join("\n"));
    assert!(pairs >= FLOOR, "{pairs}");
}

/// Each template gets a revision with a version that has grown.
fn offered() {
    let corpus = corpus().unwrap();
    for (name, least) in [("community-catalog", 12), ("rancher-catalog", 12)] {
        let catalog = tempfile::tempdir().unwrap();
        tree::copy(&corpus.join(name), &catalog.path().join("c"));
        let catalog = catalog.path().join("c");
        let root = CatalogRoot::open(&catalog).unwrap();
        let mut made = Vec::new();
        for template in templates_of(&catalog).unwrap() {
            let folder = template.strip_prefix(&catalog).unwrap().to_str().unwrap().to_owned();
            let wishes = Wishes {
                images: Vec::new(),
                version: VersionWish::Grown(Part::Patch),
                settings: Vec::new(),
                from: None,
                rewrite: None,
                lower: false,
            };
            match plan(&root, &folder, &wishes) {
                Ok(plan) => {
                    apply(&root, &plan.changes.iter().collect::<Vec<_>>()).unwrap();
                    made.push(plan);
                }
                Err(error) => println!("{folder}: {error}"),
            }
        }
        assert!(made.len() >= least, "{name}: {}", made.len());
        git(&catalog, &["init", "-q", "-b", "master"]);
        commit_all(&catalog, "a revision more of each");
        let service = CatalogService::start(&[("mine", &catalog)]);
        for plan in &made {
            let (base, template) = plan.folder.split_once('/').unwrap();
            let base = match base_of(base) {
                "" => String::new(),
                base => format!("{base}*"),
            };
            let listed = service.json(&format!("templates/mine:{base}{template}"));
            let link = |version: &str| listed["versionLinks"][version].as_str().map(str::to_owned);
            let (Some(before), Some(_)) = (link(&plan.old_version), link(&plan.version)) else {
                panic!("{}: {} and {} are to be offered: {listed}", plan.folder, plan.old_version, plan.version);
            };
            let upgrades = service.json(&before)["upgradeVersionLinks"].clone();
            assert!(upgrades[&plan.version].is_string(), "{}: no upgrade to {}: {upgrades}", plan.folder, plan.version);
            let default = plan.default.as_ref().map(|(before, moves)| if *moves { &plan.version } else { before });
            assert_eq!(listed["defaultVersion"].as_str(), default.map(String::as_str), "{}", plan.folder);
        }
        println!("{name}: {} offered", made.len());
    }
}
