//! A folder for temporary files. It is gone when it is dropped; and what somebody leaves who was killed, the next one removes.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::time::Duration;

use tempfile::TempDir;

/// No folder that a person makes begins so.
const PREFIX: &str = ".gen-catalog-tmp-";
/// Held for as long as the folder is used.
const LOCK: &str = "lock";
/// What is in it for its user.
const FILES: &str = "files";
/// What is younger may not be locked yet.
const YOUNG: Duration = Duration::from_secs(60);

/// An empty folder of one's own.
#[derive(Debug)]
pub struct TemporaryFolder {
    path: PathBuf,
    _lock: File,
    // Dropped last: the lock is in it.
    _folder: TempDir,
}

impl TemporaryFolder {
    /// Makes one where temporary files belong.
    ///
    /// # Errors
    /// It cannot be made there.
    pub fn new() -> io::Result<Self> {
        static SWEEP: Once = Once::new();
        let made = Self::below(&std::env::temp_dir())?;
        SWEEP.call_once(|| sweep(&made));
        Ok(made)
    }

    fn below(temporary: &Path) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(temporary)?;
        let lock = File::create_new(folder.path().join(LOCK))?;
        // Where none can be held none can be taken either, and nothing is removed.
        let _ = lock.lock();
        let path = folder.path().join(FILES);
        fs::create_dir(&path)?;
        Ok(Self { path, _lock: lock, _folder: folder })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Removes what others of the same user have left beside a folder. Whatever cannot be removed stays.
fn sweep(own: &TemporaryFolder) {
    let Some((own, beside)) = own.path.parent().and_then(|own| Some((own, own.parent()?))) else { return };
    let (Ok(about_own), Ok(entries)) = (fs::symlink_metadata(own), fs::read_dir(beside)) else { return };
    for entry in entries.flatten() {
        let is_named_so = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX));
        if is_named_so && entry.metadata().is_ok_and(|about| may_go(&about, &about_own)) {
            remove_left(&entry.path());
        }
    }
}

fn may_go(about: &Metadata, own: &Metadata) -> bool {
    let is_old = about.modified().is_ok_and(|then| then.elapsed().is_ok_and(|age| age > YOUNG));
    about.is_dir() && about.uid() == own.uid() && is_old
}

/// Removes a folder whose lock nobody holds, and in which is nothing else than such folders have. Whoever was killed at once
/// has left it empty.
fn remove_left(folder: &Path) {
    match File::open(folder.join(LOCK)) {
        Ok(lock) if lock.try_lock().is_ok() && is_all_ours(folder) => {
            let _ = fs::remove_dir_all(folder);
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let _ = fs::remove_dir(folder);
        }
        _ => {}
    }
}

fn is_all_ours(folder: &Path) -> bool {
    let is_ours = |entry: io::Result<fs::DirEntry>| {
        entry.is_ok_and(|entry| [LOCK, FILES].iter().any(|name| entry.file_name() == *name))
    };
    fs::read_dir(folder).is_ok_and(|mut entries| entries.all(is_ours))
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    fn age(folder: &Path) {
        File::open(folder).unwrap().set_modified(SystemTime::now() - 2 * YOUNG).unwrap();
    }

    #[test]
    fn what_was_left_is_removed_and_what_is_used_or_another_s_stays() {
        let temporary = tempfile::tempdir().unwrap();
        let used = TemporaryFolder::below(temporary.path()).unwrap();
        age(used.path().parent().unwrap());
        let left = temporary.path().join(format!("{PREFIX}left"));
        fs::create_dir_all(left.join("files/deep")).unwrap();
        fs::write(left.join(LOCK), "").unwrap();
        age(&left);
        let left_at_once = temporary.path().join(format!("{PREFIX}left-at-once"));
        fs::create_dir(&left_at_once).unwrap();
        age(&left_at_once);
        let young = temporary.path().join(format!("{PREFIX}young"));
        fs::create_dir(&young).unwrap();
        fs::write(young.join(LOCK), "").unwrap();
        let others = temporary.path().join("another");
        fs::create_dir(&others).unwrap();
        fs::write(others.join(LOCK), "").unwrap();
        age(&others);
        let link = temporary.path().join(format!("{PREFIX}link"));
        std::os::unix::fs::symlink(&others, &link).unwrap();

        // What a person has put there is no temporary file, whatever its folder is called.
        let unpacked = temporary.path().join(format!("{PREFIX}v2.0.0"));
        let edited = temporary.path().join(format!("{PREFIX}edited"));
        for folder in [&unpacked, &edited] {
            fs::create_dir(folder).unwrap();
            fs::write(folder.join("program"), "").unwrap();
        }
        fs::write(edited.join(LOCK), "").unwrap();
        age(&unpacked);
        age(&edited);

        let own = TemporaryFolder::below(temporary.path()).unwrap();
        sweep(&own);
        assert!(!left.exists() && !left_at_once.exists());
        for kept in [used.path(), own.path(), &young, &others, &link, &unpacked, &edited] {
            assert!(kept.exists(), "{}", kept.display());
        }
        let gone = own.path().parent().unwrap().to_owned();
        drop(own);
        assert!(!gone.exists());
    }
}
