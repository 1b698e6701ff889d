//! The JSON schemas of the model, for editors and for our own output.

use std::sync::LazyLock;

use jsonschema::Validator;
use schemars::generate::SchemaSettings;
use serde_yaml::Value;

use rancher_catalog::model::{Config, DockerCompose, InfraTemplate, Project, RancherCompose};

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

/// Compiled at first use, each once: compiling takes longer than all of the rendering.
fn validator(kind: SchemaKind) -> Option<&'static Validator> {
    static CONFIG: LazyLock<Option<Validator>> = LazyLock::new(|| compile(SchemaKind::Config));
    static DOCKER: LazyLock<Option<Validator>> = LazyLock::new(|| compile(SchemaKind::DockerCompose));
    static RANCHER: LazyLock<Option<Validator>> = LazyLock::new(|| compile(SchemaKind::RancherCompose));
    static PROJECT: LazyLock<Option<Validator>> = LazyLock::new(|| compile(SchemaKind::Project));
    static ENTRY: LazyLock<Option<Validator>> = LazyLock::new(|| compile(SchemaKind::Entry));
    match kind {
        SchemaKind::Config => &CONFIG,
        SchemaKind::DockerCompose => &DOCKER,
        SchemaKind::RancherCompose => &RANCHER,
        SchemaKind::Project => &PROJECT,
        SchemaKind::Entry => &ENTRY,
    }
    .as_ref()
}

fn compile(kind: SchemaKind) -> Option<Validator> {
    jsonschema::validator_for(&schema(kind)).ok()
}

/// The first place where a value breaks the schema of its kind, and how.
pub(super) fn violation(kind: SchemaKind, value: &Value) -> Option<(String, String)> {
    let Ok(json) = serde_json::to_value(value) else {
        return Some((".".to_owned(), "a key is not a string".to_owned()));
    };
    let Some(validator) = validator(kind) else {
        return Some((".".to_owned(), "the schema itself is broken".to_owned()));
    };
    let error = validator.iter_errors(&json).next()?;
    Some((error.instance_path().to_string(), error.to_string()))
}
