//! The generator's program: everything is in `swarmkit_catalog::cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    swarmkit_catalog::cli::run()
}
