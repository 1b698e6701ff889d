//! From a version to a pull request of a catalog: what a version changes for those who run it, the commit, its text.
//!
//! A release never touches the clone's work tree, index or HEAD. It takes what it builds upon out of git into a folder
//! of its own, renders and checks there, makes the commit from git's plumbing, and then moves one branch from what it
//! was seen to be to that commit. Whenever it is killed, the clone is as it was, or has the whole release.

pub mod agreement;
pub mod auditable;
pub mod base;
pub mod commit;
pub mod described_image;
mod docker_load;
pub mod edit;
pub mod execute;
pub mod image_lock;
pub mod image_provenance;
pub mod layout;
pub mod licences;
pub mod oci;
mod one_reading;
pub mod pack;
pub mod plan;
pub mod provenance;
pub mod publish;
pub mod pull_request;
pub mod refusal;
pub mod sbom;
pub mod signing;
pub mod unpack;
pub mod upon_branch;

use std::io;
use std::path::PathBuf;

use crate::catalog::CatalogError;
use catalog_check::config::ConfigError;
use rancher_catalog::git::GitError;

pub use refusal::Refusal;

/// Why there is no release.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// The clone or the catalog is in a state in which nothing is released.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Git failed.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The catalog cannot be read, or the entry cannot be rendered.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The catalog's gen-catalog.toml cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Something cannot be read or written.
    #[error("cannot use {}: {source}", path.display())]
    Io {
        /// What.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}
