//! The page of which `scripts/docs` makes pictures in the docs.

use std::process::ExitCode;

use clap::Args;
use swarm_lab::sample_swarm;

/// Print the page of a monitor, of a made-up swarm, of which `scripts/docs` makes pictures.
#[derive(Args)]
pub struct Picture {}

pub fn run(_: &Picture) -> Result<ExitCode, String> {
    print!("{}", sample_swarm::page());
    Ok(ExitCode::SUCCESS)
}
