//! Model -> text. What a template prints is read back at once and must equal the model that it came from.

mod file;
mod markdown;
mod templates;
mod verify;

pub use file::{RenderedFile, Renderer};
pub use verify::first_difference;

use rancher_catalog::yaml::ReadError;

/// Comments for a rendered file, by the path of the key that each stands above: `services.web.cap_drop`.
/// The key `""` is the head of the file.
pub type Notes = rancher_catalog::IndexMap<String, String>;

/// Why something could not be rendered.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// A folder of templates cannot be read.
    #[error("the templates in {folder} cannot be read: {source}")]
    Templates {
        /// The folder.
        folder: String,
        /// Why.
        source: std::io::Error,
    },
    /// A file among the templates is none.
    #[error("{path} is no template{meant} (known are {known})")]
    UnknownTemplate {
        /// The file.
        path: String,
        /// What may have been meant.
        meant: String,
        /// The names of all.
        known: String,
    },
    /// A template is wrong.
    #[error("template {name}: {detail}")]
    Template {
        /// Its name.
        name: String,
        /// What is wrong, with the line.
        detail: String,
    },
    /// A template printed what cannot be read.
    #[error("template {template} printed a {file} that Rancher cannot read, line {error}\n{text}")]
    Unreadable {
        /// The template.
        template: &'static str,
        /// The file.
        file: String,
        /// Where and why.
        error: ReadError,
        /// The text.
        text: String,
    },
    /// A template printed something else than the model says.
    #[error("template {template} printed a {file} that says something else than the model, at `{path}`")]
    Differs {
        /// The template.
        template: &'static str,
        /// The file.
        file: String,
        /// The first place of difference.
        path: String,
    },
}
