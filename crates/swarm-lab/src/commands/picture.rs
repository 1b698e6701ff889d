//! The page of which `scripts/docs` makes the README's picture.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use swarm_lab::picture;

/// Print the page of which `scripts/docs` makes the README's picture.
#[derive(Args)]
pub struct Picture {
    /// The rendered catalog
    #[arg(default_value = "community-catalog")]
    catalog: PathBuf,
}

pub fn run(arguments: &Picture) -> Result<ExitCode, String> {
    print!("{}", picture::page(&arguments.catalog));
    Ok(ExitCode::SUCCESS)
}
