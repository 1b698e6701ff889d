//! A rendered entry, read as Rancher reads it: the version that its config names, its questions, and what its compose
//! files become with the answers.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rancher_catalog::interpolation::references;
use rancher_catalog::yaml::Document;
use serde_yaml::Value;

use super::parts::Parts;
use super::service::Service;

/// The Rancher that the lab stands in for.
const RANCHER_VERSION: &str = "v1.6.30";

/// The version of an entry that Rancher offers.
pub struct Entry {
    program: PathBuf,
    folder: PathBuf,
    /// The version in its catalog block.
    pub version: String,
    questions: Vec<Question>,
}

struct Question {
    variable: String,
    required: bool,
    default: String,
    allowed: Allowed,
}

enum Allowed {
    AnyText,
    OneOf(Vec<String>),
    Between(i64, i64),
}

impl Entry {
    /// Reads an infra-template; `program` is gen-catalog, which runs its compose files through template and interpolation.
    pub fn read(catalog: &Path, folder: &str, program: &Path) -> Result<Self, String> {
        let template = catalog.join("infra-templates").join(folder);
        let (folder, mut catalog) = newest_by_config(&template, "Orchestration")?;
        let version = catalog.text("version")?;
        let least = catalog.text("minimum_rancher_version")?;
        if !is_at_most(&least, RANCHER_VERSION) {
            return Err(format!("{version} is not offered to {RANCHER_VERSION}: it wants {least}"));
        }
        // What a person reads.
        for key in ["name", "description"] {
            catalog.text(key)?;
        }
        let questions = catalog.list("questions")?.into_iter().map(Question::read).collect::<Result<_, _>>()?;
        catalog.end()?;
        let entry = Self { program: program.to_owned(), folder, version, questions };
        entry.check_variables()?;
        Ok(entry)
    }

    /// Each question is for something, and nothing is left without an answer.
    fn check_variables(&self) -> Result<(), String> {
        let mut used = BTreeSet::new();
        for file in ["docker-compose.yml", "rancher-compose.yml"] {
            let text = fs::read_to_string(self.folder.join(file)).map_err(|error| format!("{file}: {error}"))?;
            used.extend(references(&text).into_iter().map(|(name, _)| name.to_owned()));
        }
        let asked: BTreeSet<String> = self.questions.iter().map(|question| question.variable.clone()).collect();
        if asked == used { Ok(()) } else { Err(format!("asked is {asked:?}, and used is {used:?}")) }
    }

    /// The stack's services, for some answers; a question without one has its default.
    pub fn services(&self, given: &[(&str, &str)]) -> Result<Vec<Service>, String> {
        let mut answers = BTreeMap::new();
        for question in &self.questions {
            let answer = given.iter().rev().find(|(name, _)| *name == question.variable);
            let answer = answer.map_or(question.default.as_str(), |(_, answer)| answer);
            question.check(answer)?;
            answers.insert(question.variable.clone(), answer.to_owned());
        }
        if let Some((name, _)) = given.iter().find(|(name, _)| !answers.contains_key(*name)) {
            return Err(format!("nobody asks for {name}"));
        }
        let mut command = Command::new(&self.program);
        command.arg("render-compose").arg(&self.folder).args(["--format", "json", "--answers"]);
        command.args(answers.iter().map(|(name, answer)| format!("{name}={answer}")));
        let output = command.output().map_err(|error| format!("{}: {error}", self.program.display()))?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        let printed: serde_json::Value = serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())?;
        let services = |name: &str| {
            let files = printed["files"].as_array().into_iter().flatten();
            let text = files.filter(|file| file["path"] == name).find_map(|file| file["text"].as_str());
            let text = text.ok_or_else(|| format!("render-compose prints no {name}"))?;
            let mut file = Parts::of(name, read(name, text)?)?;
            match file.text("version")?.as_str() {
                "2" => {}
                other => return Err(format!("{name}: version {other} is not understood")),
            }
            let services = file.inner("services")?.into_inner()?;
            file.end()?;
            Ok(services)
        };
        let mut rancher: BTreeMap<String, Parts> = services("rancher-compose.yml")?.into_iter().collect();
        let mut all = Vec::new();
        for (name, docker) in services("docker-compose.yml")? {
            let rancher = rancher.remove(&name).ok_or_else(|| format!("rancher-compose.yml does not know {name}"))?;
            all.push(Service::take(name, docker, rancher)?);
        }
        match rancher.into_keys().next() {
            Some(name) => Err(format!("docker-compose.yml does not know {name}")),
            None => Ok(all),
        }
    }
}

