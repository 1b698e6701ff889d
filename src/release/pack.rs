//! Packs the daemon into an image: its program, the certificates of public authorities, the licences, and nothing else.
//!
//! What comes out is one archive that is two things: an OCI image layout, whose manifest a registry gets byte for byte,
//! and what `docker load` of any engine takes. Manifest and config have Docker's media types: Docker before 18.06, and
//! some releases of 19.03, pull no others, and those are the engines that Rancher 1.x runs on. The same input makes the
//! same bytes, wherever and whenever.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::{Duration, UNIX_EPOCH};

use elf::abi::{EM_AARCH64, EM_X86_64, ET_DYN, ET_EXEC, PT_INTERP};
use elf::endian::AnyEndian;
use elf::{ElfBytes, ParseError};
use flate2::{Compression, GzBuilder};
use serde_json::{Value, json};

use super::auditable;
use rancher_catalog::digest::sha256_hex;
use rancher_catalog::model::ImageReference;
use swarmkit_settings::built_from;

/// The label with the version.
pub const VERSION_LABEL: &str = "org.opencontainers.image.version";
/// The label with the commit.
pub const REVISION_LABEL: &str = "org.opencontainers.image.revision";
/// The label with the address of the sources.
pub const SOURCE_LABEL: &str = "org.opencontainers.image.source";
/// The label with the licences.
pub const LICENCES_LABEL: &str = "org.opencontainers.image.licenses";

/// Where the program is in the image: on the search path, so that `docker exec … swarmkit-mon plan` finds it.
pub const PROGRAM: &str = "bin/swarmkit-mon";
/// Rancher's UI opens a shell in the container. There is none; by these names the program shows the swarm.
pub const SHELLS: [&str; 2] = ["bin/bash", "bin/sh"];
/// Where programs look for the certificates of public authorities.
pub const CERTIFICATES: &str = "etc/ssl/certs/ca-certificates.crt";
/// Where the licences of all that is linked into the program are: compressed, as they are an eighth of the program's size and
/// seldom read.
pub const LICENCES: &str = "usr/share/doc/swarmkit-mon/licences.gz";

/// The annotation with the name of what is in a layout.
pub(super) const REF_NAME: &str = "org.opencontainers.image.ref.name";

const MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
const CONFIG: &str = "application/vnd.docker.container.image.v1+json";
const LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";
pub(super) const MANIFEST_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
pub(super) const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// What an image is made of.
#[derive(Debug, Clone, Copy)]
pub struct Contents<'a> {
    /// The program, one for each platform: static, as there is nothing else in the image.
    pub programs: &'a [Vec<u8>],
    /// Certificates of public authorities, as PEM.
    pub certificates: &'a str,
    /// The licences of all that is linked into the program, if they are known.
    pub licences: Option<&'a str>,
    /// What the image is called.
    pub image: &'a ImageReference,
    /// The version.
    pub version: &'a str,
    /// The commit that the program was built from.
    pub revision: &'a str,
    /// When it was made, in seconds since 1970.
    pub created: u64,
}

/// A packed image.
#[derive(Debug, Clone)]
pub struct Packed {
    /// The archive.
    pub archive: Vec<u8>,
    /// The digest of its manifest, or of the list of them, which a registry has once these bytes are pushed.
    pub digest: String,
    /// The platforms, such as `linux/amd64`.
    pub platforms: Vec<String>,
    /// The most that a host fetches: a compressed layer, in bytes.
    pub layer_bytes: usize,
    /// The most that a host keeps: the same layer unpacked.
    pub unpacked_bytes: usize,
    /// Whether every program tells its dependencies (`cargo audit bin`).
    pub is_auditable: bool,
}

