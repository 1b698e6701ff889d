//! What is in a folder: files and folders, and what is neither.

use std::fs;
use std::io;
use std::path::Path;

use crate::source::{Cause, Unreadable};

/// The files and folders in a folder, by name, and which of them are folders; what is neither is noted.
pub(crate) fn names(path: &Path, unreadable: &mut Vec<Unreadable>) -> Vec<(String, bool)> {
    let read = || -> io::Result<Vec<(String, fs::FileType)>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            names.push((entry.file_name().to_string_lossy().into_owned(), entry.file_type()?));
        }
        names.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(names)
    };
    match read() {
        Err(error) => {
            unreadable.push(Unreadable { path: path.to_owned(), reason: error.to_string(), cause: Cause::Failed });
            Vec::new()
        }
        Ok(names) => names
            .into_iter()
            .filter_map(|(name, kind)| {
                if kind.is_dir() || kind.is_file() {
                    return Some((name, kind.is_dir()));
                }
                // A link may lead anywhere, in circles too; and a catalog in git is real files.
                let reason = "it is a symbolic link or a device, and is not followed".to_owned();
                unreadable.push(Unreadable { path: path.join(name), reason, cause: Cause::NoFile });
                None
            })
            .collect(),
    }
}

/// The files below a folder by their paths from it, in the order in which Go walks them.
pub(crate) fn files_below(path: &Path, before: &str, unreadable: &mut Vec<Unreadable>) -> Vec<String> {
    let mut found = Vec::new();
    for (name, is_folder) in names(path, unreadable) {
        // What git keeps for itself is in no clone.
        if name == ".git" {
            continue;
        }
        let relative = format!("{before}{name}");
        if is_folder {
            found.extend(files_below(&path.join(&name), &format!("{relative}/"), unreadable));
        } else {
            found.push(relative);
        }
    }
    found
}
