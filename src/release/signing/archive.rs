//! The archive of an image with its signature and attestations beside it: what was in the archive stays as it was.

use std::collections::BTreeSet;
use std::io::{self, Cursor, Read};
use std::path::Path;

use serde_json::{Value, json};
use tar::EntryType;

use super::attestation::{self, CYCLONEDX, PROVENANCE};
use super::key::PrivateKey;
use super::{DSSE_ENVELOPE, SIGNATURE, SIMPLE_SIGNING, signature, tag_of};
use crate::release::layout::{Layout, OciError};
use crate::release::oci::{self, FoundImage};
use crate::release::pack::{self, Blobs, Content, Entry, INDEX};
use crate::release::unpack::{self, Started};
use crate::release::{docker_load, image_provenance, sbom};
use rancher_catalog::model::ImageReference;
use swarmkit_settings::built_from;

/// The most that an archive may have: it is held in memory. One of two platforms has some 10 MB.
pub const MAX_ARCHIVE: u64 = 128 << 20;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
/// By this annotation cosign finds its way in a layout on disk.
const KIND: &str = "kind";
const OF_COSIGN: &str = "dev.cosignproject.cosign/";
/// What stands for a time that is not known.
const NO_TIME: &str = "0001-01-01T00:00:00Z";

/// Why an image is not signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The archive cannot be read.
    #[error(transparent)]
    Archive(#[from] OciError),
    /// It is larger than any of ours.
    #[error("it has more than {} MiB, and images of swarmkit-mon have some 10: it is none that `gen-catalog image` made", MAX_ARCHIVE >> 20)]
    TooLarge,
    /// It has what no archive of an image has.
    #[error("its entry {0:?} is no file: sign an archive that `gen-catalog image` made")]
    NoFile(String),
    /// It is signed.
    #[error("it is signed already: sign the archive that `gen-catalog image` made, and write another one with --out")]
    Signed,
    /// Its program is not what its labels say.
    #[error("its labels say {labels}, and its program {program}: whoever signs it would vouch for what it is not")]
    Untrue {
        /// What the labels say.
        labels: String,
        /// What the program says.
        program: String,
    },
    /// It has images that are not here to be looked at.
    #[error("its index also names {}, which is not in the archive: whoever signs it would vouch for what nobody has seen", .0.join(", "))]
    Absent(Vec<String>),
    /// An engine would load another image.
    #[error("`docker load` would take another image from it: {0}")]
    OtherLoaded(String),
    /// Nobody could tell from what it was built.
    #[error("its program is of {0}, and what is signed is of one commit: build it from a clone without changes")]
    NoCommit(String),
    /// The SBOM cannot be used.
    #[error("the SBOM cannot be used: {0}")]
    Sbom(String),
    /// It cannot be written to memory, which does not happen.
    #[error("cannot pack it: {0}")]
    Io(#[from] io::Error),
}

/// An image that is to be signed.
pub struct Unsigned<'a> {
    bytes: &'a [u8],
    index: Value,
    found: FoundImage,
    started: Vec<Started>,
}

impl<'a> Unsigned<'a> {
    /// Looks at the image of a tag in an archive: that it is ours, and what its labels say of it is true.
    ///
    /// # Errors
    /// It is not.
    pub fn read(path: &Path, bytes: &'a [u8], tag: &str) -> Result<Self, SignError> {
        let layout = Layout::in_archive(path, Cursor::new(bytes))?;
        let found = oci::find_in(&layout, tag)?;
        let index = layout.index_json().unwrap_or_default();
        let attached = ["sig", "att"].map(|what| tag_of(&found.digest, what));
        let names = index["manifests"].as_array().into_iter().flatten();
        let mut names = names.filter_map(|entry| entry["annotations"][pack::REF_NAME].as_str());
        if names.any(|name| attached.iter().any(|tag| tag == name)) {
            return Err(SignError::Signed);
        }
        if !found.absent.is_empty() {
            return Err(SignError::Absent(found.absent));
        }
        docker_load::takes(&layout, &found).map_err(SignError::OtherLoaded)?;
        let mut started = Vec::new();
        for image in &found.described {
            let label = |name: &str| image.labels.get(name).map_or("nothing", String::as_str);
            let labels = format!("swarmkit-mon {} of {}", label(pack::VERSION_LABEL), label(pack::REVISION_LABEL));
            let daemon = unpack::daemon(&layout, image)
                .map_err(|reason| SignError::Untrue { labels: labels.clone(), program: reason })?;
            if daemon.to_string() != labels {
                return Err(SignError::Untrue { labels, program: daemon.to_string() });
            }
            if !built_from::is_commit(&daemon.noted.commit) {
                return Err(SignError::NoCommit(daemon.noted.commit));
            }
            started.push(daemon);
        }
        Ok(Self { bytes, index, found, started })
    }

    /// The digest that is signed.
    pub fn digest(&self) -> &str {
        &self.found.digest
    }

