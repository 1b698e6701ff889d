//! Writing all changes of a plan, or none.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::exchange::{exchange, mirror};
use super::{CatalogError, CatalogRoot, Change, ChangeKind, io_error};

/// Where everything is written first: in the catalog itself, so that it moves into place by renaming.
const STAGING: &str = ".gen-catalog-staging";
/// What a run has in there.
const PARTS: [&str; 3] = ["new", "former", "whole"];

/// Writes what is to be created or updated; files that stay are not touched. Everything is first written beside the
/// catalog's files and only then renamed into place, in the order given. When something fails, what was renamed
/// before is put back. Several changes within one template are seen all at once, where the file system can do that: whenever
/// this is killed, that template is as it was or has all of them.
///
/// # Errors
/// Something cannot be written, or is not any more what was read; the catalog is then as it was.
pub fn apply(root: &CatalogRoot, changes: &[&Change]) -> Result<(), CatalogError> {
    let wanted = |change: &&&Change| matches!(change.kind(), ChangeKind::Create | ChangeKind::Update);
    let changes: Vec<&Change> = changes.iter().filter(wanted).copied().collect();
    if changes.is_empty() {
        return clean_up(root);
    }
    let mut staging = Staging::open(root)?;
    for change in &changes {
        if root.read(&change.path)? != change.before {
            return Err(CatalogError::Changed(root.path(&change.path)?));
        }
        staging.write(change)?;
    }
    if staging.move_at_once(root, &changes)? {
        return Ok(());
    }
    for change in &changes {
        if let Err(cause) = staging.move_into_place(root, change) {
            return Err(staging.undo(cause));
        }
    }
    Ok(())
}

/// Removes what a run that was killed left behind, where no other run is at it.
///
/// # Errors
/// It cannot be removed.
pub fn clean_up(root: &CatalogRoot) -> Result<(), CatalogError> {
    if root.path(STAGING)?.exists() { Staging::open(root).map(drop) } else { Ok(()) }
}

/// The folder of what is about to be, locked; removed when dropped.
struct Staging {
    folder: PathBuf,
    /// Keeps the lock.
    _lock: File,
    /// What was done, to be undone in reverse.
    done: Vec<Done>,
    keep: bool,
}

enum Done {
    /// A file or a whole folder appeared here; the path it had in the staging folder.
    Appeared { at: PathBuf, from: PathBuf },
    /// A file was replaced; the former one is kept.
    Replaced { at: PathBuf, former: PathBuf },
}

