//! `check` calls broken what Rancher's catalog service does not offer, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use catalog_check::rules::GOOD_TEMPLATE;
use catalog_check::{CheckOptions, Finding, Severity, check};
use rancher_catalog::catalog_service::{FolderName, is_offered, offers_upgrade};
use rancher_catalog::model::{CatalogBlock, Field, Scalar, Version};
use rancher_catalog::source::{TemplateSource, VersionSource, YamlFile};
use serde_json::{Value, json};
use swarm_lab::catalog_service::{self, CatalogService};
use swarm_lab::executor::Executor;
use swarm_lab::generator::corpus;
use swarm_lab::git::{commit_all, git};
use swarm_lab::programs::root;
use swarm_lab::tree::copy;
use swarm_lab::trial::{Trial, trial};

use crate::odd_catalogs::{self, RANCHERS};

/// Its name there.
const CATALOG: &str = "mine";

pub fn trials() -> Vec<Trial> {
    let no_cases = cases().is_none().then_some("needs the cases (../shared/cases)");
    let no_service = catalog_service::missing();
    let no_corpus = corpus().is_none().then_some("needs the real catalogs (CATALOG_CORPUS)");
    vec![
        trial("every_case_of_the_catalog_service_has_its_outcome", no_cases, known_cases),
        trial("one_odd_value_is_one_error_and_nothing_else", None, one_finding),
        trial("a_file_in_utf_16_is_one_error_where_rancher_cannot_launch_it", no_service, utf16),
        trial("of_the_real_catalogs_each_version_without_an_error_is_offered", no_corpus.or(no_service), real_catalogs),
        trial("of_odd_catalogs_each_version_without_an_error_is_offered_and_no_other", no_service, odd),
    ]
}

fn cases() -> Option<PathBuf> {
    Some(root().join("../shared/cases")).filter(|folder| folder.join("launch.jsonl").is_file())
}

fn findings(path: &Path) -> Vec<Finding> {
    let options = CheckOptions { level: Some(Severity::Note), ..CheckOptions::default() };
    check(&[path.to_owned()], &options).unwrap().findings
}

fn told(findings: &[Finding]) -> String {
    let line = |finding: &Finding| {
        let (severity, rule) = (finding.rule.severity.name(), finding.rule.id);
        format!("\n  {}:{} {severity}[{rule}] {}", finding.path.display(), finding.start.line, finding.message)
    };
    findings.iter().map(line).collect()
}

fn known_cases() {
    let folder = cases().unwrap();
    let mut wrong = Vec::new();
    let mut count = 0;
    for line in fs::read_to_string(folder.join("launch.jsonl")).unwrap().lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        if case["by"] != "catalog-service" {
            continue;
        }
        count += 1;
        let found = findings(&folder.join(case["folder"].as_str().unwrap()));
        let of = |severity| found.iter().filter(|finding| finding.rule.severity == severity).count();
        let (errors, warnings) = (of(Severity::Error), of(Severity::Warning));
        let is_right = match case["right"].as_str().unwrap() {
            "error" => errors > 0,
            "one error" => errors == 1 && warnings == 0,
            "warning" => errors == 0 && warnings > 0,
            "nothing" => errors == 0 && warnings == 0,
            "no error" => errors == 0,
            other => panic!("{other}"),
        };
        if !is_right {
            wrong.push(format!("{}: {} is right, found{}", case["case"], case["right"], told(&found)));
        }
    }
    assert!(count > 20, "{count} cases");
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
}

fn one_finding() {
    let blocks = [
        "version",
        "minimum_rancher_version",
        "maximum_rancher_version",
        "upgrade_from",
        "labels",
        "questions",
        "name",
    ];
    let questions =
        ["variable", "label", "description", "type", "required", "default", "min_length", "options", "group"];
    let config = ["name", "description", "version", "category", "categories", "maintainer", "labels"];
    let cases = (blocks.iter().map(|key| ("block", *key)))
        .chain(questions.iter().map(|key| ("question", *key)))
        .chain(config.iter().map(|key| ("config", *key)))
        .chain([("block", "catalog"), ("block", "services"), ("head", "version")]);
    for (place, key) in cases {
        let folder = tempfile::tempdir().unwrap();
        odd_catalogs::write_with_one_odd_value(&folder.path().join("templates/example"), place, key);
        let found = findings(folder.path());
        let told = told(&found);
        let errors = found.iter().filter(|finding| finding.rule.severity == Severity::Error).count();
        let others = found.iter().filter(|finding| finding.rule.severity == Severity::Warning).count();
        assert_eq!((errors, others), (1, 0), "{place} {key}:{told}");
    }
}

