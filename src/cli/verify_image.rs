//! `gen-catalog verify-image`.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use serde_json::json;

use super::output::Output;
use super::sign::{address, names_a_key, pem};
use super::verify::table;
use super::{Format, Outcome};
use crate::entries::swarm;
use crate::release::layout::Layout;
use crate::release::oci;
use crate::release::signing::key::PublicKey;
use crate::release::signing::verdict::{Trusted, look};
use swarmkit_settings::built_from::VERSION;

/// Verifies, offline, that an image on disk is signed by a key, with its provenance and SBOM, and is what these say.
///
/// IMAGE is what `gen-catalog sign` writes, or another OCI image layout with the tags `sha256-….sig` and `sha256-….att`
/// that cosign gives signatures and attestations. It looks at the program in the image, the signature of its digest, and
/// the signed statements of its provenance (SLSA v1) and SBOM (CycloneDX). A row for each; the exit code is 1 where one
/// does not agree.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gen-catalog verify-image signed.tar --key cosign.pub\n  \
    gen-catalog verify-image signed.tar --key cosign.pub --builder https://ci.example.com\n  \
    gen-catalog verify-image signed.tar --key cosign.pub --format json | jq '.rows[] | select(.agrees | not)'")]
pub(super) struct VerifyImageArgs {
    /// The signed image: an OCI image layout, as a folder or a tar archive of one
    #[arg(value_name = "IMAGE")]
    image: PathBuf,
    /// The public key as PEM
    #[arg(long, value_name = "FILE", allow_hyphen_values = true)]
    key: PathBuf,
    /// Who has to have built it, by the address in the provenance
    #[arg(long, value_name = "URI", value_parser = address, default_value = env!("CARGO_PKG_REPOSITORY"))]
    builder: String,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(super) fn run(args: &VerifyImageArgs, output: &Output) -> anyhow::Result<Outcome> {
    names_a_key(&args.key.to_string_lossy())?;
    let cannot = || format!("cannot judge signatures by --key {}", args.key.display());
    let key = PublicKey::from_pem(&pem(&args.key)?).with_context(cannot)?;
    let layout = Layout::open(&args.image)?;
    let found = oci::find_in(&layout, swarm::VERSION)?;
    let rows = look(&layout, &found, &Trusted { key: &key, builder: &args.builder, version: VERSION });
    let agree = rows.iter().all(|row| row.agrees);
    match args.format {
        Format::Json => output.json(&json!({ "agree": agree, "digest": found.digest, "rows": rows }))?,
        Format::Text => output.result(table(&rows))?,
    }
    Ok(if agree { Outcome::Good } else { Outcome::Findings })
}
