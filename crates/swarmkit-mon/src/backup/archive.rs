//! What is in a backup: a tar archive, compressed, of what a manager has on its disk, and first of all what it is a backup of.
//!
//! An engine writes while it is copied. So what was copied is looked at once more: a copy counts only if all files are still
//! there and have still what was copied of them. A log may have grown meanwhile: its last entry can be torn in the copy, as by a
//! loss of power, and the engine drops it.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tar::{Archive, Builder, Entry, EntryType, Header};

/// The file that says what it is a backup of.
pub const MANIFEST: &str = "swarmkit-backup.json";
/// The form of the archives.
pub const FORMAT: u32 = 1;
/// The folder of the engine's files in it.
const SWARM: &str = "swarm";
/// What all files together may have, in bytes.
const LARGEST: u64 = 16 << 30;
const LARGEST_MANIFEST: u64 = 64 << 10;
/// What a manager cannot be without.
const NEEDED: [&str; 3] = ["certificates/swarm-node.key", "docker-state.json", "raft/wal-v3-encrypted/"];

/// What it is a backup of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The form of the archive: see [`FORMAT`].
    pub format: u32,
    /// The version of the monitor that made it.
    pub version: String,
    /// The version of the engine.
    pub engine: String,
    /// The swarm's cluster ID.
    pub cluster: String,
    /// The manager's node ID.
    pub node: String,
    /// The manager's address, by which it has to be restored.
    pub address: String,
    /// The name of its machine.
    pub hostname: String,
    /// When it was made.
    pub made: String,
}

/// What was read of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Part {
    /// Up to its last byte that is not zero.
    length: u64,
    digest: Vec<u8>,
}

/// What was read of an engine's files, by their paths.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Content(BTreeMap<PathBuf, Part>);

/// Follows what is read of a file, up to its last byte that is not zero, or up to a length that is known.
struct Follow {
    limit: Option<u64>,
    hasher: Sha256,
    hashed: u64,
    zeros: u64,
}

impl Follow {
    fn new(limit: Option<u64>) -> Self {
        Self { limit, hasher: Sha256::new(), hashed: 0, zeros: 0 }
    }

    fn take(&mut self, bytes: &[u8]) {
        match self.limit {
            Some(limit) => {
                let left = usize::try_from(limit - self.hashed).unwrap_or(usize::MAX);
                self.hash(&bytes[..bytes.len().min(left)]);
            }
            None => {
                let written = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1);
                if written > 0 {
                    const ZEROS: [u8; 4096] = [0; 4096];
                    while self.zeros > 0 {
                        let some = self.zeros.min(ZEROS.len() as u64);
                        self.zeros -= some;
                        self.hash(&ZEROS[..usize::try_from(some).unwrap_or(ZEROS.len())]);
                    }
                    self.hash(&bytes[..written]);
                }
                self.zeros += (bytes.len() - written) as u64;
            }
        }
    }

    fn hash(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.hashed += bytes.len() as u64;
    }

    fn end(self) -> Part {
        Part { length: self.hashed, digest: self.hasher.finalize().to_vec() }
    }
}

fn invalid(text: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text.into())
}

/// A path in the engine's folder, if it is one of a backup: tasks of the host itself, and files that are made in advance, are not.
fn kept(path: &Path) -> Option<PathBuf> {
    let mut parts = path.components();
    parts.next()?;
    let inner: PathBuf = parts.collect();
    let is_plain = inner.components().all(|part| matches!(part, Component::Normal(_)));
    let is_left_out = inner.starts_with("worker") || inner.extension().is_some_and(|end| end == "tmp");
    (is_plain && !is_left_out && !inner.as_os_str().is_empty()).then_some(inner)
}

fn is_log(path: &Path) -> bool {
    path.extension().is_some_and(|end| end == "wal")
}

