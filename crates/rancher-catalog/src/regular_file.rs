//! A file that whoever calls the program named for it: it may stand behind links, and is nothing else than a file. What waits for
//! another program, as a pipe does, is not opened.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::FileType;

use crate::beneath;

/// Opens it for reading.
///
/// # Errors
/// It cannot be read, or is no file.
pub fn open(path: &Path) -> io::Result<File> {
    match FileType::from_raw_mode(path.metadata()?.mode()) {
        FileType::RegularFile => File::open(path),
        other => {
            let reason = format!("it is {}, and no file", beneath::name(other));
            Err(io::Error::new(io::ErrorKind::InvalidInput, reason))
        }
    }
}
