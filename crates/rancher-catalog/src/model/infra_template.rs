//! A template of services: a folder below `infra-templates/`, `templates/` and the like.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Config, DockerCompose, RancherCompose, Revision};

/// An infra-template: its config.yml and its versions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InfraTemplate {
    /// The folder's name, which is its id: `infra*swarm` is the folder `swarm`.
    pub folder: String,
    /// config.yml.
    pub config: Config,
    /// The versions, by the number of their folder.
    pub versions: IndexMap<Revision, InfraVersion>,
}

/// One version: the content of a numbered folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InfraVersion {
    /// docker-compose.yml.
    pub docker_compose: DockerCompose,
    /// rancher-compose.yml.
    pub rancher_compose: RancherCompose,
    /// README.md.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readme: Option<String>,
}
