//! Why a file or folder cannot be read or written, in plain words.

use std::io;

/// The words.
pub fn why(error: &io::Error) -> String {
    let text = error.to_string();
    if error.raw_os_error().is_none() {
        return text;
    }
    match error.kind() {
        io::ErrorKind::NotFound => "it is not there".to_owned(),
        io::ErrorKind::NotADirectory => "a file stands where a folder is wanted".to_owned(),
        io::ErrorKind::PermissionDenied => "it is not allowed".to_owned(),
        _ => text.split(" (os error").next().unwrap_or(&text).to_owned(),
    }
}
