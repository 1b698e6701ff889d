//! The file that rancher-metadata reads its answers from, as Rancher's agent leaves it.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use serde_json::{Value, json};

/// Puts a new file in the place of the one that is there.
pub fn write(path: &Path, objects: &[Value]) {
    let mut packed = DeflateEncoder::new(Vec::new(), Compression::fast());
    for object in objects {
        packed.write_all(object.to_string().as_bytes()).unwrap();
    }
    let file = json!({"Version": "1", "Data": STANDARD.encode(packed.finish().unwrap())});
    let new = path.with_extension("new");
    fs::write(&new, file.to_string()).unwrap();
    fs::rename(new, path).unwrap();
}
