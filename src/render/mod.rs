//! The entries -> their files. What a template prints is read back at once and must equal the model that it came from.

mod entry;

use std::path::Path;

pub use catalog_write::render::{RenderError, RenderedFile, Renderer, first_difference};

/// The template of the entry's README.
const README: &str = "README.md.j2";
/// That of a new template's README.
pub const README_OF_NEW: &str = "new-README.md.j2";
/// That of the icon that a new template has until it gets its own.
pub const ICON_OF_NEW: &str = "new-catalogIcon.svg.j2";
/// The templates beside those of the model.
const MORE: [(&str, &str); 3] = [
    (README, include_str!("../../templates/README.md.j2")),
    (README_OF_NEW, include_str!("../../templates/new-README.md.j2")),
    (ICON_OF_NEW, include_str!("../../templates/new-catalogIcon.svg.j2")),
];

/// A renderer with all compiled-in templates, or those of a folder in their place.
///
/// # Errors
/// The folder or a template in it cannot be read.
pub fn renderer(templates: Option<&Path>) -> Result<Renderer, RenderError> {
    Renderer::with_templates(&MORE, templates)
}