/// Why an image cannot be packed.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// It is no program for Linux.
    #[error("it is no ELF program: {0}")]
    NoProgram(#[from] ParseError),
    /// Nobody runs it: a library, or of a machine without a Docker platform known here.
    #[error("it is an ELF file of type {kind} for the machine {machine}, and no program for x86-64 or arm64")]
    OtherMachine {
        /// `e_type`.
        kind: u16,
        /// `e_machine`.
        machine: u16,
    },
    /// Two programs for one platform.
    #[error("two of the programs are for linux/{0}: name one for each platform")]
    Twice(&'static str),
    /// It wants a dynamic linker, which the image does not have.
    #[error("it is not linked statically: nothing in the image could load its libraries")]
    NotStatic,
    /// It is another program.
    #[error("it is no swarmkit-mon: it has no note of its version (build it: cargo build --release -p swarmkit-mon)")]
    NoMonitor,
    /// It is another version.
    #[error("it is swarmkit-mon {found}, and this image is of {wanted}: build it of the same sources")]
    OtherVersion {
        /// What it says.
        found: String,
        /// What it should say.
        wanted: String,
    },
    /// It is of another commit.
    #[error("it is of commit {found}, and this image is to be of {wanted} (--revision)")]
    OtherCommit {
        /// What it says.
        found: String,
        /// What it should say.
        wanted: String,
    },
    /// They are no certificates.
    #[error("the certificates are no PEM: {0}")]
    Certificates(&'static str),
    /// It cannot be written to memory, which does not happen.
    #[error("cannot pack it: {0}")]
    Io(#[from] io::Error),
}

/// Packs an image.
///
/// # Errors
/// A program is not a static one for Linux, two are for one platform, or the certificates are none.
pub fn pack(contents: &Contents<'_>) -> Result<Packed, PackError> {
    check_certificates(contents.certificates)?;
    let mut blobs = Blobs::default();
    let images = contents
        .programs
        .iter()
        .map(|program| one_platform(contents, program, &mut blobs))
        .collect::<Result<Vec<_>, _>>()?;
    for (at, image) in images.iter().enumerate() {
        if images[..at].iter().any(|other| other.architecture == image.architecture) {
            return Err(PackError::Twice(image.architecture));
        }
    }
    let descriptors: Vec<&Value> = images.iter().map(|image| &image.descriptor).collect();
    let mut top = match descriptors.as_slice() {
        [one] => (*one).clone(),
        several => {
            let list = json!({ "schemaVersion": 2, "mediaType": MANIFEST_LIST, "manifests": several });
            blobs.put(MANIFEST_LIST, text(&list))
        }
    };
    let digest = top["digest"].as_str().unwrap_or_default().to_owned();
    let name = ImageReference { digest: None, ..contents.image.clone() };
    let tag = name.tag.clone().unwrap_or_default();
    top["annotations"] = json!({
        "io.containerd.image.name": full_name(&name),
        REF_NAME: tag,
    });
    // This list knows no platforms: an engine that reads it would give one tag to each image in turn, and keep the last.
    let docker: Vec<Value> = images
        .iter()
        .take(1)
        .map(|image| json!({ "Config": image.config, "RepoTags": [name.to_string()], "Layers": [image.layer] }))
        .collect();
    let mut files = vec![
        ("oci-layout".to_owned(), text(&json!({ "imageLayoutVersion": "1.0.0" }))),
        ("index.json".to_owned(), text(&json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [top] }))),
        ("manifest.json".to_owned(), text(&json!(docker))),
    ];
    files.extend(blobs.files);
    let entries = files.iter().map(|(path, content)| Entry { path, mode: 0o644, content: Content::File(content) });
    Ok(Packed {
        archive: archive(entries)?,
        digest,
        platforms: images.iter().map(|image| format!("linux/{}", image.architecture)).collect(),
        layer_bytes: images.iter().map(|image| image.layer_bytes).max().unwrap_or_default(),
        unpacked_bytes: images.iter().map(|image| image.unpacked_bytes).max().unwrap_or_default(),
        is_auditable: images.iter().all(|image| image.is_auditable),
    })
}

/// The image of one platform, whose blobs are kept.
struct PlatformImage {
    architecture: &'static str,
    descriptor: Value,
    /// Where its config is.
    config: String,
    /// Where its layer is.
    layer: String,
    layer_bytes: usize,
    unpacked_bytes: usize,
    is_auditable: bool,
}

fn one_platform(contents: &Contents<'_>, program: &[u8], blobs: &mut Blobs) -> Result<PlatformImage, PackError> {
    let (architecture, is_auditable) = inspect(program)?;
    check_note(contents, program)?;
    let tar = layer(program, contents)?;
    let compressed = gzip(&tar)?;
    let created = humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(contents.created)).to_string();
    let config = json!({
        "created": created,
        "architecture": architecture,
        "os": "linux",
        "config": {
            "Env": ["PATH=/bin"],
            "Entrypoint": [format!("/{PROGRAM}")],
            "Labels": labels(contents, &created),
        },
        "rootfs": { "type": "layers", "diff_ids": [format!("sha256:{}", sha256_hex(&tar))] },
        "history": [{ "created": created, "created_by": "gen-catalog image" }],
    });
    let layer_bytes = compressed.len();
    let layer = blobs.put(LAYER, compressed);
    let config = blobs.put(CONFIG, text(&config));
    let manifest = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer] });
    let mut descriptor = blobs.put(MANIFEST, text(&manifest));
    descriptor["platform"] = json!({ "architecture": architecture, "os": "linux" });
    let path = |descriptor: &Value| Blobs::path(descriptor["digest"].as_str().unwrap_or_default());
    Ok(PlatformImage {
        architecture,
        descriptor,
        config: path(&config),
        layer: path(&layer),
        layer_bytes,
        unpacked_bytes: tar.len(),
        is_auditable,
    })
}

