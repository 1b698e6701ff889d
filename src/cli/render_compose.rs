//! `gen-catalog render-compose`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;

use super::output::Output;
use super::{Format, Outcome, project, render_model};
use crate::render::RenderedFile;
use catalog_check::answers::{AnswerError, Answerable};
use catalog_diff::meaning::defaults;
use rancher_catalog::go_template::Stack;
use rancher_catalog::launched::{self, FileError, execute};
use rancher_catalog::model::Scalar;
use rancher_catalog::source::{TemplateSource, VersionSource, YamlFile, templates_of};
use rancher_catalog::yaml;

/// Prints the compose files of a version as a stack would get them: rendered, with all variables replaced.
///
/// A question that is not answered has its default as the answer. As in Rancher, a template that fails while it runs
/// leaves what it printed up to there; here that is said, and the exit code is 1.
#[derive(Debug, Args)]
#[command(
    name = "render-compose",
    after_help = "Examples:\n  \
    gen-catalog render-compose infra-templates/swarm/4\n  \
    gen-catalog render-compose infra-templates/swarm/4 --answers MANAGER_SCALE=5 LOG_LEVEL=debug\n  \
    gen-catalog render-compose infra-templates/ipsec/3 --answers answers.yml\n  \
    gen-catalog render-compose infra-templates/ipsec/3 --stack-name net --previous-version v0.1.2"
)]
pub(super) struct RenderComposeArgs {
    /// A version's folder, from here or in the catalog that gen-catalog.toml names
    path: PathBuf,
    /// Answers: KEY=VALUE, or a file with a map of them in YAML or JSON; a later one wins
    #[arg(long, value_name = "FILE|KEY=VALUE", num_args = 1..)]
    answers: Vec<String>,
    /// The stack's name: `.Stack.Name` in a template
    #[arg(long, value_name = "NAME", default_value = "stack")]
    stack_name: String,
    /// The version that is launched, where it is not that of the files: `.Stack.Version`
    #[arg(long, value_name = "VERSION")]
    stack_version: Option<String>,
    /// The version that is upgraded from: `.Stack.PreviousVersion`
    #[arg(long, value_name = "VERSION", default_value = "")]
    previous_version: String,
    /// The environment's name: `.Environment.Name`
    #[arg(long, value_name = "NAME", default_value = "Default")]
    environment: String,
    /// How to print them
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(super) fn run(args: &RenderComposeArgs, output: &Output) -> anyhow::Result<Outcome> {
    let path = project::folder(&args.path)?;
    let cannot = || format!("cannot read {}", args.path.display());
    let wanted = std::path::absolute(&path).with_context(cannot)?;
    let templates = templates_of(&path).with_context(cannot)?;
    let mut template = match templates.as_slice() {
        [folder] => TemplateSource::outline(folder),
        _ => bail!("{} is not the folder of a version", args.path.display()),
    };
    if let Some(error) = template.unreadable.iter().find(|unreadable| wanted.starts_with(&unreadable.path)) {
        bail!("{}: {}", error.path.display(), error.reason);
    }
    let version = template.versions.iter_mut().find(|version| wanted.starts_with(&version.path));
    let version = version.with_context(|| format!("{} is not the folder of a version", args.path.display()))?;
    // What actions alone use is known then.
    version.expand();
    if let Some(error) = template.unreadable.iter().find(|unreadable| unreadable.path.starts_with(&version.path)) {
        bail!("{}: {}", error.path.display(), error.reason);
    }
    let answers = answers(version, &args.answers, output)?;
    let own_version = version.catalog().and_then(|block| block.version.value().map(ToString::to_string));
    let stack_version = args.stack_version.clone().or(own_version).unwrap_or_default();
    let stack = Stack {
        name: &args.stack_name,
        version: &stack_version,
        previous_version: &args.previous_version,
        environment: &args.environment,
    };
    let mut outcome = Outcome::Good;
    let mut files = Vec::new();
    for (name, file) in
        [("docker-compose.yml", &version.docker_compose), ("rancher-compose.yml", &version.rancher_compose)]
    {
        let Some(file) = file else { continue };
        let (text, failed) = as_a_stack_gets_it(file, &answers, stack, output)?;
        if failed {
            outcome = Outcome::Findings;
        }
        files.push(RenderedFile { path: name.to_owned(), text });
    }
    if files.is_empty() {
        bail!("{} holds no compose file", version.path.display());
    }
    render_model::print(&files, args.format == Format::Json, output)?;
    Ok(outcome)
}

fn answers(version: &VersionSource, given: &[String], output: &Output) -> anyhow::Result<BTreeMap<String, String>> {
    let mut answers = defaults(version.questions());
    let own = given_answers(given)?;
    let answerable = Answerable::of(version);
    for (name, value) in &own {
        answerable.check(name, value).map_err(|error| match error {
            AnswerError::Unknown { .. } => anyhow::anyhow!("--answers {name}: {error}"),
            AnswerError::NotOffered(_) => anyhow::anyhow!("--answers {name}={value}: {error}"),
        })?;
        if let Some(note) = answerable.unchecked(name, value) {
            output.warning(&format!("--answers {name}={value}: {note}"));
        }
    }
    answers.extend(own);
    Ok(answers)
}

fn given_answers(given: &[String]) -> anyhow::Result<BTreeMap<String, String>> {
    let mut answers = BTreeMap::new();
    for given in given {
        if let Some((name, value)) = given.split_once('=') {
            answers.insert(name.to_owned(), value.to_owned());
            continue;
        }
        let file = YamlFile::read(given.as_ref())
            .with_context(|| format!("{given} is neither KEY=VALUE nor a file that can be read"))?;
        let document = file.raw().as_ref().map_err(|error| anyhow::anyhow!("{given}:{error}"))?;
        let map: BTreeMap<String, Option<Scalar>> =
            document.to_typed().map_err(|error| anyhow::anyhow!("{given}:{error}; a map of answers is wanted"))?;
        answers.extend(map.into_iter().map(|(name, value)| (name, value.map(|v| v.to_string()).unwrap_or_default())));
    }
    Ok(answers)
}

/// The text that the executor makes of a file, and whether its template failed while it ran.
fn as_a_stack_gets_it(
    file: &YamlFile,
    answers: &BTreeMap<String, String>,
    stack: Stack<'_>,
    output: &Output,
) -> anyhow::Result<(String, bool)> {
    let told = |error: FileError| anyhow::anyhow!(error.told(&file.path));
    let executed = execute(file, answers, stack, true).map_err(told)?;
    let path = file.path.display();
    for notice in &executed.of_server {
        output.warning(&format!("{path}:{notice}; here it is empty"));
    }
    if let Some(error) = &executed.reading.error {
        output.error(&format!("{path}:{error}; Rancher goes on with what was printed before"));
    }
    let value = launched::value(&executed, answers).map_err(told)?;
    Ok((yaml::document(&value), executed.reading.error.is_some()))
}
