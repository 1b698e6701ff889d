//! `gen-catalog sign`.

use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use clap::Args;
use serde_json::json;

use super::output::Output;
use super::{Format, Outcome};
use crate::entries::swarm;
use crate::release::sbom::MAX_SBOM;
use crate::release::signing::archive::{MAX_ARCHIVE, SignError, Unsigned};
use crate::release::signing::key::{MAX_KEY, PrivateKey};
use crate::release::signing::tag_of;
use rancher_catalog::model::Repository;
use rancher_catalog::regular_file;
use whole_file;

/// The variable with the password of a key, which cosign reads too.
const PASSWORD: &str = "COSIGN_PASSWORD";
/// The shortest private key as base64, which CI keeps on a line of its own.
const ENCODED: usize = 64;
/// What begins the name of a variable in the place of a file's, as for cosign.
const VARIABLE: &str = "env://";

/// Signs the image that `gen-catalog image` made, how it came about, and its SBOM, as cosign does it, offline.
///
/// It writes the archive anew, with two more manifests beside the image: `sha256-….sig` with its signature,
/// `sha256-….att` with its provenance (SLSA v1) and its SBOM (CycloneDX), each in a signed statement. Push all three, and
/// `cosign verify` and `cosign verify-attestation` find them; the image keeps its digest. Nothing is signed whose program is
/// not what its labels say. The same archive, SBOM and key make the same bytes.
///
/// The key is ECDSA on P-256: cosign.key, with its password in COSIGN_PASSWORD, or PKCS#8. With --provenance alone nothing
/// is signed: `cosign attest --type slsaprovenance1 --predicate FILE` signs that without a key of yours.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gen-catalog sign swarmkit.tar --sbom swarmkit.cdx.json --key cosign.key --out signed.tar\n  \
    gen-catalog sign swarmkit.tar --sbom swarmkit.cdx.json --key env://COSIGN_PRIVATE_KEY --out signed.tar\n  \
    gen-catalog sign swarmkit.tar --provenance provenance.json")]
