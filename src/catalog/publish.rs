//! What publishing an entry into a catalog would change.

use crate::entries::Publication;
use crate::render::Renderer;
use rancher_catalog::model::Version;

use super::{CatalogError, CatalogRoot, Change, TemplatePlan};

/// All that a publication would change in a catalog.
#[derive(Debug, Clone, PartialEq)]
pub struct PublishPlan {
    /// The infra-template.
    pub infra: TemplatePlan,
    /// The environment template.
    pub project: TemplatePlan,
}

impl PublishPlan {
    /// All files.
    pub fn changes(&self) -> impl Iterator<Item = &Change> {
        self.infra.changes.iter().chain(&self.project.changes)
    }

    /// The files that are not as they shall be.
    pub fn drift(&self) -> impl Iterator<Item = &Change> {
        self.infra.drift().chain(self.project.drift())
    }

    /// The templates whose default version would become a lower one, each with the present one.
    pub fn lower(&self) -> Vec<(&str, &Version)> {
        let templates = [&self.infra, &self.project].into_iter();
        templates.filter_map(|template| Some((template.folder.as_str(), template.higher_default.as_ref()?))).collect()
    }

    /// The files of a version that is published already, but differs.
    pub fn published_drift(&self) -> impl Iterator<Item = &Change> {
        self.drift().filter(|change| change.published)
    }
}

/// Renders a publication for a catalog as it is.
///
/// # Errors
/// The catalog cannot be read, or the publication cannot be rendered.
pub fn plan(root: &CatalogRoot, publication: &Publication, renderer: &Renderer) -> Result<PublishPlan, CatalogError> {
    let (infra, project) = (&publication.infra, &publication.project);
    Ok(PublishPlan {
        infra: TemplatePlan::new(
            root,
            format!("infra-templates/{}", infra.folder),
            infra.first_revision,
            &publication.version,
            |revision| Ok(infra.render(renderer, revision)?),
        )?,
        project: TemplatePlan::new(
            root,
            format!("project-templates/{}", project.folder),
            project.first_revision,
            &publication.version,
            |revision| Ok(project.render(renderer, revision)?),
        )?,
    })
}
