//! What held before a change: by this the change is judged, and not by what it says of itself.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::allowance::{Comment, Known, known};
use super::config::CatalogConfig;
use super::report::Finding;
use super::view::yaml_files;
use rancher_catalog::source::{TemplateSource, YamlFile};

/// What held in a commit: configurations, allowances, and what a diff with it shows.
#[derive(Debug, Default)]
pub struct Before {
    configs: HashMap<PathBuf, CatalogConfig>,
    comments: HashMap<PathBuf, HashSet<Known>>,
    findings: HashMap<PathBuf, Vec<Finding>>,
}

impl Before {
    /// The configuration that a catalog had.
    pub(super) fn add_config(&mut self, root: &Path, config: CatalogConfig) {
        self.configs.insert(root.to_owned(), config);
    }

    /// A template as it was, by the folder that it is in now, and what a diff shows of it.
    pub(super) fn add_template(&mut self, folder: &Path, was: &TemplateSource, findings: Vec<Finding>) {
        self.comments.insert(folder.to_owned(), known(yaml_files(was)));
        self.findings.insert(folder.to_owned(), findings);
    }

    /// The configuration that a catalog had; one without any allows nothing.
    pub(super) fn config(&self, root: &Path) -> CatalogConfig {
        self.configs.get(root).cloned().unwrap_or_default()
    }

    /// What a diff shows of a template.
    pub(super) fn findings(&self, folder: &Path) -> &[Finding] {
        self.findings.get(folder).map_or(&[], Vec::as_slice)
    }

    /// Whether a comment was there, beside the same line of a file of the same name: a new revision may take over what was
    /// allowed in the one before it.
    pub(super) fn knows(&self, folder: &Path, comment: &Comment, file: &YamlFile) -> bool {
        self.comments.get(folder).is_some_and(|known| known.contains(&comment.known(file)))
    }
}
