//! The pages of which `scripts/docs` makes the pictures in the docs.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use swarm_lab::{picture, sample_swarm};

/// Print a page of which `scripts/docs` makes a picture.
#[derive(Args)]
pub struct Picture {
    /// The rendered catalog
    #[arg(default_value = "community-catalog")]
    catalog: PathBuf,
    /// The page of a monitor, of a made-up swarm, in the place of the catalog's
    #[arg(long)]
    monitor: bool,
}

pub fn run(arguments: &Picture) -> Result<ExitCode, String> {
    let page = if arguments.monitor { sample_swarm::page() } else { picture::page(&arguments.catalog) };
    print!("{page}");
    Ok(ExitCode::SUCCESS)
}
