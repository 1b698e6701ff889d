//! image.lock: the digest of the image that was built for this version.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use rancher_catalog::model::ImageReference;
use rancher_catalog::regular_file;

/// The file's name, where commands look for it: in the working folder, as that of the project.
pub const FILE_NAME: &str = "image.lock";
/// The most that is read of it.
const MAX_BYTES: u64 = 64 << 10;

/// The content of image.lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageLock {
    /// The version that the image is of.
    pub version: String,
    /// The digest of its index or manifest, as a registry has it.
    pub digest: String,
    /// What the digest is of.
    pub media_type: String,
    /// The platforms that it runs on.
    pub platforms: Vec<String>,
    /// Whether it has layers that are not compressed: then a registry has this digest only if the image is pushed
    /// exactly as it is.
    #[serde(default)]
    pub uncompressed_layers: bool,
}

/// Why an image.lock cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// It cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It is not of this form.
    #[error("{}: {reason}; make it anew with `gen-catalog lock`, or pass it over with --no-lock", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// It is of another version.
    #[error("{} is of version {found}, and this program is {wanted}: make it anew with `gen-catalog lock`, or pass it over with --no-lock", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// The version in it.
        found: String,
        /// The version of this program.
        wanted: &'static str,
    },
}

impl ImageLock {
    /// Reads a file; `None` where there is none.
    ///
    /// # Errors
    /// It cannot be read, or is not of this form.
    pub fn read(path: &Path) -> Result<Option<Self>, LockError> {
        let fail = |source| LockError::Io { path: path.to_owned(), source };
        let file = match regular_file::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(fail(error)),
        };
        let mut bytes = Vec::new();
        file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(fail)?;
        let form = |reason: String| LockError::Form { path: path.to_owned(), reason };
        if bytes.len() as u64 > MAX_BYTES {
            return Err(form(format!("it has more than {MAX_BYTES} bytes")));
        }
        let text = String::from_utf8(bytes).map_err(|_| form("it is not UTF-8 text".to_owned()))?;
        Self::from_text(&text).map(Some).map_err(form)
    }

    /// Reads its text.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn from_text(text: &str) -> Result<Self, String> {
        let lock: Self = toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())?;
        ImageReference::check_digest(&lock.digest).map_err(|error| error.to_string())?;
        Ok(lock)
    }

    /// Its text.
    pub fn text(&self) -> String {
        // Strings, a list of strings and a boolean: there is nothing in it that TOML could not hold.
        let values = toml::to_string(self).unwrap_or_default();
        format!("# The image of this version by its digest. Written by `gen-catalog lock`.\n{values}")
    }

    /// Refuses one of another version.
    ///
    /// # Errors
    /// It is.
    pub fn of_this_version(self, path: &Path) -> Result<Self, LockError> {
        let wanted = env!("CARGO_PKG_VERSION");
        if self.version == wanted {
            return Ok(self);
        }
        Err(LockError::Version { path: path.to_owned(), found: self.version, wanted })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_the_same() {
        let lock = ImageLock {
            version: "2.0.0".to_owned(),
            digest: format!("sha256:{}", "0".repeat(64)),
            media_type: "a\"b\\\u{7f}".to_owned(),
            platforms: vec!["linux/amd64".to_owned(), String::new()],
            uncompressed_layers: true,
        };
        assert_eq!(ImageLock::from_text(&lock.text()), Ok(lock));
    }
}
