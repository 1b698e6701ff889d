//! The folder of a catalog, and safe ways into it.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::{CatalogError, io_error};
use rancher_catalog::beneath::{Beneath, NotRead};
use rancher_catalog::source::{MAX_FILE_BYTES, catalog_above};

/// A catalog's folder. Every path below it is reached over real folders alone.
#[derive(Debug, Clone)]
pub struct CatalogRoot {
    folder: PathBuf,
}

impl CatalogRoot {
    /// Opens a catalog.
    ///
    /// # Errors
    /// It is not there, is no folder or cannot be looked at.
    pub fn open(folder: &Path) -> Result<Self, CatalogError> {
        match fs::metadata(folder) {
            Ok(found) if found.is_dir() => Ok(Self { folder: folder.to_owned() }),
            Ok(_) => Err(CatalogError::NotAFolder(folder.to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(CatalogError::Missing(folder.to_owned())),
            Err(error) => Err(io_error("look at", folder)(error)),
        }
    }

    /// Opens a whole catalog, and no folder within one.
    ///
    /// # Errors
    /// As [`CatalogRoot::open`]; and it is one of templates, of a template or of a version.
    pub fn open_whole(folder: &Path) -> Result<Self, CatalogError> {
        let root = Self::open(folder)?;
        match catalog_above(folder) {
            Some(catalog) => Err(CatalogError::Within { folder: folder.to_owned(), catalog }),
            None => Ok(root),
        }
    }

    /// Waits for the turn to read it and write what comes of that; it lasts as long as what is given. Nothing is written for
    /// it, and who only reads needs none.
    ///
    /// # Errors
    /// Others have it for too long, or the folder cannot be opened.
    pub fn turn(&self, patience: Duration) -> Result<File, CatalogError> {
        let start = Instant::now();
        let folder = File::open(&self.folder).map_err(io_error("open", &self.folder))?;
        loop {
            match folder.try_lock() {
                Ok(()) => return Ok(folder),
                Err(TryLockError::WouldBlock) if start.elapsed() < patience => sleep(Duration::from_millis(10)),
                Err(TryLockError::WouldBlock) => return Err(CatalogError::Busy(self.folder.clone())),
                Err(TryLockError::Error(error)) => return Err(io_error("lock", &self.folder)(error)),
            }
        }
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The full path of a file or folder in it; what is on the way there may be missing, but is no link and no file.
    ///
    /// # Errors
    /// A symbolic link or a file stands on the way.
    pub fn path(&self, relative: &str) -> Result<PathBuf, CatalogError> {
        let mut path = self.folder.clone();
        let mut parts = relative.split('/').peekable();
        while let Some(part) = parts.next() {
            path.push(part);
            match fs::symlink_metadata(&path) {
                Ok(found) if found.is_symlink() => return Err(CatalogError::SymbolicLink(path)),
                Ok(found) if parts.peek().is_some() && !found.is_dir() => return Err(CatalogError::NotAFolder(path)),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(io_error("look at", &path)(error)),
            }
        }
        Ok(path)
    }

    /// The content of a file; `None` where there is none.
    ///
    /// # Errors
    /// It is no file, or cannot be read.
    pub fn read(&self, relative: &str) -> Result<Option<Vec<u8>>, CatalogError> {
        let path = self.path(relative)?;
        let read = Beneath::open(&self.folder).and_then(|root| root.read(Path::new(relative), MAX_FILE_BYTES));
        match read {
            Ok(bytes) => Ok(Some(bytes)),
            Err(NotRead::Missing) => Ok(None),
            Err(NotRead::Link(_)) => Err(CatalogError::SymbolicLink(path)),
            Err(NotRead::NoFile(_)) => Err(CatalogError::NotAFile(path)),
            Err(cause @ (NotRead::TooLarge(_) | NotRead::Failed(_))) => Err(io_error("read", &path)(cause.into())),
        }
    }

    /// The names in a folder, sorted; none where there is no such folder.
    ///
    /// # Errors
    /// It is no folder, or cannot be read.
    pub fn names(&self, relative: &str) -> Result<Vec<String>, CatalogError> {
        let path = self.path(relative)?;
        match Beneath::open(&self.folder).and_then(|root| root.entries(Path::new(relative))) {
            Ok(entries) => Ok(entries.into_iter().map(|(name, _)| name.to_string_lossy().into_owned()).collect()),
            Err(NotRead::Missing) => Ok(Vec::new()),
            Err(NotRead::Link(_)) => Err(CatalogError::SymbolicLink(path)),
            Err(NotRead::NoFile(_)) => Err(CatalogError::NotAFolder(path)),
            Err(cause @ (NotRead::TooLarge(_) | NotRead::Failed(_))) => Err(io_error("read", &path)(cause.into())),
        }
    }
}
