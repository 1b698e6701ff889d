//! The generator's program: everything is in `gen_catalog::cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    gen_catalog::cli::run()
}
