//! `gen-catalog image`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use serde_json::json;

use super::licences::MAX_PROGRAM;
use super::output::Output;
use super::{Format, Outcome};
use crate::entries::swarm;
use crate::release::pack::{Contents, pack};
use rancher_catalog::model::Repository;
use swarmkit_settings::built_from::{self, VERSION};
use whole_file;

/// The authorities that Mozilla trusts, a file each, as Debian's ca-certificates brings them. A machine's own bundle may
/// hold others, which are no image's business.
const CERTIFICATES: &str = "/usr/share/ca-certificates/mozilla";

/// The most that is read of licences. Those of all packages have some 300 kB.
const MAX_LICENCES: u64 = 16 << 20;
/// Packs a static swarmkit-mon into an image: the program, certificates of public authorities, licences, nothing else.
///
/// It writes one archive that is an OCI image layout (`gen-catalog lock`, skopeo) and what `docker load` takes. Neither a
/// registry nor an engine is needed. The same program, certificates and options make the same bytes. `./scripts/image`
/// builds the program and runs this. Several programs, one for each platform, make one image for all of these; an older
/// engine's `docker load` takes the first.
#[derive(Debug, Args)]
#[command(
    name = "image",
    after_help = "Examples:\n  \
    gen-catalog image swarmkit-mon --revision \"$(git rev-parse HEAD)\" --out image.tar\n  \
    gen-catalog image swarmkit-mon --certificates /etc/ssl/certs/ca-certificates.crt --out image.tar\n  \
    gen-catalog image amd64/swarmkit-mon arm64/swarmkit-mon --out image.tar"
)]
pub(super) struct ImageArchiveArgs {
    /// The program, linked statically; one for each platform
    #[arg(value_name = "PROGRAM", required = true)]
    programs: Vec<PathBuf>,
    /// The archive to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Certificates as PEM: a file, or a folder of *.crt
    #[arg(long, value_name = "PATH", default_value = CERTIFICATES)]
    certificates: PathBuf,
    /// The licences of all that is linked into the program, as `gen-catalog licences` writes them
    #[arg(long, value_name = "FILE")]
    licences: Option<PathBuf>,
    /// The commit that the program was built from [default: what the program says]
    #[arg(long, value_name = "COMMIT")]
    revision: Option<String>,
    /// When the image was made, in seconds since 1970 [default: $SOURCE_DATE_EPOCH, else 0]
    #[arg(long, value_name = "SECONDS")]
    created: Option<u64>,
    /// The image's repository; its tag is always this program's version
    #[arg(long, value_name = "REPOSITORY", value_parser = super::repository, default_value_t = swarm::default_repository())]
    image: Repository,
    /// How to report
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(super) fn run(args: &ImageArchiveArgs, output: &Output) -> anyhow::Result<Outcome> {
    let read = args.programs.iter().chain([&args.certificates]).chain(&args.licences);
    super::sign::not_over("--out", &args.out, read.map(PathBuf::as_path))?;
    let programs = args
        .programs
        .iter()
        .map(|path| {
            let program = super::sign::bounded(path, MAX_PROGRAM)?;
            program
                .with_context(|| format!("{} has more than {MAX_PROGRAM} bytes: it is no swarmkit-mon", path.display()))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let certificates = certificates(&args.certificates).with_context(|| {
        format!("cannot read certificates from {}: see --certificates", args.certificates.display())
    })?;
    let licences = args.licences.as_deref().map(licences).transpose()?;
    let own = || programs.first().and_then(|program| built_from::noted(program)).map(|noted| noted.commit);
    let revision = args.revision.clone().or_else(own).unwrap_or_else(|| built_from::UNKNOWN.to_owned());
    let image = swarm::image(args.image.clone(), None);
    let contents = Contents {
        programs: &programs,
        certificates: &certificates,
        licences: licences.as_deref(),
        image: &image,
        version: VERSION,
        revision: &revision,
        created: created(args.created)?,
    };
    let names: Vec<String> = args.programs.iter().map(|path| path.display().to_string()).collect();
    let packed = pack(&contents).with_context(|| format!("cannot pack {}", names.join(", ")))?;
    if licences.is_none() {
        output.warning("the image has no licences of what is linked into the program: see --licences");
    }
    if !packed.is_auditable {
        output.warning("a program does not tell its dependencies: build it with `cargo auditable build`");
    }
    whole_file::write(&args.out, &packed.archive).with_context(|| format!("cannot write {}", args.out.display()))?;
    match args.format {
        Format::Json => output.json(&json!({
            "image": image.to_string(),
            "digest": packed.digest,
            "platforms": packed.platforms,
            "revision": revision,
            "program_bytes": largest(&programs),
            "layer_bytes": packed.layer_bytes,
            "unpacked_bytes": packed.unpacked_bytes,
            "archive_bytes": packed.archive.len(),
            "auditable": packed.is_auditable,
        }))?,
        Format::Text => output.info(&format!(
            "{}\n  image     {image} ({})\n  digest    {}\n  revision  {revision}\n  size      {} compressed, {} in all\n",
            args.out.display(),
            packed.platforms.join(", "),
            packed.digest,
            megabytes(packed.layer_bytes),
            megabytes(packed.unpacked_bytes),
        ))?,
    }
    Ok(Outcome::Good)
}

fn licences(path: &Path) -> anyhow::Result<String> {
    let content = super::sign::bounded(path, MAX_LICENCES)?
        .with_context(|| format!("{} has more than {MAX_LICENCES} bytes", path.display()))?;
    let text = String::from_utf8(content).ok().with_context(|| format!("{} is no text", path.display()))?;
    if text.trim().is_empty() {
        bail!("{} is empty: make it with `gen-catalog licences`", path.display());
    }
    Ok(text)
}

fn largest(programs: &[Vec<u8>]) -> usize {
    programs.iter().map(Vec::len).max().unwrap_or_default()
}

fn megabytes(bytes: usize) -> String {
    let tenths = bytes.div_ceil(100_000);
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

fn created(given: Option<u64>) -> anyhow::Result<u64> {
    const VARIABLE: &str = "SOURCE_DATE_EPOCH";
    // The last second of the year 9999: what an RFC 3339 time can name.
    const LAST: u64 = 253_402_300_799;
    let seconds = match (given, std::env::var(VARIABLE)) {
        (Some(seconds), _) => seconds,
        (None, Ok(text)) => text.parse().with_context(|| format!("{VARIABLE} is no number of seconds: {text:?}"))?,
        (None, Err(_)) => 0,
    };
    if seconds > LAST {
        bail!("{seconds} seconds since 1970 are beyond the year 9999");
    }
    Ok(seconds)
}

/// The text of a file, or of all *.crt of a folder in the order of their names.
fn certificates(path: &Path) -> anyhow::Result<String> {
    if !path.is_dir() {
        return Ok(fs::read_to_string(path)?);
    }
    let mut files: Vec<PathBuf> =
        fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "crt"));
    files.sort();
    let mut all = String::new();
    for file in files {
        let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        all.push_str(text.trim());
        all.push('\n');
    }
    Ok(all)
}
