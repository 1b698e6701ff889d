//! The daemon's program.

use std::process::ExitCode;

fn main() -> ExitCode {
    swarmkit_mon::program::main()
}
