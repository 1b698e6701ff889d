//! An entry put into a catalog, whole or not at all.

use std::path::Path;
use std::time::Duration;

use catalog_check::Finding;
use rancher_catalog::model::Revision;

use crate::catalog::{CatalogRoot, Change, TemplatePlan, apply};
use crate::entry::{Entry, EntryError};
use crate::render::Renderer;

/// How long another program is waited for that is writing into the catalog.
const PATIENCE: Duration = Duration::from_secs(20);
/// What a template's first version gets.
const FIRST: Revision = Revision(0);

/// What came of putting an entry into a catalog.
#[derive(Debug, Clone)]
pub struct Put {
    /// The revision of its version.
    pub revision: Revision,
    /// The files that were written, by their paths in the catalog; none where all was right already.
    pub written: Vec<String>,
    /// What its author should look at, though Rancher takes it: warnings of the check.
    pub findings: Vec<Finding>,
    /// What should be looked at in the catalog.
    pub warnings: Vec<String>,
}

impl Entry {
    /// Puts it into a catalog, all of it or nothing: the version keeps the revision that has it already, or gets the next one, and
    /// config.yml and icon become what they are here. A second time changes nothing. One program at a time writes; another one is
    /// waited for, 20 s.
    ///
    /// # Errors
    /// Nothing was written: Rancher would refuse it, the catalog has the same version otherwise or a higher one, or the catalog
    /// cannot be read or written.
    pub fn put(&self, catalog: &Path) -> Result<Put, EntryError> {
        let (version, findings) = (self.version()?, self.checked()?);
        let root = CatalogRoot::open_whole(catalog)?;
        let renderer = Renderer::new()?;
        let _turn = root.turn(PATIENCE)?;
        let plan = TemplatePlan::new(&root, self.folder.clone(), FIRST, version, |revision| {
            Ok(self.render_by(&renderer, revision)?)
        })?;
        let published: Vec<String> =
            plan.drift().filter(|change| change.published).map(|change| change.path.clone()).collect();
        if !published.is_empty() {
            let (folder, revision) = (plan.folder, plan.revision);
            return Err(EntryError::Published { folder, revision, files: published });
        }
        if let Some(default) = plan.higher_default {
            return Err(EntryError::Lower { folder: plan.folder, default });
        }
        let changes: Vec<&Change> = plan.drift().collect();
        apply(&root, &changes)?;
        let written = changes.iter().map(|change| change.path.clone()).collect();
        Ok(Put { revision: plan.revision, written, findings, warnings: plan.warnings })
    }
}
