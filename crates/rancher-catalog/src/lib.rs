//! The files of Rancher 1.x catalogs as types, read as Rancher reads them. It knows no Swarm.
//!
//! | module | what it holds |
//! |---|---|
//! | [`yaml`] | YAML as Rancher's Go parser reads it, with places |
//! | [`model`] | the files, typed: pure data |
//! | [`schema`] | the JSON schemas of the model |
//! | [`go_template`], [`interpolation`] | templates and variables, as Rancher's compose executor runs them |
//! | [`catalog_service`] | what the catalog service makes of the files: what it refuses, what it offers to whom |
//! | [`source`] | a catalog, read without writing |
//! | [`tests_folder`] | where the tests of a template lie |
//! | [`beneath`] | the one way to a file of a catalog: never over a link |
//! | [`git`] | a clone, with nothing run that it is set to |
//! | [`limited_child`] | the one way to run a program: with a time limit |
//! | [`digest`], [`unified_diff`] | what is told of files |
//! | [`hidden`] | characters that act instead of being seen |

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
pub mod limited_child;
pub mod listed_templates;
pub mod model;
mod renderings;
pub mod schema;
pub mod source;
mod template_folders;
pub mod tests_folder;
pub mod unified_diff;
mod utf16;
mod walk;
pub mod yaml;
