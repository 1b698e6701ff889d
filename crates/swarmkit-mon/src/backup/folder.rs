//! The folder of the backups: how its files are named, and which are kept.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::{BackupError, of_file};

const PREFIX: &str = "swarm-";
const SUFFIX: &str = ".tar.gz";
/// What is being written has another end, so that a backup is whole or is not there.
const UNFINISHED: &str = ".tar.gz.part";
const LOCK: &str = ".lock";
/// How many files of the folder are looked at.
const MOST: usize = 10_000;

/// The folder.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
}

/// A backup that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// Its file.
    pub path: PathBuf,
    /// When it was made, by this host's clock.
    pub made: SystemTime,
    /// How large it is, in bytes.
    pub bytes: u64,
}

impl Backup {
    /// How old it is.
    pub fn age(&self) -> Duration {
        self.made.elapsed().unwrap_or_default()
    }
}

/// Keeps others from making or restoring a backup, until it is dropped.
pub struct Locked(#[allow(dead_code, reason = "the lock lasts as long as the file is open")] File);

impl Folder {
    /// The one at a path. It need not be there.
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The backups, the newest first; none where there is no folder.
    ///
    /// # Errors
    /// The folder is there and cannot be read.
    pub fn backups(&self) -> Result<Vec<Backup>, BackupError> {
        let entries = match fs::read_dir(&self.path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(of_file(&self.path)(error)),
        };
        let mut backups: Vec<Backup> = entries
            .take(MOST)
            .filter_map(|entry| {
                let entry = entry.ok()?;
                let name = entry.file_name().into_string().ok()?;
                is_name(&name).then_some(())?;
                let about = entry.metadata().ok().filter(fs::Metadata::is_file)?;
                Some(Backup { path: entry.path(), made: about.modified().ok()?, bytes: about.len() })
            })
            .collect();
        backups.sort_by(|one, other| (other.made, &other.path).cmp(&(one.made, &one.path)));
        Ok(backups)
    }

    /// Makes the folder if it is not there, and keeps it for this process. What one that was killed has left is removed.
    ///
    /// # Errors
    /// It cannot be written, or another process has it.
    pub fn lock(&self) -> Result<Locked, BackupError> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.path).map_err(of_file(&self.path))?;
        let path = self.path.join(LOCK);
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
        let file = file.map_err(of_file(&path))?;
        file.try_lock()
            .map_err(|_| BackupError::Not(format!("{}: another backup is being made", self.path.display())))?;
        for entry in fs::read_dir(&self.path).map_err(of_file(&self.path))?.flatten() {
            if entry.file_name().to_str().is_some_and(|name| name.ends_with(UNFINISHED)) {
                fs::remove_file(entry.path()).map_err(of_file(&entry.path()))?;
            }
        }
        Ok(Locked(file))
    }

    /// A new file, and what it is to be called once it is whole.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn create(&self, at: SystemTime) -> Result<(File, Unfinished), BackupError> {
        let name = format!("{PREFIX}{}", stamp(at));
        let unfinished = self.path.join(format!("{name}{UNFINISHED}"));
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished);
        let file = file.map_err(of_file(&unfinished))?;
        Ok((file, Unfinished { path: unfinished, finished: self.path.join(format!("{name}{SUFFIX}")) }))
    }

    /// Removes all but the newest so many.
    ///
    /// # Errors
    /// One cannot be removed.
    pub fn keep(&self, newest: usize) -> Result<(), BackupError> {
        for old in self.backups()?.into_iter().skip(newest) {
            fs::remove_file(&old.path).map_err(of_file(&old.path))?;
        }
        Ok(())
    }
}

/// A file that is not whole yet; removed when dropped.
pub struct Unfinished {
    path: PathBuf,
    finished: PathBuf,
}

impl Unfinished {
    /// Gives the file its name, once all of it is on the disk.
    ///
    /// # Errors
    /// The disk is full, or broken.
    pub fn finish(self, file: &File) -> Result<PathBuf, BackupError> {
        file.sync_all().map_err(of_file(&self.path))?;
        fs::rename(&self.path, &self.finished).map_err(of_file(&self.finished))?;
        let folder = self.finished.parent().unwrap_or(Path::new("/"));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(of_file(folder))?;
        Ok(self.finished.clone())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // Once it has its name it is not there any more.
        let _ = fs::remove_file(&self.path);
    }
}

/// Whether a file is one of ours: `swarm-20261129T180000Z.tar.gz`.
fn is_name(name: &str) -> bool {
    let stamp = name.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(SUFFIX));
    stamp.is_some_and(|stamp| {
        stamp.len() == 16
            && stamp.bytes().enumerate().all(|(at, byte)| match at {
                8 => byte == b'T',
                15 => byte == b'Z',
                _ => byte.is_ascii_digit(),
            })
    })
}

/// A time as a name of a file: `20261129T180000Z`.
fn stamp(at: SystemTime) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    // `Sun, 29 Nov 2026 18:00:00 GMT`
    let date = httpdate::fmt_http_date(at);
    let mut parts = date.split(' ').skip(1);
    let mut next = || parts.next().unwrap_or_default();
    let (day, month, year, time) = (next(), next(), next(), next());
    let month = MONTHS.iter().position(|name| *name == month).map_or(0, |at| at + 1);
    format!("{year}{month:02}{day}T{}Z", time.replace(':', ""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;
    use std::os::unix::fs::PermissionsExt as _;

    fn make(folder: &Folder, seconds: u64) -> PathBuf {
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let (mut file, unfinished) = folder.create(at).unwrap();
        file.write_all(b"x").unwrap();
        file.set_modified(at).unwrap();
        unfinished.finish(&file).unwrap()
    }

    #[test]
    fn names_tell_the_time_and_sort_by_it() {
        assert_eq!(stamp(SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_975_200)), "20261129T180000Z");
        assert!(is_name("swarm-20261129T180000Z.tar.gz"));
        for other in
            ["swarm-20261129T180000Z.tar.gz.part", "swarm-20261129.tar.gz", "swarm-2026112é180000Z.tar.gz", "x"]
        {
            assert!(!is_name(other), "{other}");
        }
    }

    #[test]
    fn the_newest_are_kept_and_nothing_else_is_touched() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::new(&root.path().join("backups"));
        assert_eq!(folder.backups().unwrap(), []);
        let lock = folder.lock().unwrap();
        assert!(folder.lock().is_err_and(|error| error.to_string().contains("another backup")));
        drop(lock);
        fs::write(folder.path().join("note.txt"), "mine").unwrap();
        let made: Vec<PathBuf> = (1..=5).map(|day| make(&folder, day * 86_400)).collect();
        folder.keep(2).unwrap();
        let left: Vec<PathBuf> = folder.backups().unwrap().into_iter().map(|backup| backup.path).collect();
        assert_eq!(left, [made[4].clone(), made[3].clone()]);
        assert!(folder.path().join("note.txt").exists());
    }

    #[test]
    fn what_is_not_whole_is_no_backup_and_nobody_else_may_read_any() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::new(&root.path().join("backups"));
        let lock = folder.lock().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(folder.path()), 0o700);
        let (_, unfinished) = folder.create(SystemTime::now()).unwrap();
        assert_eq!(folder.backups().unwrap(), []);
        let path = unfinished.path.clone();
        // As one that was killed leaves it.
        std::mem::forget(unfinished);
        drop(lock);
        assert!(path.exists());
        let _lock = folder.lock().unwrap();
        assert!(!path.exists());
        assert_eq!(mode(&make(&folder, 1)), 0o600);
    }
}