pub(super) struct SignArgs {
    /// The archive that `gen-catalog image` made
    #[arg(value_name = "IMAGE")]
    archive: PathBuf,
    /// The private key as PEM: a file, or env:// and the name of a variable
    #[arg(
        long,
        value_name = "KEY",
        allow_hyphen_values = true,
        required_unless_present = "provenance",
        requires_all = ["sbom", "out"]
    )]
    key: Option<String>,
    /// The SBOM of the program: CycloneDX as JSON
    #[arg(long, value_name = "FILE", requires = "key")]
    sbom: Option<PathBuf>,
    /// The archive to write
    #[arg(long, value_name = "FILE", requires = "key")]
    out: Option<PathBuf>,
    /// Write the provenance (the predicate alone) to a file
    #[arg(long, value_name = "FILE")]
    provenance: Option<PathBuf>,
    /// Who builds, by an address: it stands in the provenance
    #[arg(long, value_name = "URI", value_parser = address, default_value = env!("CARGO_PKG_REPOSITORY"))]
    builder: String,
    /// The image's repository; its tag is always this program's version
    #[arg(long, value_name = "REPOSITORY", value_parser = super::repository, default_value_t = swarm::default_repository())]
    image: Repository,
    /// How to report
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(super) fn run(args: &SignArgs, output: &Output) -> anyhow::Result<Outcome> {
    let read = || [args.key.as_deref().map(Path::new), args.sbom.as_deref()].into_iter().flatten();
    // An archive may be signed in its place.
    if let Some(out) = &args.out {
        not_over("--out", out, read())?;
    }
    if let Some(provenance) = &args.provenance {
        not_over("--provenance", provenance, read().chain([args.archive.as_path()]).chain(args.out.as_deref()))?;
    }
    if args.out.is_some() && args.out == args.provenance {
        bail!("--out and --provenance are the same file: name two");
    }
    let key = args.key.as_deref().map(private_key).transpose()?;
    let archive = bounded(&args.archive, MAX_ARCHIVE)?;
    let archive = archive.ok_or(SignError::TooLarge).with_context(|| not_signed(&args.archive))?;
    let unsigned =
        Unsigned::read(&args.archive, &archive, swarm::VERSION).with_context(|| not_signed(&args.archive))?;
    let image = swarm::image(args.image.clone(), None);
    let provenance = unsigned.provenance(&image, &args.builder);
    let mut signed = None;
    if let (Some(key), Some(sbom), Some(out)) = (&key, &args.sbom, &args.out) {
        let text =
            bounded(sbom, MAX_SBOM)?.with_context(|| format!("{} has more than {MAX_SBOM} bytes", sbom.display()))?;
        let sbom = unsigned.sbom(&text).with_context(|| sbom.display().to_string())?;
        let bytes = unsigned.sign(&image, key, &provenance, &sbom).with_context(|| not_signed(&args.archive))?;
        whole_file::write(out, bytes).with_context(|| format!("cannot write {}", out.display()))?;
        signed = Some((out, key.public().fingerprint()));
    }
    if let Some(file) = &args.provenance {
        let text = format!("{}\n", serde_json::to_string_pretty(&provenance)?);
        whole_file::write(file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    let digest = unsigned.digest();
    let tags = [swarm::VERSION.to_owned(), tag_of(digest, "sig"), tag_of(digest, "att")];
    match (args.format, signed) {
        (Format::Json, signed) => output.json(&json!({
            "digest": digest,
            "key": signed.as_ref().map(|(_, key)| key),
            "tags": signed.map(|_| tags),
            "provenance": provenance,
        }))?,
        (Format::Text, Some((out, key))) => output.info(&format!(
            "{}\n  image     {image}@{digest}\n  signed by {key}\n  tags      {}\n",
            out.display(),
            tags.join("\n            "),
        ))?,
        (Format::Text, None) => {}
    }
    Ok(Outcome::Good)
}

fn not_signed(archive: &Path) -> String {
    format!("{} is not signed", archive.display())
}

/// A file's content; `None` if it has more than that.
pub(super) fn bounded(path: &Path, limit: u64) -> anyhow::Result<Option<Vec<u8>>> {
    let cannot = || format!("cannot read {}", path.display());
    let file = regular_file::open(path).with_context(cannot)?;
    let mut content = Vec::new();
    file.take(limit + 1).read_to_end(&mut content).with_context(cannot)?;
    Ok((content.len() as u64 <= limit).then_some(content))
}

/// Refuses to write over what is read, by whatever name.
pub(super) fn not_over<'p>(option: &str, out: &Path, read: impl IntoIterator<Item = &'p Path>) -> anyhow::Result<()> {
    let Ok(there) = out.metadata() else { return Ok(()) };
    for file in read {
        if file.metadata().is_ok_and(|about| (about.dev(), about.ino()) == (there.dev(), there.ino())) {
            bail!(
                "{option} {} would be written over {}, which is read: name another file",
                out.display(),
                file.display()
            );
        }
    }
    Ok(())
}

/// The PEM of a key in a file.
pub(super) fn pem(path: &Path) -> anyhow::Result<String> {
    let content = bounded(path, MAX_KEY)?;
    let text = content.and_then(|content| String::from_utf8(content).ok());
    text.with_context(|| format!("{} is no key: it is no text, or too long for one", path.display()))
}

/// Refuses a key itself in the place of its name: no message may repeat it. (So the arguments take values that begin with
/// dashes, which the parser would print.)
pub(super) fn names_a_key(given: &str) -> anyhow::Result<()> {
    let bare = given.strip_prefix(VARIABLE).unwrap_or(given);
    // All keys begin so.
    let is_base64 =
        bare.starts_with('M') && bare.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte));
    let is_bare = is_base64 && bare.len() >= ENCODED && !Path::new(bare).exists();
    if given.contains("-----") || given.contains('\n') || is_bare {
        bail!("--key takes the name of a file with the key, or of a variable ({VARIABLE}NAME), and not the key itself");
    }
    Ok(())
}

pub(super) fn private_key(given: &str) -> anyhow::Result<PrivateKey> {
    names_a_key(given)?;
    let pem = match given.strip_prefix(VARIABLE) {
        Some(name) => {
            std::env::var(name).map_err(|_| anyhow!("--key {given}: there is no variable {name} with a key"))?
        }
        None => pem(Path::new(given))?,
    };
    let password = std::env::var(PASSWORD).ok();
    PrivateKey::from_pem(&pem, password.as_deref()).with_context(|| format!("cannot sign with --key {given}"))
}

/// An absolute address, as a provenance record names who built something.
pub(super) fn address(text: &str) -> anyhow::Result<String> {
    let scheme = text.split_once(':').map(|(scheme, _)| scheme).unwrap_or_default();
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    if !is_scheme || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        bail!("it is no address, such as https://example.com/ci");
    }
    Ok(text.to_owned())
}
