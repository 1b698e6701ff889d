//! The JSON schemas of the model.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use schemars::generate::SchemaSettings;

use crate::model::{Config, DockerCompose, InfraTemplate, Project, RancherCompose};

/// A file, or the whole entry, that has a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SchemaKind {
    /// config.yml.
    Config,
    /// docker-compose.yml.
    DockerCompose,
    /// rancher-compose.yml.
    RancherCompose,
    /// project.yml.
    Project,
    /// A whole infra-template: config.yml and all its versions.
    Entry,
}

impl SchemaKind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Config, Self::DockerCompose, Self::RancherCompose, Self::Project, Self::Entry];
}

/// The JSON schema (draft 2020-12) of a kind.
pub fn schema(kind: SchemaKind) -> serde_json::Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let schema = match kind {
        SchemaKind::Config => generator.into_root_schema_for::<Config>(),
        SchemaKind::DockerCompose => generator.into_root_schema_for::<DockerCompose>(),
        SchemaKind::RancherCompose => generator.into_root_schema_for::<RancherCompose>(),
        SchemaKind::Project => generator.into_root_schema_for::<Project>(),
        SchemaKind::Entry => generator.into_root_schema_for::<InfraTemplate>(),
    };
    schema.to_value()
}

/// The keys that a service may have in either compose file, by the model.
pub fn service_keys() -> &'static BTreeSet<String> {
    static KEYS: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
        let of = |kind, name: &str| {
            let keys = schema(kind)["$defs"][name]["properties"].as_object().cloned();
            keys.into_iter().flatten().map(|(key, _)| key)
        };
        of(SchemaKind::DockerCompose, "Service").chain(of(SchemaKind::RancherCompose, "RancherService")).collect()
    });
    &KEYS
}
