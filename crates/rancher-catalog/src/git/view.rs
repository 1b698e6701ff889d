//! A clone as git is shown it: its objects and references, and none of its settings. What a clone is set to may come from
//! anybody, and much of it is programs: filters, hooks, a monitor of files, pagers, signers, transports. Git reads such
//! settings wherever it may need them, and newer versions know more of them. So git is given a folder of ours for the
//! clone, with settings of ours, which leads to the clone's objects and references alone.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::place::Place;
use crate::temporary_folder::TemporaryFolder;

/// Files such as FETCH_HEAD, which name commits.
const MAX_HEAD_BYTES: u64 = 1 << 20;
/// What leads to the clone itself: git reads and writes references here.
const SHARED: [&str; 5] = ["refs", "packed-refs", "reftable", "logs", "shallow"];

/// What of a clone's settings says how its objects and references are stored.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Format {
    /// The hash of its objects, if that is not SHA-1.
    pub(super) objects: Option<String>,
    /// How references are stored, if not as files.
    pub(super) references: Option<String>,
}

impl Format {
    fn settings(&self, is_bare: bool) -> String {
        let extensions = [("objectFormat", &self.objects), ("refStorage", &self.references)];
        let is_word = |value: &&String| value.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let extensions: String = extensions
            .iter()
            .filter_map(|(key, value)| Some(format!("\t{key} = {}\n", value.as_ref().filter(is_word)?)))
            .collect();
        // Where people look at references in a work tree, git keeps what they were.
        format!(
            "[core]\n\tbare = true\n\trepositoryFormatVersion = {}\n\tlogAllRefUpdates = {}\n[extensions]\n{extensions}",
            u8::from(!extensions.is_empty()),
            !is_bare
        )
    }
}

/// Makes the folder; the settings are written by [`write_settings`].
pub(super) fn make(place: &Place) -> io::Result<TemporaryFolder> {
    let folder = TemporaryFolder::new()?;
    for entry in fs::read_dir(&place.own)? {
        let entry = entry?;
        let is_head = entry.file_name().to_string_lossy().ends_with("HEAD");
        let found = entry.metadata()?;
        if is_head && found.is_file() && found.len() <= MAX_HEAD_BYTES {
            fs::copy(entry.path(), folder.path().join(entry.file_name()))?;
        }
    }
    for name in SHARED {
        let shared = place.common.join(name);
        // References that are packed later are found then.
        if name == "packed-refs" || shared.exists() {
            symlink(&shared, folder.path().join(name))?;
        }
    }
    fs::create_dir(folder.path().join("info"))?;
    symlink(place.common.join("info/exclude"), folder.path().join("info/exclude"))?;
    write_settings(folder.path(), &Format::default(), place.top.is_none())?;
    Ok(folder)
}

/// Writes the settings of such a folder.
pub(super) fn write_settings(folder: &Path, format: &Format, is_bare: bool) -> io::Result<()> {
    fs::write(folder.join("config"), format.settings(is_bare))
}
