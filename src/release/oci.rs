//! The digest of an image, out of an OCI image layout on disk: a folder, or a tar archive of one.
//!
//! A registry knows an image by the SHA-256 of its index or manifest, byte for byte. `docker buildx build --output
//! type=oci` and tools like it write these bytes (OCI image layout 1.0: index.json, blobs/sha256/…), and so does `docker
//! save` since Docker 25. Everything that is taken is hashed again and must be what it is called; nothing is unpacked.
//!
//! Two things that `docker save` makes hold no digest that a registry would have, unless the archive itself is pushed:
//! - Before Docker 25, and with an older engine, there is no index at all: the manifest only comes about when the image
//!   is pushed, and so does its digest.
//! - Docker's classic image store keeps layers uncompressed and compresses them when it pushes them. The manifest that
//!   it saves names uncompressed layers, and the one that it pushes others.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tar::EntryType;

use rancher_catalog::digest::{sha256_hex, sha256_of};

/// The most that is read of an index or a manifest.
const MAX_JSON: u64 = 4 << 20;
/// The most of them that is kept of one archive.
const MAX_KEPT: u64 = 64 << 20;
/// The most entries of an archive, and manifests of an index.
const MAX_ENTRIES: usize = 100_000;
/// The platform of attestations, which stand beside images.
const NO_PLATFORM: &str = "unknown/unknown";
/// How deep an index may lie in another.
const MAX_DEPTH: usize = 4;

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

/// What an image says of itself, for one platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// The platform, such as `linux/amd64`.
    pub platform: String,
    /// The labels of its config.
    pub labels: BTreeMap<String, String>,
}

/// An image, found in a layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundImage {
    /// The digest of its index or manifest.
    pub digest: String,
    /// What the digest is of.
    pub media_type: String,
    /// Its platforms, such as `linux/amd64`, sorted.
    pub platforms: Vec<String>,
    /// What it says of itself, for each platform that is there.
    pub described: Vec<Described>,
    /// Platforms that its index names, but whose manifest is not in the layout.
    pub absent: Vec<String>,
    /// Whether it has layers that are not compressed.
    pub uncompressed_layers: bool,
    /// Whether the layout says that it is the wanted tag's; else it is the only image, and has no name.
    pub named: bool,
}

/// `index.json`, an index or a manifest, as far as it matters here.
#[derive(Debug, Clone, Deserialize)]
struct Manifest {
    #[serde(rename = "mediaType")]
    media_type: Option<String>,
    manifests: Option<Vec<Descriptor>>,
    config: Option<Descriptor>,
    layers: Option<Vec<Descriptor>>,
}

#[derive(Debug, Clone, Deserialize)]
struct Descriptor {
    #[serde(rename = "mediaType", default)]
    media_type: String,
    digest: String,
    size: u64,
    platform: Option<Platform>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Deserialize)]
struct Platform {
    os: String,
    architecture: String,
    variant: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct Config {
    os: Option<String>,
    architecture: Option<String>,
    variant: Option<String>,
    #[serde(default)]
    config: Option<RunConfig>,
}

/// How a container of the image is run, as far as it matters here.
#[derive(Debug, Clone, Deserialize)]
struct RunConfig {
    #[serde(rename = "Labels")]
    labels: Option<BTreeMap<String, String>>,
}

impl Descriptor {
    /// The names that a tool gave it: whole references, or tags alone.
    fn names(&self) -> impl Iterator<Item = &str> {
        ["io.containerd.image.name", "org.opencontainers.image.ref.name"]
            .into_iter()
            .filter_map(|key| self.annotations.get(key).map(String::as_str))
    }

    fn has_tag(&self, tag: &str) -> bool {
        self.names().any(|name| {
            let last = name.rsplit('/').next().unwrap_or(name);
            last == tag || last.rsplit_once(':').is_some_and(|(_, found)| found == tag)
        })
    }

