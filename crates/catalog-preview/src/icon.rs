//! The icon of a template.

use std::path::Path;

use rancher_catalog::beneath::{Beneath, Kind};

use crate::catalog::Place;

/// The most that is read of one.
const LARGEST: u64 = 1 << 20;
/// How deep it is looked for below its template, as anywhere else only a mistake puts one.
const DEPTH: usize = 3;

/// An icon: what a browser takes it for, and its content.
#[derive(Debug)]
pub struct Icon {
    /// Its media type.
    pub kind: &'static str,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// Whether a template has one.
pub fn is_there(place: &Place) -> bool {
    Beneath::template(&place.path).is_ok_and(|folder| last(&folder, Path::new(""), DEPTH).is_some())
}

/// The name of its file.
pub fn name(place: &Place) -> Option<String> {
    let inside = last(&Beneath::template(&place.path).ok()?, Path::new(""), DEPTH)?;
    inside.rsplit('/').next().map(str::to_owned)
}

/// Reads it: of several the catalog service keeps the one that it walks to last.
pub fn read(place: &Place) -> Option<Icon> {
    let folder = Beneath::template(&place.path).ok()?;
    let inside = last(&folder, Path::new(""), DEPTH)?;
    let bytes = folder.read(Path::new(&inside), LARGEST).ok()?;
    let name = inside.rsplit('/').next().unwrap_or(&inside);
    Some(Icon { kind: kind(name, &bytes), bytes })
}

fn last(folder: &Beneath, inside: &Path, depth: usize) -> Option<String> {
    let entries = folder.entries(inside).ok()?;
    entries.into_iter().rev().find_map(|(name, kind)| {
        let name = name.to_str()?;
        let below = inside.join(name);
        match kind {
            Kind::File if name.starts_with("catalogIcon") => Some(below.to_str()?.to_owned()),
            Kind::Folder if depth > 0 && name != ".git" => last(folder, &below, depth - 1),
            _ => None,
        }
    })
}

/// The media type: only what a browser shows as a picture.
fn kind(name: &str, bytes: &[u8]) -> &'static str {
    let extension = name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    match extension.as_str() {
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        _ if bytes.starts_with(b"\x89PNG") => "image/png",
        _ => "application/octet-stream",
    }
}
