//! Docker Swarm on Rancher 1.x: the catalog entry, generated from a typed model, and what publishes it.
//!
//! | module | what it holds |
//! |---|---|
//! | [`entries`] | the entries that this project publishes |
//! | [`render`] | model -> text, read back and compared |
//! | [`catalog`] | a catalog on disk: revisions, changes, writing |
//! | [`text_edit`] | one value in a file of somebody's changed, and nothing else |
//! | [`bump`] | the next revision of any template |
//! | [`template_tests`] | the tests beside a template |
//! | [`new_template`] | a new template, from an image, a compose file or a model |
//! | [`image_list`] | every image that a version may launch |
//! | [`release`] | the commit and text of a pull request; the image |
//! | [`cli`] | the commands |
//!
//! The crates below it, and which one uses which, are drawn in `docs/architecture.md`.

pub mod bump;
pub mod catalog;
pub mod cli;
pub mod entries;
pub mod image_list;
pub mod new_template;
pub mod release;
pub mod render;
pub mod template_tests;
pub mod text_edit;
