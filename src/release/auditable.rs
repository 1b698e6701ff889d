//! The packages that are linked into a program, as `cargo auditable` notes them in it.

use std::collections::BTreeSet;
use std::io::Read;

use elf::ElfBytes;
use elf::endian::AnyEndian;
use flate2::read::ZlibDecoder;
use serde::Deserialize;

/// The section of the list.
pub(super) const SECTION: &str = ".dep-v0";
/// The most that is read of a list.
const MAX_LIST: u64 = 8 << 20;

/// A package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Whether it is of crates.io, and not of the program's own sources.
    pub is_from_registry: bool,
}

#[derive(Deserialize)]
struct List {
    packages: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    name: String,
    version: String,
    #[serde(default)]
    source: String,
    #[serde(default)]
    kind: String,
}

/// The packages in a program but for those that only built it; `None` where it has no list that can be read.
pub fn packages(program: &[u8]) -> Option<BTreeSet<Package>> {
    let file = ElfBytes::<AnyEndian>::minimal_parse(program).ok()?;
    let section = file.section_header_by_name(SECTION).ok()??;
    let (data, None) = file.section_data(&section).ok()? else { return None };
    let mut text = Vec::new();
    ZlibDecoder::new(data).take(MAX_LIST).read_to_end(&mut text).ok()?;
    let list: List = serde_json::from_slice(&text).ok()?;
    let linked = list.packages.into_iter().filter(|listed| listed.kind != "build");
    let package = |listed: Listed| Package {
        is_from_registry: listed.source == "crates.io",
        name: listed.name,
        version: listed.version,
    };
    Some(linked.map(package).collect())
}
