//! Several changes in one folder, all at once: a second folder is made of the same files and the new ones, and the two
//! change places in one step.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::Path;

use rustix::fs::{CWD, RenameFlags, renameat_with};

/// Makes a folder of the same files as another one: each under a second name, not copied.
pub(super) fn mirror(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (path, second) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type()?;
        if kind.is_dir() {
            mirror(&path, &second)?;
        } else if kind.is_symlink() {
            symlink(fs::read_link(&path)?, &second)?;
        } else {
            fs::hard_link(&path, &second)?;
        }
    }
    fs::set_permissions(to, fs::metadata(from)?.permissions())
}

/// Lets two folders change places.
pub(super) fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    Ok(renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)?)
}
