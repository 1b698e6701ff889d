//! The one way to a file of a catalog: beneath its root, over real folders alone, never through a link, and only what is
//! a regular file is read. Each step opens the next one relative to the handle of the one before, without following it
//! (openat with `O_NOFOLLOW`): nothing is looked at first and opened later. Linux's openat2 would do it in one call, but
//! engines before 20.10 refuse that to a container.

use std::ffi::{CStr, OsString};
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat, fstat, openat, readlinkat, statat};
use rustix::io::Errno;

use crate::hidden::seen_in_a_line;
use crate::source::is_base_folder;

/// A pipe would be waited for, and a terminal taken over: neither happens to what is opened with these.
const READ: OFlags = OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::CLOEXEC);
const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// A folder, and what is beneath it.
#[derive(Debug)]
pub struct Beneath {
    handle: OwnedFd,
}

/// What stands at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Link,
    /// A pipe, a socket or a device.
    Other,
}

/// Why a file or folder is not read.
#[derive(Debug)]
pub enum NotRead {
    /// It is not there.
    Missing,
    /// It, or what is on the way to it, is a symbolic link, which points there.
    Link(PathBuf),
    /// It is something else than what is read.
    NoFile(&'static str),
    /// It is larger than what is read.
    TooLarge(u64),
    /// The system gave an error.
    Failed(io::Error),
}

impl fmt::Display for NotRead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("it is not there"),
            Self::Link(to) => {
                write!(f, "it is a symbolic link to {}, and is not followed", seen_in_a_line(&to.to_string_lossy()))
            }
            Self::NoFile(what) => write!(f, "it is {what}, and is not read"),
            Self::TooLarge(most) => write!(f, "more than {most} bytes"),
            Self::Failed(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for NotRead {}

impl From<NotRead> for io::Error {
    fn from(cause: NotRead) -> Self {
        let kind = match &cause {
            NotRead::Missing => io::ErrorKind::NotFound,
            NotRead::TooLarge(_) => io::ErrorKind::FileTooLarge,
            NotRead::Link(_) | NotRead::NoFile(_) => io::ErrorKind::InvalidInput,
            NotRead::Failed(error) => error.kind(),
        };
        Self::new(kind, cause.to_string())
    }
}

impl Beneath {
    /// A folder that somebody named: the way to it is theirs, and may lead over links.
    ///
    /// # Errors
    /// It is no folder, or cannot be opened.
    pub fn open(folder: &Path) -> Result<Self, NotRead> {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        Ok(Self { handle: openat(CWD, folder, FOLDER, Mode::empty()).map_err(failed)? })
    }

    /// The folder of a template: beneath the catalog that it is in no link is followed.
    ///
    /// # Errors
    /// It, or the folder above it, is a link or no folder, or cannot be opened.
    pub fn template(folder: &Path) -> Result<Self, NotRead> {
        let (root, inside) = in_catalog(folder);
        Self::open(root)?.folder(inside)
    }

    /// A folder beneath it.
    ///
    /// # Errors
    /// It is a link or no folder, or cannot be opened.
    pub fn folder(&self, inside: &Path) -> Result<Self, NotRead> {
        Ok(Self { handle: self.step(inside, FOLDER)? })
    }

    /// Reads a file.
    ///
    /// # Errors
    /// It is not there, is no regular file or is reached over a link, is too large, or cannot be read.
    pub fn read(&self, inside: &Path, most: u64) -> Result<Vec<u8>, NotRead> {
        let (file, length) = self.file(inside)?;
        if length > most {
            return Err(NotRead::TooLarge(most));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
        file.take(most + 1).read_to_end(&mut bytes).map_err(NotRead::Failed)?;
        if bytes.len() as u64 > most { Err(NotRead::TooLarge(most)) } else { Ok(bytes) }
    }

    /// Opens a file, and tells how long it is.
    ///
    /// # Errors
    /// As [`Beneath::read`], but for its size.
    pub fn file(&self, inside: &Path) -> Result<(File, u64), NotRead> {
        let handle = self.step(inside, READ)?;
        let found = fstat(&handle).map_err(failed)?;
        match FileType::from_raw_mode(found.st_mode) {
            FileType::RegularFile => Ok((File::from(handle), u64::try_from(found.st_size).unwrap_or(0))),
            other => Err(NotRead::NoFile(name(other))),
        }
    }

    /// The names in a folder beneath it, and what each is; sorted.
    ///
    /// # Errors
    /// It is a link or no folder, or cannot be read.
    pub fn entries(&self, inside: &Path) -> Result<Vec<(OsString, Kind)>, NotRead> {
        self.listed(inside, |folder, name, kind| match kind {
            // Some file systems tell nothing more.
            FileType::Unknown => Ok(kind_of(FileType::from_raw_mode(looked_at(folder, name)?.st_mode))),
            known => Ok(kind_of(known)),
        })
    }

    /// The same, with what tells of each whether it was written since.
    ///
    /// # Errors
    /// As [`Beneath::entries`].
    pub fn stamped(&self, inside: &Path) -> Listed<(Kind, Stamp)> {
        self.listed(inside, |folder, name, _| {
            let found = looked_at(folder, name)?;
            Ok((kind_of(FileType::from_raw_mode(found.st_mode)), Stamp::of(&found)))
        })
    }

    fn listed<T>(&self, inside: &Path, look: impl Fn(&OwnedFd, &CStr, FileType) -> Result<T, NotRead>) -> Listed<T> {
        let handle = self.step(inside, FOLDER)?;
        let mut entries = Vec::new();
        for entry in Dir::read_from(&handle).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            match look(&handle, name, entry.file_type()) {
                Ok(seen) => entries.push((OsString::from_vec(name.to_bytes().to_vec()), seen)),
                // It has gone meanwhile.
                Err(NotRead::Missing) => {}
                Err(other) => return Err(other),
            }
        }
        entries.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(entries)
    }

    /// What stands at a path; `None` where there is nothing.
    ///
    /// # Errors
    /// A link or no folder is on the way, or it cannot be looked at.
    pub fn kind(&self, inside: &Path) -> Result<Option<Kind>, NotRead> {
        let (above, last) = split(inside);
        let handle = match self.step(above, FOLDER) {
            Err(NotRead::Missing) => return Ok(None),
            other => other?,
        };
        let last = if last.as_os_str().is_empty() { Path::new(".") } else { last };
        match statat(&handle, last, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(found) => Ok(Some(kind_of(FileType::from_raw_mode(found.st_mode)))),
            Err(Errno::NOENT) => Ok(None),
            Err(other) => Err(failed(other)),
        }
    }

    /// Where a link points.
    ///
    /// # Errors
    /// It is none, or is reached over one.
    pub fn target(&self, inside: &Path) -> Result<PathBuf, NotRead> {
        let (above, last) = split(inside);
        target(&self.step(above, FOLDER)?, last)
    }

    /// Opens what is at a path, a step at a time; the last one with the given flags.
    fn step(&self, inside: &Path, flags: OFlags) -> Result<OwnedFd, NotRead> {
        let mut parts = inside.components().filter(|part| *part != Component::CurDir).peekable();
        if parts.peek().is_none() {
            return openat(&self.handle, ".", flags, Mode::empty()).map_err(failed);
        }
        let mut at: Option<OwnedFd> = None;
        while let Some(part) = parts.next() {
            let Component::Normal(name) = part else { return Err(NotRead::NoFile("a path that leads elsewhere")) };
            let name = Path::new(name);
            let here = at.as_ref().unwrap_or(&self.handle);
            let wanted = if parts.peek().is_some() { FOLDER } else { flags };
            let opened = openat(here, name, wanted | OFlags::NOFOLLOW, Mode::empty());
            at = Some(opened.map_err(|error| match target(here, name) {
                // What refuses to be opened because it is a link is told as one.
                Ok(to) => NotRead::Link(to),
                Err(_) => failed(error),
            })?);
        }
        at.ok_or(NotRead::Missing)
    }
}

/// The names in a folder, with something of each.
type Listed<T> = Result<Vec<(OsString, T)>, NotRead>;

fn looked_at(folder: &OwnedFd, name: &CStr) -> Result<Stat, NotRead> {
    statat(folder, name, AtFlags::SYMLINK_NOFOLLOW).map_err(failed)
}

/// What git's index keeps of a file, and in the widths that it has there: whoever writes the file changes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// When its content or what is known of it was changed, in seconds and nanoseconds.
    pub changed: (u32, u32),
    /// When its content was.
    pub modified: (u32, u32),
    /// Its inode.
    pub inode: u32,
    /// Its length in bytes.
    pub length: u32,
}

impl Stamp {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "git keeps the lower half")]
    fn of(found: &Stat) -> Self {
        Self {
            changed: (found.st_ctime as u32, found.st_ctime_nsec as u32),
            modified: (found.st_mtime as u32, found.st_mtime_nsec as u32),
            inode: found.st_ino as u32,
            length: found.st_size as u32,
        }
    }
}

