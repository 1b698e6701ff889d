//! A program that nobody runs: as much of an ELF file as packing looks at, with the note of a daemon and a list of packages.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use serde_json::{Value, json};

/// x86-64 and arm64, as ELF numbers them.
pub const MACHINES: [u8; 2] = [62, 183];

/// The packages that a program is built of, as `cargo auditable` puts them into a section of it.
pub fn package_list(packages: &[Value]) -> Vec<u8> {
    let mut list = ZlibEncoder::new(Vec::new(), Compression::best());
    list.write_all(json!({ "packages": packages }).to_string().as_bytes()).unwrap();
    list.finish().unwrap()
}

/// A program of a version and commit, with packages as `cargo auditable` notes them.
pub fn made_program(machine: u8, version: &str, commit: &str, packages: &[Value]) -> Vec<u8> {
    let note = format!("[swarmkit-mon is version {version}, of commit {commit}, changed false]");
    let list = package_list(packages);
    let names = b"\0.shstrtab\0.dep-v0\0";

    let mut file = vec![0; 64];
    file[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    (file[16], file[18], file[20], file[52]) = (2, machine, 1, 64);
    let at_names = file.len();
    file.extend_from_slice(names);
    let at_list = file.len();
    file.extend_from_slice(&list);
    file.extend_from_slice(note.as_bytes());
    let at_sections = file.len() as u64;
    file[40..48].copy_from_slice(&at_sections.to_le_bytes());
    (file[58], file[60], file[62]) = (64, 3, 1);
    file.extend_from_slice(&[0; 64]);
    for (name, kind, at, size) in [(1_u32, 3_u32, at_names, names.len()), (11, 1, at_list, list.len())] {
        let mut section = [0; 64];
        section[..4].copy_from_slice(&name.to_le_bytes());
        section[4..8].copy_from_slice(&kind.to_le_bytes());
        section[24..32].copy_from_slice(&(at as u64).to_le_bytes());
        section[32..40].copy_from_slice(&(size as u64).to_le_bytes());
        section[48] = 1;
        file.extend_from_slice(&section);
    }
    file
}
