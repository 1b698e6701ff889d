//! What putting a version into a template of a catalog would change.

use crate::render::RenderedFile;
use rancher_catalog::model::{Config, Revision, Version};
use rancher_catalog::yaml::read_as;

use super::{CatalogError, CatalogRoot, Change, ChangeKind, Revisions};

/// What would change in one template.
#[derive(Debug, Clone, PartialEq)]
pub struct TemplatePlan {
    /// Its folder in the catalog, such as `infra-templates/swarm`.
    pub folder: String,
    /// The revision of the version.
    pub revision: Revision,
    /// Whether the catalog has this version already.
    pub published: bool,
    /// Its files, config.yml last: a catalog is never seen with a default version that is not there yet.
    pub changes: Vec<Change>,
    /// The default version that the catalog has now, if that is higher.
    pub higher_default: Option<Version>,
    /// What its author should look at, though it is no reason to stop.
    pub warnings: Vec<String>,
}

impl TemplatePlan {
    /// Plans it: the version keeps the revision that has it already, else gets the one after the highest, or `first` where the
    /// template has none.
    ///
    /// # Errors
    /// The catalog cannot be read, or the version cannot be rendered.
    pub fn new(
        root: &CatalogRoot,
        folder: String,
        first: Revision,
        version: &Version,
        render: impl FnOnce(Revision) -> Result<Vec<RenderedFile>, CatalogError>,
    ) -> Result<Self, CatalogError> {
        let revisions = Revisions::read(root, &folder)?;
        let of_version = revisions.of_version(version);
        let revision = of_version.unwrap_or_else(|| revisions.next(first));
        let version_folder = format!("{folder}/{revision}");
        let mut changes = Vec::new();
        for file in render(revision)? {
            let published = of_version.is_some() && file.path.starts_with(&format!("{version_folder}/"));
            changes.push(Change {
                before: root.read(&file.path)?,
                path: file.path,
                after: Some(file.text.into_bytes()),
                executable: false,
                published,
            });
        }
        if of_version.is_some() {
            for name in root.names(&version_folder)? {
                let path = format!("{version_folder}/{name}");
                if !changes.iter().any(|change| change.path == path) {
                    changes.push(Change {
                        before: root.read(&path)?.or(Some(Vec::new())),
                        path,
                        after: None,
                        executable: false,
                        published: true,
                    });
                }
            }
        }
        let mut warnings: Vec<String> = revisions
            .0
            .iter()
            .filter_map(|published| {
                let error = published.unreadable.as_ref()?;
                let file = format!("{folder}/{}/rancher-compose.yml", published.revision);
                Some(format!("{file}:{error}; Rancher passes over this version"))
            })
            .collect();
        let icons: Vec<&str> =
            changes.iter().filter_map(|change| change.path.rsplit('/').next()).filter(|name| is_icon(name)).collect();
        for name in root.names(&folder)? {
            if is_icon(&name) && !icons.is_empty() && !icons.contains(&name.as_str()) {
                warnings.push(format!("{folder}/{name}: of several icons Rancher shows the one that it finds last"));
            }
        }
        let default = default_version(root, &folder)?;
        let higher_default = default.filter(|default| version.cmp_as_rancher(default).is_lt());
        Ok(Self { folder, revision, published: of_version.is_some(), changes, higher_default, warnings })
    }

    /// The files that are not as they shall be.
    pub fn drift(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| change.kind() != ChangeKind::Same)
    }
}

/// The version that a template's config.yml names; of one that cannot be read none.
pub fn default_version(root: &CatalogRoot, folder: &str) -> Result<Option<Version>, CatalogError> {
    let separator = if folder.is_empty() { "" } else { "/" };
    let text = root.read(&format!("{folder}{separator}config.yml"))?.unwrap_or_default();
    let config = read_as::<Config>(&String::from_utf8_lossy(&text)).ok();
    Ok(config.and_then(|config| config.version.value().cloned()))
}

/// The names that catalog-service takes for a template's icon.
fn is_icon(name: &str) -> bool {
    name.starts_with("catalogIcon") || name.starts_with("icon")
}
