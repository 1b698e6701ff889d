//! rancher-compose.yml: the catalog block, and what Rancher is told of each service beyond Docker.

use std::borrow::Cow;
use std::fmt;

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_yaml::Value;

use crate::yaml::{Document, ReadError};

use super::known_keys::known_keys;
use super::{Any, CatalogBlock, Field, HealthCheck, Labels, Scalar, Templated, absent};

/// The services, by name; in many real files one without any key is null.
pub type RancherServices = IndexMap<String, Field<RancherService>>;

/// A rancher-compose.yml of either form.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum RancherCompose {
    /// Without a version: the services stand at the top, beside `.catalog`.
    V1(RancherComposeV1),
    /// With `version: '2'`.
    V2(RancherComposeV2),
}

/// The form without a version.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RancherComposeV1 {
    /// The block under `.catalog`.
    pub dot_catalog: Field<CatalogBlock>,
    /// The block under `catalog`, which wins over the other.
    pub catalog: Field<CatalogBlock>,
    /// The services.
    pub services: RancherServices,
}

known_keys! {
    /// The form with a version.
    #[schemars(extend("required" = ["version"]))]
    pub struct RancherComposeV2 {
        /// The version of the form.
        version: Field<Scalar>,
        /// The catalog block.
        catalog: Field<CatalogBlock>,
        /// The catalog block under its older name; `catalog` wins.
        dot_catalog as ".catalog": Field<CatalogBlock>,
        /// The services.
        services: Field<RancherServices>,
    }
}

impl RancherCompose {
    /// Reads a file by its form, so that an error has its place.
    ///
    /// # Errors
    /// It has not the shape of a rancher-compose.yml.
    pub fn read(document: &Document) -> Result<Self, ReadError> {
        if has_version(&document.to_value()) {
            document.to_typed().map(Self::V2)
        } else {
            document.to_typed().map(Self::V1)
        }
    }

    /// The catalog block that Rancher takes.
    pub fn catalog(&self) -> Option<&CatalogBlock> {
        let (catalog, dot_catalog) = match self {
            Self::V1(file) => (&file.catalog, &file.dot_catalog),
            Self::V2(file) => (&file.catalog, &file.dot_catalog),
        };
        catalog.value().or(dot_catalog.value())
    }

    /// The services.
    pub fn services(&self) -> Option<&RancherServices> {
        match self {
            Self::V1(file) => Some(&file.services),
            Self::V2(file) => file.services.value(),
        }
    }
}

/// Whether a compose file is of the form with a version, which decides where its services stand.
pub fn has_version(file: &Value) -> bool {
    file.get("version").is_some_and(|version| !version.is_mapping())
}

/// Without the places that an error names: a file is read by its form ([`has_version`]), and then the error has its
/// place.
impl<'de> Deserialize<'de> for RancherCompose {
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

impl Serialize for RancherComposeV1 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, block) in [(".catalog", &self.dot_catalog), ("catalog", &self.catalog)] {
            if !absent(block) {
                map.serialize_entry(name, block)?;
            }
        }
        for (name, service) in &self.services {
            map.serialize_entry(name, service)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for RancherComposeV1 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FileVisitor;

        impl<'de> Visitor<'de> for FileVisitor {
            type Value = RancherComposeV1;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of services")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RancherComposeV1, A::Error> {
                let mut file = RancherComposeV1::default();
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        ".catalog" => file.dot_catalog = map.next_value()?,
                        "catalog" => file.catalog = map.next_value()?,
                        _ => {
                            let service = map.next_value()?;
                            file.services.insert(key, service);
                        }
                    }
                }
                Ok(file)
            }
        }

        deserializer.deserialize_map(FileVisitor)
    }
}

impl JsonSchema for RancherComposeV1 {
    fn schema_name() -> Cow<'static, str> {
        "RancherComposeV1".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let block = generator.subschema_for::<CatalogBlock>();
        let service = generator.subschema_for::<RancherService>();
        json_schema!({
            "description": "The form without a version: the services stand beside the catalog block",
            "type": "object",
            "properties": { ".catalog": block, "catalog": block },
            "not": { "required": ["version"] },
            "additionalProperties": service
        })
    }
}

known_keys! {
    /// What Rancher is told of a service, beyond its docker-compose.yml.
    pub struct RancherService {
        /// Labels; many of Rancher's features are asked for by them.
        labels: Field<Labels>,
        /// Memory of a virtual machine.
        memory: Field<Scalar>,
        /// Thousandths of a CPU set aside.
        milli_cpu_reservation: Field<Scalar>,
        /// CPUs of a virtual machine.
        vcpu: Field<Scalar>,
        /// User data of a virtual machine.
        userdata: Field<Scalar>,
        /// Disks of a virtual machine.
        disks: Field<Any>,
    } and those of Rancher
}
