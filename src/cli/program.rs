//! The programs of this package, by their command lines: man pages and completions are made of them.

use clap::{Command, ValueEnum};

use swarmkit_settings::SETTINGS;
use swarmkit_settings::command_line;

/// A program of this package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Program {
    /// The generator
    GenCatalog,
    /// The daemon
    SwarmkitMon,
}

impl Program {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::GenCatalog, Self::SwarmkitMon];

    /// Its command line.
    pub fn command(self) -> Command {
        match self {
            Self::GenCatalog => super::command(),
            Self::SwarmkitMon => command_line::command(SETTINGS),
        }
    }
}