/// The root of the catalog that a template's folder is in, and the way from there: a template that is in no catalog is
/// its own root.
fn in_catalog(template: &Path) -> (&Path, &Path) {
    let base = [Some(template), template.parent()].into_iter().flatten().find(|path| is_base_folder(path));
    match base.map(|base| base.parent().unwrap_or(Path::new(""))) {
        Some(root) => (root, template.strip_prefix(root).unwrap_or(template)),
        None => (template, Path::new("")),
    }
}

/// Reads a file that somebody named: beneath the clone that it is in no link is followed, and elsewhere it is none itself.
///
/// # Errors
/// As [`Beneath::read`].
pub fn read_named(file: &Path, most: u64) -> Result<Vec<u8>, NotRead> {
    let file = straight(&std::path::absolute(file).map_err(NotRead::Failed)?);
    let above = file.parent().unwrap_or(&file);
    let root = above.ancestors().find(|folder| folder.join(".git").exists()).unwrap_or(above);
    Beneath::open(root)?.read(file.strip_prefix(root).unwrap_or(&file), most)
}

/// A path without `..`, told from its text: what stands before one may be a link.
fn straight(path: &Path) -> PathBuf {
    let mut straight = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(straight.pop()),
            other => straight.push(other),
        }
    }
    straight
}

