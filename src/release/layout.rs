//! An OCI image layout on disk (image layout 1.0: index.json, blobs/sha256/…): a folder, or a tar archive of one.
//!
//! Everything that is taken is hashed again and must be what it is called; nothing is unpacked, no link is followed, and
//! what an archive claims to hold is never believed before it was read. What another reader could take for something else
//! is refused (`one_reading`).

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;
use tar::EntryType;

use super::one_reading::Reading;
use super::unpack::is_padding;
use rancher_catalog::digest::{sha256_hex, sha256_of};
use rancher_catalog::model::ImageReference;
use rancher_catalog::regular_file;

/// The most that is read of an index or a manifest.
const MAX_JSON: u64 = 4 << 20;
/// The most of them that is kept of one archive.
const MAX_KEPT: u64 = 64 << 20;
/// The most that an archive may be filled up with behind its end: tar fills the last block of 10 KiB.
const MAX_PADDING: u64 = 16 << 20;
/// The most entries of an archive, and manifests of an index.
pub(super) const MAX_ENTRIES: usize = 100_000;

/// Why no digest can be taken.
#[derive(Debug, thiserror::Error)]
pub enum OciError {
    /// It cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// What.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It is no layout and no archive.
    #[error("{} is neither an OCI image layout nor a tar archive of one: {reason}", path.display())]
    NoLayout {
        /// What.
        path: PathBuf,
        /// What is missing.
        reason: String,
    },
    /// It is a `docker save` of an older engine.
    #[error("{} was written by `docker save` of an engine before Docker 25: it holds no manifest, and so no digest that a registry would have. Build the image with `./scripts/image`, or push it and take the digest from there (render --digest)", .0.display())]
    NoManifest(PathBuf),
    /// It is compressed.
    #[error("{} is compressed ({with}): unpack it first ({with} -d)", path.display())]
    Compressed {
        /// What.
        path: PathBuf,
        /// With what.
        with: &'static str,
    },
    /// It is cut off, or not honest.
    #[error("{}: {reason}", path.display())]
    Broken {
        /// What.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// It holds several images.
    #[error("{} holds several images: {}. Say which one with --image", path.display(), found.join(", "))]
    Several {
        /// What.
        path: PathBuf,
        /// What they are called.
        found: Vec<String>,
    },
    /// It holds no image of the version.
    #[error("{} holds no image with the tag {tag}, but {}", path.display(), found.join(", "))]
    OtherImage {
        /// What.
        path: PathBuf,
        /// The tag that is wanted.
        tag: String,
        /// What it holds.
        found: Vec<String>,
    },
}

/// `index.json`, an index or a manifest, as far as it matters here.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Manifest {
    #[serde(rename = "mediaType")]
    pub(super) media_type: Option<String>,
    pub(super) manifests: Option<Vec<Descriptor>>,
    pub(super) config: Option<Descriptor>,
    pub(super) layers: Option<Vec<Descriptor>>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Descriptor {
    #[serde(rename = "mediaType", default)]
    pub(super) media_type: String,
    pub(super) digest: String,
    size: u64,
    pub(super) platform: Option<Platform>,
    #[serde(default)]
    pub(super) annotations: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Platform {
    pub(super) os: String,
    pub(super) architecture: String,
    pub(super) variant: Option<String>,
}

impl Descriptor {
    /// The names that a tool gave it: whole references, or tags alone.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        ["io.containerd.image.name", "org.opencontainers.image.ref.name"]
            .into_iter()
            .filter_map(|key| self.annotations.get(key).map(String::as_str))
    }

    pub(super) fn has_tag(&self, tag: &str) -> bool {
        self.names().any(|name| {
            let last = name.rsplit('/').next().unwrap_or(name);
            last == tag || last.rsplit_once(':').is_some_and(|(_, found)| found == tag)
        })
    }

    /// What it is called, for a person.
    pub(super) fn title(&self) -> String {
        let names: Vec<&str> = self.names().collect();
        if names.is_empty() { format!("one without a name ({})", self.digest) } else { names.join(" = ") }
    }
}

impl Platform {
    pub(super) fn text(&self) -> String {
        let variant = self.variant.as_deref().map(|variant| format!("/{variant}")).unwrap_or_default();
        format!("{}/{}{variant}", self.os, self.architecture)
    }
}

/// What is known of a file of the layout.
#[derive(Debug, Clone)]
pub(super) struct Blob {
    sha256: String,
    size: u64,
    /// The content of what may be JSON.
    pub(super) json: Option<Vec<u8>>,
    /// Where it begins in the archive.
    at: u64,
}

impl Blob {
    /// The content of what may be an object of JSON: a list could be read as one too, field by field.
    pub(super) fn object(&self) -> Option<&[u8]> {
        self.json.as_deref().filter(|json| json.trim_ascii_start().starts_with(b"{"))
    }
}

/// The files of a layout.
enum Files<'p> {
    Folder(PathBuf),
    Archive { blobs: BTreeMap<String, Blob>, bytes: RefCell<Box<dyn ReadSeek + 'p>> },
}

trait ReadSeek: Read + Seek {}
impl<T: Read + Seek> ReadSeek for T {}

/// A layout, read once from end to end.
pub struct Layout<'p> {
    path: &'p Path,
    files: Files<'p>,
}

