//! The revisions that a template has in a catalog, and which one a version gets.

use rancher_catalog::model::{RancherCompose, Revision, Version};
use rancher_catalog::yaml::{ReadError, read_as};

use super::{CatalogError, CatalogRoot};

/// A numbered folder of a template.
#[derive(Debug, Clone, PartialEq)]
pub struct PublishedRevision {
    /// Its number.
    pub revision: Revision,
    /// The version in its rancher-compose.yml; `None` if it has none, or cannot be read. Rancher passes over such a
    /// folder, and so its number alone counts.
    pub version: Option<Version>,
    /// Why its rancher-compose.yml cannot be read.
    pub unreadable: Option<ReadError>,
}

/// The revisions of a template.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Revisions(pub Vec<PublishedRevision>);

impl Revisions {
    /// Reads those of the template in a folder, such as `infra-templates/swarm`.
    ///
    /// # Errors
    /// Something in the catalog cannot be read, or is no folder where one should be.
    pub fn read(root: &CatalogRoot, template: &str) -> Result<Self, CatalogError> {
        let mut found = Vec::new();
        for name in root.names(template)? {
            let Some(revision) = Revision::from_folder_name(&name) else { continue };
            // Says so if it is a file or a link.
            root.names(&format!("{template}/{name}"))?;
            let read = match root.read(&format!("{template}/{name}/rancher-compose.yml"))? {
                Some(text) => read_as::<RancherCompose>(&String::from_utf8_lossy(&text)).map(Some),
                None => Ok(None),
            };
            let (file, unreadable) = match read {
                Ok(file) => (file, None),
                Err(error) => (None, Some(error)),
            };
            let version = file.as_ref().and_then(|file| file.catalog()?.version.value().cloned());
            found.push(PublishedRevision { revision, version, unreadable });
        }
        found.sort_by_key(|published| published.revision);
        Ok(Self(found))
    }

    /// The revision that already has a version.
    pub fn of_version(&self, version: &Version) -> Option<Revision> {
        let holds = |published: &&PublishedRevision| {
            published.version.as_ref().is_some_and(|found| found.text() == version.text())
        };
        self.0.iter().rev().find(holds).map(|published| published.revision)
    }

    /// The revision that a new version gets: one more than the highest, or the given one if there is none.
    pub fn next(&self, first: Revision) -> Revision {
        self.0.last().map_or(first, |highest| highest.revision.next())
    }
}
