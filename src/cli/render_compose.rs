//! `gen-catalog render-compose`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use serde_yaml::Value;

use super::output::Output;
use super::{Format, Outcome, render_model};
use crate::render::RenderedFile;
use rancher_catalog::go_template::{Limits, Template, Value as TemplateValue, is_notemplating};
use rancher_catalog::interpolation::interpolate;
use rancher_catalog::model::Scalar;
use rancher_catalog::source::{TemplateSource, VersionSource, YamlFile, templates_of};
use rancher_catalog::yaml::{self, Document};

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
    gen-catalog render-compose infra-templates/ipsec/3 --answers answers.yml"
)]
pub(super) struct RenderComposeArgs {
    /// A version's folder
    path: PathBuf,
    /// Answers: KEY=VALUE, or a file with a map of them in YAML or JSON; a later one wins
    #[arg(long, value_name = "FILE|KEY=VALUE", num_args = 1..)]
    answers: Vec<String>,
    /// How to print them
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(super) fn run(args: &RenderComposeArgs, output: &Output) -> anyhow::Result<Outcome> {
    let cannot = || format!("cannot read {}", args.path.display());
    let wanted = std::path::absolute(&args.path).with_context(cannot)?;
    let templates = templates_of(&args.path).with_context(cannot)?;
    let template = match templates.as_slice() {
        [folder] => TemplateSource::read(folder),
        _ => bail!("{} is not the folder of a version", args.path.display()),
    };
    let version = template.versions.iter().find(|version| wanted.starts_with(&version.path));
    let version = version.with_context(|| format!("{} is not the folder of a version", args.path.display()))?;
    if let Some(error) = template.unreadable.iter().find(|unreadable| unreadable.path.starts_with(&version.path)) {
        bail!("{}: {}", error.path.display(), error.reason);
    }
    let answers = answers(version, &args.answers)?;
    let mut outcome = Outcome::Good;
    let mut files = Vec::new();
    for (name, file) in
        [("docker-compose.yml", &version.docker_compose), ("rancher-compose.yml", &version.rancher_compose)]
    {
        let Some(file) = file else { continue };
        let (text, failed) = as_a_stack_gets_it(file, &answers, output)?;
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

fn answers(version: &VersionSource, given: &[String]) -> anyhow::Result<BTreeMap<String, String>> {
    let mut answers = BTreeMap::new();
    if let Some(block) = version.catalog() {
        for question in block.questions.value().map_or(&[][..], Vec::as_slice) {
            if let Some(name) = question.variable.value() {
                answers.insert(name.to_string(), question.default.value().map(ToString::to_string).unwrap_or_default());
            }
        }
    }
    for given in given {
        if let Some((name, value)) = given.split_once('=') {
            answers.insert(name.to_owned(), value.to_owned());
            continue;
        }
        let file = YamlFile::read(given.as_ref())
            .with_context(|| format!("{given} is neither KEY=VALUE nor a file that can be read"))?;
        let document = file.raw.map_err(|error| anyhow::anyhow!("{given}:{error}"))?;
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
    output: &Output,
) -> anyhow::Result<(String, bool)> {
    let path = file.path.display();
    let mut failed = false;
    let text = if is_notemplating(&file.text) {
        file.text.clone()
    } else {
        let template = Template::parse(&file.text).map_err(|error| anyhow::anyhow!("{path}:{error}"))?;
        let pairs = answers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let execution = template.execute(&TemplateValue::answers(pairs), &Limits::default());
        if let Some(error) = execution.error {
            output.error(&format!("{path}:{error}; Rancher goes on with what was printed before"));
            failed = true;
        }
        execution.output
    };
    let document = Document::read(&text).map_err(|error| anyhow::anyhow!("{path}, rendered, line {error}\n{text}"))?;
    let mut value = document.to_value();
    replace(&mut value, answers).map_err(|error| anyhow::anyhow!("{path}: {error}"))?;
    // The executor takes the catalog block out before it looks at services.
    if let Value::Mapping(map) = &mut value {
        map.retain(|key, _| !matches!(key.as_str(), Some("catalog" | ".catalog")));
    }
    Ok((yaml::document(&value), failed))
}

fn replace(value: &mut Value, answers: &BTreeMap<String, String>) -> anyhow::Result<()> {
    match value {
        Value::String(text) => *text = interpolate(text, |name| answers.get(name).cloned())?,
        Value::Sequence(items) => {
            for item in items {
                replace(item, answers)?;
            }
        }
        Value::Mapping(map) => {
            for (key, value) in map {
                if !matches!(key.as_str(), Some("catalog" | ".catalog")) {
                    replace(value, answers)?;
                }
            }
        }
        _ => {}
    }
    Ok(())
}
