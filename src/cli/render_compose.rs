//! `gen-catalog render-compose`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use serde_yaml::Value;

use super::output::Output;
use super::{Format, Outcome, render_model};
use crate::render::RenderedFile;
use catalog_check::is_it;
use catalog_check::used_variables::UsedVariables;
use rancher_catalog::go_template::{Limits, Stack, Template, Value as TemplateValue, is_notemplating};
use rancher_catalog::interpolation::interpolate;
use rancher_catalog::launch;
use rancher_catalog::model::{Question, QuestionType, Scalar};
use rancher_catalog::source::{TemplateSource, VersionSource, YamlFile, templates_of};
use rancher_catalog::yaml::{self, Document, Node, NodeKind};

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
    /// A version's folder
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
    let cannot = || format!("cannot read {}", args.path.display());
    let wanted = std::path::absolute(&args.path).with_context(cannot)?;
    let templates = templates_of(&args.path).with_context(cannot)?;
    let template = match templates.as_slice() {
        [folder] => TemplateSource::outline(folder),
        _ => bail!("{} is not the folder of a version", args.path.display()),
    };
    if let Some(error) = template.unreadable.iter().find(|unreadable| wanted.starts_with(&unreadable.path)) {
        bail!("{}: {}", error.path.display(), error.reason);
    }
    let version = template.versions.iter().find(|version| wanted.starts_with(&version.path));
    let version = version.with_context(|| format!("{} is not the folder of a version", args.path.display()))?;
    if let Some(error) = template.unreadable.iter().find(|unreadable| unreadable.path.starts_with(&version.path)) {
        bail!("{}: {}", error.path.display(), error.reason);
    }
    let answers = answers(version, &args.answers)?;
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

fn answers(version: &VersionSource, given: &[String]) -> anyhow::Result<BTreeMap<String, String>> {
    let block = version.catalog();
    let questions = block.as_ref().and_then(|block| block.questions.value()).map_or(&[][..], Vec::as_slice);
    let mut answers = BTreeMap::new();
    for question in questions {
        if let Some(name) = question.variable.value() {
            answers.insert(name.to_string(), question.default.value().map(ToString::to_string).unwrap_or_default());
        }
    }
    let own = given_answers(given)?;
    for (name, value) in &own {
        check_answer(version, questions, name, value)?;
    }
    answers.extend(own);
    Ok(answers)
}

/// Whether anything is asked or used by a name, and whether it may be answered so.
fn check_answer(version: &VersionSource, questions: &[Question], name: &str, value: &str) -> anyhow::Result<()> {
    let variable = |question: &Question| question.variable.value().map(ToString::to_string);
    let Some(question) = questions.iter().find(|question| variable(question).as_deref() == Some(name)) else {
        let used = UsedVariables::of(version);
        if used.may_use(name) {
            return Ok(());
        }
        let asked: Vec<String> = questions.iter().filter_map(variable).collect();
        let known = asked.iter().map(String::as_str).chain(used.all());
        bail!("--answers {name}: nothing is asked or used by this name{}", is_it(known, name));
    };
    let options: Vec<String> = match question.kind.value() {
        Some(QuestionType::Boolean) => vec!["true".to_owned(), "false".to_owned()],
        Some(QuestionType::Enum) => question.options.value().into_iter().flatten().map(ToString::to_string).collect(),
        _ => Vec::new(),
    };
    if options.is_empty() || value.is_empty() || options.iter().any(|option| option == value) {
        return Ok(());
    }
    bail!("--answers {name}={value}: this cannot be answered; what can is {}", options.join(", "))
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
    let path = file.path.display();
    let mut failed = false;
    let text = if is_notemplating(&file.text) {
        file.text.clone().into_bytes()
    } else {
        let template = Template::parse(&file.text).map_err(|error| anyhow::anyhow!("{path}:{error}"))?;
        let pairs = answers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for notice in template.of_server() {
            output.warning(&format!("{path}:{notice}; here it is empty"));
        }
        let execution = template.execute(&TemplateValue::data(pairs, stack), &Limits::default());
        if let Some(error) = execution.error {
            if error.beyond_this_tool {
                bail!("{path}:{error}");
            }
            output.error(&format!("{path}:{error}; Rancher goes on with what was printed before"));
            failed = true;
        }
        execution.output
    };
    let in_text = |error: &dyn std::fmt::Display| {
        anyhow::anyhow!("{path}, rendered, line {error}\n{}", String::from_utf8_lossy(&text))
    };
    let document = Document::read_bytes(&text).map_err(|error| in_text(&error))?;
    let version = compose_layout(&document).map_err(|error| in_text(&error))?;
    let mut value = document.to_value();
    if let Value::Mapping(map) = &mut value {
        for (key, value) in map.iter_mut() {
            if is_interpolated(key.as_str().unwrap_or_default(), version) {
                replace(value, answers).map_err(|error| anyhow::anyhow!("{path}: {error}"))?;
            }
        }
        // The executor takes the catalog block out before it looks at services.
        map.retain(|key, _| !matches!(key.as_str(), Some("catalog" | ".catalog")));
    }
    Ok((yaml::document(&value), failed))
}

/// How a compose file is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// Services stand at the top.
    One,
    /// They stand below `services`.
    Two,
}

/// Tells the layout, and refuses what the executor's `CreateRawConfig` cannot read.
fn compose_layout(document: &Document) -> anyhow::Result<Layout> {
    let Some(root) = &document.root else { return Ok(Layout::One) };
    let wrong = |node: &Node, what: String| anyhow::anyhow!("{}: {what}", node.span.start);
    let is_null = Node::is_null;
    let is_map = |node: &Node| is_null(node) || matches!(node.kind, NodeKind::Map(_));
    if !is_map(root) {
        return Err(wrong(root, "a compose file is a map; this is none".to_owned()));
    }
    let version = root.get("version").filter(|version| !is_null(version));
    let layout = match version.map(|version| (version, version.text())) {
        Some((version, None)) => return Err(wrong(version, "`version` is a text, not a map or a list".to_owned())),
        Some((version, Some("3"))) => {
            return Err(wrong(
                version,
                "Rancher 1.6 does not read version 3 of compose files; use version '2'".to_owned(),
            ));
        }
        Some((_, Some("2"))) => Layout::Two,
        _ => Layout::One,
    };
    for (key, section) in root.entries() {
        let name = key.text().unwrap_or_default();
        if !is_map(section) && (launch::is_section(name) || layout == Layout::One) {
            return Err(wrong(section, format!("`{name}` is a map; this is none")));
        }
        if launch::holds_services(name)
            && let Some((service, value)) = section.entries().iter().find(|(_, value)| !is_map(value))
        {
            let service = service.text().unwrap_or_default();
            return Err(wrong(value, format!("`{service}` is a map of a service's keys; this is none")));
        }
    }
    Ok(layout)
}

/// Whether the executor replaces variables in what stands at a key at the top.
fn is_interpolated(key: &str, layout: Layout) -> bool {
    match layout {
        Layout::One => !matches!(key, "catalog" | ".catalog"),
        Layout::Two => launch::is_interpolated(key),
    }
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
            for (_, value) in map {
                replace(value, answers)?;
            }
        }
        _ => {}
    }
    Ok(())
}
