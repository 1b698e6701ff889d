//! What is in a folder: files and folders, and what is neither.

use std::path::Path;

use crate::beneath::{Beneath, Kind, NotRead};
use crate::source::Unreadable;

/// The files and folders in a folder of a template, by name, and which of them are folders; what is neither is noted, as
/// `path` and what is in it.
pub(crate) fn names(
    template: &Beneath,
    inside: &Path,
    path: &Path,
    unreadable: &mut Vec<Unreadable>,
) -> Vec<(String, bool)> {
    let entries = match template.entries(inside) {
        Ok(entries) => entries,
        Err(cause) => {
            unreadable.push(Unreadable::new(path, &cause));
            return Vec::new();
        }
    };
    let mut names: Vec<(String, bool)> = Vec::new();
    for (name, kind) in entries {
        match kind {
            Kind::File | Kind::Folder => names.push((name.to_string_lossy().into_owned(), kind == Kind::Folder)),
            // A link may lead anywhere, in circles too; and a catalog in git is real files.
            Kind::Link => {
                let cause = template.target(&inside.join(&name)).map_or_else(|cause| cause, NotRead::Link);
                unreadable.push(Unreadable::new(&path.join(name), &cause));
            }
            Kind::Other => {
                let cause = NotRead::NoFile("a pipe, a socket or a device");
                unreadable.push(Unreadable::new(&path.join(name), &cause));
            }
        }
    }
    names
}

/// The files below a folder of a template by their paths from it, in the order in which Go walks them.
pub(crate) fn files_below(
    template: &Beneath,
    inside: &Path,
    path: &Path,
    before: &str,
    unreadable: &mut Vec<Unreadable>,
) -> Vec<String> {
    let mut found = Vec::new();
    for (name, is_folder) in names(template, inside, path, unreadable) {
        // What git keeps for itself is in no clone.
        if name == ".git" {
            continue;
        }
        let relative = format!("{before}{name}");
        if is_folder {
            let (inside, path) = (inside.join(&name), path.join(&name));
            found.extend(files_below(template, &inside, &path, &format!("{relative}/"), unreadable));
        } else {
            found.push(relative);
        }
    }
    found
}
