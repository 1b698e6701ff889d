//! What is compared of a file of a catalog, whatever stands in its place.

use std::path::Path;

use crate::beneath::{Beneath, NotRead};
use crate::digest::sha256_of;
use crate::source::MAX_FILE_BYTES;

/// What is to be compared of a file of a template: its content, or what is to be said of what stands in its place. `None`
/// where there is nothing.
pub(crate) fn content(folder: &Path, inside: &Path) -> Option<Vec<u8>> {
    let folder = match Beneath::template(folder) {
        Ok(folder) => folder,
        Err(cause) => return instead(cause),
    };
    match folder.read(inside, MAX_FILE_BYTES) {
        Ok(bytes) => Some(bytes),
        // A larger one is known by its digest, and no line of it is compared.
        Err(NotRead::TooLarge(_)) => {
            let (file, length) = folder.file(inside).ok()?;
            let digest = sha256_of(file).map_or_else(|error| error.to_string(), |(digest, _)| digest);
            Some(format!("({length} bytes, SHA-256 {digest})\n").into_bytes())
        }
        Err(cause) => instead(cause),
    }
}

/// What is said instead of a content.
fn instead(cause: NotRead) -> Option<Vec<u8>> {
    match cause {
        NotRead::Missing => None,
        NotRead::Link(to) => Some(format!("(a symbolic link to {}; it is not followed)\n", to.display()).into_bytes()),
        cause => Some(format!("(not read: {cause})\n").into_bytes()),
    }
}
