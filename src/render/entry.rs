//! The entries that this project publishes -> their files.

use super::{README, RenderError, RenderedFile, Renderer};
use crate::entries::{InfraEntry, Notes, ProjectEntry};
use catalog_write::Entry;
use rancher_catalog::model::{InfraVersion, Revision};

impl InfraEntry {
    /// Its files, where its version gets the given revision.
    ///
    /// # Errors
    /// A template is wrong, or what it printed is not what the model says.
    pub fn render(&self, renderer: &Renderer, revision: Revision) -> Result<Vec<RenderedFile>, RenderError> {
        let readme = renderer.print(README, &self.readme, &Notes::new())?;
        let entry = Entry {
            folder: format!("infra-templates/{}", self.folder),
            config: self.config.clone(),
            version: InfraVersion { readme: Some(readme), ..self.version.clone() },
            icon: Some(self.icon.clone()),
            docker_compose_notes: self.docker_compose_notes.clone(),
            rancher_compose_notes: self.rancher_compose_notes.clone(),
        };
        entry.render_by(renderer, revision)
    }
}

impl ProjectEntry {
    /// As [`InfraEntry::render`].
    ///
    /// # Errors
    /// As there.
    pub fn render(&self, renderer: &Renderer, revision: Revision) -> Result<Vec<RenderedFile>, RenderError> {
        let folder = format!("project-templates/{}", self.folder);
        let place = |name: String| format!("{folder}/{name}");
        let of_version = renderer.project_version(&self.version)?;
        let mut files: Vec<RenderedFile> = of_version
            .into_iter()
            .map(|file| RenderedFile { path: place(format!("{revision}/{}", file.path)), text: file.text })
            .collect();
        files.push(RenderedFile { path: place("config.yml".to_owned()), text: renderer.config(&self.config)? });
        Ok(files)
    }
}
