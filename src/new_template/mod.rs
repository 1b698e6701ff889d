//! A new template: from an image, from a plain compose file, or from a model; one that `check --strict` has nothing against.
//!
//! All ways lead through a `Draft` (`draft.rs`), whose questions, services and sections become the files of a template
//! (`files`); what Rancher would refuse of it is taken out beforehand, and told (`judged`).

mod draft;
mod files;
mod from_compose;
mod from_image;
mod health_check;
mod image_variables;
mod judged;
mod name;
mod plan;
mod port;
mod questions;
mod remark;
mod secret_names;
mod secret_text;
mod skeleton;
mod templated;
mod wishes;

pub use health_check::HealthCheck;
pub use name::{Kind, TemplateName};
pub use plan::{NewPlan, plan, write};
pub use port::Port;
pub use remark::{Remark, What};
pub use wishes::{About, Image, Named, Pair, Parts, Source, Wishes};

use std::path::PathBuf;

use crate::catalog::CatalogError;
use crate::release::layout::OciError;
use crate::render::RenderError;
use catalog_check::Finding;
use catalog_write::AsideError;

/// Why there is no new template.
#[derive(Debug, thiserror::Error)]
pub enum NewError {
    /// What was asked for means nothing here, or something is missing.
    #[error("{0}")]
    Asked(String),
    /// Rancher would refuse what comes of it.
    #[error("Rancher would refuse the template: {}", .0.iter().map(said).collect::<Vec<_>>().join("; "))]
    Refused(Vec<Finding>),
    /// The template is there already.
    #[error(
        "{folder} is there already: `gen-catalog bump {folder}` makes its next revision, and a new template needs another name"
    )]
    There {
        /// Its folder in the catalog.
        folder: String,
    },
    /// A file cannot be read.
    #[error("cannot read {}: {reason}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// A file is not what it should be.
    #[error("{0}")]
    Wrong(String),
    /// An image on disk cannot be used.
    #[error(transparent)]
    Image(#[from] OciError),
    /// The catalog cannot be read or written.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The files cannot be rendered.
    #[error(transparent)]
    Render(#[from] RenderError),
}

fn said(finding: &Finding) -> String {
    format!("{}: {}", finding.place(), finding.message)
}

impl From<AsideError> for NewError {
    fn from(AsideError { path, reason }: AsideError) -> Self {
        Self::Unreadable { path, reason: reason.to_string() }
    }
}
