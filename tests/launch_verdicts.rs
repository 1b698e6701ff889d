//! `check` says of a version what Rancher says when it is launched: an error where its compose executor or Cattle refuses
//! it, and none where they do not. The judge is the executor itself (`swarm_lab::executor`).

mod made_up;
mod mutated;
mod odd_forms;
mod without_a_word;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use catalog_check::{CheckOptions, Severity, check};
use rancher_catalog::launch::{offered_answers, usual_answers};
use rancher_catalog::source::{Reading, TemplateSource, templates_of};
use serde_json::{Value, json};
use swarm_lab::dice::Dice;
use swarm_lab::executor::{Executor, ask_all};
use swarm_lab::generator::{corpus, outcome};
use swarm_lab::programs::root;
use swarm_lab::real_parts;
use swarm_lab::trial::{Trial, trial};

use made_up::Version;

/// Versions that lie beside each other in one template.
const IN_ONE_TEMPLATE: usize = 50;
/// How many made-up and how many mutated versions an everyday run asks about.
const EVERYDAY: usize = 1500;

/// Rules that tell errors which neither the executor nor Cattle makes of the compose files of a version by themselves:
/// what catalog-service drops, what only the hosts find out, and what is said of a template as a whole.
const OTHERS: [&str; 2] = ["image-kind-tagged", "question-variable-retyped"];

pub fn trials() -> Vec<Trial> {
    let cases = (!cases().is_file()).then_some("needs the cases (../shared/cases)");
    let judge = real_parts::kit().is_err().then_some("needs Rancher's own parts (RANCHER_REAL)");
    let real = corpus().is_none().then_some("needs the real catalogs (CATALOG_CORPUS)").or(judge);
    vec![
        trial("each_case_has_its_right_outcome", cases, each_case),
        trial("an_answer_that_is_put_in_for_a_variable_is_tried", None, answers_put_in),
        trial("real_versions_are_judged_as_by_rancher", real, real_versions),
        trial("real_versions_with_other_answers_are_judged_as_by_rancher", real, other_answers),
        trial("made_up_versions_are_judged_as_by_rancher", judge, made_up_versions),
        trial("forms_that_authors_seldom_write_are_judged_as_by_rancher", judge, odd_forms),
        trial("what_rancher_takes_and_does_not_do_is_told", None, without_a_word::is_told),
        trial("rancher_takes_what_it_does_not_do", judge, without_a_word::is_taken_by_the_executor),
        trial("rancher_says_the_words_that_a_rule_tells", judge, words::told_words_are_said),
        trial("mutated_versions_are_judged_as_by_rancher", real, mutated_versions),
    ]
}

fn cases() -> PathBuf {
    root().join("../shared/cases/launch.jsonl")
}

