//! A file that whoever calls the program named for it: it may stand behind links, and is nothing else than a file. What waits for
//! another program, as a pipe does, is not opened.

use std::fs::{File, FileType};
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

/// Opens it for reading.
///
/// # Errors
/// It cannot be read, or is no file.
pub fn open(path: &Path) -> io::Result<File> {
    match what(path.metadata()?.file_type()) {
        None => File::open(path),
        Some(what) => Err(io::Error::new(io::ErrorKind::InvalidInput, format!("it is {what}, and no file"))),
    }
}

fn what(kind: FileType) -> Option<&'static str> {
    match kind {
        _ if kind.is_file() => None,
        _ if kind.is_dir() => Some("a folder"),
        _ if kind.is_fifo() => Some("a pipe"),
        _ if kind.is_socket() => Some("a socket"),
        _ => Some("a device"),
    }
}
