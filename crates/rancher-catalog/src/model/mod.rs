//! The typed catalog: what Rancher 1.x reads, one file a concept. Pure data, with serde both ways and a JSON schema.
//!
//! The model loses nothing of what a real file says: a key that it does not know is kept in `other`, a key whose value
//! is null differs from one that is absent ([`Field`]), and a number written as `"${VAR}"` stays one ([`Templated`]).

mod builders;
mod catalog_block;
mod command;
mod config;
mod docker_compose;
mod field;
mod health_check;
mod image;
mod infra_template;
mod known_keys;
mod labels;
mod project_template;
mod question;
mod rancher_compose;
mod scalar;
mod service;
mod version;
mod version_range;

use indexmap::IndexMap;

pub use catalog_block::CatalogBlock;
pub use command::{ListOrMap, OneOrMany};
pub use config::Config;
pub use docker_compose::{DockerCompose, DockerComposeV2, Services};
pub use field::Field;
pub use health_check::{HealthCheck, QuorumConfig, Strategy};
pub use image::{Image, ImageError, ImageReference, Repository};
pub use infra_template::{InfraTemplate, InfraVersion};
pub use labels::{Labels, names as label_names};
pub use project_template::{Project, ProjectTemplate, ProjectVersion, StackEntry};
pub use question::{Question, QuestionType};
pub use rancher_compose::{
    RancherCompose, RancherComposeV1, RancherComposeV2, RancherService, RancherServices, has_version,
};
pub use scalar::{Any, Scalar, Templated};
pub use service::{Logging, Service};
pub use version::{NoSemver, Revision, Version};
pub use version_range::{RangeError, VersionRange};

/// Keys that the model does not know, as they were read.
pub type Other = IndexMap<String, serde_yaml::Value>;

/// Serde's `skip_serializing_if` for [`Field`].
pub(crate) fn absent<T>(field: &Field<T>) -> bool {
    matches!(field, Field::Absent)
}
