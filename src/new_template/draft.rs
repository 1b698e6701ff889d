//! A template on its way: services, sections and questions, before they are files.

use std::collections::{BTreeMap, HashSet};

use indexmap::{IndexMap, IndexSet};
use serde_yaml::{Mapping, Value};

use super::questions::Questions;
use super::remark::Remarks;
use rancher_catalog::model::label_names;
use rancher_catalog::yaml::Position;

/// The label that lists the sidekicks of a service.
pub(super) const SIDEKICKS: &str = "io.rancher.sidekicks";
/// The label of a service whose containers are not started again when they have ended.
pub(super) const START_ONCE: &str = "io.rancher.container.start_once";

/// All of it.
#[derive(Debug)]
pub(super) struct Draft {
    pub services: IndexMap<String, Service>,
    /// Named volumes.
    pub volumes: Mapping,
    /// Secrets that the environment must have.
    pub secrets: Mapping,
    pub questions: Questions,
    pub remarks: Remarks,
    /// What the source says of itself.
    pub facts: Facts,
}

/// What a source says of itself, for config.yml.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub title: Option<String>,
    pub description: Option<String>,
    pub version: Option<String>,
    pub url: Option<String>,
}

/// A service: what either file says of it, and where its keys stood.
#[derive(Debug, Default)]
pub(super) struct Service {
    pub docker: Mapping,
    pub rancher: Mapping,
    pub place: Option<Position>,
    pub places: BTreeMap<String, Position>,
    /// What was added to its lists.
    added: HashSet<(String, Value)>,
}

impl Draft {
    pub(super) fn new(source: impl Into<String>) -> Self {
        Self {
            services: IndexMap::new(),
            volumes: Mapping::new(),
            secrets: Mapping::new(),
            questions: Questions::default(),
            remarks: Remarks::on(source),
            facts: Facts::default(),
        }
    }

    /// docker-compose.yml.
    pub(super) fn docker_compose(&self) -> Value {
        let mut file = Mapping::new();
        file.insert("version".into(), "2".into());
        file.insert("services".into(), self.each(|service| &service.docker));
        for (name, section) in [("volumes", &self.volumes), ("secrets", &self.secrets)] {
            if !section.is_empty() {
                file.insert(name.into(), Value::Mapping(section.clone()));
            }
        }
        Value::Mapping(file)
    }

    /// The services of rancher-compose.yml; none without content.
    pub(super) fn rancher_services(&self) -> Value {
        self.each(|service| &service.rancher)
    }

    fn each(&self, side: impl Fn(&Service) -> &Mapping) -> Value {
        let filled = self.services.iter().filter(|(_, service)| !side(service).is_empty());
        Value::Mapping(filled.map(|(name, service)| (name.as_str().into(), side(service).clone().into())).collect())
    }
}

impl Service {
    /// Sets a key of docker-compose.yml.
    pub(super) fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.docker.insert(key.into(), value.into());
    }

    /// Adds an item to a list of docker-compose.yml, once.
    pub(super) fn add(&mut self, key: &str, item: impl Into<Value>) {
        let item = item.into();
        let list = self.docker.entry(key.into()).or_insert_with(|| Value::Sequence(Vec::new()));
        if let Value::Sequence(items) = list
            && self.added.insert((key.to_owned(), item.clone()))
        {
            items.push(item);
        }
    }

    /// Sets an entry of a map of docker-compose.yml.
    pub(super) fn put(&mut self, key: &str, name: &str, value: impl Into<Value>) {
        let map = self.docker.entry(key.into()).or_insert_with(|| Value::Mapping(Mapping::new()));
        if let Value::Mapping(map) = map {
            map.insert(name.into(), value.into());
        }
    }

    pub(super) fn label(&self, name: &str) -> Option<&str> {
        self.docker.get("labels")?.get(name)?.as_str()
    }

    pub(super) fn is_global(&self) -> bool {
        self.label(label_names::GLOBAL) == Some("true")
    }

    pub(super) fn is_on_host_network(&self) -> bool {
        self.docker.get("network_mode").and_then(Value::as_str) == Some("host")
    }

    /// Lists other services as its sidekicks.
    pub(super) fn take_sidekicks(&mut self, others: &[&str]) {
        let mut names: IndexSet<&str> = self.label(SIDEKICKS).into_iter().flat_map(|list| list.split(',')).collect();
        names.extend(others);
        let list = names.into_iter().collect::<Vec<_>>().join(",");
        self.put("labels", SIDEKICKS, list);
    }

    /// Sets the health check. Of a container on the host's network Rancher reaches none without the label.
    pub(super) fn set_health_check(&mut self, check: Value) {
        self.rancher.insert("health_check".into(), check);
    }

    /// What goes with what it has by now.
    pub(super) fn complete(&mut self) {
        if self.is_on_host_network() && self.rancher.contains_key("health_check") {
            self.put("labels", label_names::DNS, "true");
        }
        if self.is_global() {
            self.rancher.remove("scale");
        }
    }
}
