//! The catalog entries that this project publishes, as values of the model.

pub mod swarm;

use serde::Serialize;

pub use catalog_write::render::Notes;

use rancher_catalog::model::{Config, InfraVersion, ProjectVersion, Question, Revision, Version};

/// An infra-template ready to be published: one version, which its config.yml makes the default.
#[derive(Debug, Clone, PartialEq)]
pub struct InfraEntry {
    /// The folder below `infra-templates/`.
    pub folder: String,
    /// config.yml.
    pub config: Config,
    /// The version.
    pub version: InfraVersion,
    /// Comments for docker-compose.yml.
    pub docker_compose_notes: Notes,
    /// Comments for rancher-compose.yml.
    pub rancher_compose_notes: Notes,
    /// What its README tells.
    pub readme: Readme,
    /// The icon: an SVG.
    pub icon: String,
    /// The revision of the first version in a catalog that has none.
    pub first_revision: Revision,
}

/// An environment template ready to be published.
#[derive(Debug, Clone, PartialEq)]
pub struct ProjectEntry {
    /// The folder below `project-templates/`.
    pub folder: String,
    /// config.yml.
    pub config: Config,
    /// The version.
    pub version: ProjectVersion,
    /// The revision of the first version in a catalog that has none.
    pub first_revision: Revision,
}

/// The facts of a version's README, which a template puts into words.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Readme {
    /// The version.
    pub version: String,
    /// The image reference.
    pub image: String,
    /// The oldest Rancher.
    pub minimum_rancher_version: String,
    /// What the UI asks.
    pub questions: Vec<Question>,
    /// The port that managers listen on.
    pub swarm_port: u16,
    /// The port of the health check.
    pub health_port: u16,
    /// The socket of the engine.
    pub docker_socket: String,
    /// The folder of the daemon's state on a host.
    pub state_folder: String,
    /// The folder of its backups on a host.
    pub backup_folder: String,
    /// The folder with the certificate of a private authority.
    pub agent_ca_folder: String,
}

/// All that is published together, under one version.
#[derive(Debug, Clone, PartialEq)]
pub struct Publication {
    /// The version of everything in it.
    pub version: Version,
    /// The oldest Rancher that it is offered to.
    pub minimum_rancher_version: Version,
    /// The infra-template.
    pub infra: InfraEntry,
    /// The environment template.
    pub project: ProjectEntry,
}
