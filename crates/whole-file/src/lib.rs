//! Writing one file whole, or not at all: whoever reads it finds the former or the new one, also after the power was lost.

use std::fs::{File, FileType, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The folder that a file stands in.
pub fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Writes a file for all to read. One that is there keeps its permissions.
///
/// # Errors
/// Its folder is not there, cannot be written or is full; or something else than a file has its name, such as a link or a device.
/// All is then as it was.
pub fn write(file: &Path, content: impl AsRef<[u8]>) -> io::Result<()> {
    let there = file.symlink_metadata().ok();
    if let Some(what) = there.as_ref().and_then(|there| no_file(there.file_type())) {
        let reason = format!("{what} has this name, and would be replaced: name a file, or what is not there yet");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
    }
    let permissions = there.map_or_else(|| Permissions::from_mode(0o644), |there| there.permissions());
    write_as(file, content.as_ref(), permissions)
}

/// Writes a file for its owner alone.
///
/// # Errors
/// As [`write()`].
pub fn write_secret(file: &Path, content: impl AsRef<[u8]>) -> io::Result<()> {
    write_as(file, content.as_ref(), Permissions::from_mode(0o600))
}

fn no_file(kind: FileType) -> Option<&'static str> {
    match kind {
        _ if kind.is_file() => None,
        _ if kind.is_dir() => Some("a folder"),
        _ if kind.is_symlink() => Some("a symbolic link"),
        _ => Some("a device, a pipe or a socket"),
    }
}

fn write_as(file: &Path, content: &[u8], permissions: Permissions) -> io::Result<()> {
    let folder = folder_of(file);
    let mut side = tempfile::NamedTempFile::new_in(folder).map_err(|error| match error.kind() {
        kind @ io::ErrorKind::NotFound => io::Error::new(kind, format!("there is no folder {}", folder.display())),
        _ => error,
    })?;
    side.write_all(content)?;
    side.as_file().set_permissions(permissions)?;
    side.as_file().sync_all()?;
    side.persist(file)?;
    // Else the new name may be lost with the power.
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn mode(file: &Path) -> u32 {
        file.metadata().unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_file_is_written_beside_nothing_else_and_keeps_its_permissions() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("f");
        write(&file, "one").unwrap();
        assert_eq!(mode(&file), 0o644);
        fs::set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
        write(&file, "two").unwrap();
        assert_eq!((mode(&file), fs::read_to_string(&file).unwrap().as_str()), (0o640, "two"));
        write_secret(&file, "three").unwrap();
        assert_eq!((mode(&file), fs::read_dir(folder.path()).unwrap().count()), (0o600, 1));
    }

    #[test]
    fn what_cannot_be_written_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let error = write(&folder.path().join("none/f"), "x").unwrap_err();
        assert!(error.to_string().starts_with("there is no folder ") && error.kind() == io::ErrorKind::NotFound);
        fs::create_dir(folder.path().join("d")).unwrap();
        assert!(write(&folder.path().join("d"), "x").is_err());
        std::os::unix::fs::symlink("d", folder.path().join("link")).unwrap();
        let error = write(&folder.path().join("link"), "x").unwrap_err();
        assert!(error.to_string().starts_with("a symbolic link has this name"), "{error}");
        assert!(write(Path::new("/dev/null"), "x").is_err() && !Path::new("/dev/null").is_file());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
