//! What changes in meaning from one version to another.
//!
//! Compose files that are Go templates are rendered first, with the answers that a running stack has: the defaults of
//! the version that it runs, and for new questions those of the new one. What shows with another answer alone is told
//! with that answer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::difference::{Difference, Group, How};
use super::facts::{Facts, Key, ORDINARY, of_catalog_block, of_config, of_project, of_services};
use super::rights;
use rancher_catalog::go_template::{Limits, Value};
use rancher_catalog::launch::Answers;
use rancher_catalog::model::{CatalogBlock, DockerCompose, Project, Question, RancherCompose, Version};
use rancher_catalog::source::{TemplateSource, VersionSource, YamlFile, usual_stack};
use rancher_catalog::yaml::Document;

/// What changes in meaning, and what could not be compared.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Meaning {
    /// The differences, by group.
    pub differences: Vec<Difference>,
    /// Files that could not be read, and why: what they say is not compared.
    pub unread: Vec<String>,
}

/// What changes from one version to another.
pub fn of_versions(before: &VersionSource, after: &VersionSource) -> Meaning {
    let mut meaning = Meaning::default();
    let (old_block, new_block) = (before.catalog(), after.catalog());
    let (mut old, mut new) = (Facts::new(), Facts::new());
    for (block, facts) in [(&old_block, &mut old), (&new_block, &mut new)] {
        if let Some(block) = block {
            of_catalog_block(block, facts);
        }
    }
    for (version, facts) in [(before, &mut old), (after, &mut new)] {
        project(version, facts, &mut meaning.unread);
        readme(version, facts);
    }
    let (old_answers, new_answers) = running_answers(old_block, new_block);
    services(before, &old_answers, &mut old, &mut meaning.unread);
    services(after, &new_answers, &mut new, &mut meaning.unread);
    let mut found = compare(&old, &new, None);
    for (variable, answer) in other_answers(before, after) {
        let with = |answers: &Answers| {
            let mut answers = answers.clone();
            answers.insert(variable.clone(), answer.clone());
            answers
        };
        // A file that cannot be read with an odd answer is the checker's to tell.
        let (mut old, mut new, mut unread) = (Facts::new(), Facts::new(), Vec::new());
        services(before, &with(&old_answers), &mut old, &mut unread);
        services(after, &with(&new_answers), &mut new, &mut unread);
        if unread.is_empty() {
            let more = compare(&old, &new, Some(&format!("{variable}={answer}")));
            let known = |difference: &Difference| {
                let plain = Difference { with_answer: None, ..difference.clone() };
                found.iter().any(|other| Difference { with_answer: None, ..other.clone() } == plain)
            };
            let more: Vec<Difference> = more.into_iter().filter(|difference| !known(difference)).collect();
            found.extend(more);
        }
    }
    found.sort();
    meaning.differences = found;
    meaning.unread.dedup();
    meaning
}

/// What changes in a template beside its versions.
pub fn of_template(before: &TemplateSource, after: &TemplateSource) -> Vec<Difference> {
    let facts = |template: &TemplateSource| {
        let mut facts = Facts::new();
        if let Some(Ok(config)) = template.config_model() {
            of_config(&config, &mut facts);
        }
        for name in template.other_files.iter().chain(&template.others) {
            let content = template.content(name).unwrap_or_default();
            let key = Key { group: Group::Texts, subject: name.clone(), what: String::new(), item: None };
            facts.insert(key, fingerprint(&content));
        }
        facts
    };
    let mut found = compare(&facts(before), &facts(after), None);
    found.sort();
    found
}

/// The answers of a stack that runs the old version, and those with which it would run the new one.
fn running_answers(before: Option<&CatalogBlock>, after: Option<&CatalogBlock>) -> (Answers, Answers) {
    let old = defaults(before.map_or(&[], CatalogBlock::asked));
    let new = kept_answers(&old, after.map_or(&[], CatalogBlock::asked));
    (old, new)
}