/// Reads an engine's files from a tar stream, and writes them into an archive, if there is one. With what was read `before` logs
/// are followed as far as they were then.
fn read(
    stream: impl Read,
    mut into: Option<&mut Builder<impl Write>>,
    before: Option<&Content>,
) -> io::Result<Content> {
    let mut content = Content::default();
    let mut all = 0;
    for entry in Archive::new(stream).entries()? {
        let mut entry = entry?;
        let Some(path) = kept(&entry.path()?) else { continue };
        all += entry.size();
        if all > LARGEST {
            return Err(invalid(format!("the engine keeps more than {} GiB of its swarm", LARGEST >> 30)));
        }
        match entry.header().entry_type() {
            EntryType::Directory => {
                if let Some(archive) = &mut into {
                    let mut header = header_like(&entry)?;
                    archive.append_data(&mut header, Path::new(SWARM).join(&path), io::empty())?;
                }
                continue;
            }
            EntryType::Regular => {}
            _ => continue,
        }
        let limit = before.and_then(|before| before.0.get(&path)).filter(|_| is_log(&path)).map(|part| part.length);
        let mut header = header_like(&entry)?;
        let mut follow = Follow::new(limit);
        let mut followed = Followed { inner: &mut entry, follow: &mut follow };
        match &mut into {
            Some(archive) => archive.append_data(&mut header, Path::new(SWARM).join(&path), followed)?,
            None => io::copy(&mut followed, &mut io::sink()).map(drop)?,
        }
        content.0.insert(path, follow.end());
    }
    Ok(content)
}

/// What an entry is to be in another archive: its owner is whoever writes it.
fn header_like(entry: &Entry<'_, impl Read>) -> io::Result<Header> {
    let mut header = Header::new_gnu();
    header.set_entry_type(entry.header().entry_type());
    header.set_size(entry.size());
    header.set_mode(entry.header().mode()? & 0o777);
    header.set_mtime(entry.header().mtime()?);
    Ok(header)
}

struct Followed<'a, R> {
    inner: &'a mut R,
    follow: &'a mut Follow,
}

impl<R: Read> Read for Followed<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.follow.take(&buffer[..read]);
        Ok(read)
    }
}

/// Copies an engine's files from a tar stream into a new archive.
///
/// # Errors
/// The stream is none, or is cut off; the archive cannot be written; a file is not there without which there is no manager.
pub fn write(stream: impl Read, manifest: &Manifest, file: impl Write) -> io::Result<Content> {
    let mut archive = Builder::new(GzEncoder::new(file, Compression::fast()));
    let text = serde_json::to_vec_pretty(manifest)?;
    let mut header = Header::new_gnu();
    header.set_size(text.len() as u64);
    header.set_mode(0o600);
    archive.append_data(&mut header, MANIFEST, text.as_slice())?;
    let content = read(stream, Some(&mut archive), None)?;
    content.complete()?;
    archive.into_inner()?.finish()?.flush()?;
    Ok(content)
}

impl Content {
    /// Looks at an engine's files again. Answers whether they still have all that was copied.
    ///
    /// # Errors
    /// The stream is none, or is cut off.
    pub fn is_still_there(&self, stream: impl Read) -> io::Result<bool> {
        Ok(read(stream, None::<&mut Builder<io::Sink>>, Some(self))? == *self)
    }

    fn complete(&self) -> io::Result<()> {
        let has = |needed: &str| self.0.keys().any(|path| path.starts_with(needed.trim_end_matches('/')));
        match NEEDED.into_iter().find(|needed| !has(needed)) {
            None => Ok(()),
            Some(needed) => Err(invalid(format!("it has no {needed}, without which there is no manager"))),
        }
    }
}

/// What an archive is a backup of, by its first file alone.
///
/// # Errors
/// As [`open`].
pub fn manifest(file: impl Read) -> io::Result<Manifest> {
    let mut archive = Archive::new(GzDecoder::new(file));
    let first = archive.entries()?.next();
    read_manifest(first)
}

fn read_manifest(first: Option<io::Result<Entry<'_, impl Read>>>) -> io::Result<Manifest> {
    let is_manifest = |entry: &Entry<'_, _>| entry.path_bytes().as_ref() == MANIFEST.as_bytes();
    let Some(first) = first.and_then(Result::ok).filter(is_manifest) else {
        return Err(invalid("it is no backup of a swarm that `swarmkit-mon` made"));
    };
    let mut text = String::new();
    first.take(LARGEST_MANIFEST).read_to_string(&mut text).map_err(damaged)?;
    let manifest: Manifest = serde_json::from_str(&text).map_err(damaged)?;
    if manifest.format != FORMAT {
        return Err(invalid("a later version made it: restore it with that one"));
    }
    Ok(manifest)
}

