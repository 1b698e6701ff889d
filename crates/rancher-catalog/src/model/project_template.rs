//! An environment template: the stacks that a new Rancher environment starts with.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Config, Field, Other, RancherCompose, Revision, Scalar, absent};

/// A folder below `project-templates/`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProjectTemplate {
    /// The folder's name.
    pub folder: String,
    /// config.yml.
    pub config: Config,
    /// The versions, by the number of their folder.
    pub versions: IndexMap<Revision, ProjectVersion>,
}

/// One version: the content of a numbered folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProjectVersion {
    /// project.yml.
    pub project: Project,
    /// rancher-compose.yml, with the catalog block alone.
    pub rancher_compose: RancherCompose,
}

/// project.yml.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields, extend("required" = ["name", "stacks"]))]
pub struct Project {
    /// The title that the UI shows.
    #[serde(skip_serializing_if = "absent")]
    pub name: Field<Scalar>,
    /// A sentence on it.
    #[serde(skip_serializing_if = "absent")]
    pub description: Field<Scalar>,
    /// The stacks. The UI hides the template if one of them is in no catalog.
    #[serde(skip_serializing_if = "absent")]
    pub stacks: Field<Vec<StackEntry>>,
    /// Keys that are not known here.
    #[serde(flatten)]
    #[schemars(skip)]
    pub other: Other,
}

/// A stack of an environment template (`catalogTemplate` of the Rancher API).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields, extend("required" = ["name"]))]
pub struct StackEntry {
    /// The stack's name.
    #[serde(skip_serializing_if = "absent")]
    pub name: Field<Scalar>,
    /// A template by its id (`community:infra*swarm`): always its default version.
    #[serde(rename = "templateId", skip_serializing_if = "absent")]
    pub template_id: Field<Scalar>,
    /// One version of a template by its id (`community:infra*swarm:4`).
    #[serde(rename = "templateVersionId", skip_serializing_if = "absent")]
    pub template_version_id: Field<Scalar>,
    /// Answers to the template's questions.
    #[serde(skip_serializing_if = "absent")]
    pub answers: Field<IndexMap<String, Field<Scalar>>>,
    /// Keys that are not known here.
    #[serde(flatten)]
    #[schemars(skip)]
    pub other: Other,
}