/// The answers that a stack has after an upgrade to a version with these questions, if nobody changes any: its own, and
/// for what is new the default.
pub fn kept_answers(running: &Answers, questions: &[Question]) -> Answers {
    let mut answers = defaults(questions);
    for question in questions {
        let Some(name) = question.name() else { continue };
        let options = question.options.value().map_or(&[][..], Vec::as_slice);
        if let Some(kept) = running.get(&name).filter(|kept| !kept.is_empty())
            && (options.is_empty() || options.iter().any(|option| option.to_string() == *kept))
        {
            answers.insert(name, kept.clone());
        }
    }
    answers
}

/// The answers of those who change none.
pub fn defaults(questions: &[Question]) -> Answers {
    questions.iter().filter_map(|question| Some((question.name()?, question.default_answer()))).collect()
}

/// The answers beside the defaults that make another document of either version.
fn other_answers(before: &VersionSource, after: &VersionSource) -> BTreeSet<(String, String)> {
    [before, after]
        .into_iter()
        .flat_map(|version| version.docker_compose.iter().chain(&version.rancher_compose))
        .flat_map(|file| &file.readings)
        .filter_map(|reading| reading.because.clone())
        .collect()
}

fn project(version: &VersionSource, facts: &mut Facts, unread: &mut Vec<String>) {
    let Some(file) = &version.project else { return };
    match file
        .raw()
        .as_ref()
        .map_err(ToString::to_string)
        .and_then(|document| document.to_typed::<Project>().map_err(|error| error.to_string()))
    {
        Ok(project) => of_project(&project, facts),
        Err(error) => unread.push(format!("{}:{error}", file_name(version, file))),
    }
}

fn readme(version: &VersionSource, facts: &mut Facts) {
    if let Some(content) = version.readme.as_ref().and_then(|file| version.content(file)) {
        let key = Key { group: Group::Texts, subject: "README.md".to_owned(), what: String::new(), item: None };
        facts.insert(key, fingerprint(&content));
    }
}

/// Stands for a content that is compared, but not shown.
fn fingerprint(content: &[u8]) -> String {
    rancher_catalog::digest::sha256_hex(content)
}

fn services(version: &VersionSource, answers: &Answers, facts: &mut Facts, unread: &mut Vec<String>) {
    let Some(file) = &version.docker_compose else { return };
    let docker = document(version, file, answers)
        .and_then(|document| DockerCompose::read(&document).map_err(|error| error.to_string()));
    let docker = match docker {
        Ok(docker) => docker,
        Err(error) => return unread.push(format!("{}:{error}", file_name(version, file))),
    };
    let rancher = version.rancher_compose.as_ref().map(|file| {
        let read = document(version, file, answers)
            .and_then(|document| RancherCompose::read(&document).map_err(|error| error.to_string()));
        read.map_err(|error| unread.push(format!("{}:{error}", file_name(version, file)))).ok()
    });
    let rancher = rancher.flatten();
    of_services(&docker, rancher.as_ref().and_then(RancherCompose::services), facts);
}

fn file_name(version: &VersionSource, file: &YamlFile) -> String {
    let name = file.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    format!("{}/{name}", version.name)
}

/// What the compose executor makes of a file for some answers. As there, a template that fails leaves what it printed.
fn document(version: &VersionSource, file: &YamlFile, answers: &Answers) -> Result<Arc<Document>, String> {
    if let Some(error) = &file.template_error {
        return Err(error.to_string());
    }
    let Some(template) = &file.template else { return file.raw().clone().map_err(|error| error.to_string()) };
    let pairs = answers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let launched = version.version().as_ref().map(Version::text).unwrap_or_default();
    let execution = template.execute(&Value::data(pairs, usual_stack(&launched)), &Limits::default());
    Document::read_bytes(&execution.output).map(Arc::new).map_err(|error| format!("rendered, {error}"))
}

