//! `gen-catalog version`.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::output::Output;
use super::{Format, ImageArgs, Outcome};
use crate::catalog::Revisions;
use crate::entries::swarm;
use rancher_catalog::model::Version;

/// Prints what this program publishes: its version, the image, the catalog version and the revision that it has, or
/// would get, in a catalog.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  gen-catalog version\n  gen-catalog version --format json | jq -r .image")]
pub(super) struct VersionArgs {
    /// The catalog whose revision is meant; where the default one is not there, a new one is
    #[arg(long, value_name = "DIR", default_value = super::CATALOG)]
    catalog: PathBuf,
    #[command(flatten)]
    image: ImageArgs,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(super) fn run(args: &VersionArgs, output: &Output) -> anyhow::Result<Outcome> {
    let revisions = match super::catalog_if_there(&args.catalog)? {
        Some(root) => Revisions::read(&root, &format!("infra-templates/{}", swarm::FOLDER))?,
        None => Revisions::default(),
    };
    let version = Version::from(swarm::VERSION);
    let revision = revisions.of_version(&version).unwrap_or_else(|| revisions.next(swarm::FIRST_REVISION));
    let image = args.image.reference(output)?.to_string();
    let facts = json!({
        "generator": env!("CARGO_PKG_VERSION"),
        "image": image,
        "catalog_version": version,
        "revision": revision,
        "minimum_rancher_version": swarm::MINIMUM_RANCHER_VERSION,
    });
    match args.format {
        Format::Json => output.json(&facts)?,
        Format::Text => output.result(&format!(
            "generator                {}\nimage                    {image}\ncatalog version          {version}\n\
             revision                 {revision}\nminimum Rancher version  {}\n",
            env!("CARGO_PKG_VERSION"),
            swarm::MINIMUM_RANCHER_VERSION
        ))?,
    }
    Ok(Outcome::Good)
}
