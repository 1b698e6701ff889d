//! What a version says, taken apart into facts that can be compared one by one.
//!
//! Two ways to write the same are one fact: `net` and `network_mode`, a list of `key=value` and a map, a number and its
//! text, a default that is written out and one that is not.

use std::collections::BTreeMap;

use serde_yaml::Value;

use super::difference::Group;
use super::rights::{rights, told_by_rights};
use rancher_catalog::model::{
    CatalogBlock, Config, DockerCompose, Field, ListOrMap, Project, Question, RancherServices, Scalar, Service,
    label_names,
};

/// What a fact is about. Facts of the same key are compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub group: Group,
    pub subject: String,
    pub what: String,
    /// An item of a list: it is there or not, and has no value of its own.
    pub item: Option<String>,
}

/// The facts of a version: what each is about, and its value.
pub(super) type Facts = BTreeMap<Key, String>;

/// The value of a right that is nothing to mention of a new service.
pub(super) const ORDINARY: &str = "ordinary";
/// The labels that decide where containers run.
const SCHEDULER: &str = "io.rancher.scheduler.";

struct Collector<'f> {
    facts: &'f mut Facts,
}

impl Collector<'_> {
    fn put(&mut self, group: Group, subject: &str, what: &str, value: impl Into<String>) {
        let key = Key { group, subject: subject.to_owned(), what: what.to_owned(), item: None };
        self.facts.insert(key, value.into());
    }

    fn item(&mut self, group: Group, subject: &str, what: &str, item: impl Into<String>) {
        let key = Key { group, subject: subject.to_owned(), what: what.to_owned(), item: Some(item.into()) };
        self.facts.insert(key, String::new());
    }

    fn field<T: ToString>(&mut self, group: Group, subject: &str, what: &str, field: &Field<T>) {
        if let Some(value) = field.value() {
            self.put(group, subject, what, value.to_string());
        }
    }

    fn pairs(&mut self, group: Group, subject: &str, pairs: &ListOrMap) {
        for (name, value) in pairs.pairs() {
            self.put(group, subject, &name, value.unwrap_or_default());
        }
    }

    /// A value of any shape: maps key by key, lists of scalars item by item.
    fn any(&mut self, group: Group, subject: &str, what: &str, value: &Value) {
        match value {
            Value::Null => {}
            Value::Mapping(map) => {
                for (key, value) in map {
                    let key = plain(key);
                    self.any(group, subject, &if what.is_empty() { key } else { format!("{what}.{key}") }, value);
                }
            }
            Value::Sequence(items) if items.iter().all(|item| !item.is_mapping() && !item.is_sequence()) => {
                items.iter().for_each(|item| self.item(group, subject, what, plain(item)));
            }
            Value::Sequence(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.any(group, subject, &format!("{what}[{index}]"), item);
                }
            }
            scalar => self.put(group, subject, what, plain(scalar)),
        }
    }

    /// A list of `where:what` by what it is for in the container, so that another source shows as a change.
    fn mapped(&mut self, group: Group, subject: &str, what: &str, items: &[Scalar], target: fn(&str) -> &str) {
        let items: Vec<String> = items.iter().map(ToString::to_string).collect();
        for item in &items {
            let name = target(item);
            let alone = items.iter().filter(|other| target(other) == name).count() == 1;
            if alone && name != item {
                self.put(group, subject, &format!("{what} {name}"), item.clone());
            } else {
                self.item(group, subject, what, item.clone());
            }
        }
    }
}

/// A scalar as Rancher makes a string of it.
fn plain(value: &Value) -> String {
    serde_yaml::from_value::<Scalar>(value.clone())
        .map_or_else(|_| serde_json::to_string(value).unwrap_or_default(), |scalar| scalar.to_string())
}

/// The words of a command in either form.
fn words(value: &Value) -> String {
    let quoted = |word: String| {
        if word.is_empty() || word.contains([' ', '\n', '\t']) { format!("{word:?}") } else { word }
    };
    match value {
        Value::Sequence(items) => items.iter().map(|item| quoted(plain(item))).collect::<Vec<_>>().join(" "),
        other => plain(other),
    }
}

fn volume_target(volume: &str) -> &str {
    volume.split(':').nth(1).unwrap_or(volume)
}

fn port_target(port: &str) -> &str {
    port.rsplit(':').next().unwrap_or(port)
}