fn damaged(_: impl Into<io::Error>) -> io::Error {
    invalid("it is damaged, or not whole")
}

/// Reads an archive whole, and answers what it is a backup of. The engine's files go into another archive, as they are to be on
/// the disk, if there is one.
///
/// # Errors
/// It is no backup, is damaged or cut off, or is of a later form; the other archive cannot be written.
pub fn open(file: impl Read, into: Option<impl Write>) -> io::Result<Manifest> {
    let mut archive = Archive::new(GzDecoder::new(file));
    let mut entries = archive.entries()?;
    let manifest = read_manifest(entries.next())?;
    let mut out = into.map(Builder::new);
    let mut content = Content::default();
    for entry in entries {
        let mut entry = entry.map_err(damaged)?;
        let path = entry.path().map_err(damaged)?.into_owned();
        let is_plain = matches!(entry.header().entry_type(), EntryType::Regular | EntryType::Directory);
        let Some(inner) = kept(&path).filter(|_| is_plain && path.starts_with(SWARM)) else {
            return Err(invalid(format!("it holds `{}`, which no backup does", path.to_string_lossy().escape_debug())));
        };
        let mut header = header_like(&entry).map_err(damaged)?;
        let is_folder = entry.header().entry_type() == EntryType::Directory;
        let mut follow = Follow::new(None);
        let mut followed = Followed { inner: &mut entry, follow: &mut follow };
        match &mut out {
            Some(out) => out.append_data(&mut header, &inner, &mut followed)?,
            None => io::copy(&mut followed, &mut io::sink()).map(drop).map_err(damaged)?,
        }
        if !is_folder {
            content.0.insert(inner, follow.end());
        }
    }
    // What is behind the last file has the checksum of all.
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(damaged)?;
    content.complete()?;
    if let Some(out) = out {
        out.into_inner()?.flush()?;
    }
    Ok(manifest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about() -> Manifest {
        let text = |text: &str| text.to_owned();
        Manifest {
            format: FORMAT,
            version: text("2.0.0"),
            engine: text("20.10.24"),
            cluster: text("c"),
            node: text("n"),
            address: text("10.0.0.1"),
            hostname: text("h"),
            made: text("now"),
        }
    }

    const LOG: &str = "raft/wal-v3-encrypted/0.wal";

    /// What an engine streams.
    fn engine(log: &[u8], more: &[(&str, &[u8])]) -> Vec<u8> {
        let mut tar = Builder::new(Vec::new());
        let mut add = |path: &str, bytes: &[u8]| {
            let mut header = Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o600);
            header.set_mtime(0);
            tar.append_data(&mut header, format!("folder/{path}"), bytes).unwrap();
        };
        add("certificates/swarm-node.key", b"key");
        add("docker-state.json", b"{}");
        add(LOG, log);
        add("raft/wal-v3-encrypted/0.tmp", &[0; 100]);
        add("worker/tasks.db", b"tasks");
        more.iter().for_each(|(path, bytes)| add(path, bytes));
        tar.into_inner().unwrap()
    }

    fn archive(stream: &[u8]) -> (Vec<u8>, Content) {
        let mut file = Vec::new();
        let content = write(stream, &about(), &mut file).unwrap();
        (file, content)
    }

    #[test]
    fn what_is_restored_is_what_was_copied() {
        let (file, _) = archive(&engine(b"log\0\0", &[]));
        let mut disk = Vec::new();
        assert_eq!(open(file.as_slice(), Some(&mut disk)).unwrap(), about());
        assert_eq!(manifest(file.as_slice()).unwrap(), about());
        let mut files = Archive::new(disk.as_slice());
        let mut seen = BTreeMap::new();
        for entry in files.entries().unwrap() {
            let mut entry = entry.unwrap();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            seen.insert(entry.path().unwrap().display().to_string(), bytes);
        }
        let expected: [(&str, &[u8]); 3] =
            [("certificates/swarm-node.key", b"key"), ("docker-state.json", b"{}"), (LOG, b"log\0\0")];
        let expected = expected.map(|(path, bytes)| (path.to_owned(), bytes.to_vec()));
        assert_eq!(seen, BTreeMap::from(expected));
    }

    #[test]
    fn a_log_may_have_grown_and_nothing_else_may_have_changed() {
        let before = [1, 0, 2, 0, 0, 0, 0];
        let (_, content) = archive(&engine(&before, &[]));
        let same = |log: &[u8], more: &[(&str, &[u8])]| content.is_still_there(engine(log, more).as_slice()).unwrap();
        assert!(same(&before, &[]));
        assert!(same(&[1, 0, 2, 0, 3, 0, 0], &[]), "grown");
        assert!(!same(&[1, 0, 3, 0, 0, 0, 0], &[]), "written over");
        assert!(!same(&[1, 0], &[]), "cut off");
        assert!(!same(&before, &[("raft/snap-v3-encrypted/1.snap", b"s")]), "a snapshot, and so another log");
        assert!(same(&before, &[("worker/other", b"x")]));
    }

    #[test]
    fn long_runs_of_zeros_are_followed_whatever_the_pieces() {
        let mut bytes = vec![0; 300_000];
        bytes[0] = 1;
        bytes[200_000] = 2;
        let digest = |pieces: usize, limit: Option<u64>| {
            let mut follow = Follow::new(limit);
            bytes.chunks(pieces).for_each(|piece| follow.take(piece));
            follow.end()
        };
        assert_eq!(digest(7, None), digest(65_536, Some(200_001)));
        assert_eq!(digest(300_000, None).length, 200_001);
    }

    #[test]
    fn what_is_no_whole_backup_is_refused_in_words() {
        let (good, _) = archive(&engine(b"log", &[]));
        let refused = |file: &[u8]| open(file, None::<Vec<u8>>).unwrap_err().to_string();
        for cut in [good.len() - 1, good.len() - 8, good.len() / 2] {
            assert_eq!(refused(&good[..cut]), "it is damaged, or not whole", "{cut}");
        }
        for other in [&b""[..], b"x", &[0; 4096]] {
            assert_eq!(refused(other), "it is no backup of a swarm that `swarmkit-mon` made");
        }
        let mut flipped = good.clone();
        let at = good.len() - 6;
        flipped[at] ^= 1;
        assert_eq!(refused(&flipped), "it is damaged, or not whole");
        let mut later = Vec::new();
        write(engine(b"log", &[]).as_slice(), &Manifest { format: 2, ..about() }, &mut later).unwrap();
        assert!(refused(&later).contains("later version"));
    }

    #[test]
    fn an_engine_that_manages_nothing_gives_no_backup_and_a_foreign_file_is_not_restored() {
        let mut tar = Builder::new(Vec::new());
        let mut header = Header::new_gnu();
        header.set_size(2);
        header.set_mode(0o600);
        header.set_mtime(0);
        tar.append_data(&mut header, "folder/docker-state.json", &b"{}"[..]).unwrap();
        let error = write(tar.into_inner().unwrap().as_slice(), &about(), io::sink()).unwrap_err();
        assert!(error.to_string().contains("certificates/swarm-node.key"), "{error}");

        let mut tar = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        let text = serde_json::to_vec(&about()).unwrap();
        for (path, bytes, kind) in
            [(MANIFEST, text.as_slice(), EntryType::Regular), ("swarm/docker-state.json", &b""[..], EntryType::Symlink)]
        {
            let mut header = Header::new_gnu();
            header.set_entry_type(kind);
            header.set_size(bytes.len() as u64);
            header.set_mode(0o600);
            header.set_mtime(0);
            tar.append_data(&mut header, path, bytes).unwrap();
        }
        let file = tar.into_inner().unwrap().finish().unwrap();
        let error = open(file.as_slice(), None::<Vec<u8>>).unwrap_err().to_string();
        assert!(error.contains("`swarm/docker-state.json`, which no backup does"), "{error}");
    }
}
