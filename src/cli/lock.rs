//! `gen-catalog lock`.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use serde_json::json;

use super::output::Output;
use super::{Format, Outcome};
use crate::entries::swarm;
use crate::release::image_lock::{FILE_NAME, ImageLock};
use crate::release::oci;
use whole_file;

/// What to know of an image with uncompressed layers.
pub(super) const UNCOMPRESSED: &str = "the image has layers that are not compressed, as `docker save` of Docker's classic image store writes \
     them: `docker push` compresses them, and the registry then has another digest. Push the archive itself with its digest kept (skopeo copy \
     --preserve-digests), or build it with `./scripts/image`";

/// Writes image.lock: the digest of the image of this version, read from an OCI image layout.
///
/// IMAGE is a folder or a tar archive of one, as `./scripts/image` and `docker save` (since Docker 25) write them. Of
/// several images the one with this version's tag is taken. Its digest is that of the index or manifest, as a registry
/// has it once these bytes are pushed; everything below it is hashed again and must be what it is called. An archive
/// without a manifest, of an older `docker save`, has no such digest and is refused.
///
/// `render`, `release` and `version` then pin the image to it, wherever image.lock is in the working folder.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gen-catalog lock target/image/swarmkit.tar\n  \
    gen-catalog lock oci-layout/ --out image.lock\n  \
    gen-catalog lock image.tar --check")]
pub(super) struct LockArgs {
    /// An OCI image layout: a folder, or a tar archive of one
    #[arg(value_name = "IMAGE")]
    image: PathBuf,
    /// The file to write
    #[arg(long, value_name = "FILE", default_value = FILE_NAME)]
    out: PathBuf,
    /// Write nothing: exit 1 if the file is not what would be written
    #[arg(long)]
    check: bool,
    /// How to report
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(super) fn run(args: &LockArgs, output: &Output) -> anyhow::Result<Outcome> {
    super::sign::not_over("--out", &args.out, [args.image.as_path()])?;
    let found = oci::find(&args.image, swarm::VERSION)?;
    if !found.named {
        let image = args.image.display();
        output
            .warning(&format!("{image} does not say which image it holds; it is taken for that of {}", swarm::VERSION));
    }
    if !found.absent.is_empty() {
        output.warning(&format!(
            "the index names platforms that are not in it, and were not verified: {}",
            found.absent.join(", ")
        ));
    }
    if found.uncompressed_layers {
        output.warning(UNCOMPRESSED);
    }
    let lock = ImageLock {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        digest: found.digest,
        media_type: found.media_type,
        platforms: found.platforms,
        uncompressed_layers: found.uncompressed_layers,
    };
    let text = lock.text();
    let before = std::fs::read(&args.out).ok();
    let same = before.as_deref() == Some(text.as_bytes());
    if !args.check && !same {
        whole_file::write(&args.out, &text).with_context(|| format!("cannot write {}", args.out.display()))?;
    }
    let status = match (same, args.check) {
        (true, _) => "up-to-date",
        (false, true) => "drift",
        (false, false) => "written",
    };
    let image = swarm::image(swarm::default_repository(), Some(lock.digest.clone()));
    let (file, platforms) = (args.out.display(), lock.platforms.join(", "));
    match args.format {
        Format::Json => output.json(&json!({ "status": status, "image": image.to_string(), "lock": lock }))?,
        Format::Text => {
            let word = match status {
                "drift" => "is not up to date: it should say",
                "written" => "written:",
                _ => "is up to date:",
            };
            output.info(&format!("{file} {word} {image} ({platforms})\n"))?;
        }
    }
    Ok(if args.check && !same { Outcome::Findings } else { Outcome::Good })
}