impl Question {
    fn read(value: Value) -> Result<Self, String> {
        let mut parts = Parts::of("a question", value)?;
        let variable = parts.text("variable")?;
        for key in ["label", "description"] {
            parts.text(key)?;
        }
        let number =
            |parts: &mut Parts, key: &str| parts.number(key).map(|number| i64::try_from(number).unwrap_or(i64::MAX));
        let allowed = match parts.text("type")?.as_str() {
            "enum" => Allowed::OneOf(parts.texts("options")?),
            "int" => Allowed::Between(number(&mut parts, "min")?, number(&mut parts, "max")?),
            "string" | "password" => Allowed::AnyText,
            other => return Err(format!("{variable}: a question of type {other} is not understood")),
        };
        let question = Self { variable, required: parts.flag("required")?, default: parts.text("default")?, allowed };
        parts.end()?;
        Ok(question)
    }

    fn check(&self, answer: &str) -> Result<(), String> {
        let good = match &self.allowed {
            _ if answer.is_empty() => !self.required,
            Allowed::AnyText => true,
            Allowed::OneOf(options) => options.iter().any(|option| option == answer),
            Allowed::Between(min, max) => answer.parse().is_ok_and(|number: i64| (*min..=*max).contains(&number)),
        };
        if good { Ok(()) } else { Err(format!("{answer:?} is no answer to {}", self.variable)) }
    }
}

/// The folder of the version that config.yml names, and that version's catalog block without what was looked at here.
pub fn newest_by_config(template: &Path, category: &str) -> Result<(PathBuf, Parts), String> {
    let mut config = Parts::of("config.yml", document(&template.join("config.yml"))?)?;
    let version = config.text("version")?;
    match config.text("category")? {
        found if found == category => {}
        other => return Err(format!("{}: the category {other} is on no page", template.display())),
    }
    config.text("name")?;
    // What the pages show, and the UI's copy of the questions; of orchestrations only those that name themselves start.
    for key in ["description", "maintainer", "license", "projectURL"] {
        config.optional_text(key)?;
    }
    config.list("questions")?;
    for (label, value) in config.pairs("labels")? {
        let own = template.file_name().unwrap_or_default().to_string_lossy();
        if label != "io.rancher.orchestration.supported" || !value.split(',').any(|name| *name == *own) {
            return Err(format!("config.yml: the label {label}: {value} is not understood"));
        }
    }
    config.end()?;
    for entry in fs::read_dir(template).map_err(|error| error.to_string())?.flatten() {
        let file = entry.path().join("rancher-compose.yml");
        if !file.is_file() {
            continue;
        }
        let mut compose = Parts::of("rancher-compose.yml", document(&file)?)?;
        let block = compose.optional("catalog").or_else(|| compose.optional(".catalog"));
        let block = block.ok_or_else(|| format!("{} has no catalog block", file.display()))?;
        let named = block.get("version").and_then(Value::as_str) == Some(&version);
        if named {
            return Ok((entry.path(), Parts::of("the catalog block", block)?));
        }
    }
    Err(format!("{} has no version {version}, which its config.yml names", template.display()))
}

/// A file, read by Rancher's rules.
pub fn document(path: &Path) -> Result<Value, String> {
    let name = path.display().to_string();
    read(&name, &fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))?)
}

fn read(name: &str, text: &str) -> Result<Value, String> {
    Document::read(text).map(|document| document.to_value()).map_err(|error| format!("{name}: {error}"))
}

fn is_at_most(left: &str, right: &str) -> bool {
    let read = |text: &str| rancher_catalog::model::Version::from(text).semver();
    matches!((read(left), read(right)), (Ok(left), Ok(right)) if left <= right)
}
