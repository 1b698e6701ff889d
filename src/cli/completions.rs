//! `gen-catalog completions`.

use clap::Args;
use clap_complete::Shell;

use super::Outcome;
use super::output::Output;
use super::program::Program;

/// Prints what a shell needs to complete the commands and options of a program.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gen-catalog completions bash > /usr/share/bash-completion/completions/gen-catalog\n  \
    gen-catalog completions bash swarmkit-mon > /usr/share/bash-completion/completions/swarmkit-mon\n  \
    gen-catalog completions zsh > /usr/local/share/zsh/site-functions/_gen-catalog\n  \
    gen-catalog completions fish > ~/.config/fish/completions/gen-catalog.fish")]
pub(super) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
    /// The program
    #[arg(value_enum, default_value_t = Program::GenCatalog)]
    program: Program,
}

pub(super) fn run(args: &CompletionsArgs, output: &Output) -> anyhow::Result<Outcome> {
    let mut command = args.program.command();
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, name, &mut script);
    let script = String::from_utf8(script)?;
    output.result(&if args.shell == Shell::Bash { with_one_name(&script, command.get_name()) } else { script })?;
    Ok(Outcome::Good)
}

/// clap_complete 4.6 writes the name of a program with a hyphen in two ways into its script for bash, which then knows no
/// option of any command (<https://github.com/clap-rs/clap/issues/6421>).
fn with_one_name(script: &str, program: &str) -> String {
    script.replace(&program.replace('-', "__subcmd__"), &program.replace('-', "__"))
}
