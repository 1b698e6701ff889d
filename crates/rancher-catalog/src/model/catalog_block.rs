//! The catalog block of a rancher-compose.yml: what the catalog says of one version.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Field, Labels, Other, Question, Scalar, Version, absent};

/// The block under `catalog` or `.catalog`. Rancher reads `version`, the two Rancher versions, `upgrade_from`, `labels`
/// and `questions`; authors write the others for people.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields, extend("required" = ["version"]))]
pub struct CatalogBlock {
    /// A title; not read.
    #[serde(skip_serializing_if = "absent")]
    pub name: Field<Scalar>,
    /// The version. Rancher drops a version without one.
    #[serde(skip_serializing_if = "absent")]
    pub version: Field<Version>,
    /// A text; not read.
    #[serde(skip_serializing_if = "absent")]
    pub description: Field<Scalar>,
    /// The oldest Rancher that is offered this version.
    #[serde(skip_serializing_if = "absent")]
    pub minimum_rancher_version: Field<Version>,
    /// The newest Rancher that is offered this version.
    #[serde(skip_serializing_if = "absent")]
    pub maximum_rancher_version: Field<Version>,
    /// A semver range of the versions from which an upgrade is offered; absent: all.
    #[serde(skip_serializing_if = "absent")]
    pub upgrade_from: Field<Scalar>,
    /// Labels of the version.
    #[serde(skip_serializing_if = "absent")]
    pub labels: Field<Labels>,
    /// An id; not read.
    #[serde(skip_serializing_if = "absent")]
    pub uuid: Field<Scalar>,
    /// What the UI asks.
    #[serde(skip_serializing_if = "absent")]
    pub questions: Field<Vec<Question>>,
    /// Keys that are not known here.
    #[serde(flatten)]
    #[schemars(skip)]
    pub other: Other,
}
