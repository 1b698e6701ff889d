//! Services, catalog blocks and questions of a version, with the places that rules report.

use std::collections::HashMap;

use rancher_catalog::catalog_service::{FolderName, catalog_block, field, text_of};
use rancher_catalog::model::ImageReference;
use rancher_catalog::source::{Reading, TemplateSource, VersionSource, YamlFile};
use rancher_catalog::yaml::{Node, NodeKind, Typed};

/// A service in one reading of a compose file.
pub(super) struct ServiceView<'a> {
    pub file: &'a YamlFile,
    pub reading: &'a Reading,
    pub name: &'a str,
    pub key: &'a Node,
    pub node: &'a Node,
}

impl<'a> ServiceView<'a> {
    /// The value of a key, where it is a string.
    pub fn text(&self, key: &str) -> Option<&'a str> {
        self.node.get(key)?.text()
    }

    /// The value of a label, in either form.
    pub fn label(&self, name: &str) -> Option<String> {
        let labels = self.node.get("labels")?;
        if let Some(value) = labels.get(name) {
            return scalar_text(value);
        }
        labels.items().iter().rev().filter_map(Node::text).find_map(|item| {
            let (key, value) = item.split_once('=')?;
            (key.trim() == name).then(|| value.trim().to_owned())
        })
    }

    /// Whether it is on the host's network.
    pub fn on_host_network(&self) -> bool {
        self.text("network_mode").or(self.text("net")) == Some("host")
    }
}

/// A scalar as Rancher makes a string of it: `yes` becomes `true`.
pub(super) fn scalar_text(node: &Node) -> Option<String> {
    if let NodeKind::Scalar { .. } = &node.kind { Some(text_of(&node.to_value())) } else { None }
}

/// The text of an unquoted value that is no string to YAML, and what Rancher makes of it, where the two differ.
pub(super) fn retyped(node: &Node) -> Option<(&str, String)> {
    let NodeKind::Scalar { value: Typed::Bool(_) | Typed::Number(_), text, plain: true } = &node.kind else {
        return None;
    };
    scalar_text(node).filter(|read| read != text).map(|read| (text.as_str(), read))
}

/// Whether a key of a map is true, in whichever way YAML 1.1 says so.
pub(super) fn is_true(node: &Node, key: &str) -> bool {
    node.get(key).and_then(scalar_text).as_deref() == Some("true")
}

/// Where the services of a document stand.
fn services_of(root: &Node) -> &[(Node, Node)] {
    match root.get("version") {
        Some(version) if !matches!(version.kind, NodeKind::Map(_)) => root.get("services").map_or(&[], Node::entries),
        _ => root.entries(),
    }
}

fn views<'a>(file: &'a YamlFile) -> impl Iterator<Item = ServiceView<'a>> {
    file.readings.iter().flat_map(move |reading| {
        let root = reading.document.as_ref().ok().and_then(|document| document.root.as_ref());
        root.map_or(&[][..], services_of).iter().filter_map(move |(key, node)| {
            let name = key.text().filter(|name| !matches!(*name, "catalog" | ".catalog"))?;
            Some(ServiceView { file, reading, name, key, node })
        })
    })
}

/// The services of the docker-compose file, in every reading of it.
pub(super) fn docker_services(version: &VersionSource) -> Vec<ServiceView<'_>> {
    version.docker_compose.iter().flat_map(views).collect()
}

/// The services of the rancher-compose file, in every reading of it.
pub(super) fn rancher_services(version: &VersionSource) -> Vec<ServiceView<'_>> {
    version.rancher_compose.iter().flat_map(views).collect()
}

/// The health checks of a version, wherever they stand: the service, the key's own node, and the value.
pub(super) fn health_checks(version: &VersionSource) -> Vec<(ServiceView<'_>, &Node, &Node)> {
    let services = rancher_services(version).into_iter().chain(docker_services(version));
    services
        .filter_map(|service| {
            let (key, check) = service.node.entry("health_check")?;
            Some((service, key, check))
        })
        .collect()
}

/// The images of a version that can be told: the service, the value, and what it names.
pub(super) fn images(version: &VersionSource) -> Vec<(ServiceView<'_>, &Node, ImageReference)> {
    docker_services(version)
        .into_iter()
        .filter_map(|service| {
            let node = service.node.get("image")?;
            let reference = node.text()?.parse().ok()?;
            Some((service, node, reference))
        })
        .collect()
}

/// Every scalar below a value that Rancher looks for variables in: keys are left alone.
pub(super) fn texts<'a>(node: &'a Node, take: &mut impl FnMut(&'a Node, &'a str)) {
    if let Some(text) = node.text() {
        take(node, text);
    }
    node.items().iter().for_each(|item| texts(item, take));
    node.entries().iter().for_each(|(_, value)| texts(value, take));
}

/// What rancher-compose says of the services of docker-compose: Rancher lays the one over the other.
pub(super) struct Overlay<'a>(HashMap<&'a str, Vec<ServiceView<'a>>>);

