//! The files of Rancher 1.x catalogs as types, read as Rancher reads them. It knows no Swarm.
//!
//! | module | what it holds |
//! |---|---|
//! | [`yaml`] | YAML as Rancher's Go parser reads it, with places |
//! | [`model`] | the files, typed: pure data |
//! | [`go_template`], [`interpolation`] | templates and variables, as Rancher's compose executor runs them |
//! | [`source`] | a catalog, read without writing |
//! | [`git`] | calls of git, each with a time limit |
//! | [`digest`], [`unified_diff`] | what is told of files |

pub mod digest;
pub mod git;
mod go_encoding;
pub mod go_template;
pub mod interpolation;
pub mod model;
pub mod source;
pub mod unified_diff;
pub mod yaml;
