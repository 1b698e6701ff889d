//! Docker Swarm on Rancher 1.x: the catalog entry, generated from a typed model, and the daemon that it deploys.
//!
//! One package, as the two must never disagree: a question of the entry becomes a variable that the daemon reads, the
//! port of its health check is the one on which the daemon answers, its image tag is the daemon's version. Each of
//! these is written once, in [`monitor::settings`], and the entry is derived from it.
//!
//! | module | what it holds |
//! |---|---|
//! | `model` | the typed catalog: pure data |
//! | `yaml` | YAML as Rancher reads it, with places |
//! | `entries` | the entries that this project publishes |
//! | `render` | model -> text, read back and compared |
//! | `catalog` | a catalog on disk: revisions, changes, writing |
//! | `go_template`, `interpolation` | Go templates and variables, as Rancher's compose executor runs them |
//! | `git` | calls of git, each with a time limit |
//! | `check` | the rules, and what they find |
//! | `release` | what a version changes, the commit and text of a pull request |
//! | `cli` | the commands of `gen-catalog` |
//! | [`monitor`] | the daemon |
//! | [`built_from`] | the versions and the commit of this build |
//!
//! Dependencies point one way: `cli -> release -> check -> catalog -> render -> entries -> model -> yaml`, and
//! `entries -> monitor::settings`. `monitor` knows nothing of catalogs. The features `generator` and `monitor` each build
//! alone. `docs/architecture.md` has a diagram.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod built_from;
#[cfg(feature = "generator")]
pub mod catalog;
#[cfg(feature = "generator")]
pub mod check;
#[cfg(feature = "generator")]
pub mod cli;
#[cfg(feature = "generator")]
pub mod entries;
#[cfg(feature = "generator")]
pub mod git;
#[cfg(feature = "generator")]
pub mod go_template;
#[cfg(feature = "generator")]
pub mod interpolation;
#[cfg(feature = "generator")]
pub mod model;
pub mod monitor;
#[cfg(feature = "generator")]
pub mod release;
#[cfg(feature = "generator")]
pub mod render;
#[cfg(feature = "generator")]
pub mod yaml;