pub(super) fn compare(old: &Facts, new: &Facts, with_answer: Option<&str>) -> Vec<Difference> {
    let mut found = Vec::new();
    let keys: BTreeSet<&Key> = old.keys().chain(new.keys()).collect();
    for key in keys {
        let (before, after) = (old.get(key), new.get(key));
        let how = match (before, after) {
            (None, _) => How::Added,
            (_, None) => How::Removed,
            (Some(before), Some(after)) if before == after || key.item.is_some() || only_there_or_not(key) => continue,
            _ => How::Changed,
        };
        if within_what_comes_or_goes(key, how, old, new) || is_no_scale(key, how, before.or(after)) {
            continue;
        }
        let shown = |value: Option<&String>| match (&key.item, hidden(key)) {
            (_, true) => None,
            (Some(item), _) => value.map(|_| item.clone()),
            (None, _) => value.filter(|value| !value.is_empty() || !only_there_or_not(key)).cloned(),
        };
        found.push(Difference {
            group: key.group,
            subject: key.subject.clone(),
            what: key.what.clone(),
            how,
            before: shown(before),
            after: shown(after),
            with_answer: with_answer.map(str::to_owned),
        });
    }
    capabilities_together(found)
}

/// Tells the capabilities that a service gains or loses in one difference.
fn capabilities_together(found: Vec<Difference>) -> Vec<Difference> {
    let text = |difference: &Difference| difference.before.clone().or(difference.after.clone()).unwrap_or_default();
    let is_capability =
        |difference: &Difference| difference.group == Group::Rights && rights::is_capability(&text(difference));
    let (capabilities, mut found): (Vec<Difference>, Vec<Difference>) = found.into_iter().partition(is_capability);
    let mut by_service: BTreeMap<(String, How), Vec<Difference>> = BTreeMap::new();
    for difference in capabilities {
        by_service.entry((difference.subject.clone(), difference.how)).or_default().push(difference);
    }
    for all in by_service.into_values() {
        match rights::together(&all.iter().map(text).collect::<Vec<_>>()) {
            None => found.extend(all),
            Some(together) => found.extend(all.into_iter().next().map(|first| Difference {
                before: first.before.is_some().then(|| together.clone()),
                after: first.after.is_some().then_some(together),
                ..first
            })),
        }
    }
    found
}

/// Whether a fact says no more than that its subject is there: its value tells what came or went.
fn only_there_or_not(key: &Key) -> bool {
    let by_subject =
        matches!(key.group, Group::Services | Group::Questions | Group::Stacks | Group::Volumes | Group::Network);
    by_subject && key.what.is_empty() && key.item.is_none()
}

/// A service on every host has no scale, so that one container and none at all are the same.
fn is_no_scale(key: &Key, how: How, value: Option<&String>) -> bool {
    key.group == Group::Scale && key.what == "scale" && how != How::Changed && value.is_some_and(|value| value == "1")
}

/// Whether a value is a fingerprint.
fn hidden(key: &Key) -> bool {
    key.group == Group::Texts && key.what.is_empty() && key.item.is_none()
}

/// Whether a fact belongs to a service, question, … that comes or goes as a whole. The rights of a service that comes
/// or goes are still told, but for those that every container has.
fn within_what_comes_or_goes(key: &Key, how: How, old: &Facts, new: &Facts) -> bool {
    let value = old.get(key).or(new.get(key)).map_or("", String::as_str);
    let notable_right = key.group == Group::Rights && key.item.is_some() && value != ORDINARY;
    if only_there_or_not(key) || how == How::Changed || notable_right {
        return false;
    }
    let group = match key.group {
        Group::Questions | Group::Stacks => key.group,
        Group::Volumes if key.subject.starts_with("volume ") => key.group,
        Group::Network if key.subject.starts_with("network ") => key.group,
        _ => Group::Services,
    };
    let whole = Key { group, subject: key.subject.clone(), what: String::new(), item: None };
    old.contains_key(&whole) != new.contains_key(&whole)
}