/// The facts of the catalog block.
pub(super) fn of_catalog_block(block: &CatalogBlock, facts: &mut Facts) {
    let mut collector = Collector { facts };
    collector.field(Group::Rancher, "", "minimum_rancher_version", &block.minimum_rancher_version);
    collector.field(Group::Rancher, "", "maximum_rancher_version", &block.maximum_rancher_version);
    collector.field(Group::Rancher, "", "upgrade_from", &block.upgrade_from);
    if let Some(labels) = block.labels.value() {
        collector.pairs(Group::Labels, "", labels);
    }
    collector.field(Group::Texts, "rancher-compose.yml", "name", &block.name);
    collector.field(Group::Texts, "rancher-compose.yml", "description", &block.description);
    for question in block.asked() {
        of_question(question, &mut collector);
    }
}

fn of_question(question: &Question, collector: &mut Collector<'_>) {
    let Some(variable) = question.name() else { return };
    let subject = variable.as_str();
    let kind = question.kind.value().map(|kind| plain(&serde_yaml::to_value(kind).unwrap_or_default()));
    let required = question.required.value().map(|required| match required {
        rancher_catalog::model::Templated::Value(value) => value.to_string(),
        rancher_catalog::model::Templated::Text(text) => text.clone(),
    });
    let required = required.unwrap_or_else(|| "false".to_owned());
    let default = question.default.value().map(ToString::to_string).filter(|text| !text.is_empty());
    let mut told = vec![kind.clone().unwrap_or_else(|| "no type".to_owned())];
    if required == "true" {
        told.push("required".to_owned());
    }
    told.push(default.as_ref().map_or_else(|| "no default".to_owned(), |default| format!("default {default}")));
    collector.put(Group::Questions, subject, "", told.join(", "));
    collector.put(Group::Questions, subject, "required", required);
    for (what, value) in [("type", kind), ("default", default)] {
        if let Some(value) = value {
            collector.put(Group::Questions, subject, what, value);
        }
    }
    for option in question.options.value().map_or(&[][..], Vec::as_slice) {
        collector.item(Group::Questions, subject, "option", option.to_string());
    }
    for (what, field) in [
        ("label", &question.label),
        ("description", &question.description),
        ("group", &question.group),
        ("min", &question.min),
        ("max", &question.max),
        ("min_length", &question.min_length),
        ("max_length", &question.max_length),
        ("valid_chars", &question.valid_chars),
        ("invalid_chars", &question.invalid_chars),
    ] {
        collector.field(Group::Questions, subject, what, field);
    }
}

/// The facts of both compose files.
pub(super) fn of_services(docker: &DockerCompose, rancher: Option<&RancherServices>, facts: &mut Facts) {
    let mut collector = Collector { facts };
    for (name, service) in docker.services().into_iter().flatten() {
        let none = Service::default();
        let service = service.value().unwrap_or(&none);
        of_service(name, service, &mut collector);
        let rancher = rancher.and_then(|services| services.get(name)).and_then(Field::value);
        if let Some(Ok(Value::Mapping(keys))) = rancher.map(serde_yaml::to_value) {
            keys.iter().for_each(|(key, value)| of_key(name, &plain(key), value, &mut collector));
        }
        defaults(name, &mut collector);
    }
    if let DockerCompose::V2(file) = docker {
        for (word, group, map) in
            [("volume", Group::Volumes, &file.volumes), ("network", Group::Network, &file.networks)]
        {
            for (name, value) in map.value().into_iter().flatten() {
                collector.put(group, &format!("{word} {name}"), "", "");
                collector.any(group, &format!("{word} {name}"), "", &value.0);
            }
        }
        if let Some(secrets) = file.secrets.value() {
            collector.any(Group::Settings, "secrets", "", &secrets.0);
        }
    }
}

fn of_service(name: &str, service: &Service, collector: &mut Collector<'_>) {
    let image = service.image.value().map(ToString::to_string).unwrap_or_default();
    collector.put(Group::Services, name, "", image);
    for right in rights(service) {
        let key = Key { group: Group::Rights, subject: name.to_owned(), what: String::new(), item: Some(right.text) };
        collector.facts.insert(key, if right.ordinary { ORDINARY.to_owned() } else { String::new() });
    }
    if let Ok(Value::Mapping(keys)) = serde_yaml::to_value(service) {
        keys.iter().for_each(|(key, value)| of_key(name, &plain(key), value, collector));
    }
}

