//! An archive that every program reads alike. Whoever pushes or loads an image unpacks its archive first, where links are
//! followed, the last one of several entries with a name stands, and what precedes an entry may give it another name. What
//! was verified here must not be another file there.

use std::collections::BTreeSet;
use std::io::{self, Read};

use tar::{Entry, EntryType, PaxExtensions};

use rancher_catalog::digest::sha256_of;

/// The most that is read of what precedes an entry.
const MAX_EXTENSION: u64 = 64 << 10;
/// What an image is found by in a layout or by `docker load`.
const FOUND_BY: [&str; 5] = ["blobs", "index.json", "manifest.json", "oci-layout", "repositories"];

/// What was read so far.
#[derive(Default)]
pub(super) struct Reading {
    links: BTreeSet<String>,
}

impl Reading {
    /// The name of an entry as it is unpacked: `blobs//x` and `./blobs/x` are one.
    ///
    /// # Errors
    /// It leads out of the archive, or is, or passes, a link that matters.
    pub(super) fn name(&mut self, given: &str, kind: EntryType) -> Result<String, String> {
        if given.starts_with('/') || given.split('/').any(|part| part == "..") {
            return Err(format!("the entry {given:?} leads out of it: it is no honest archive"));
        }
        let name = given.split('/').filter(|part| !["", "."].contains(part)).collect::<Vec<_>>().join("/");
        let above = name.match_indices('/').map(|(at, _)| &name[..at]);
        if above.chain([name.as_str()]).any(|path| self.links.contains(path)) {
            return Err(format!("the entry {given:?} is written through a link, as no tool does here"));
        }
        if kind.is_symlink() || kind.is_hard_link() {
            if FOUND_BY.contains(&name.split('/').next().unwrap_or_default()) || name.is_empty() {
                return Err(format!("the entry {given:?} is a link, and its image would not be what it is called"));
            }
            self.links.insert(name.clone());
        }
        Ok(name)
    }

    /// Reads an entry that tells of the next one.
    ///
    /// # Errors
    /// It cannot be read; or it gives the next one another name or size.
    pub(super) fn extension(&self, entry: &mut Entry<'_, impl Read>) -> io::Result<Result<(), String>> {
        let kind = entry.header().entry_type();
        let size = entry.header().size()?;
        let mut content = Vec::new();
        entry.take(MAX_EXTENSION).read_to_end(&mut content)?;
        let (_, more) = sha256_of(&mut *entry)?;
        if content.len() as u64 + more != size {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
        }
        let renames = "it has an entry that gives the next one another name or size, as no tool needs here";
        if !kind.is_pax_local_extensions() && !kind.is_pax_global_extensions() {
            return Ok(Err(renames.to_owned()));
        }
        if more > 0 {
            return Ok(Err(format!(
                "what it tells of an entry has {size} bytes, and no more than {MAX_EXTENSION} are read"
            )));
        }
        for extension in PaxExtensions::new(&content) {
            let key = extension?.key_bytes();
            if [&b"path"[..], b"linkpath", b"size"].contains(&key) || key.starts_with(b"GNU.sparse") {
                return Ok(Err(renames.to_owned()));
            }
        }
        Ok(Ok(()))
    }
}
