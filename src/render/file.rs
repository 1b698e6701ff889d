//! An entry -> its files.

use std::path::Path;

use minijinja::value::Serde;
use minijinja::{Environment, context};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::RenderError;
use super::templates::{environment, template_error};
use super::verify::verify;
use crate::entries::{InfraEntry, Notes, ProjectEntry};
use rancher_catalog::model::{
    Config, DockerComposeV2, Project, RancherComposeV1, RancherComposeV2, Revision, Services,
};
use rancher_catalog::model::{DockerCompose, InfraVersion, ProjectVersion, RancherCompose};

/// A file of a catalog, rendered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RenderedFile {
    /// Its path in the catalog, with `/`.
    pub path: String,
    /// Its content.
    pub text: String,
}

/// Renders models through the templates.
pub struct Renderer {
    environment: Environment<'static>,
}

impl Renderer {
    /// With the compiled-in templates, or those of a folder in their place.
    ///
    /// # Errors
    /// The folder or a template in it cannot be read.
    pub fn new(templates: Option<&Path>) -> Result<Self, RenderError> {
        Ok(Self { environment: environment(templates)? })
    }

    /// The files of one version, in the folder of that version.
    ///
    /// # Errors
    /// As [`Renderer::infra`].
    pub fn infra_version(&self, model: &InfraVersion) -> Result<Vec<RenderedFile>, RenderError> {
        let file = |path: &str, text: String| RenderedFile { path: path.to_owned(), text };
        let none = Notes::new();
        let mut files = vec![
            file("docker-compose.yml", self.docker_compose(&model.docker_compose, &none)?),
            file("rancher-compose.yml", self.rancher_compose(&model.rancher_compose, &none)?),
        ];
        files.extend(model.readme.as_ref().map(|text| file("README.md", text.clone())));
        Ok(files)
    }

    /// As [`Renderer::infra_version`], of an environment template.
    ///
    /// # Errors
    /// As [`Renderer::infra`].
    pub fn project_version(&self, model: &ProjectVersion) -> Result<Vec<RenderedFile>, RenderError> {
        let file = |path: &str, text: String| RenderedFile { path: path.to_owned(), text };
        Ok(vec![
            file("project.yml", self.project_file(&model.project)?),
            file("rancher-compose.yml", self.rancher_compose(&model.rancher_compose, &Notes::new())?),
        ])
    }

    /// The files of an infra-template whose version gets the given revision.
    ///
    /// # Errors
    /// A template is wrong, or what it printed is not what the model says.
    pub fn infra(&self, entry: &InfraEntry, revision: Revision) -> Result<Vec<RenderedFile>, RenderError> {
        let folder = format!("infra-templates/{}", entry.folder);
        let file = |name: &str, text: String| RenderedFile { path: format!("{folder}/{name}"), text };
        Ok(vec![
            file(
                &format!("{revision}/docker-compose.yml"),
                self.docker_compose(&entry.version.docker_compose, &entry.docker_compose_notes)?,
            ),
            file(
                &format!("{revision}/rancher-compose.yml"),
                self.rancher_compose(&entry.version.rancher_compose, &entry.rancher_compose_notes)?,
            ),
            file(&format!("{revision}/README.md"), self.print("README.md.j2", &entry.readme, &Notes::new())?),
            file(&format!("catalogIcon-{}.svg", entry.folder), entry.icon.clone()),
            file("config.yml", self.config(&entry.config)?),
        ])
    }

    /// The files of an environment template whose version gets the given revision.
    ///
    /// # Errors
    /// As [`Renderer::infra`].
    pub fn project(&self, entry: &ProjectEntry, revision: Revision) -> Result<Vec<RenderedFile>, RenderError> {
        let folder = format!("project-templates/{}", entry.folder);
        let file = |name: &str, text: String| RenderedFile { path: format!("{folder}/{name}"), text };
        Ok(vec![
            file(&format!("{revision}/project.yml"), self.project_file(&entry.version.project)?),
            file(
                &format!("{revision}/rancher-compose.yml"),
                self.rancher_compose(&entry.version.rancher_compose, &Notes::new())?,
            ),
            file("config.yml", self.config(&entry.config)?),
        ])
    }

    /// A config.yml.
    ///
    /// # Errors
    /// As [`Renderer::infra`].
    pub fn config(&self, model: &Config) -> Result<String, RenderError> {
        self.checked("config.yml.j2", "config.yml", model, &Notes::new())
    }

    /// The README.md of a new template.
    ///
    /// # Errors
    /// The template is wrong.
    pub fn readme_of_new(&self, facts: &impl Serialize) -> Result<String, RenderError> {
        self.print("new-README.md.j2", facts, &Notes::new())
    }

    /// A placeholder for the icon of a new template.
    ///
    /// # Errors
    /// The template is wrong.
    pub fn icon_of_new(&self, facts: &impl Serialize) -> Result<String, RenderError> {
        self.print("new-catalogIcon.svg.j2", facts, &Notes::new())
    }

    /// A project.yml.
    ///
    /// # Errors
    /// As [`Renderer::infra`].
    pub fn project_file(&self, model: &Project) -> Result<String, RenderError> {
        self.checked("project.yml.j2", "project.yml", model, &Notes::new())
    }

    /// A docker-compose.yml.
    ///
    /// # Errors
    /// As [`Renderer::infra`].
    pub fn docker_compose(&self, model: &DockerCompose, notes: &Notes) -> Result<String, RenderError> {
        let (template, file) = ("docker-compose.yml.j2", "docker-compose.yml");
        match model {
            DockerCompose::V1(services) => self.checked::<Services>(template, file, services, notes),
            DockerCompose::V2(compose) => self.checked::<DockerComposeV2>(template, file, compose, notes),
        }
    }

    /// A rancher-compose.yml.
    ///
    /// # Errors
    /// As [`Renderer::infra`].
    pub fn rancher_compose(&self, model: &RancherCompose, notes: &Notes) -> Result<String, RenderError> {
        let (template, file) = ("rancher-compose.yml.j2", "rancher-compose.yml");
        match model {
            RancherCompose::V1(compose) => self.checked::<RancherComposeV1>(template, file, compose, notes),
            RancherCompose::V2(compose) => self.checked::<RancherComposeV2>(template, file, compose, notes),
        }
    }

    fn checked<T: Serialize + DeserializeOwned + PartialEq + Send>(
        &self,
        template: &'static str,
        file: &str,
        model: &T,
        notes: &Notes,
    ) -> Result<String, RenderError> {
        let value = serde_yaml::to_value(model)
            .map_err(|error| RenderError::Template { name: template.to_owned(), detail: error.to_string() })?;
        let text = self.print(template, &value, notes)?;
        verify(template, file, &text, model, &value)?;
        Ok(text)
    }

    fn print(&self, template: &str, value: &impl Serialize, notes: &Notes) -> Result<String, RenderError> {
        let broken = |error: minijinja::Error| template_error(template, &error);
        let found = self.environment.get_template(template).map_err(broken)?;
        let file = minijinja::Value::from(Serde(value));
        let notes = minijinja::Value::from(Serde(notes));
        found.render(context! { file, notes }).map_err(broken)
    }
}