fn of_key(service: &str, key: &str, value: &Value, collector: &mut Collector<'_>) {
    let typed = || serde_yaml::from_value::<ListOrMap>(value.clone()).ok();
    let items = || serde_yaml::from_value::<Vec<Scalar>>(value.clone()).ok();
    match key {
        _ if value.is_null() || told_by_rights(key) => {}
        "image" => collector.put(Group::Image, service, "", plain(value)),
        "labels" => {
            for (name, value) in typed().map(|labels| labels.pairs()).unwrap_or_default() {
                let group = if name.starts_with(SCHEDULER) { Group::Scale } else { Group::Labels };
                collector.put(group, service, &name, value.unwrap_or_default());
            }
        }
        "environment" => {
            if let Some(pairs) = typed() {
                collector.pairs(Group::Environment, service, &pairs);
            }
        }
        "volumes" => {
            collector.mapped(Group::Volumes, service, "at", &items().unwrap_or_default(), volume_target);
        }
        "ports" => collector.mapped(Group::Ports, service, "to", &items().unwrap_or_default(), port_target),
        "net" | "network_mode" => collector.put(Group::Network, service, "network_mode", plain(value)),
        "command" | "entrypoint" => collector.put(Group::Command, service, key, words(value)),
        "extra_hosts" => collector.any(Group::Network, service, key, value),
        "health_check" => collector.any(Group::HealthCheck, service, "", value),
        _ => collector.any(group_of(key), service, key, value),
    }
}

fn group_of(key: &str) -> Group {
    match key {
        "volumes_from" | "volume_driver" | "tmpfs" => Group::Volumes,
        "expose" => Group::Ports,
        "networks" | "hostname" | "domainname" | "dns" | "dns_search" | "dns_opt" | "mac_address" | "links"
        | "external_links" | "external_ips" => Group::Network,
        "env_file" => Group::Environment,
        "user" | "group_add" => Group::Rights,
        "scale" | "scale_policy" | "retain_ip" | "start_on_create" => Group::Scale,
        _ => Group::Settings,
    }
}

/// What Rancher takes where nothing is said.
fn defaults(service: &str, collector: &mut Collector<'_>) {
    let has = |collector: &Collector<'_>, group: Group, what: &str| {
        let key = Key { group, subject: service.to_owned(), what: what.to_owned(), item: None };
        collector.facts.contains_key(&key)
    };
    let (check, strategy) = ("port", "strategy");
    if has(collector, Group::HealthCheck, check) && !has(collector, Group::HealthCheck, strategy) {
        collector.put(Group::HealthCheck, service, strategy, "recreate");
    }
    let placed = [label_names::GLOBAL, "scale", "scale_policy"].iter().any(|what| has(collector, Group::Scale, what));
    if !placed {
        collector.put(Group::Scale, service, "scale", "1");
    }
}

/// The facts of a project.yml.
pub(super) fn of_project(project: &Project, facts: &mut Facts) {
    let mut collector = Collector { facts };
    collector.field(Group::Texts, "project.yml", "name", &project.name);
    collector.field(Group::Texts, "project.yml", "description", &project.description);
    for stack in project.stacks.value().map_or(&[][..], Vec::as_slice) {
        let Some(name) = stack.name.value().map(ToString::to_string) else { continue };
        let template = stack.template_id.value().or(stack.template_version_id.value());
        collector.put(Group::Stacks, &name, "", template.map(ToString::to_string).unwrap_or_default());
        collector.field(Group::Stacks, &name, "templateId", &stack.template_id);
        collector.field(Group::Stacks, &name, "templateVersionId", &stack.template_version_id);
        for (question, answer) in stack.answers.value().into_iter().flatten() {
            let answer = answer.value().map(ToString::to_string).unwrap_or_default();
            collector.put(Group::Stacks, &name, &format!("answer {question}"), answer);
        }
    }
}

/// The facts of a config.yml. Its copy of the questions is for people alone.
pub(super) fn of_config(config: &Config, facts: &mut Facts) {
    let mut collector = Collector { facts };
    collector.field(Group::DefaultVersion, "config.yml", "version", &config.version);
    for (name, value) in config.labels.value().into_iter().flatten() {
        collector.put(Group::Labels, "config.yml", name, value.to_string());
    }
    for category in config.categories.value().map_or(&[][..], Vec::as_slice) {
        collector.item(Group::Texts, "config.yml", "categories", category.to_string());
    }
    for (what, field) in [
        ("name", &config.name),
        ("description", &config.description),
        ("category", &config.category),
        ("maintainer", &config.maintainer),
        ("license", &config.license),
        ("projectURL", &config.project_url),
    ] {
        collector.field(Group::Texts, "config.yml", what, field);
    }
}
