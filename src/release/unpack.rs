//! What an image has in it, read back: the daemon's program, and nothing that [`pack`](super::pack) would not put there.
//!
//! Labels are only what an image says of itself. Which program it starts, the note in that program tells.

use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, Read};

use flate2::read::MultiGzDecoder;
use tar::{Archive, EntryType};

use super::layout::Layout;
use super::oci::Described;
use super::pack::{CERTIFICATES, LICENCES, PROGRAM, SHELLS};
use swarmkit_settings::built_from::{self, Noted};

/// The most that is read of a compressed layer. One of the daemon's has some 4 MB.
const MAX_LAYER: u64 = 64 << 20;
/// The most that is read of a program or any other file in it.
const MAX_FILE: u64 = 32 << 20;
/// The most that a layer may come to, unpacked.
const MAX_UNPACKED: u64 = 48 << 20;
/// The most entries of a layer.
const MAX_ENTRIES: usize = 100;

/// The program that a container of an image starts.
#[derive(Debug, Clone)]
pub struct Started {
    /// What it says of itself.
    pub noted: Noted,
    /// Its bytes.
    pub program: Vec<u8>,
}

impl fmt::Display for Started {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "swarmkit-mon {} of {}", self.noted.version, self.noted.commit)
    }
}

/// The daemon in an image of one platform.
///
/// # Errors
/// Why it is no image of the daemon: it starts another program, or holds what is none of its business.
pub fn daemon(layout: &Layout<'_>, image: &Described) -> Result<Started, String> {
    let wanted = format!("/{PROGRAM}");
    if image.starts != [wanted.as_str()] {
        return Err(match image.starts.as_slice() {
            [] => "it starts no program".to_owned(),
            starts => format!("it starts {}, and not {wanted}", starts.join(" ")),
        });
    }
    let [layer] = image.layers.as_slice() else {
        return Err(format!("it has {} layers, and not the one of `gen-catalog image`", image.layers.len()));
    };
    let content = layout.content(layer, MAX_LAYER).map_err(|error| error.to_string())?;
    let program = if content.starts_with(&[0x1f, 0x8b]) {
        program_in(MultiGzDecoder::new(content.as_slice()))
    } else {
        program_in(content.as_slice())
    }?;
    let noted = built_from::noted(&program).ok_or_else(|| format!("{PROGRAM} is no swarmkit-mon"))?;
    Ok(Started { noted, program })
}

fn program_in(layer: impl Read) -> Result<Vec<u8>, String> {
    let broken = |_| "its layer is cut off, or no tar archive".to_owned();
    let mut archive = Archive::new(layer.take(MAX_UNPACKED));
    let (mut program, mut seen) = (None, BTreeSet::new());
    // Raw: what describes the next entry, a long name or a size, is then an entry of its own, and none of ours.
    for entry in archive.entries().map_err(broken)?.raw(true) {
        let mut entry = entry.map_err(broken)?;
        let name = String::from_utf8_lossy(&entry.header().path_bytes()).into_owned();
        let path = name.trim_start_matches("./").trim_end_matches('/').to_owned();
        if !is_ours(&path, entry.header().entry_type(), entry.header().link_name_bytes().as_deref()) {
            return Err(format!("it also holds {name:?}, which `gen-catalog image` does not pack"));
        }
        if seen.len() >= MAX_ENTRIES || !seen.insert(path.clone()) {
            return Err(format!("it holds {name:?} twice"));
        }
        let size = entry.header().size().map_err(broken)?;
        if size > MAX_FILE {
            return Err(format!("{path} is said to have {size} bytes, and no more than {MAX_FILE} are read"));
        }
        if path == PROGRAM {
            let mut content = Vec::new();
            entry.read_to_end(&mut content).map_err(broken)?;
            if content.len() as u64 != size {
                return Err("its layer is cut off".to_owned());
            }
            program = Some(content);
        }
    }
    // Other readers may go on where this one has seen the end.
    let mut rest = archive.into_inner();
    if !is_padding(&mut rest).map_err(broken)? || rest.limit() == 0 {
        return Err("it holds more behind the end of its layer".to_owned());
    }
    program.ok_or_else(|| format!("there is no {PROGRAM} in it"))
}

/// Whether there is nothing but zeros left, as tar fills its blocks.
pub(super) fn is_padding(mut rest: impl Read) -> io::Result<bool> {
    let mut buffer = [0; 8 << 10];
    loop {
        match rest.read(&mut buffer)? {
            0 => return Ok(true),
            read if buffer[..read].iter().any(|byte| *byte != 0) => return Ok(false),
            _ => {}
        }
    }
}

fn is_ours(path: &str, kind: EntryType, link: Option<&[u8]>) -> bool {
    let files = [PROGRAM, CERTIFICATES, LICENCES];
    match kind {
        EntryType::Directory => {
            files.iter().any(|file| file.strip_prefix(path).is_some_and(|rest| rest.starts_with('/')))
        }
        EntryType::Regular => files.contains(&path),
        EntryType::Symlink => SHELLS.contains(&path) && link == Some(b"swarmkit-mon"),
        _ => false,
    }
}
