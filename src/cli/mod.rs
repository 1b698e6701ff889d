//! The commands of `gen-catalog`.

mod bump;
mod check;
mod completions;
mod diff;
mod findings;
mod flag_hint;
mod image;
mod images;
mod licences;
mod lock;
mod lsp;
mod man;
mod model;
mod new;
mod new_answers;
mod output;
mod preview;
mod program;
mod progress;
mod project;
mod release;
mod release_template;
mod render;
mod render_compose;
mod render_model;
mod rule_name;
mod rules;
mod schema;
mod settings;
mod sign;
mod sign_blob;
mod test;
mod verify;
mod verify_image;
mod version;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::bail;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::catalog::CatalogRoot;
use crate::entries::swarm;
use crate::release::image_lock::{self, ImageLock};
use output::Output;
use rancher_catalog::model::{ImageReference, Repository};

pub use program::Program;

/// Where the entry is rendered to, if nobody says.
const CATALOG: &str = "community-catalog";

/// The catalog at a path; where that is the default one, which need not be there, that of the project, or `None`.
fn catalog_if_there(path: &Path) -> anyhow::Result<Option<CatalogRoot>> {
    if path == Path::new(CATALOG) && !path.exists() {
        return Ok(project::catalog()?.map(|catalog| CatalogRoot::open_whole(&catalog)).transpose()?);
    }
    Ok(Some(CatalogRoot::open_whole(path)?))
}

/// What a command found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All is good: exit code 0.
    Good,
    /// Findings, or drift: exit code 1.
    Findings,
}

#[derive(Debug, Parser)]
#[command(
    name = "gen-catalog",
    about = "Renders the Rancher 1.x catalog entry for Docker Swarm from a typed model, and checks any catalog",
    subcommand_required = true,
    arg_required_else_help = true,
    max_term_width = 100,
    after_help = "Exit codes: 0 good, 1 findings or drift, 2 usage, input or output.\n\n\
                  Examples:\n  \
                    gen-catalog render                    write the entry into community-catalog/\n  \
                    gen-catalog render --check            exit 1, with a diff, if it is out of date\n  \
                    gen-catalog preview --open            see a catalog as the users of Rancher will\n  \
                    gen-catalog check .                   look for mistakes in a catalog\n  \
                    gen-catalog test .                    run the tests beside its templates\n  \
                    gen-catalog diff OLD NEW              what changes for those who run a version\n  \
                    gen-catalog new web --image web:1.2   make a template of an image, a compose file or a model\n  \
                    gen-catalog bump web --image web=1.3  make the next revision of any template\n  \
                    gen-catalog release --catalog CLONE   make the branch and text of a pull request\n  \
                    gen-catalog version --format json     what this program publishes, for CI"
)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Args)]
struct Common {
    /// Print nothing but results that were asked for, and errors
    #[arg(long, short, global = true)]
    quiet: bool,
    /// Whether to use colours
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t = Color::Auto)]
    color: Color,
}

/// When colours are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// How a report is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For programs: one JSON document
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    Bump(bump::BumpArgs),
    Check(check::CheckArgs),
    Completions(completions::CompletionsArgs),
    Diff(diff::DiffArgs),
    Image(image::ImageArchiveArgs),
    Images(images::ImagesArgs),
    Licences(licences::LicencesArgs),
    Lock(lock::LockArgs),
    Lsp(lsp::LspArgs),
    Man(man::ManArgs),
    Model(model::ModelArgs),
    New(new::NewArgs),
    Preview(preview::PreviewArgs),
    Release(release::ReleaseArgs),
    Render(render::RenderArgs),
    RenderCompose(render_compose::RenderComposeArgs),
    Rules(rules::RulesArgs),
    Schema(schema::SchemaArgs),
    Settings(settings::SettingsArgs),
    Sign(sign::SignArgs),
    SignBlob(sign_blob::SignBlobArgs),
    Test(test::TestArgs),
    Verify(verify::VerifyArgs),
    VerifyImage(verify_image::VerifyImageArgs),
    Version(version::VersionArgs),
}

/// The image that the entry names.
#[derive(Debug, Args)]
pub(crate) struct ImageArgs {
    /// The image's repository; its tag is always this program's version
    #[arg(long, value_name = "REPOSITORY", value_parser = repository, default_value_t = swarm::default_repository())]
    image: Repository,
    /// Pin the image to a digest
    #[arg(long, value_name = "sha256:…", value_parser = digest)]
    digest: Option<String>,
    /// Pin it to the digest in this file, as `gen-catalog lock` writes it [default: image.lock, if it is there]
    #[arg(long, value_name = "FILE")]
    lock: Option<PathBuf>,
    /// Pass image.lock over
    #[arg(long, conflicts_with = "lock")]
    no_lock: bool,
}