impl<'a> Overlay<'a> {
    pub fn of(version: &'a VersionSource) -> Self {
        let mut by_name: HashMap<&str, Vec<ServiceView<'_>>> = HashMap::new();
        for service in rancher_services(version) {
            by_name.entry(service.name).or_default().push(service);
        }
        Self(by_name)
    }

    fn of_service(&self, service: &ServiceView<'_>) -> &[ServiceView<'a>] {
        self.0.get(service.name).map_or(&[], Vec::as_slice)
    }

    /// Whether either file has a key for a service.
    pub fn has(&self, service: &ServiceView<'_>, key: &str) -> bool {
        service.node.get(key).is_some() || self.of_service(service).iter().any(|other| other.node.get(key).is_some())
    }

    /// The value of a label in either file.
    pub fn label(&self, service: &ServiceView<'_>, name: &str) -> Option<String> {
        self.of_service(service).iter().find_map(|other| other.label(name)).or_else(|| service.label(name))
    }

    /// Whether a label is true in either file.
    pub fn is_labelled(&self, service: &ServiceView<'_>, name: &str) -> bool {
        self.label(service, name).as_deref() == Some("true")
    }
}

/// The catalog block of a version, as the catalog service finds it.
pub(super) fn catalog_node(version: &VersionSource) -> Option<(&YamlFile, &Node)> {
    let file = version.rancher_compose.as_ref()?;
    let root = file.raw().as_ref().ok()?.root.as_ref()?;
    Some((file, catalog_block(root)?))
}

/// A key of the catalog block.
pub(super) fn catalog_entry<'a>(version: &'a VersionSource, key: &str) -> Option<(&'a YamlFile, &'a Node)> {
    let (file, block) = catalog_node(version)?;
    Some((file, field(block, key)?.1))
}

/// The questions of a version.
pub(super) fn questions(version: &VersionSource) -> Vec<(&YamlFile, &Node)> {
    let Some((file, list)) = catalog_entry(version, "questions") else { return Vec::new() };
    let is_map = |question: &&Node| matches!(question.kind, NodeKind::Map(_));
    list.items().iter().filter(is_map).map(|question| (file, question)).collect()
}

/// The value of a key of a question.
pub(super) fn question_value<'a>(question: &'a Node, key: &str) -> Option<&'a Node> {
    field(question, key).map(|(_, value)| value)
}

/// The names of the variables that questions ask for, as Rancher reads them; nothing where the list cannot be read.
pub(super) fn asked_variables(version: &VersionSource) -> Option<Vec<String>> {
    let is_list = catalog_entry(version, "questions")
        .is_none_or(|(_, list)| matches!(list.kind, NodeKind::List(_)) || list.to_value().is_null());
    let is_there = version.files.iter().any(|file| file.rsplit('/').next() == Some("rancher-compose.yml"));
    let is_readable = version.rancher_compose.as_ref().map_or(!is_there, |file| file.raw().is_ok());
    let is_block = catalog_node(version).is_none_or(|(_, block)| matches!(block.kind, NodeKind::Map(_)));
    (is_list && is_block && is_readable).then(|| {
        let name = |question: &Node| scalar_text(question_value(question, "variable")?);
        questions(version).into_iter().filter_map(|(_, question)| name(question)).collect()
    })
}

/// The version of a folder as the catalog service takes it: that of the catalog block, else that which the folder is
/// named after. Nothing where the service drops the folder for that.
pub(super) fn stated_version(version: &VersionSource) -> Option<String> {
    let stated = catalog_entry(version, "version").and_then(|(_, node)| scalar_text(node));
    stated.filter(|text| !text.is_empty()).or_else(|| match version.folder_name() {
        FolderName::Version(name) => Some(name.to_owned()),
        _ => None,
    })
}

/// Whether the catalog service looks at a folder at all.
pub(super) fn is_looked_at(version: &VersionSource) -> bool {
    version.folder_name() != FolderName::PassedOver
}

/// All YAML files of a template.
pub(super) fn yaml_files(template: &TemplateSource) -> impl Iterator<Item = &YamlFile> {
    let versions = template.versions.iter();
    template.config.as_deref().into_iter().chain(
        versions
            .flat_map(|version| version.docker_compose.iter().chain(&version.rancher_compose).chain(&version.project)),
    )
}

/// Machine drivers and Kubernetes charts: what they launch is in other files.
pub(super) fn is_machine_or_kubernetes(template: &TemplateSource) -> bool {
    matches!(template.base.as_str(), "machine" | "kubernetes")
}

/// Whether a template's services are compose services.
pub(super) fn has_compose(template: &TemplateSource) -> bool {
    !is_machine_or_kubernetes(template) && template.base != "project"
}

/// The orchestration entries: what the environment template page offers.
pub(super) fn is_orchestration(template: &TemplateSource) -> bool {
    let config = template.config_model().and_then(Result::ok);
    let category = config.and_then(|config| config.category.value().map(ToString::to_string));
    category.is_some_and(|category| category.eq_ignore_ascii_case("orchestration"))
}
