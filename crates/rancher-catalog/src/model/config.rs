//! config.yml: what the catalog says of a template, all its versions together.

use indexmap::IndexMap;

use super::known_keys::known_keys;
use super::{Field, Question, Scalar, Version};

known_keys! {
    /// A template's config.yml.
    #[schemars(extend("required" = ["name", "version"]))]
    pub struct Config {
        /// The title.
        name: Field<Scalar>,
        /// A sentence on it.
        description: Field<Scalar>,
        /// The default version: the same, byte for byte, as that of some revision's catalog block.
        version: Field<Version>,
        /// The heading under which it is listed; `Orchestration` makes it a choice of the environment template page.
        category: Field<Scalar>,
        /// Several headings.
        categories: Field<Vec<Scalar>>,
        /// `First Last <mail@example.com>`.
        maintainer: Field<Scalar>,
        /// The licence.
        license: Field<Scalar>,
        /// The project's page.
        project_url as "projectURL": Field<Scalar>,
        /// Labels: a map of strings.
        labels: Field<IndexMap<String, Scalar>>,
        /// A copy of the default version's questions, for people and tools: Rancher reads them from rancher-compose.yml.
        questions: Field<Vec<Question>>,
    }
}