fn utf16() {
    let folder = tempfile::tempdir().unwrap();
    let files = ["config.yml", "1/docker-compose.yml", "1/rancher-compose.yml"];
    let id_of = |file: &str| file.replace(['/', '.'], "-");
    for odd in files {
        for (file, text) in GOOD_TEMPLATE {
            let path = folder.path().join("templates").join(id_of(odd)).join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let units = "\u{feff}".encode_utf16().chain(text.encode_utf16());
            let bytes: Vec<u8> = if file == odd { units.flat_map(u16::to_be_bytes).collect() } else { text.into() };
            fs::write(path, bytes).unwrap();
        }
    }
    git(folder.path(), &["init", "-q", "-b", "master"]);
    commit_all(folder.path(), "all of it");
    let service = CatalogService::start(&[(CATALOG, folder.path())]);
    let mut executor = Executor::start();
    for odd in files {
        let served = service.json(&format!("templates/{CATALOG}:{}:1", id_of(odd)));
        let file = |name: &str| served["files"][name].as_str().unwrap().to_owned();
        let (docker, rancher) = (file("docker-compose.yml"), file("rancher-compose.yml"));
        let answer = executor.ask(&json!({"kind": "version", "docker_compose": docker, "rancher_compose": rancher}));
        let found = findings(&folder.path().join("templates").join(id_of(odd)));
        let errors = found.iter().filter(|finding| finding.rule.severity == Severity::Error).count();
        assert_eq!(errors, usize::from(answer["accepted"] != true), "{odd}: {answer}{}", told(&found));
    }
}

fn real_catalogs() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["community-catalog", "rancher-catalog"] {
        let catalog = folder.path().join(name);
        copy(&corpus().unwrap().join(name), &catalog);
        let wrong = disagreements(&catalog, false);
        assert!(wrong.is_empty(), "{name}:\n{}", wrong.join("\n"));
    }
}

fn odd() {
    let (rounds, templates) = (swarm_lab::trial::cases(), 90);
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok());
    let first: u64 = seed.unwrap_or(1);
    for seed in first..first + rounds {
        let folder = tempfile::tempdir().unwrap();
        let catalog = folder.path().join("catalog");
        odd_catalogs::write(&catalog, seed, templates);
        let wrong = disagreements(&catalog, true);
        if !wrong.is_empty() && std::env::var_os("KEEP").is_some() {
            println!("kept: {}", folder.keep().display());
        }
        assert!(wrong.is_empty(), "SEED={seed}: {} disagreements:\n{}", wrong.len(), wrong.join("\n"));
    }
}

/// A version that the service would offer, as we read it.
struct Read {
    id: String,
    text: String,
    minimum: String,
    maximum: String,
    upgrade_from: String,
    block: CatalogBlock,
}

impl Read {
    fn of_name(name: &str) -> Self {
        let nothing = String::new;
        Self {
            id: name.to_owned(),
            text: name.to_owned(),
            minimum: nothing(),
            maximum: nothing(),
            upgrade_from: nothing(),
            block: CatalogBlock::default(),
        }
    }

    fn of(version: &VersionSource) -> Option<Self> {
        let block = version.catalog().cloned().unwrap_or_default();
        let stated = text(&block.version);
        let name = version.folder_name();
        let text_of_folder = if let FolderName::Version(name) = name { name } else { "" };
        let text_ = if stated.is_empty() { text_of_folder.to_owned() } else { stated };
        let id = match name {
            FolderName::PassedOver => return None,
            FolderName::Revision(number) => number.to_string(),
            FolderName::Version(_) => text_.clone(),
        };
        Some(Self {
            id,
            text: text_,
            minimum: text(&block.minimum_rancher_version),
            maximum: text(&block.maximum_rancher_version),
            upgrade_from: block.upgrade_from.value().map(Scalar::to_string).unwrap_or_default(),
            block,
        })
    }
}

fn text(version: &Field<Version>) -> String {
    version.value().map(Version::text).unwrap_or_default()
}

fn answers(service: &CatalogService, id: &str, read: &Read) -> bool {
    service.ask(&format!("templates/{}:{}", escaped(id), escaped(&read.id))).status == 200
}