fn split(inside: &Path) -> (&Path, &Path) {
    match (inside.parent(), inside.file_name()) {
        (Some(above), Some(last)) => (above, Path::new(last)),
        _ => (inside, Path::new("")),
    }
}

fn target(folder: &OwnedFd, name: &Path) -> Result<PathBuf, NotRead> {
    let to = readlinkat(folder, name, Vec::new()).map_err(failed)?;
    Ok(OsString::from_vec(to.into_bytes()).into())
}

fn failed(error: Errno) -> NotRead {
    match error {
        Errno::NOENT => NotRead::Missing,
        Errno::NOTDIR => NotRead::NoFile("no folder"),
        // So a socket answers, and a device without a driver.
        Errno::NXIO | Errno::NODEV => NotRead::NoFile("a socket or a device"),
        other => NotRead::Failed(other.into()),
    }
}

fn kind_of(kind: FileType) -> Kind {
    match kind {
        FileType::RegularFile => Kind::File,
        FileType::Directory => Kind::Folder,
        FileType::Symlink => Kind::Link,
        _ => Kind::Other,
    }
}

/// What is no file.
pub(crate) fn name(kind: FileType) -> &'static str {
    match kind {
        FileType::Directory => "a folder",
        FileType::Fifo => "a pipe",
        FileType::Socket => "a socket",
        _ => "a device",
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::process::Command;

    use super::*;

    fn told(beneath: &Beneath, inside: &str) -> String {
        match beneath.read(Path::new(inside), 8) {
            Ok(bytes) => String::from_utf8(bytes).unwrap(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn only_a_regular_file_over_real_folders_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("root/a/b")).unwrap();
        fs::write(at("secret"), "secret").unwrap();
        fs::write(at("root/a/b/file"), "content").unwrap();
        fs::write(at("root/a/large"), "123456789").unwrap();
        symlink("../../secret", at("root/a/out")).unwrap();
        symlink("b/file", at("root/a/in")).unwrap();
        symlink("..", at("root/a/up")).unwrap();
        symlink("/dev/zero", at("root/a/zero")).unwrap();
        assert!(Command::new("mkfifo").arg(at("root/a/pipe")).status().unwrap().success());
        let root = Beneath::open(&at("root")).unwrap();
        for (inside, wanted) in [
            ("a/b/file", "content"),
            ("./a/./b/file", "content"),
            ("a/large", "more than 8 bytes"),
            ("a/none", "it is not there"),
            ("none/file", "it is not there"),
            ("a/b/file/x", "it is no folder, and is not read"),
            ("a/b", "it is a folder, and is not read"),
            ("a/pipe", "it is a pipe, and is not read"),
            ("a/out", "it is a symbolic link to ../../secret, and is not followed"),
            ("a/in", "it is a symbolic link to b/file, and is not followed"),
            ("a/up/a/b/file", "it is a symbolic link to .., and is not followed"),
            ("a/zero", "it is a symbolic link to /dev/zero, and is not followed"),
            ("../secret", "it is a path that leads elsewhere, and is not read"),
            ("a/../a/b/file", "it is a path that leads elsewhere, and is not read"),
            ("/etc/passwd", "it is a path that leads elsewhere, and is not read"),
        ] {
            assert_eq!(told(&root, inside), wanted, "{inside}");
        }
        let kinds: Vec<(OsString, Kind)> = root.entries(Path::new("a")).unwrap();
        let kinds: Vec<(&str, Kind)> = kinds.iter().map(|(name, kind)| (name.to_str().unwrap(), *kind)).collect();
        assert_eq!(
            kinds,
            [
                ("b", Kind::Folder),
                ("in", Kind::Link),
                ("large", Kind::File),
                ("out", Kind::Link),
                ("pipe", Kind::Other),
                ("up", Kind::Link),
                ("zero", Kind::Link)
            ]
        );
        assert!(matches!(root.entries(Path::new("a/up")), Err(NotRead::Link(_))));
        assert_eq!(root.target(Path::new("a/in")).unwrap(), Path::new("b/file"));
        assert_eq!(root.kind(Path::new("a/pipe")).unwrap(), Some(Kind::Other));
        assert_eq!(root.kind(Path::new("a/none/x")).unwrap(), None);
        assert_eq!(root.kind(Path::new("")).unwrap(), Some(Kind::Folder));
        assert!(matches!(root.kind(Path::new("a/up/a")), Err(NotRead::Link(_))));
    }

    #[test]
    fn a_template_is_reached_from_its_catalog_over_no_link() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("catalog/infra-templates/x")).unwrap();
        fs::write(at("catalog/infra-templates/x/f"), "f").unwrap();
        symlink("x", at("catalog/infra-templates/y")).unwrap();
        symlink("infra-templates", at("catalog/templates")).unwrap();
        symlink("catalog", at("named")).unwrap();
        for (path, good) in [
            ("catalog/infra-templates/x", true),
            ("named/infra-templates/x", true),
            ("catalog/infra-templates/y", false),
            ("catalog/templates/x", false),
        ] {
            let read = Beneath::template(&at(path)).and_then(|template| template.read(Path::new("f"), 9));
            assert_eq!(read.is_ok(), good, "{path}");
            assert!(good || matches!(read, Err(NotRead::Link(_))), "{path}");
        }
    }
}
