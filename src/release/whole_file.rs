//! Writing one file whole, or not at all.

use std::io::{self, Write};
use std::path::Path;

/// The folder that a file stands in.
pub fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Writes a file to the side and renames it into place: whoever reads it finds the former or the new one.
///
/// # Errors
/// Its folder is not there or cannot be written.
pub fn write(file: &Path, content: impl AsRef<[u8]>) -> io::Result<()> {
    let mut builder = tempfile::Builder::new();
    // A temporary file is its owner's alone; what is written here is for others to read.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    let mut temporary = builder.tempfile_in(folder_of(file))?;
    temporary.write_all(content.as_ref())?;
    temporary.as_file().sync_all()?;
    temporary.persist(file)?;
    Ok(())
}
