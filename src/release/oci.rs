//! The image of a tag, and its digest, out of an OCI image layout on disk.
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
use std::io::{Read, Seek};
use std::path::Path;

use serde::Deserialize;

use super::described_image::{DescribedImage, RunConfig};
use super::layout::{Blob, Descriptor, Layout, MAX_ENTRIES, OciError, Platform};

/// The platform of attestations, which stand beside images, and of what does not tell its own.
const NO_PLATFORM: &str = "unknown/unknown";
/// How deep an index may lie in another.
const MAX_DEPTH: usize = 4;

/// What an image says of itself, for one platform.
#[derive(Debug, Clone)]
pub struct Described {
    /// The platform, such as `linux/amd64`.
    pub platform: String,
    /// The labels of its config.
    pub labels: BTreeMap<String, String>,
    /// What a container of it starts: the entry point and its arguments.
    pub starts: Vec<String>,
    /// How a container of it is run; nothing where its config is none.
    pub(super) run: Option<RunConfig>,
    /// The digest of its config.
    pub(super) config: String,
    pub(super) layers: Vec<Descriptor>,
}

/// An image, found in a layout.
#[derive(Debug, Clone)]
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

#[derive(Debug, Clone, Deserialize)]
struct Config {
    os: Option<String>,
    architecture: Option<String>,
    variant: Option<String>,
    #[serde(default)]
    config: Option<RunConfig>,
}

/// Finds the image of a tag in a layout, and verifies it.
///
/// # Errors
/// It cannot be read, is no layout, is cut off or not honest, or holds another image.
pub fn find(path: &Path, tag: &str) -> Result<FoundImage, OciError> {
    find_in(&Layout::open(path)?, tag)
}

/// As [`find`], in an archive from anywhere; the path is what errors call it.
///
/// # Errors
/// As there.
pub fn find_in_archive(path: &Path, archive: impl Read + Seek, tag: &str) -> Result<FoundImage, OciError> {
    find_in(&Layout::in_archive(path, archive)?, tag)
}

/// As [`find`], in a layout that is read already.
///
/// # Errors
/// As there.
pub fn find_in(layout: &Layout<'_>, tag: &str) -> Result<FoundImage, OciError> {
    let index = layout.index()?;
    let entries = index.manifests.unwrap_or_default();
    let chosen = layout.choose(&entries, tag)?;
    looked_at(layout, chosen, chosen.has_tag(tag))
}

/// Reads how the image of a name is run, or that of the only one.
///
/// # Errors
/// As [`find`]; and there are several, of which none is named so.
pub(super) fn describe(layout: &Layout<'_>, wanted: Option<&str>) -> Result<DescribedImage, OciError> {
    let entries = layout.index()?.manifests.unwrap_or_default();
    let is_wanted = |entry: &&Descriptor| wanted.is_some_and(|wanted| entry.names().any(|name| is_name(name, wanted)));
    let found = match (entries.iter().find(is_wanted), entries.as_slice()) {
        (Some(found), _) | (None, [found]) => found,
        (None, []) => return Err(layout.broken("its index.json names no image")),
        (None, several) => return Err(layout.several(several.iter().map(Descriptor::title).collect())),
    };
    let names = found.names().map(str::to_owned).collect();
    let described = looked_at(layout, found, true)?.described;
    let first = described.into_iter().next();
    let first = first.ok_or_else(|| layout.broken("no image of it tells how it is run"))?;
    let missing = || layout.broken(format!("its config {} does not tell how the image is run", first.config));
    Ok(DescribedImage { names, run: first.run.ok_or_else(missing)? })
}

/// Whether an archive's name for an image is what people call it: `docker.io/library/web:1` is `web:1`.
fn is_name(name: &str, wanted: &str) -> bool {
    name == wanted || name.strip_suffix(wanted).is_some_and(|rest| matches!(rest, "docker.io/" | "docker.io/library/"))
}

fn looked_at(layout: &Layout<'_>, chosen: &Descriptor, named: bool) -> Result<FoundImage, OciError> {
    let mut found = FoundImage {
        digest: chosen.digest.clone(),
        media_type: String::new(),
        platforms: Vec::new(),
        described: Vec::new(),
        absent: Vec::new(),
        uncompressed_layers: false,
        named,
    };
    found.media_type = layout.descend(chosen, 0, &mut found)?.unwrap_or_else(|| chosen.media_type.clone());
    found.platforms.sort();
    found.platforms.dedup();
    Ok(found)
}

impl Layout<'_> {
    fn choose<'d>(&self, entries: &'d [Descriptor], tag: &str) -> Result<&'d Descriptor, OciError> {
        let mut wanted: Vec<&Descriptor> = entries.iter().filter(|entry| entry.has_tag(tag)).collect();
        wanted.dedup_by_key(|entry| &entry.digest);
        match (&wanted[..], entries) {
            ([one], _) => Ok(one),
            ([], [only]) if only.names().next().is_none() => Ok(only),
            ([], []) => Err(self.broken("its index.json names no image")),
            ([], _) => {
                let found = entries.iter().take(10).map(Descriptor::title).collect();
                Err(OciError::OtherImage { path: self.path().to_owned(), tag: tag.to_owned(), found })
            }
            _ => Err(self.broken(format!("its index.json names {} images with the tag {tag}", wanted.len()))),
        }
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
            let said = described(&self.needed(config)?, &config.digest, layers);
            let outer = descriptor.platform.as_ref().map(Platform::text);
            // Of what is in an index, the index has told.
            if (depth == 0 || outer.is_none()) && said.platform != NO_PLATFORM {
                found.platforms.push(said.platform.clone());
            }
            if outer.as_deref() != Some(NO_PLATFORM) {
                found.described.push(said);
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
            if self.verified(descriptor)?.is_none() {
                let named = platform.unwrap_or_else(|| format!("one without a platform ({})", descriptor.digest));
                found.absent.extend(Some(named).filter(|platform| platform != NO_PLATFORM));
                continue;
            }
            let platform = platform.filter(|platform| platform != NO_PLATFORM);
            present += 1;
            found.platforms.extend(platform);
            self.descend(descriptor, depth + 1, found)?;
        }
        if present == 0 { Err(self.broken("none of the manifests that its index names is there")) } else { Ok(()) }
    }
}

/// A config that cannot be read has a description too: what is not told must not pass for what need not be looked at.
fn described(config: &Blob, digest: &str, layers: &[Descriptor]) -> Described {
    let config: Option<Config> = config.object().and_then(|text| serde_json::from_slice(text).ok());
    let (mut platform, mut run) = (NO_PLATFORM.to_owned(), None);
    if let Some(Config { os, architecture, variant, config }) = config {
        run = Some(config.unwrap_or_default());
        if let (Some(os), Some(architecture)) = (os, architecture) {
            platform = Platform { os, architecture, variant }.text();
        }
    }
    let told = run.clone().unwrap_or_default();
    let starts = told.entrypoint.into_iter().chain(told.cmd).flatten().collect();
    let labels = told.labels.unwrap_or_default();
    Described { platform, labels, starts, run, config: digest.to_owned(), layers: layers.to_vec() }
}