impl<'p> Layout<'p> {
    /// Reads a folder or an archive.
    ///
    /// # Errors
    /// It cannot be read, or is no archive.
    pub fn open(path: &'p Path) -> Result<Self, OciError> {
        let fail = |source| OciError::Io { path: path.to_owned(), source };
        if fs::metadata(path).map_err(fail)?.is_dir() {
            return Ok(Self { path, files: Files::Folder(path.to_owned()) });
        }
        Self::in_archive(path, BufReader::new(regular_file::open(path).map_err(fail)?))
    }

    /// Reads an archive from anywhere; the path is what errors call it.
    ///
    /// # Errors
    /// It cannot be read, or is no archive.
    pub fn in_archive(path: &'p Path, mut bytes: impl Read + Seek + 'p) -> Result<Self, OciError> {
        let blobs = read_archive(path, &mut bytes)?;
        Ok(Self { path, files: Files::Archive { blobs, bytes: RefCell::new(Box::new(bytes)) } })
    }

    pub(super) fn path(&self) -> &'p Path {
        self.path
    }

    /// The files of an archive, by their names; of a folder they are not listed.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let blobs = match &self.files {
            Files::Archive { blobs, .. } => Some(blobs.keys().map(String::as_str)),
            Files::Folder(_) => None,
        };
        blobs.into_iter().flatten()
    }

    pub(super) fn broken(&self, reason: impl Into<String>) -> OciError {
        OciError::Broken { path: self.path.to_owned(), reason: reason.into() }
    }

    pub(super) fn several(&self, mut found: Vec<String>) -> OciError {
        found.truncate(10);
        OciError::Several { path: self.path.to_owned(), found }
    }

    fn no_layout(&self, reason: impl Into<String>) -> OciError {
        OciError::NoLayout { path: self.path.to_owned(), reason: reason.into() }
    }

    fn blob(&self, name: &str) -> Result<Option<Blob>, OciError> {
        match &self.files {
            Files::Archive { blobs, .. } => Ok(blobs.get(name).cloned()),
            Files::Folder(folder) => read_file(&folder.join(name)),
        }
    }

    pub(super) fn index(&self) -> Result<Manifest, OciError> {
        let Some(index) = self.blob("index.json")? else {
            // What `docker save` writes beside the index too.
            return Err(match self.blob("manifest.json")? {
                Some(_) => OciError::NoManifest(self.path.to_owned()),
                None => self.no_layout("there is no index.json"),
            });
        };
        let Some(layout) = self.blob("oci-layout")? else { return Err(self.no_layout("there is no oci-layout")) };
        let version = layout.json.as_deref().and_then(|text| serde_json::from_slice::<Value>(text).ok());
        let version = version.as_ref().and_then(|layout| layout["imageLayoutVersion"].as_str());
        if !version.is_some_and(|version| version.starts_with("1.")) {
            return Err(self.no_layout(format!("its oci-layout is of version {version:?}, and 1.x is known")));
        }
        self.parse("index.json", &index)
    }

    /// index.json as it is.
    pub(super) fn index_json(&self) -> Option<Value> {
        serde_json::from_slice(self.blob("index.json").ok()??.json.as_deref()?).ok()
    }

    /// A document beside index.json; `None` if it is not there.
    pub(super) fn beside(&self, name: &str) -> Result<Option<Vec<u8>>, OciError> {
        let blob = self.blob(name)?;
        let broken = || self.broken(format!("{name} has more than {MAX_JSON} bytes, or is no JSON"));
        blob.map(|blob| blob.json.ok_or_else(broken)).transpose()
    }

    /// The manifest that index.json gives exactly a name.
    pub(super) fn manifest_of(&self, name: &str) -> Result<Option<Manifest>, OciError> {
        let entries = self.index()?.manifests.unwrap_or_default();
        let mut named = entries.iter().filter(|entry| entry.names().any(|found| found == name));
        let (Some(entry), further) = (named.next(), named.next()) else { return Ok(None) };
        if further.is_some() {
            return Err(self.broken(format!("its index.json names several manifests {name}")));
        }
        self.parse(&entry.digest, &self.needed(entry)?).map(Some)
    }

    pub(super) fn parse(&self, name: &str, blob: &Blob) -> Result<Manifest, OciError> {
        let json = blob
            .object()
            .ok_or_else(|| self.broken(format!("{name} is no JSON, or has more than {MAX_JSON} bytes")))?;
        serde_json::from_slice(json).map_err(|error| self.broken(format!("{name}: {error}")))
    }

    /// Verifies what a descriptor names. `None` for what is not there.
    pub(super) fn verified(&self, descriptor: &Descriptor) -> Result<Option<Blob>, OciError> {
        let digest = &descriptor.digest;
        ImageReference::check_digest(digest).map_err(|error| self.broken(error.to_string()))?;
        let hex = digest.trim_start_matches("sha256:");
        let Some(blob) = self.blob(&path_of(hex))? else { return Ok(None) };
        if blob.sha256 != hex {
            return Err(
                self.broken(format!("blobs/sha256/{hex} is not what it is called: its SHA-256 is {}", blob.sha256))
            );
        }
        if blob.size != descriptor.size {
            let (size, named) = (blob.size, descriptor.size);
            return Err(self.broken(format!("blobs/sha256/{hex} has {size} bytes, and not the {named} that are named")));
        }
        Ok(Some(blob))
    }

    pub(super) fn needed(&self, descriptor: &Descriptor) -> Result<Blob, OciError> {
        let missing =
            || self.broken(format!("{} is not there: it is cut off, or was not written whole", descriptor.digest));
        self.verified(descriptor)?.ok_or_else(missing)
    }

    /// The whole content of what a descriptor names, once more compared with its digest.
    ///
    /// # Errors
    /// It is not there, not what it is called, or larger than the limit.
    pub(super) fn content(&self, descriptor: &Descriptor, limit: u64) -> Result<Vec<u8>, OciError> {
        let fail = |source| OciError::Io { path: self.path.to_owned(), source };
        let blob = self.needed(descriptor)?;
        if blob.size > limit {
            let (digest, size) = (&descriptor.digest, blob.size);
            return Err(self.broken(format!("{digest} has {size} bytes, and no more than {limit} are read")));
        }
        let mut content = Vec::new();
        match &self.files {
            Files::Archive { bytes, .. } => {
                let mut bytes = bytes.borrow_mut();
                bytes.seek(SeekFrom::Start(blob.at)).map_err(fail)?;
                bytes.by_ref().take(blob.size).read_to_end(&mut content).map_err(fail)?;
            }
            Files::Folder(folder) => {
                let file = File::open(folder.join(path_of(&blob.sha256))).map_err(fail)?;
                file.take(blob.size).read_to_end(&mut content).map_err(fail)?;
            }
        }
        if sha256_hex(&content) != blob.sha256 {
            return Err(self.broken(format!("{} was changed while it was read", descriptor.digest)));
        }
        Ok(content)
    }
}