    /// What it is called, for a person.
    fn title(&self) -> String {
        let names: Vec<&str> = self.names().collect();
        if names.is_empty() { format!("one without a name ({})", self.digest) } else { names.join(" = ") }
    }
}

impl Platform {
    fn text(&self) -> String {
        let variant = self.variant.as_deref().map(|variant| format!("/{variant}")).unwrap_or_default();
        format!("{}/{}{variant}", self.os, self.architecture)
    }
}

/// What is known of a file of the layout.
#[derive(Debug, Clone)]
struct Blob {
    sha256: String,
    size: u64,
    /// The content of what may be JSON.
    json: Option<Vec<u8>>,
}

/// The files of a layout.
enum Files {
    Folder(PathBuf),
    Archive(BTreeMap<String, Blob>),
}

/// Finds the image of a tag in a layout, and verifies it.
///
/// # Errors
/// It cannot be read, is no layout, is cut off or not honest, or holds another image.
pub fn find(path: &Path, tag: &str) -> Result<FoundImage, OciError> {
    let fail = |source| OciError::Io { path: path.to_owned(), source };
    let kind = fs::metadata(path).map_err(fail)?;
    if kind.is_dir() {
        return find_in(&Layout { path, files: Files::Folder(path.to_owned()) }, tag);
    }
    find_in_archive(path, BufReader::new(File::open(path).map_err(fail)?), tag)
}

/// As [`find`], in an archive from anywhere; the path is what errors call it.
///
/// # Errors
/// As there.
pub fn find_in_archive(path: &Path, archive: impl Read + Seek, tag: &str) -> Result<FoundImage, OciError> {
    find_in(&Layout { path, files: Files::Archive(read_archive(path, archive)?) }, tag)
}

fn find_in(layout: &Layout<'_>, tag: &str) -> Result<FoundImage, OciError> {
    let index = layout.index()?;
    let entries = index.manifests.unwrap_or_default();
    let chosen = layout.choose(&entries, tag)?;
    let mut found = FoundImage {
        digest: chosen.digest.clone(),
        media_type: String::new(),
        platforms: Vec::new(),
        described: Vec::new(),
        absent: Vec::new(),
        uncompressed_layers: false,
        named: chosen.has_tag(tag),
    };
    found.media_type = layout.descend(chosen, 0, &mut found)?.unwrap_or_else(|| chosen.media_type.clone());
    found.platforms.sort();
    found.platforms.dedup();
    Ok(found)
}

struct Layout<'p> {
    path: &'p Path,
    files: Files,
}

impl Layout<'_> {
    fn broken(&self, reason: impl Into<String>) -> OciError {
        OciError::Broken { path: self.path.to_owned(), reason: reason.into() }
    }

    fn no_layout(&self, reason: impl Into<String>) -> OciError {
        OciError::NoLayout { path: self.path.to_owned(), reason: reason.into() }
    }

    fn blob(&self, name: &str) -> Result<Option<Blob>, OciError> {
        match &self.files {
            Files::Archive(entries) => Ok(entries.get(name).cloned()),
            Files::Folder(folder) => read_file(&folder.join(name)),
        }
    }

    fn index(&self) -> Result<Manifest, OciError> {
        let Some(index) = self.blob("index.json")? else {
            // What `docker save` writes beside the index too.
            return Err(match self.blob("manifest.json")? {
                Some(_) => OciError::NoManifest(self.path.to_owned()),
                None => self.no_layout("there is no index.json"),
            });
        };
        let Some(layout) = self.blob("oci-layout")? else { return Err(self.no_layout("there is no oci-layout")) };
        let version = layout.json.as_deref().and_then(|text| serde_json::from_slice::<serde_json::Value>(text).ok());
        let version = version.as_ref().and_then(|layout| layout["imageLayoutVersion"].as_str());
        if !version.is_some_and(|version| version.starts_with("1.")) {
            return Err(self.no_layout(format!("its oci-layout is of version {version:?}, and 1.x is known")));
        }
        self.parse("index.json", &index)
    }

    fn parse(&self, name: &str, blob: &Blob) -> Result<Manifest, OciError> {
        let json = blob.json.as_deref();
        let json = json.ok_or_else(|| self.broken(format!("{name} is no JSON, or has more than {MAX_JSON} bytes")))?;
        serde_json::from_slice(json).map_err(|error| self.broken(format!("{name}: {error}")))
    }

    fn choose<'d>(&self, entries: &'d [Descriptor], tag: &str) -> Result<&'d Descriptor, OciError> {
        let mut wanted: Vec<&Descriptor> = entries.iter().filter(|entry| entry.has_tag(tag)).collect();
        wanted.dedup_by_key(|entry| &entry.digest);
        match (&wanted[..], entries) {
            ([one], _) => Ok(one),
            ([], [only]) if only.names().next().is_none() => Ok(only),
            ([], []) => Err(self.broken("its index.json names no image")),
            ([], _) => {
                let found = entries.iter().take(10).map(Descriptor::title).collect();
                Err(OciError::OtherImage { path: self.path.to_owned(), tag: tag.to_owned(), found })
            }
            _ => Err(self.broken(format!("its index.json names {} images with the tag {tag}", wanted.len()))),
        }
    }

    /// Verifies what a descriptor names, and all below it. `None` for what is not there; else its media type.
    fn verified(&self, descriptor: &Descriptor) -> Result<Option<Blob>, OciError> {
        let digest = &descriptor.digest;
        rancher_catalog::model::ImageReference::check_digest(digest).map_err(|error| self.broken(error.to_string()))?;
        let hex = digest.trim_start_matches("sha256:");
        let Some(blob) = self.blob(&format!("blobs/sha256/{hex}"))? else { return Ok(None) };
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

    fn needed(&self, descriptor: &Descriptor) -> Result<Blob, OciError> {
        let missing =
            || self.broken(format!("{} is not there: it is cut off, or was not written whole", descriptor.digest));
        self.verified(descriptor)?.ok_or_else(missing)
    }

    fn descend(
        &self,
        descriptor: &Descriptor,
        depth: usize,
        found: &mut FoundImage,
    ) -> Result<Option<String>, OciError> {
        if depth > MAX_DEPTH {
            return Err(self.broken("its indexes lie too deep in one another"));
        }
        let manifest = self.parse(&descriptor.digest, &self.needed(descriptor)?)?;
        if let Some(inner) = &manifest.manifests {
            self.index_of_platforms(inner, depth, found)?;
        } else if let (Some(config), Some(layers)) = (&manifest.config, &manifest.layers) {
            let config = self.needed(config)?;
            let said = described(&config);
            let outer = descriptor.platform.as_ref().map(Platform::text);
            // Of what is in an index, the index has told.
            if depth == 0 || outer.is_none() {
                found.platforms.extend(said.iter().map(|said| said.platform.clone()));
            }
            if outer.as_deref() != Some(NO_PLATFORM) {
                found.described.extend(said);
            }
            for layer in layers {
                self.needed(layer)?;
                found.uncompressed_layers |= layer.media_type.ends_with(".tar");
            }
        } else {
            return Err(self.broken(format!("{} is neither an index nor a manifest", descriptor.digest)));
        }
        Ok(manifest.media_type)
    }

    fn index_of_platforms(&self, inner: &[Descriptor], depth: usize, found: &mut FoundImage) -> Result<(), OciError> {
        if inner.len() > MAX_ENTRIES {
            return Err(self.broken("its index is too long"));
        }
        let mut present = 0;
        for descriptor in inner {
            let platform = descriptor.platform.as_ref().map(Platform::text);
            let platform = platform.filter(|platform| platform != NO_PLATFORM);
            if self.verified(descriptor)?.is_none() {
                found.absent.extend(platform);
                continue;
            }
            present += 1;
            found.platforms.extend(platform);
            self.descend(descriptor, depth + 1, found)?;
        }
        if present == 0 { Err(self.broken("none of the manifests that its index names is there")) } else { Ok(()) }
    }
}

