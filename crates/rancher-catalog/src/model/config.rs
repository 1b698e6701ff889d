//! config.yml: what the catalog says of a template, all its versions together.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Field, Other, Question, Scalar, Version, absent};

/// A template's config.yml.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields, extend("required" = ["name", "version"]))]
pub struct Config {
    /// The title.
    #[serde(skip_serializing_if = "absent")]
    pub name: Field<Scalar>,
    /// A sentence on it.
    #[serde(skip_serializing_if = "absent")]
    pub description: Field<Scalar>,
    /// The default version: the same, byte for byte, as that of some revision's catalog block.
    #[serde(skip_serializing_if = "absent")]
    pub version: Field<Version>,
    /// The heading under which it is listed; `Orchestration` makes it a choice of the environment template page.
    #[serde(skip_serializing_if = "absent")]
    pub category: Field<Scalar>,
    /// Several headings.
    #[serde(skip_serializing_if = "absent")]
    pub categories: Field<Vec<Scalar>>,
    /// `First Last <mail@example.com>`.
    #[serde(skip_serializing_if = "absent")]
    pub maintainer: Field<Scalar>,
    /// The licence.
    #[serde(skip_serializing_if = "absent")]
    pub license: Field<Scalar>,
    /// The project's page.
    #[serde(rename = "projectURL", skip_serializing_if = "absent")]
    pub project_url: Field<Scalar>,
    /// Labels: a map of strings.
    #[serde(skip_serializing_if = "absent")]
    pub labels: Field<IndexMap<String, Scalar>>,
    /// A copy of the default version's questions, for people and tools: Rancher reads them from rancher-compose.yml.
    #[serde(skip_serializing_if = "absent")]
    pub questions: Field<Vec<Question>>,
    /// Keys that are not known here.
    #[serde(flatten)]
    #[schemars(skip)]
    pub other: Other,
}
