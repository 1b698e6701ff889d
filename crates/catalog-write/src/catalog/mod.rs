//! A catalog on disk: which revisions it has, what a version would change in it, and writing that all or nothing.

mod change;
mod exchange;
mod revisions;
mod root;
mod template_plan;
mod write;

use std::io;
use std::path::{Path, PathBuf};

pub use change::{Change, ChangeKind};
pub use revisions::{PublishedRevision, Revisions};
pub use root::CatalogRoot;
pub use template_plan::{TemplatePlan, default_version};
pub use write::{apply, clean_up};

use crate::render::RenderError;

/// Why a catalog cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// The catalog is not there.
    #[error("there is no catalog at {}: name another, or make the folder first", .0.display())]
    Missing(PathBuf),
    /// It is a folder within a catalog.
    #[error("{} is a folder within a catalog: name the catalog itself, which is {}", folder.display(), catalog.display())]
    Within {
        /// What was named.
        folder: PathBuf,
        /// The catalog.
        catalog: PathBuf,
    },
    /// Something else stands where a folder should be.
    #[error("{} is not a folder: move what is there out of the way", .0.display())]
    NotAFolder(PathBuf),
    /// Something else stands where a file should be.
    #[error("{} is not a file: move what is there out of the way", .0.display())]
    NotAFile(PathBuf),
    /// A symbolic link stands on the way.
    #[error("{} is a symbolic link; a catalog is written into real files and folders alone, lest something outside it changes", .0.display())]
    SymbolicLink(PathBuf),
    /// Another run is writing, by this crate or by `gen-catalog`.
    #[error("another gen-catalog is writing into this catalog, or a program with its library ({} is locked): wait until it has ended", .0.display())]
    Busy(PathBuf),
    /// Somebody's file stands where files are written before they are moved into place.
    #[error("{} stands where gen-catalog writes for a moment, and was put there by another: move it away", .0.display())]
    NotOurs(PathBuf),
    /// What is to be replaced is not what was read.
    #[error("another program has changed {} meanwhile: run again", .0.display())]
    Changed(PathBuf),
    /// The operating system refuses.
    #[error("cannot {action} {}: {reason}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        reason: io::Error,
    },
    /// Writing failed half-way and so did undoing it.
    #[error("{cause}; undoing what was written before failed too ({undo}): what was there before is in {}", kept.display())]
    HalfWritten {
        /// The first failure.
        cause: Box<CatalogError>,
        /// The failure of the undoing.
        undo: io::Error,
        /// Where the former files are.
        kept: PathBuf,
    },
    /// An entry cannot be rendered.
    #[error(transparent)]
    Render(#[from] RenderError),
}

fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> CatalogError {
    move |reason| CatalogError::Io { action, path: path.to_owned(), reason }
}
