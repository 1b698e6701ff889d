//! Folders as data: every file below one, and copies.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Every file and link below a folder by its path, with its content; folders end in `/`.
pub fn snapshot(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    walk(folder, folder, &mut found);
    found
}

fn walk(root: &Path, folder: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        let kind = fs::symlink_metadata(&path).unwrap();
        if kind.is_symlink() {
            found.insert(name, fs::read_link(&path).unwrap().to_str().unwrap().as_bytes().to_vec());
        } else if kind.is_dir() {
            found.insert(format!("{name}/"), Vec::new());
            walk(root, &path, found);
        } else {
            found.insert(name, fs::read(&path).unwrap());
        }
    }
}

/// Copies a folder with all that is in it.
pub fn copy(from: &Path, to: &Path) {
    for (name, content) in snapshot(from) {
        let path = to.join(&name);
        if name.ends_with('/') {
            fs::create_dir_all(path).unwrap();
        } else {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
    }
}