/// An error of which catalog-service is to say whether it is one, and not who launches what it offers.
fn is_of_the_service(finding: &Finding) -> bool {
    let is_of_others = |part: &str| part.starts_with("the compose executor") || part.starts_with("Cattle");
    let is_launch = finding.rule.refused_by.is_some_and(|by| is_of_others(by.part));
    finding.rule.severity == Severity::Error && !is_launch
}

/// In what the service and `check` differ on a catalog, which becomes a repository. The executor is asked about every
/// version of one that is odd; else about those that are broken to us.
fn disagreements(catalog: &Path, is_odd: bool) -> Vec<String> {
    git(catalog, &["init", "-q", "-b", "master"]);
    commit_all(catalog, "all of it");
    let service = CatalogService::start(&[(CATALOG, catalog)]);
    let mut lists: BTreeMap<&str, BTreeMap<String, Value>> = BTreeMap::new();
    let paths: Vec<String> =
        RANCHERS.iter().map(|rancher| format!("templates?catalogId={CATALOG}&rancherVersion={rancher}")).collect();
    for (rancher, (_, list)) in RANCHERS.iter().zip(service.json_of_all(&paths)) {
        let by_id =
            list["data"].as_array().unwrap().iter().map(|one| (one["id"].as_str().unwrap().to_owned(), one.clone()));
        lists.insert(rancher, by_id.collect());
    }
    let found = findings(catalog);
    let mut executor = Executor::start();
    let mut wrong = Vec::new();
    let mut questions = Vec::new();
    for folder in rancher_catalog::source::templates_of(catalog).unwrap() {
        let template = TemplateSource::read(&folder);
        let base = if template.base.is_empty() { String::new() } else { format!("{}*", template.base) };
        let id = format!("{CATALOG}:{base}{}", template.folder);
        let of: Vec<Finding> = found.iter().filter(|finding| finding.path.starts_with(&folder)).cloned().collect();
        let mut differs = |what: String| wrong.push(format!("{}: {what}{}", folder.display(), told(&of)));
        let is_broken =
            |path: &Path| of.iter().any(|finding| is_of_the_service(finding) && finding.path.starts_with(path));
        let of_template = ["config.yml", "template.yml"].map(|name| folder.join(name));
        let is_lost = of.iter().any(|finding| {
            let is_config = of_template.contains(&finding.path) || finding.path.ends_with("config.yml");
            is_of_the_service(finding) && (finding.path == folder || is_config)
        });
        let (mut good, mut listed) = (Vec::new(), Vec::new());
        for version in template.versions.iter().filter(|_| !is_lost) {
            let text = |file: &Option<YamlFile>| file.as_ref().map(|file| file.text.clone()).unwrap_or_default();
            let (docker, rancher) = (text(&version.docker_compose), text(&version.rancher_compose));
            let oracle = if is_odd || is_broken(&version.path) {
                executor.ask(&json!({"kind": "version", "docker_compose": docker, "rancher_compose": rancher}))
            } else {
                Value::Null
            };
            let is_refused_there = oracle["stage"] == "catalog";
            let read = Read::of(version);
            match (is_broken(&version.path), read) {
                (false, Some(_)) if is_refused_there => {
                    differs(format!("the executor refuses the block of {}: {}", version.name, oracle["error"]));
                }
                (false, Some(read)) => good.push(read),
                // A folder that is a version by its name is in the lists, and fails when it is opened.
                (true, Some(_)) if matches!(version.folder_name(), FolderName::Version(_)) && is_refused_there => {
                    listed.push(Read::of_name(&version.name));
                }
                // What the executor alone cannot read is in the lists all the same.
                (true, Some(read)) if is_refused_there && answers(&service, &id, &read) => listed.push(read),
                (true, Some(read)) => {
                    let is_offered = lists
                        .values()
                        .any(|list| list.get(&id).is_some_and(|one| !one["versionLinks"][&read.text].is_null()));
                    let others =
                        template.versions.iter().filter(|other| Read::of(other).is_some_and(|o| o.text == read.text));
                    let is_alone = others.count() == 1;
                    if is_offered && is_alone && answers(&service, &id, &read) && oracle["accepted"] == true {
                        differs(format!("{} is broken, and yet offered", version.name));
                    }
                }
                (_, None) => {}
            }
        }
        for rancher in RANCHERS {
            let expected: BTreeSet<String> = good
                .iter()
                .chain(&listed)
                .filter(|read| is_offered(&read.minimum, rancher, &read.maximum))
                .map(|read| read.text.clone())
                .collect();
            let one = lists[rancher].get(&id);
            let offered: BTreeSet<String> = one
                .and_then(|one| one["versionLinks"].as_object())
                .map(|links| links.keys().cloned().collect())
                .unwrap_or_default();
            if expected != offered && !is_lost {
                differs(format!("for {rancher}: should be offered {expected:?}, is offered {offered:?}"));
                break;
            }
            if let (Some(one), Some(config)) = (one, template.config_model().and_then(Result::ok)) {
                let default = text(&config.version);
                // Of config.yml the text counts as it is written; of a number that is another.
                if config.version.value().is_none_or(|version| version.0.is_text()) && one["defaultVersion"] != default
                {
                    differs(format!("the default version is {}, and we read {default:?}", one["defaultVersion"]));
                }
            }
        }
        let with = |is_good: bool| move |read| (is_good, read);
        let all = good.into_iter().map(with(true)).chain(listed.into_iter().map(with(false)));
        questions.extend(all.map(|(is_good, read)| (id.clone(), folder.clone(), read, is_good)));
    }
    wrong.extend(differing_versions(&service, &questions));
    wrong
}