fn each_case() {
    let text = fs::read_to_string(cases()).unwrap();
    let mut wrong = Vec::new();
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        if !matches!(case["by"].as_str(), Some("executor" | "cattle")) {
            continue;
        }
        let folder = root().join("../shared/cases").join(case["folder"].as_str().unwrap());
        let args = ["check", folder.to_str().unwrap(), "--level", "note", "--format", "json"];
        let (_, out, errors) = outcome(Path::new("."), &args);
        let told: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{case}: {out} {errors}"));
        let findings = told.as_array().or_else(|| told["findings"].as_array()).unwrap();
        let count = |level: &str| findings.iter().filter(|finding| finding["severity"] == level).count();
        let (errors, warnings) = (count("error"), count("warning"));
        let is_right = match case["right"].as_str().unwrap() {
            "error" => errors > 0,
            "one error" => errors == 1,
            "warning" => errors == 0 && warnings > 0,
            "nothing" => errors == 0 && warnings == 0,
            "no error" => errors == 0,
            other => panic!("{other}"),
        };
        if !is_right {
            wrong.push(format!("{}: {} is right, found {findings:#?}", case["case"], case["right"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Of an environment nobody looks at the values, of a port somebody does.
fn answers_put_in() {
    let docker =
        "version: '2'\nservices:\n  web:\n    image: a/b:c\n    ports: ['${PORT}:80']\n    environment: {A: '${B}'}\n";
    let question = |name: &str, rest: &str| format!("  - {{variable: {name}, label: x, {rest}}}\n");
    let rancher = format!(
        "version: '2'\ncatalog:\n  version: v1.0.0\n  questions:\n{}{}",
        question("PORT", "type: enum, default: 80, options: [80, 81, none, 82, other]"),
        question("B", "type: boolean, default: 'true'"),
    );
    let catalog = tempfile::tempdir().unwrap();
    let folder = catalog.path().join("templates/example/0");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("docker-compose.yml"), docker).unwrap();
    fs::write(folder.join("rancher-compose.yml"), rancher).unwrap();
    let found = check(&[catalog.path().to_owned()], &CheckOptions::default()).unwrap().findings;
    let told: Vec<&str> =
        found.iter().filter(|found| found.rule.id == "answer-refused").map(|found| found.message.as_str()).collect();
    let [first, second] = told.as_slice() else { panic!("{told:?}") };
    assert!(first.starts_with("with the answer \"none\" to PORT: "), "{first}");
    assert!(second.starts_with("with the answer \"other\" to PORT: "), "{second}");
}

/// Numbers for the dice, one a round: told when something is found, and `SEED` gives it back.
fn seeds() -> Range<u64> {
    let given = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok());
    let first = given.unwrap_or(1);
    first..first + swarm_lab::trial::cases()
}

fn made_up_versions() {
    for seed in seeds() {
        let mut dice = Dice::new(seed);
        let versions: Vec<Version> = (0..EVERYDAY).map(|_| made_up::made_up(&mut dice)).collect();
        agree(&format!("SEED={seed}"), &versions);
    }
}

fn odd_forms() {
    agree("odd forms", &odd_forms::versions());
}

fn mutated_versions() {
    let real = real();
    for seed in seeds() {
        let mut dice = Dice::new(seed);
        let mut one = || {
            let at = usize::try_from(dice.below(real.len() as u64)).unwrap();
            mutated::mutated(&mut dice, &real[at])
        };
        let versions: Vec<Version> = (0..EVERYDAY).map(|_| one()).collect();
        agree(&format!("SEED={seed}"), &versions);
    }
}

fn real_versions() {
    agree("the real catalogs", &real());
}

/// What `check` warns of: that another answer than the usual one is refused.
fn other_answers() {
    let mut executor = Executor::start();
    let mut asked = 0;
    let mut apart = Vec::new();
    let catalogs = ["community-catalog", "rancher-catalog"].map(|name| corpus().unwrap().join(name));
    for folder in catalogs.iter().flat_map(|catalog| templates_of(catalog).unwrap()) {
        for version in &TemplateSource::read(&folder).versions {
            let faults = version.launch_faults();
            let Some(docker) = &version.docker_compose else { continue };
            if faults.iter().any(|fault| fault.cause.is_refused() && fault.because.is_none()) {
                continue;
            }
            let rancher = version.rancher_compose.as_ref();
            let root = rancher.and_then(|file| file.raw().as_ref().ok()).and_then(|document| document.root.as_ref());
            let usual = usual_answers(root);
            let readings: Vec<&Reading> =
                docker.readings.iter().chain(rancher.iter().flat_map(|file| &file.readings)).collect();
            let tried = readings.iter().filter_map(|reading| reading.because.clone());
            let offered = offered_answers(version, &usual).into_iter();
            let offered =
                offered.flat_map(|(name, answers)| answers.into_iter().map(move |answer| (name.clone(), answer)));
            let others: BTreeSet<(String, String)> = tried.chain(offered).collect();
            for because in &others {
                let mut answers = usual.clone();
                answers.insert(because.0.clone(), because.1.clone());
                let texts = (&docker.text, rancher.map(|file| &file.text));
                let question = json!({
                    "kind": "version", "docker_compose": texts.0, "rancher_compose": texts.1, "answers": answers,
                });
                let answer = executor.ask(&question);
                let is_unreadable =
                    |reading: &&Reading| reading.because.as_ref() == Some(because) && reading.document.is_err();
                let is_told = faults.iter().any(|fault| fault.because.as_ref() == Some(because))
                    || readings.iter().any(is_unreadable);
                asked += 1;
                if is_told == (answer["accepted"] == true) {
                    apart.push(format!(
                        "{}: {because:?}: Rancher: {} {}",
                        version.path.display(),
                        answer["stage"],
                        answer["error"]
                    ));
                }
            }
        }
    }
    println!("{asked} other answers, {} apart", apart.len());
    assert!(asked > 50 && apart.is_empty(), "{}", apart.join("\n"));
}

/// All versions of the real catalogs.
fn real() -> Vec<Version> {
    let mut versions = Vec::new();
    let mut folders = vec![corpus().unwrap()];
    while let Some(folder) = folders.pop() {
        let read = |name: &str| fs::read_to_string(folder.join(name)).ok();
        if let Some(docker) = read("docker-compose.yml.tpl").or_else(|| read("docker-compose.yml")) {
            versions.push((docker, read("rancher-compose.yml").unwrap_or_default()));
        }
        let mut below: Vec<PathBuf> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        below.retain(|path| path.is_dir());
        below.sort();
        folders.extend(below);
    }
    versions
}

/// What `check` calls errors of each version.
fn errors_of(versions: &[Version]) -> BTreeMap<usize, Vec<String>> {
    let catalog = tempfile::tempdir().unwrap();
    for (at, (docker, rancher)) in versions.iter().enumerate() {
        let folder = format!("templates/t{}/{}", at / IN_ONE_TEMPLATE, at % IN_ONE_TEMPLATE);
        let folder = catalog.path().join(folder);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("docker-compose.yml"), docker).unwrap();
        fs::write(folder.join("rancher-compose.yml"), rancher).unwrap();
    }
    let options = CheckOptions { level: Some(Severity::Error), ..CheckOptions::default() };
    let mut errors: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for finding in check(&[catalog.path().to_owned()], &options).unwrap().findings {
        let is_of_launch =
            finding.rule.refused_by.is_none_or(|by| by.part.contains("executor") || by.part.contains("Cattle"));
        let path: Vec<&str> =
            finding.path.strip_prefix(catalog.path()).unwrap().iter().filter_map(|part| part.to_str()).collect();
        if let [_, template, revision, file] = path.as_slice()
            && is_of_launch
            && !OTHERS.contains(&finding.rule.id)
        {
            let at = template[1..].parse::<usize>().unwrap() * IN_ONE_TEMPLATE + revision.parse::<usize>().unwrap();
            let told = format!("{file}:{}: {} {}", finding.start.line, finding.rule.id, finding.message);
            errors.entry(at).or_default().push(told);
        }
    }
    errors
}

/// Demands that an error is told exactly where Rancher refuses.
fn agree(what: &str, versions: &[Version]) {
    let errors = errors_of(versions);
    let answers = ask_all(versions, |executor, (docker, rancher)| {
        executor.ask(&json!({ "kind": "version", "docker_compose": docker, "rancher_compose": rancher }))
    });
    let mut apart = Vec::new();
    let mut refused = BTreeSet::new();
    for (at, ((docker, rancher), answer)) in versions.iter().zip(&answers).enumerate() {
        if answer["stage"] == "catalog" {
            // Questions that cannot be read: catalog-service drops such a version before anybody could launch it.
            continue;
        }
        let is_refused = answer["accepted"] != true;
        if is_refused {
            refused.insert(at);
        }
        if is_refused != errors.contains_key(&at) {
            apart.push(format!(
                "--- Rancher: {} {} {}\n--- check: {:?}\n--- docker-compose.yml\n{docker}--- rancher-compose.yml\n{rancher}",
                answer["stage"],
                answer["problems"],
                answer["cattle"],
                errors.get(&at),
            ));
        }
    }
    println!("{what}: {} versions, {} of them refused, {} apart", versions.len(), refused.len(), apart.len());
    assert!(
        apart.is_empty(),
        "{what}: {} of {} apart\n{}",
        apart.len(),
        versions.len(),
        apart[..apart.len().min(5)].join("\n")
    );
}