/// Whether a program is a daemon, and of the version and commit that the image says.
fn check_note(contents: &Contents<'_>, program: &[u8]) -> Result<(), PackError> {
    let noted = built_from::noted(program).ok_or(PackError::NoMonitor)?;
    let text = str::to_owned;
    if noted.version != contents.version {
        return Err(PackError::OtherVersion { found: noted.version, wanted: text(contents.version) });
    }
    // A build that was told nothing knows no commit.
    if noted.commit != built_from::UNKNOWN && noted.commit != contents.revision {
        return Err(PackError::OtherCommit { found: noted.commit, wanted: text(contents.revision) });
    }
    Ok(())
}

/// With its registry, as containerd names images; without one it is Docker's own.
fn full_name(image: &ImageReference) -> String {
    match image.repository.registry {
        Some(_) => image.to_string(),
        None => format!("docker.io/{image}"),
    }
}

fn labels(contents: &Contents<'_>, created: &str) -> Value {
    json!({
        "org.opencontainers.image.title": "swarmkit-mon",
        "org.opencontainers.image.description": "Forms, watches and heals a Docker Swarm on the hosts of a Rancher 1.x environment",
        "org.opencontainers.image.created": created,
        VERSION_LABEL: contents.version,
        REVISION_LABEL: contents.revision,
        SOURCE_LABEL: env!("CARGO_PKG_REPOSITORY"),
        LICENCES_LABEL: env!("CARGO_PKG_LICENSE"),
    })
}

/// The architecture in Docker's word, and whether the program tells its dependencies.
fn inspect(program: &[u8]) -> Result<(&'static str, bool), PackError> {
    let file = ElfBytes::<AnyEndian>::minimal_parse(program)?;
    let (kind, machine) = (file.ehdr.e_type, file.ehdr.e_machine);
    let architecture = match (kind, machine) {
        (ET_EXEC | ET_DYN, EM_X86_64) => "amd64",
        (ET_EXEC | ET_DYN, EM_AARCH64) => "arm64",
        _ => return Err(PackError::OtherMachine { kind, machine }),
    };
    if file.segments().is_some_and(|segments| segments.iter().any(|segment| segment.p_type == PT_INTERP)) {
        return Err(PackError::NotStatic);
    }
    Ok((architecture, file.section_header_by_name(auditable::SECTION)?.is_some()))
}