fn described(config: &Blob) -> Option<Described> {
    let config: Config = serde_json::from_slice(config.json.as_deref()?).ok()?;
    let platform = Platform { os: config.os?, architecture: config.architecture?, variant: config.variant };
    let labels = config.config.and_then(|config| config.labels).unwrap_or_default();
    Some(Described { platform: platform.text(), labels })
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
        return Ok(Some(Blob { sha256, size, json: None }));
    }
    let mut content = Vec::new();
    file.by_ref().take(MAX_JSON + 1).read_to_end(&mut content).map_err(fail)?;
    Ok(Some(Blob { sha256: sha256_hex(&content), size: content.len() as u64, json: json_of(content) }))
}

fn json_of(content: Vec<u8>) -> Option<Vec<u8>> {
    content.iter().find(|byte| !byte.is_ascii_whitespace()).is_some_and(|byte| *byte == b'{').then_some(content)
}

/// Reads an archive once from end to end: of each file its size and digest, and what may be JSON. Nothing is written.
fn read_archive(path: &Path, mut file: impl Read + Seek) -> Result<BTreeMap<String, Blob>, OciError> {
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
    let no_tar = |error: io::Error| OciError::NoLayout { path: path.to_owned(), reason: error.to_string() };
    let mut archive = tar::Archive::new(file);
    let (mut entries, mut kept, mut count) = (BTreeMap::new(), 0, 0);
    // Raw: a long name that an archive claims to have is not read into memory; no name that matters is long.
    for entry in archive.entries().map_err(no_tar)?.raw(true) {
        let mut entry = entry.map_err(no_tar)?;
        count += 1;
        if count > MAX_ENTRIES {
            return Err(broken(format!("it has more than {MAX_ENTRIES} entries")));
        }
        let name = String::from_utf8_lossy(&entry.header().path_bytes()).into_owned();
        let name = name.trim_start_matches("./").to_owned();
        if name.starts_with('/') || name.split('/').any(|part| part == "..") {
            return Err(broken(format!("the entry {name:?} leads out of it: it is no honest archive")));
        }
        match entry.header().entry_type() {
            EntryType::Regular | EntryType::Continuous => {}
            EntryType::GNUSparse => {
                return Err(broken(format!("the entry {name:?} is sparse, as no tool writes them here")));
            }
            // Folders, links (of older `docker save`s), and what describes the next entry.
            _ => continue,
        }
        let size = entry.header().size().map_err(no_tar)?;
        let blob = if size <= MAX_JSON && kept + size <= MAX_KEPT {
            let mut content = Vec::new();
            entry.by_ref().take(size).read_to_end(&mut content).map_err(no_tar)?;
            let length = content.len() as u64;
            let json = json_of(content.clone());
            kept += json.as_ref().map_or(0, |_| length);
            Blob { sha256: sha256_hex(&content), size: length, json }
        } else {
            let (sha256, size) = sha256_of(&mut entry).map_err(no_tar)?;
            Blob { sha256, size, json: None }
        };
        if blob.size != size {
            return Err(broken(format!("it is cut off within {name:?}")));
        }
        if entries.insert(name.clone(), blob).is_some() && (name.starts_with("blobs/") || !name.contains('/')) {
            return Err(broken(format!("it has the entry {name:?} twice")));
        }
    }
    if count == 0 {
        return Err(OciError::NoLayout { path: path.to_owned(), reason: "it is empty".to_owned() });
    }
    Ok(entries)
}