fn path_of(sha256: &str) -> String {
    format!("blobs/sha256/{sha256}")
}

fn read_file(path: &Path) -> Result<Option<Blob>, OciError> {
    let fail = |source| OciError::Io { path: path.to_owned(), source };
    let kind = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(fail)?,
    };
    if !kind.is_file() {
        let reason = "it is no file: links are not followed".to_owned();
        return Err(OciError::Broken { path: path.to_owned(), reason });
    }
    let mut file = File::open(path).map_err(fail)?;
    if kind.len() > MAX_JSON {
        let (sha256, size) = sha256_of(file).map_err(fail)?;
        return Ok(Some(Blob { sha256, size, json: None, at: 0 }));
    }
    let mut content = Vec::new();
    file.by_ref().take(MAX_JSON + 1).read_to_end(&mut content).map_err(fail)?;
    Ok(Some(Blob { sha256: sha256_hex(&content), size: content.len() as u64, json: json_of(content), at: 0 }))
}

fn json_of(content: Vec<u8>) -> Option<Vec<u8>> {
    let first = content.iter().find(|byte| !byte.is_ascii_whitespace());
    first.is_some_and(|byte| b"{[".contains(byte)).then_some(content)
}

/// Reads an archive once from end to end: of each file its size and digest, and what may be JSON. Nothing is written.
fn read_archive(path: &Path, file: &mut (impl Read + Seek)) -> Result<BTreeMap<String, Blob>, OciError> {
    let fail = |source| OciError::Io { path: path.to_owned(), source };
    let broken = |reason: String| OciError::Broken { path: path.to_owned(), reason };
    let mut head = [0; 4];
    let read = file.by_ref().take(4).read(&mut head).map_err(fail)?;
    let compressed = match head[..read] {
        [0x1f, 0x8b, ..] => Some("gzip"),
        [0x28, 0xb5, 0x2f, 0xfd] => Some("zstd"),
        [b'B', b'Z', b'h', ..] => Some("bzip2"),
        [0xfd, b'7', b'z', b'X'] => Some("xz"),
        _ => None,
    };
    if let Some(with) = compressed {
        return Err(OciError::Compressed { path: path.to_owned(), with });
    }
    file.rewind().map_err(fail)?;
    let (mut entries, mut kept, mut count) = (BTreeMap::new(), 0, 0);
    let mut reading = Reading::default();
    // A library's words for it would tell nobody what to do.
    let no_tar = |count: usize| {
        move |error: io::Error| match (error.raw_os_error(), count) {
            (Some(_), _) => fail(error),
            (None, 0) => OciError::NoLayout { path: path.to_owned(), reason: "it is no tar archive".to_owned() },
            (None, _) => broken("it is cut off, or damaged".to_owned()),
        }
    };
    let mut archive = tar::Archive::new(file);
    // Raw: a long name that an archive claims to have is not read into memory; no name that matters is long.
    for entry in archive.entries().map_err(no_tar(count))?.raw(true) {
        let mut entry = entry.map_err(no_tar(count))?;
        count += 1;
        if count > MAX_ENTRIES {
            return Err(broken(format!("it has more than {MAX_ENTRIES} entries")));
        }
        let name = String::from_utf8_lossy(&entry.header().path_bytes()).into_owned();
        let kind = entry.header().entry_type();
        let name = reading.name(&name, kind).map_err(broken)?;
        match kind {
            EntryType::Regular | EntryType::Continuous => {}
            EntryType::GNUSparse => {
                return Err(broken(format!("the entry {name:?} is sparse, as no tool writes them here")));
            }
            EntryType::XHeader | EntryType::XGlobalHeader | EntryType::GNULongName | EntryType::GNULongLink => {
                reading.extension(&mut entry).map_err(no_tar(count))?.map_err(broken)?;
                continue;
            }
            // Folders, and links (of older `docker save`s).
            _ => continue,
        }
        let (size, at) = (entry.header().size().map_err(no_tar(count))?, entry.raw_file_position());
        let blob = if size <= MAX_JSON && kept + size <= MAX_KEPT {
            let mut content = Vec::new();
            entry.by_ref().take(size).read_to_end(&mut content).map_err(no_tar(count))?;
            let length = content.len() as u64;
            let json = json_of(content.clone());
            kept += json.as_ref().map_or(0, |_| length);
            Blob { sha256: sha256_hex(&content), size: length, json, at }
        } else {
            let (sha256, size) = sha256_of(&mut entry).map_err(no_tar(count))?;
            Blob { sha256, size, json: None, at }
        };
        if blob.size != size {
            return Err(broken(format!("it is cut off within {name:?}")));
        }
        if entries.insert(name.clone(), blob).is_some() && (name.starts_with("blobs/") || !name.contains('/')) {
            return Err(broken(format!("it has the entry {name:?} twice")));
        }
    }
    let mut rest = archive.into_inner().take(MAX_PADDING);
    if !is_padding(&mut rest).map_err(fail)? || rest.limit() == 0 {
        return Err(broken("it goes on behind its end: other programs may read another image there".to_owned()));
    }
    if count == 0 {
        return Err(OciError::NoLayout { path: path.to_owned(), reason: "it is empty".to_owned() });
    }
    Ok(entries)
}