/// The versions whose limits, questions or upgrades the service reads otherwise.
fn differing_versions(service: &CatalogService, versions: &[(String, PathBuf, Read, bool)]) -> Vec<String> {
    let mut wrong = Vec::new();
    let last = RANCHERS[RANCHERS.len() - 1];
    let paths: Vec<String> = versions
        .iter()
        .map(|(id, _, read, _)| format!("templates/{}:{}?rancherVersion={last}", escaped(id), escaped(&read.id)))
        .collect();
    for ((id, folder, read, is_good), (status, served)) in versions.iter().zip(service.json_of_all(&paths)) {
        if !is_good {
            continue;
        }
        let mut differs = |what: String| wrong.push(format!("{}/{}: {what}", folder.display(), read.id));
        if status != 200 {
            differs(format!("answers {status}: {served}"));
            continue;
        }
        let siblings: Vec<&Read> =
            versions.iter().filter(|(other, ..)| other == id).map(|(_, _, read, _)| read).collect();
        if siblings.iter().filter(|other| other.id == read.id || other.text == read.text).count() > 1 {
            continue;
        }
        for (key, is) in [
            ("version", &read.text),
            ("minimumRancherVersion", &read.minimum),
            ("maximumRancherVersion", &read.maximum),
            ("upgradeFrom", &read.upgrade_from),
        ] {
            if served[key] != **is {
                differs(format!("{key} is {}, and we read {is:?}", served[key]));
            }
        }
        let upgrades: BTreeSet<String> = siblings
            .iter()
            .filter(|other| offers_upgrade(&read.text, &other.text, &other.upgrade_from))
            .filter(|other| is_offered(&other.minimum, last, &other.maximum))
            .map(|other| other.text.clone())
            .collect();
        let links = served["upgradeVersionLinks"].as_object();
        let offered: BTreeSet<String> = links.map(|links| links.keys().cloned().collect()).unwrap_or_default();
        if upgrades != offered {
            differs(format!("upgrades should be {upgrades:?}, are {offered:?}"));
        }
        let ours = asked(&read.block);
        let theirs: Vec<Value> = served["questions"].as_array().cloned().unwrap_or_default();
        let theirs: Vec<Value> = theirs
            .iter()
            .map(|one| json!([one["variable"], one["label"], one["type"], one["default"], one["options"]]))
            .collect();
        if ours != theirs {
            differs(format!("the questions are {theirs:?}, and we read {ours:?}"));
        }
    }
    wrong
}

fn asked(block: &CatalogBlock) -> Vec<Value> {
    let text = |field: &Field<Scalar>| field.value().map(Scalar::to_string).unwrap_or_default();
    let questions = block.questions.value().map_or(&[][..], Vec::as_slice);
    questions
        .iter()
        .map(|question| {
            let kind =
                question.kind.value().map(|kind| serde_json::to_value(kind).unwrap()).unwrap_or_else(|| json!(""));
            let options = question.options.value().map(|all| all.iter().map(Scalar::to_string).collect::<Vec<_>>());
            json!([text(&question.variable), text(&question.label), kind, text(&question.default), options])
        })
        .collect()
}

fn escaped(id: &str) -> String {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:*".contains(&byte);
    id.bytes().map(|byte| if safe(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
