//! `gen-catalog schema`.

use clap::{Args, ValueEnum};

use super::Outcome;
use super::output::Output;
use crate::template_tests;
use catalog_check::config_schema;
use rancher_catalog::schema::{SchemaKind, schema};

/// Prints the JSON schema (draft 2020-12) of a file of a catalog, of a whole entry, of a file of tests, or of
/// gen-catalog.toml.
///
/// A schema is stricter than Rancher: it refuses keys that Rancher would drop without a word.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gen-catalog schema rancher-compose > rancher-compose.schema.json\n  \
    gen-catalog schema test > tests.schema.json\n  \
    gen-catalog schema entry")]
pub(super) struct SchemaArgs {
    /// Of what
    #[arg(value_enum, default_value_t = Of::Entry)]
    of: Of,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Of {
    /// config.yml
    Config,
    /// docker-compose.yml
    DockerCompose,
    /// rancher-compose.yml
    RancherCompose,
    /// project.yml of an environment template
    Project,
    /// A file of tests of a template
    Test,
    /// A whole infra-template: config.yml and all its versions
    Entry,
    /// gen-catalog.toml, of a catalog or a project
    GenCatalog,
}

pub(super) fn run(args: &SchemaArgs, output: &Output) -> anyhow::Result<Outcome> {
    let kind = match args.of {
        Of::Test => return output.json(&template_tests::schema()).map(|()| Outcome::Good),
        Of::Config => SchemaKind::Config,
        Of::DockerCompose => SchemaKind::DockerCompose,
        Of::RancherCompose => SchemaKind::RancherCompose,
        Of::Project => SchemaKind::Project,
        Of::Entry => SchemaKind::Entry,
        Of::GenCatalog => return output.json(&config_schema::schema()).map(|()| Outcome::Good),
    };
    output.json(&schema(kind))?;
    Ok(Outcome::Good)
}