fn check_certificates(text: &str) -> Result<(), PackError> {
    let count = |mark: &str| text.lines().filter(|line| line.trim_end() == mark).count();
    match (count("-----BEGIN CERTIFICATE-----"), count("-----END CERTIFICATE-----")) {
        (0, _) => Err(PackError::Certificates("there is none")),
        (begin, end) if begin != end => Err(PackError::Certificates("one of them does not end")),
        _ if text.contains("PRIVATE KEY-----") => Err(PackError::Certificates("there is a private key among them")),
        _ => Ok(()),
    }
}

/// A file, a folder or a link of an archive.
pub(super) struct Entry<'a> {
    pub(super) path: &'a str,
    pub(super) mode: u32,
    pub(super) content: Content<'a>,
}

/// What an entry is.
pub(super) enum Content<'a> {
    Folder,
    File(&'a [u8]),
    /// Another name of a file beside it.
    Link(&'a str),
}

/// The same bytes for the same content: without a time and a name.
fn gzip(content: &[u8]) -> io::Result<Vec<u8>> {
    let mut gzip = GzBuilder::new().write(Vec::new(), Compression::best());
    gzip.write_all(content)?;
    gzip.finish()
}

fn layer(program: &[u8], contents: &Contents<'_>) -> io::Result<Vec<u8>> {
    let mut files = BTreeMap::new();
    let licences = contents.licences.map(|text| gzip(text.as_bytes())).transpose()?;
    let licences = licences.as_deref().map(|packed| (LICENCES, 0o644, packed));
    let always = [(PROGRAM, 0o755, program), (CERTIFICATES, 0o644, contents.certificates.as_bytes())];
    for (path, mode, content) in always.into_iter().chain(licences) {
        for (at, _) in path.match_indices('/') {
            files.insert(&path[..=at], Entry { path: &path[..=at], mode: 0o755, content: Content::Folder });
        }
        files.insert(path, Entry { path, mode, content: Content::File(content) });
    }
    for path in SHELLS {
        files.insert(path, Entry { path, mode: 0o777, content: Content::Link("swarmkit-mon") });
    }
    archive(files.into_values())
}

/// A tar archive of root's files, whose times are all the same.
pub(super) fn archive<'a>(entries: impl Iterator<Item = Entry<'a>>) -> io::Result<Vec<u8>> {
    let mut tar = tar::Builder::new(Vec::new());
    for entry in entries {
        let mut header = tar::Header::new_ustar();
        let (kind, content) = match entry.content {
            Content::Folder => (tar::EntryType::Directory, &[][..]),
            Content::File(content) => (tar::EntryType::Regular, content),
            Content::Link(_) => (tar::EntryType::Symlink, &[][..]),
        };
        header.set_entry_type(kind);
        header.set_mode(entry.mode);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_size(content.len() as u64);
        match entry.content {
            Content::Link(to) => tar.append_link(&mut header, entry.path, to)?,
            Content::Folder | Content::File(_) => tar.append_data(&mut header, entry.path, content)?,
        }
    }
    tar.into_inner()
}

/// The blobs of a layout, by their paths.
#[derive(Default)]
pub(super) struct Blobs {
    pub(super) files: BTreeMap<String, Vec<u8>>,
}

impl Blobs {
    /// Keeps a blob; its descriptor.
    pub(super) fn put(&mut self, media_type: &str, content: Vec<u8>) -> Value {
        let digest = format!("sha256:{}", sha256_hex(&content));
        let descriptor = json!({ "mediaType": media_type, "size": content.len(), "digest": digest });
        self.files.insert(Self::path(&digest), content);
        descriptor
    }

    fn path(digest: &str) -> String {
        format!("blobs/{}", digest.replacen(':', "/", 1))
    }
}

fn text(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}
