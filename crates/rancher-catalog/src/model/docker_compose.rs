//! docker-compose.yml.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_yaml::Value;

use crate::yaml::{Document, ReadError};

use super::known_keys::known_keys;
use super::rancher_compose::has_version;
use super::{Any, Field, Scalar, Service};

/// The services, by name.
pub type Services = IndexMap<String, Field<Service>>;

/// A docker-compose.yml of either form.
#[allow(clippy::large_enum_variant, reason = "there is one a version, not thousands")]
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum DockerCompose {
    /// With `version: '2'`.
    V2(DockerComposeV2),
    /// Without a version: the services stand at the top.
    V1(Services),
}

known_keys! {
    /// The form with a version.
    #[schemars(extend("required" = ["version", "services"]))]
    pub struct DockerComposeV2 {
        /// The version of the form.
        version: Field<Scalar>,
        /// The services.
        services: Field<Services>,
        /// Named volumes.
        volumes: Field<IndexMap<String, Any>>,
        /// Networks.
        networks: Field<IndexMap<String, Any>>,
        /// Secrets.
        secrets: Field<Any>,
    }
}

impl DockerCompose {
    /// Reads a file by its form, so that an error has its place.
    ///
    /// # Errors
    /// It has not the shape of a docker-compose.yml.
    pub fn read(document: &Document) -> Result<Self, ReadError> {
        if has_version(&document.to_value()) {
            document.to_typed().map(Self::V2)
        } else {
            document.to_typed().map(Self::V1)
        }
    }

    /// The services.
    pub fn services(&self) -> Option<&Services> {
        match self {
            Self::V1(services) => Some(services),
            Self::V2(file) => file.services.value(),
        }
    }
}

/// Without the places that an error names: a file is read by its form ([`has_version`]), and then the error has its
/// place.
impl<'de> Deserialize<'de> for DockerCompose {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let file = Value::deserialize(deserializer)?;
        let read = if has_version(&file) {
            serde_yaml::from_value(file).map(Self::V2)
        } else {
            serde_yaml::from_value(file).map(Self::V1)
        };
        read.map_err(D::Error::custom)
    }
}
