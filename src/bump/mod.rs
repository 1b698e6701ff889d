//! The next revision of any template: the newest one copied, with new images and a new version, and nothing else changed.

mod copied;
mod image_wish;
mod images;
mod maker;
mod mention;
mod new_errors;
mod next_version;
mod numbering;
mod plan;
mod request;
mod rewrite;
mod setting;
mod swapped;
mod template;
mod version_places;
mod wanted_version;

pub use image_wish::ImageWish;
pub use next_version::Part;
pub use plan::{BumpPlan, FilePair, ImageChange, VersionWish, Wishes, plan};
pub use request::request;
pub use setting::Setting;
pub use template::{Place, find};

use std::path::PathBuf;

use crate::catalog::CatalogError;
use crate::text_edit::EditError;
use catalog_check::config::ConfigError;
use catalog_write::AsideError;

/// Why there is no next revision.
#[derive(Debug, thiserror::Error)]
pub enum BumpError {
    /// The template is in a state in which none is made.
    #[error("{0}")]
    Refused(String),
    /// It was done before.
    #[error("nothing would change: {0}")]
    Done(String),
    /// What was asked for means nothing here.
    #[error("{0}")]
    Asked(String),
    /// A file cannot be changed as was asked for.
    #[error("{path}: {error}; change it by hand")]
    Edit {
        /// The file, by its path in the catalog.
        path: String,
        /// Why not.
        error: EditError,
    },
    /// The catalog cannot be read or written.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// A gen-catalog.toml cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Something cannot be read.
    #[error("cannot use {}: {reason}", path.display())]
    Io {
        /// What.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
}

impl From<AsideError> for BumpError {
    fn from(AsideError { path, reason }: AsideError) -> Self {
        Self::Io { path, reason: reason.to_string() }
    }
}
