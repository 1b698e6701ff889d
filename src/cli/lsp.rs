//! `gen-catalog lsp`.

use clap::Args;

use super::Outcome;

/// Speaks with an editor about the files of a catalog, as a language server on standard input and output.
///
/// What `gen-catalog check` finds stands at its place while a file is typed, saved or not, with the fix where there is one. Keys
/// are completed by the model, `${` by the variables of the version's questions, labels by those that Rancher acts on; keys and
/// findings are explained. It looks at config.yml, docker-compose.yml, rancher-compose.yml, their .tpl forms, and project.yml of
/// templates in a catalog. Nothing is written but by the editor, and nothing leaves this machine.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gen-catalog lsp                       what an editor starts\n  \
    nvim: vim.lsp.start({cmd = {'gen-catalog', 'lsp'}, root_dir = vim.fn.getcwd()})")]
pub(super) struct LspArgs {
    /// Standard input and output: what editors ask for, and all there is
    #[arg(long)]
    stdio: bool,
}

#[cfg(not(feature = "lsp"))]
pub(super) fn run(_: &LspArgs) -> anyhow::Result<Outcome> {
    anyhow::bail!(
        "this build has no language server: `cargo install --path . --locked --features lsp` makes one that has"
    )
}

#[cfg(feature = "lsp")]
pub(super) fn run(_: &LspArgs) -> anyhow::Result<Outcome> {
    // The protocol's exit codes: 1 where nobody asked it to shut down.
    Ok(if catalog_lsp::serve()? { Outcome::Good } else { Outcome::Findings })
}
