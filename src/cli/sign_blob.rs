//! `gen-catalog sign-blob`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use whole_file;

use super::Outcome;
use super::output::Output;
use super::sign::{bounded, not_over, private_key};

/// The most that is signed: what names files by their digests is short.
const MAX_FILE: u64 = 64 << 20;

/// Signs any file with a key, as `cosign sign-blob` does it, offline: such as the SHA256SUMS of a release.
///
/// The signature is written beside the file, in base64. `cosign verify-blob --key cosign.pub --insecure-ignore-tlog=true
/// --signature FILE.sig FILE` verifies it, and so does `base64 -d FILE.sig > FILE.der && openssl dgst -sha256 -verify cosign.pub
/// -signature FILE.der FILE`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gen-catalog sign-blob SHA256SUMS --key cosign.key\n  \
    gen-catalog sign-blob SHA256SUMS --key env://COSIGN_PRIVATE_KEY --out SHA256SUMS.sig")]
pub(super) struct SignBlobArgs {
    /// The file to sign
    file: PathBuf,
    /// The private key as PEM: a file, or env:// and the name of a variable; the password of cosign.key comes in COSIGN_PASSWORD
    #[arg(long, value_name = "KEY", allow_hyphen_values = true)]
    key: String,
    /// The file to write [default: FILE.sig]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: &SignBlobArgs, output: &Output) -> anyhow::Result<Outcome> {
    let key = private_key(&args.key)?;
    let content = bounded(&args.file, MAX_FILE)?
        .with_context(|| format!("{} is not signed: it has more than {MAX_FILE} bytes", args.file.display()))?;
    let beside = || {
        let mut name = OsString::from(&args.file);
        name.push(".sig");
        PathBuf::from(name)
    };
    let out = args.out.clone().unwrap_or_else(beside);
    not_over("--out", &out, [args.file.as_path(), Path::new(&args.key)])?;
    whole_file::write(&out, format!("{}\n", key.sign(&content)))
        .with_context(|| format!("cannot write {}", out.display()))?;
    output.info(&format!("{}\n  signed by {}\n", out.display(), key.public().fingerprint()))?;
    Ok(Outcome::Good)
}