impl Staging {
    fn open(root: &CatalogRoot) -> Result<Self, CatalogError> {
        let folder = root.path(STAGING)?;
        match fs::create_dir(&folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(io_error("write in the catalog: cannot make", &folder)(error));
            }
            _ => {}
        }
        let lock = match File::open(&folder) {
            Ok(lock) => lock,
            // Who had it removed it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(CatalogError::Busy(folder)),
            Err(error) => return Err(io_error("open", &folder)(error)),
        };
        match lock.try_lock() {
            // What was locked may be a folder that is gone, and another one in its place that of somebody else.
            Ok(()) if is_still(&lock, &folder) => {}
            Ok(()) | Err(TryLockError::WouldBlock) => return Err(CatalogError::Busy(folder)),
            Err(TryLockError::Error(error)) => return Err(io_error("lock", &folder)(error)),
        }
        for entry in fs::read_dir(&folder).map_err(io_error("read", &folder))? {
            let entry = entry.map_err(io_error("read", &folder))?;
            if !PARTS.iter().any(|part| entry.file_name() == *part) {
                return Err(CatalogError::NotOurs(entry.path()));
            }
        }
        let staging = Self { folder, _lock: lock, done: Vec::new(), keep: false };
        // A run that was killed left its own things here.
        for part in PARTS {
            let part = staging.folder.join(part);
            match fs::remove_dir_all(&part) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io_error("remove", &part)(error)),
                _ => {}
            }
        }
        Ok(staging)
    }

    fn new_path(&self, change: &Change) -> PathBuf {
        self.folder.join("new").join(&change.path)
    }

    fn write(&self, change: &Change) -> Result<(), CatalogError> {
        let path = self.new_path(change);
        let content = change.after.as_deref().unwrap_or_default();
        make_parent(&path)?;
        let mut file = File::create(&path).map_err(io_error("write", &path))?;
        if change.executable {
            let rights = fs::metadata(&path).map_err(io_error("write", &path))?.permissions();
            let rights = fs::Permissions::from_mode(rights.mode() | (rights.mode() & 0o444) >> 2);
            file.set_permissions(rights).map_err(io_error("write", &path))?;
        }
        file.write_all(content).and_then(|()| file.sync_all()).map_err(io_error("write", &path))
    }

    /// Lets the folder that all changes are in change places with one that has them; tells whether it did.
    fn move_at_once(&self, root: &CatalogRoot, changes: &[&Change]) -> Result<bool, CatalogError> {
        let Some(folder) = common_folder(changes) else { return Ok(false) };
        let at = root.path(&folder)?;
        // Who stands in the folder would stand in one that is gone.
        let is_within =
            std::env::current_dir().is_ok_and(|here| at.canonicalize().is_ok_and(|at| here.starts_with(at)));
        if !at.is_dir() || is_within || moves(root, changes) < 2 {
            return Ok(false);
        }
        let whole = self.folder.join("whole");
        let made = mirror(&at, &whole).and_then(|()| {
            for change in changes {
                let to = whole.join(change.path.strip_prefix(&format!("{folder}/")).unwrap_or(&change.path));
                let new = self.new_path(change);
                if change.before.is_some() {
                    fs::set_permissions(&new, fs::metadata(&to)?.permissions())?;
                    fs::remove_file(&to)?;
                }
                fs::create_dir_all(to.parent().unwrap_or(&to))?;
                fs::hard_link(&new, &to)?;
            }
            Ok(())
        });
        // Not every file system can do either.
        Ok(made.and_then(|()| exchange(&whole, &at)).is_ok())
    }

    fn move_into_place(&mut self, root: &CatalogRoot, change: &Change) -> Result<(), CatalogError> {
        let (from, at) = (self.new_path(change), root.path(&change.path)?);
        if !from.exists() {
            // It came with a folder that was moved as a whole.
            return Ok(());
        }
        if change.before.is_some() {
            let former = self.folder.join("former").join(&change.path);
            make_parent(&former)?;
            // A second name, not a move: there is never a moment without the file.
            fs::hard_link(&at, &former).or_else(|_| fs::copy(&at, &former).map(drop)).map_err(io_error("keep", &at))?;
            let rights = fs::metadata(&at).map_err(io_error("look at", &at))?.permissions();
            fs::set_permissions(&from, rights).map_err(io_error("write", &from))?;
            fs::rename(&from, &at).map_err(io_error("replace", &at))?;
            self.done.push(Done::Replaced { at, former });
            return Ok(());
        }
        let (from, at) = first_missing(root.folder(), &self.folder.join("new"), &change.path);
        fs::rename(&from, &at).map_err(io_error("write", &at))?;
        self.done.push(Done::Appeared { at, from });
        Ok(())
    }

    fn undo(&mut self, cause: CatalogError) -> CatalogError {
        for done in self.done.drain(..).rev() {
            let undone = match done {
                Done::Appeared { at, from } => fs::rename(&at, &from),
                Done::Replaced { at, former } => fs::rename(&former, &at),
            };
            if let Err(undo) = undone {
                self.keep = true;
                return CatalogError::HalfWritten { cause: Box::new(cause), undo, kept: self.folder.join("former") };
            }
        }
        cause
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if !self.keep {
            // What remains here harms nothing, and the next run removes it.
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// Whether a folder is still the one at its path.
fn is_still(folder: &File, path: &Path) -> bool {
    let known = |about: &fs::Metadata| (about.dev(), about.ino());
    matches!((folder.metadata(), fs::symlink_metadata(path)), (Ok(one), Ok(other)) if known(&one) == known(&other))
}

/// The folder that all changes are in, if that is not the catalog itself.
fn common_folder(changes: &[&Change]) -> Option<String> {
    let above = |change: &Change| change.path.split('/').map(str::to_owned).rev().skip(1).collect::<Vec<_>>();
    let mut common: Vec<String> = above(changes.first()?).into_iter().rev().collect();
    for change in changes {
        let other: Vec<String> = above(change).into_iter().rev().collect();
        let same = common.iter().zip(&other).take_while(|(one, other)| one == other).count();
        common.truncate(same);
    }
    (common.len() > 1).then(|| common.join("/"))
}

/// How many times something would be moved into place.
fn moves(root: &CatalogRoot, changes: &[&Change]) -> usize {
    let places = changes.iter().map(|change| first_missing(root.folder(), Path::new(""), &change.path).1);
    places.collect::<std::collections::BTreeSet<_>>().len()
}

fn make_parent(path: &Path) -> Result<(), CatalogError> {
    let parent = path.parent().unwrap_or(path);
    fs::create_dir_all(parent).map_err(io_error("make", parent))
}

/// The first part of a path that is not there yet, in the staging folder and in the catalog: with it comes all below.
fn first_missing(catalog: &Path, staged: &Path, relative: &str) -> (PathBuf, PathBuf) {
    let (mut from, mut at) = (staged.to_owned(), catalog.to_owned());
    for part in relative.split('/') {
        from.push(part);
        at.push(part);
        if !at.exists() {
            break;
        }
    }
    (from, at)
}
