#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod beneath;
pub mod catalog_service;
mod compared_content;
mod deep_stack;
pub mod digest;
pub mod git;
mod go_encoding;
pub mod go_template;
pub mod hidden;
pub mod interpolation;
pub mod launch;
pub mod launched;
pub mod limited_child;
pub mod listed_templates;
pub mod model;
pub mod regular_file;
mod renderings;
pub mod schema;
pub mod source;
mod template_folders;
pub mod temporary_folder;
pub mod tests_folder;
pub mod unified_diff;
mod utf16;
mod walk;
pub mod yaml;

/// The map of the model: it keeps the order in which keys were given.
pub use indexmap::IndexMap;
