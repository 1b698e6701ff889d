//! The lab at a keyboard, and what is measured with it.

mod commands;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use commands::{chaos, form, growth, large, picture, repair, simulate, soak, stand_in, up, write_cost};

/// A lab for swarmkit-mon on one machine: real Docker engines, a stand-in for Rancher, simulated environments.
#[derive(Parser)]
#[command(
    name = "swarm-lab",
    max_term_width = 100,
    after_help = "Examples:\n  \
        cargo run -p swarm-lab -- up 5\n  \
        cargo run -p swarm-lab -- up 5 --scale 3 --set LOG_LEVEL=debug\n  \
        cargo run -p swarm-lab -- up 3 --entry\n  \
        cargo run -p swarm-lab -- stand-in --host laptop=127.0.0.1\n  \
        cargo run --release -p swarm-lab -- simulate --seeds 1000 --steps 10000000\n  \
        cargo run --release -p swarm-lab -- repair --runs 20\n\
        \n\
        What uses engines needs root, a Docker engine (Debian: docker.io) and iproute2.\n\
        Exit codes: 0 good, 1 something did not heal or a promise was broken, 2 usage or what is missing."
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Up(up::Up),
    StandIn(stand_in::StandIn),
    Simulate(simulate::Simulate),
    Chaos(chaos::Chaos),
    Form(form::Form),
    Repair(repair::Repair),
    Soak(soak::Soak),
    Growth(growth::Growth),
    Large(large::Large),
    WriteCost(write_cost::WriteCost),
    Picture(picture::Picture),
}

fn main() -> ExitCode {
    let outcome = match &Arguments::parse().command {
        Command::Up(arguments) => up::run(arguments),
        Command::StandIn(arguments) => stand_in::run(arguments),
        Command::Simulate(arguments) => simulate::run(arguments),
        Command::Chaos(arguments) => chaos::run(arguments),
        Command::Form(arguments) => form::run(arguments),
        Command::Repair(arguments) => repair::run(arguments),
        Command::Soak(arguments) => soak::run(arguments),
        Command::Growth(arguments) => growth::run(arguments),
        Command::Large(arguments) => large::run(arguments),
        Command::WriteCost(arguments) => write_cost::run(arguments),
        Command::Picture(arguments) => picture::run(arguments),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("swarm-lab: {error}");
        ExitCode::from(2)
    })
}