impl ImageArgs {
    /// The image, pinned by --digest or by the lock.
    fn reference(&self, output: &Output) -> anyhow::Result<ImageReference> {
        let locked = self.locked()?;
        if let (Some(given), Some((file, lock))) = (&self.digest, &locked)
            && *given != lock.digest
        {
            bail!("--digest is {given}, but {} says {}: leave one out", file.display(), lock.digest);
        }
        if let Some((file, lock)) = &locked
            && lock.uncompressed_layers
        {
            output.warning(&format!("{}: {}", file.display(), lock::UNCOMPRESSED));
        }
        let digest = self.digest.clone().or(locked.map(|(_, lock)| lock.digest));
        Ok(swarm::image(self.image.clone(), digest))
    }

    fn locked(&self) -> anyhow::Result<Option<(PathBuf, ImageLock)>> {
        if self.no_lock {
            return Ok(None);
        }
        let file = self.lock.clone().unwrap_or_else(|| image_lock::FILE_NAME.into());
        match ImageLock::read(&file)? {
            Some(lock) => Ok(Some((file.clone(), lock.of_this_version(&file)?))),
            None if self.lock.is_some() => bail!("there is no {}: make it with `gen-catalog lock`", file.display()),
            None => Ok(None),
        }
    }
}

/// An image as it is named in another registry.
fn in_registry(image: ImageReference, registry: Option<&str>) -> ImageReference {
    match registry {
        Some(registry) => ImageReference { repository: image.repository.in_registry(registry), ..image },
        None => image,
    }
}

fn repository(text: &str) -> Result<Repository, String> {
    text.parse::<Repository>().map_err(|error| {
        let hint = match text.parse::<ImageReference>() {
            Ok(_) => format!("; the tag is always {}, and a digest goes with --digest", swarm::VERSION),
            Err(_) => String::new(),
        };
        format!("{error}{hint}")
    })
}

fn digest(text: &str) -> Result<String, String> {
    ImageReference::check_digest(text).map(|()| text.to_owned()).map_err(|error| error.to_string())
}

/// The command line of `gen-catalog`.
pub fn command() -> clap::Command {
    // Two lines: scripts that want the image alone take the second.
    let version = format!("{}\n{}", env!("CARGO_PKG_VERSION"), swarm::image(swarm::default_repository(), None));
    Cli::command().version(version)
}

/// Runs `gen-catalog` with the arguments of this process.
pub fn run() -> ExitCode {
    let parsed = command().try_get_matches().and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => return output::usage(&error),
    };
    let output = Output::new(cli.common.quiet, cli.common.color);
    let result = match &cli.command {
        Command::Bump(args) => bump::run(args, &output),
        Command::Check(args) => check::run(args, &output),
        Command::Diff(args) => diff::run(args, &output),
        Command::Rules(args) => rules::run(args, &output),
        Command::Completions(args) => completions::run(args, &output),
        Command::Image(args) => image::run(args, &output),
        Command::Images(args) => images::run(args, &output),
        Command::Licences(args) => licences::run(args, &output),
        Command::Lock(args) => lock::run(args, &output),
        Command::Lsp(args) => lsp::run(args),
        Command::Man(args) => man::run(args, &output),
        Command::Model(args) => model::run(args, &output),
        Command::New(args) => new::run(args, &output),
        Command::Preview(args) => preview::run(args, &output),
        Command::RenderCompose(args) => render_compose::run(args, &output),
        Command::Release(args) => release::run(args, &output),
        Command::Render(args) => render::run(args, &output),
        Command::Schema(args) => schema::run(args, &output),
        Command::Settings(args) => settings::run(args, &output),
        Command::Sign(args) => sign::run(args, &output),
        Command::SignBlob(args) => sign_blob::run(args, &output),
        Command::Test(args) => test::run(args, &output),
        Command::Verify(args) => verify::run(args, &output),
        Command::VerifyImage(args) => verify_image::run(args, &output),
        Command::Version(args) => version::run(args, &output),
    };
    match result {
        Ok(Outcome::Good) => ExitCode::SUCCESS,
        Ok(Outcome::Findings) => ExitCode::from(1),
        Err(error) => {
            output.error(&format!("{error:#}{}", flag_hint::flag_hint(&error)));
            ExitCode::from(2)
        }
    }
}