    /// How it came about.
    pub fn provenance(&self, image: &ImageReference, builder: &str) -> Value {
        image_provenance::predicate(image, &self.found, &self.started, builder)
    }

    /// Whether an SBOM is of this image's program.
    ///
    /// # Errors
    /// It is none, or of another one.
    pub fn sbom(&self, text: &[u8]) -> Result<Value, SignError> {
        let sbom = sbom::read(text).map_err(SignError::Sbom)?;
        let of = sbom::subject(&sbom).map_err(SignError::Sbom)?;
        for started in &self.started {
            let wanted = format!("swarmkit-mon {}", started.noted.version);
            if of != wanted {
                return Err(SignError::Sbom(format!("it is of {of}, and the image of {wanted}")));
            }
        }
        Ok(sbom)
    }

    /// The archive with a signature, the provenance and the SBOM beside the image.
    ///
    /// # Errors
    /// It has entries that are no files.
    pub fn sign(
        &self,
        image: &ImageReference,
        key: &PrivateKey,
        provenance: &Value,
        sbom: &Value,
    ) -> Result<Vec<u8>, SignError> {
        let (repository, digest) = (&image.repository, &self.found.digest);
        let mut blobs = Blobs::default();
        let payload = signature::payload(repository, digest);
        let mut layer = json!({ SIGNATURE: key.sign(&payload) });
        let layer = attached(&mut blobs, SIMPLE_SIGNING, payload, layer.take());
        let mut top = vec![manifest(&mut blobs, vec![layer], digest, "sig", "sigs")];
        let attested = [(PROVENANCE, provenance), (CYCLONEDX, sbom)].map(|(kind, predicate)| {
            let statement = attestation::statement(repository, digest, kind, predicate);
            let envelope = attestation::envelope(&statement, key);
            attached(&mut blobs, DSSE_ENVELOPE, envelope, json!({ SIGNATURE: "", "predicateType": kind }))
        });
        top.push(manifest(&mut blobs, attested.to_vec(), digest, "att", "atts"));
        self.write(top, blobs)
    }

    fn write(&self, attached: Vec<Value>, blobs: Blobs) -> Result<Vec<u8>, SignError> {
        let mut index = self.index.clone();
        if let Some(entries) = index["manifests"].as_array_mut() {
            for entry in entries.iter_mut().filter(|entry| entry["digest"] == self.found.digest.as_str()) {
                let is_list = [INDEX, pack::MANIFEST_LIST].contains(&self.found.media_type.as_str());
                entry["annotations"][KIND] =
                    json!(format!("{OF_COSIGN}{}", if is_list { "imageIndex" } else { "image" }));
            }
            entries.extend(attached);
        }
        let mut files: Vec<(String, Vec<u8>)> = Vec::new();
        for entry in tar::Archive::new(self.bytes).entries()?.raw(true) {
            let mut entry = entry?;
            let name = String::from_utf8_lossy(&entry.header().path_bytes()).into_owned();
            let mut content = Vec::new();
            match entry.header().entry_type() {
                EntryType::Directory => continue,
                EntryType::Regular => entry.read_to_end(&mut content)?,
                _ => return Err(SignError::NoFile(name)),
            };
            let name = name.trim_start_matches("./").to_owned();
            let content = if name == "index.json" { index.to_string().into_bytes() } else { content };
            files.push((name, content));
        }
        let there: BTreeSet<&String> = files.iter().map(|(name, _)| name).collect();
        let new: Vec<_> = blobs.files.into_iter().filter(|(name, _)| !there.contains(name)).collect();
        files.extend(new);
        let entries = files.iter().map(|(path, content)| Entry { path, mode: 0o644, content: Content::File(content) });
        Ok(pack::archive(entries)?)
    }
}

/// A layer with what is attached.
fn attached(blobs: &mut Blobs, media_type: &str, content: Vec<u8>, annotations: Value) -> Value {
    let mut descriptor = blobs.put(media_type, content);
    descriptor["annotations"] = annotations;
    descriptor
}

/// The manifest of what is attached to an image; its entry in the index.
fn manifest(blobs: &mut Blobs, layers: Vec<Value>, digest: &str, what: &str, kind: &str) -> Value {
    let digests: Vec<&Value> = layers.iter().map(|layer| &layer["digest"]).collect();
    let config = json!({
        "architecture": "",
        "created": NO_TIME,
        "history": vec![json!({ "created": NO_TIME }); layers.len()],
        "os": "",
        "rootfs": { "type": "layers", "diff_ids": digests },
        "config": {},
    });
    let config = blobs.put(CONFIG, config.to_string().into_bytes());
    let manifest = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers });
    let mut entry = blobs.put(MANIFEST, manifest.to_string().into_bytes());
    entry["annotations"] = json!({ KIND: format!("{OF_COSIGN}{kind}"), pack::REF_NAME: tag_of(digest, what) });
    entry
}
