//! The entries -> their files. What a template prints is read back at once and must equal the model that it came from.

mod entry;

use std::path::Path;

pub use catalog_write::render::{RenderError, RenderedFile, Renderer, first_difference};

/// The template of the entry's README, beside those of the model.
const README: (&str, &str) = ("README.md.j2", include_str!("../../templates/README.md.j2"));

/// A renderer with all compiled-in templates, or those of a folder in their place.
///
/// # Errors
/// The folder or a template in it cannot be read.
pub fn renderer(templates: Option<&Path>) -> Result<Renderer, RenderError> {
    Renderer::with_templates(&[README], templates)
}
