//! An environment template: the stacks that a new Rancher environment starts with.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::known_keys::known_keys;
use super::{Config, Field, RancherCompose, Revision, Scalar};

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

known_keys! {
    /// project.yml.
    #[schemars(extend("required" = ["name", "stacks"]))]
    pub struct Project {
        /// The title that the UI shows.
        name: Field<Scalar>,
        /// A sentence on it.
        description: Field<Scalar>,
        /// The stacks. The UI hides the template if one of them is in no catalog.
        stacks: Field<Vec<StackEntry>>,
    }
}

known_keys! {
    /// A stack of an environment template (`catalogTemplate` of the Rancher API).
    #[schemars(extend("required" = ["name"]))]
    pub struct StackEntry {
        /// The stack's name.
        name: Field<Scalar>,
        /// A template by its id (`community:infra*swarm`): always its default version.
        template_id as "templateId": Field<Scalar>,
        /// One version of a template by its id (`community:infra*swarm:4`).
        template_version_id as "templateVersionId": Field<Scalar>,
        /// Answers to the template's questions.
        answers: Field<IndexMap<String, Field<Scalar>>>,
    }
}
