//! A value of the model -> its file.

use std::path::Path;

use minijinja::value::Serde;
use minijinja::{Environment, context};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Notes;
use super::RenderError;
use super::templates::{environment, template_error};
use super::verify::verify;
use rancher_catalog::model::{Config, DockerComposeV2, Project, RancherComposeV1, RancherComposeV2, Services};
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
    /// With the compiled-in templates.
    ///
    /// # Errors
    /// None of these; it is of one kind with [`Renderer::with_templates`].
    pub fn new() -> Result<Self, RenderError> {
        Self::with_templates(&[], None)
    }

    /// With more templates than the compiled-in ones, by their names, for [`Renderer::print`]; and with those of a folder, named
    /// as they are, in their place. Delimiters are `<= =>`, `<% %>` and `<# #>`.
    ///
    /// # Errors
    /// A template is wrong; the folder cannot be read, or holds something else.
    pub fn with_templates(more: &[(&'static str, &'static str)], folder: Option<&Path>) -> Result<Self, RenderError> {
        Ok(Self { environment: environment(more, folder)? })
    }

    /// The files of one version, in the folder of that version, with the comments for docker-compose.yml and for
    /// rancher-compose.yml.
    ///
    /// # Errors
    /// As [`Renderer::config`].
    pub fn infra_version(&self, model: &InfraVersion, notes: [&Notes; 2]) -> Result<Vec<RenderedFile>, RenderError> {
        let file = |path: &str, text: String| RenderedFile { path: path.to_owned(), text };
        let [docker_compose, rancher_compose] = notes;
        let mut files = vec![
            file("docker-compose.yml", self.docker_compose(&model.docker_compose, docker_compose)?),
            file("rancher-compose.yml", self.rancher_compose(&model.rancher_compose, rancher_compose)?),
        ];
        files.extend(model.readme.as_ref().map(|text| file("README.md", text.clone())));
        Ok(files)
    }

    /// As [`Renderer::infra_version`], of an environment template.
    ///
    /// # Errors
    /// As [`Renderer::config`].
    pub fn project_version(&self, model: &ProjectVersion) -> Result<Vec<RenderedFile>, RenderError> {
        let file = |path: &str, text: String| RenderedFile { path: path.to_owned(), text };
        Ok(vec![
            file("project.yml", self.project_file(&model.project)?),
            file("rancher-compose.yml", self.rancher_compose(&model.rancher_compose, &Notes::new())?),
        ])
    }

    /// A config.yml.
    ///
    /// # Errors
    /// A template is wrong, or what it printed is not what the model says.
    pub fn config(&self, model: &Config) -> Result<String, RenderError> {
        self.checked("config.yml.j2", "config.yml", model, &Notes::new())
    }

    /// A project.yml.
    ///
    /// # Errors
    /// As [`Renderer::config`].
    pub fn project_file(&self, model: &Project) -> Result<String, RenderError> {
        self.checked("project.yml.j2", "project.yml", model, &Notes::new())
    }

    /// A docker-compose.yml.
    ///
    /// # Errors
    /// As [`Renderer::config`].
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
    /// As [`Renderer::config`].
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

    /// What a template prints of a value, which it sees as `file`, with comments, which it sees as `notes`. Of this nothing is
    /// read back.
    ///
    /// # Errors
    /// The template is wrong, or there is none of that name.
    pub fn print(&self, template: &str, value: &impl Serialize, notes: &Notes) -> Result<String, RenderError> {
        let broken = |error: minijinja::Error| template_error(template, &error);
        let found = self.environment.get_template(template).map_err(broken)?;
        let file = minijinja::Value::from(Serde(value));
        let notes = minijinja::Value::from(Serde(notes));
        found.render(context! { file, notes }).map_err(broken)
    }
}
