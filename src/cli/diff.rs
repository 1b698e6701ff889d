//! `gen-catalog diff`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use serde_json::json;

use super::output::{BAD, GOOD, HEADING, Output, Text, painted_diff};
use super::{Outcome, project};
use catalog_check::is_it;
use catalog_diff::comparison::{FileDiff, TemplateComparison, VersionComparison, template_name};
use catalog_diff::references::{self, CompareError};
use catalog_diff::words::{
    Line, Mark, fenced_diff, template_lines, template_markdown, text_diff, version_lines, version_markdown,
};
use rancher_catalog::source::{TemplateSource, VersionSource, templates_of};

/// The most of a text diff that goes into Markdown: a code host takes texts of some 65,000 characters.
const MARKDOWN_DIFF: usize = 30_000;

/// Shows what changes in meaning between two versions, templates or states of a catalog, and then line by line.
///
/// OLD and NEW are two folders: of a version, of a template or of a whole catalog. With --catalog, and in a project whose
/// gen-catalog.toml names a catalog, they are two git references of that clone too, and PATH may name one template of it. Versions that are Go templates are rendered with the
/// answers that a running stack has. It also says what an upgrade of a running stack does: whether it is safe, needs an
/// answer or recreates containers, and why.
///
/// The exit code is 0 if nothing differs, 1 if something does, 2 if that cannot be told.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gen-catalog diff infra-templates/swarm/3 infra-templates/swarm/4\n  \
    gen-catalog diff ../community-catalog/infra-templates/swarm community-catalog/infra-templates/swarm\n  \
    gen-catalog diff --catalog . origin/master HEAD --format markdown\n  \
    gen-catalog diff --catalog . v1.0 v1.1 infra-templates/swarm --no-text")]
pub(super) struct DiffArgs {
    /// A folder; with --catalog, or where gen-catalog.toml names a catalog, a git reference
    old: String,
    /// Another one
    new: String,
    /// Of two git references: a template in the catalog; all that differ if it is not given
    path: Option<String>,
    /// A clone of a catalog: OLD and NEW are git references [default: the one that gen-catalog.toml names, where they are no
    /// folders]
    #[arg(long, value_name = "DIR")]
    catalog: Option<PathBuf>,
    /// Leave the text diff out
    #[arg(long)]
    no_text: bool,
    /// How to print it
    #[arg(long, value_enum, default_value_t = DiffFormat::Text)]
    format: DiffFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DiffFormat {
    /// For people
    Text,
    /// For programs: one JSON document
    Json,
    /// For pull requests
    Markdown,
}

/// What was compared.
#[derive(Default)]
struct Compared {
    versions: Vec<VersionComparison>,
    templates: Vec<TemplateComparison>,
}

pub(super) fn run(args: &DiffArgs, output: &Output) -> anyhow::Result<Outcome> {
    let compared = compared(args)?;
    let differs = !compared.versions.is_empty() || !compared.templates.is_empty();
    match args.format {
        DiffFormat::Json => output.json(&json!({
            "differs": differs,
            "versions": compared.versions,
            "templates": compared.templates,
        }))?,
        DiffFormat::Markdown => output.result(&markdown(&compared, args.no_text))?,
        DiffFormat::Text if differs => output.result(text(&compared, args.no_text))?,
        DiffFormat::Text => output.info("nothing differs\n")?,
    }
    Ok(if differs { Outcome::Findings } else { Outcome::Good })
}

fn compared(args: &DiffArgs) -> anyhow::Result<Compared> {
    let (old, new) = (project::folder(Path::new(&args.old))?, project::folder(Path::new(&args.new))?);
    let are_folders = args.path.is_none() && (old.is_dir() || new.is_dir());
    // What is no folder is a reference, where it is known of which clone.
    let catalog = match &args.catalog {
        None if !are_folders => project::catalog()?,
        named => named.clone(),
    };
    match (catalog, &args.path) {
        (Some(catalog), path) => Ok(Compared {
            templates: references::compare(&catalog, &args.old, &args.new, path.as_deref()).map_err(explained)?,
            ..Compared::default()
        }),
        (None, Some(path)) => {
            bail!("{path}: a template is named beside two git references: name their clone with --catalog")
        }
        (None, None) => of_folders(&old, &new),
    }
}

fn explained(error: CompareError) -> anyhow::Error {
    match &error {
        CompareError::Nowhere { path, known } => {
            let meant = is_it(known.iter().map(String::as_str), path.trim_end_matches('/'));
            anyhow::anyhow!("{error}{meant}")
        }
        _ => error.into(),
    }
}

enum Operand {
    Version(TemplateSource, usize),
    Template(TemplateSource),
    Catalog(Vec<PathBuf>),
}

impl Operand {
    fn read(path: &Path) -> anyhow::Result<Self> {
        if !path.is_dir() {
            bail!(
                "{} is no folder: name the folder of a version, a template or a catalog; for git references name their \
                 clone with --catalog",
                path.display()
            );
        }
        let templates = templates_of(path).with_context(|| format!("cannot read {}", path.display()))?;
        let wanted = std::path::absolute(path)?;
        let [folder] = templates.as_slice() else {
            if templates.is_empty() {
                bail!("{} holds no template: no folder with a config.yml or numbered versions", path.display());
            }
            return Ok(Self::Catalog(templates));
        };
        if folder.starts_with(&wanted) && *folder != wanted {
            return Ok(Self::Catalog(templates));
        }
        if wanted == *folder {
            return Ok(Self::Template(TemplateSource::read(folder)));
        }
        // Of all the others nothing is asked.
        let mut template = TemplateSource::outline(folder);
        template.versions.iter_mut().filter(|version| version.path == wanted).for_each(VersionSource::expand);
        match template.versions.iter().position(|version| version.path == wanted) {
            Some(at) => Ok(Self::Version(template, at)),
            None => bail!("{} is the folder of neither a version, a template nor a catalog", path.display()),
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Version(..) => "a version",
            Self::Template(_) => "a template",
            Self::Catalog(_) => "a catalog",
        }
    }
}

fn of_folders(old: &Path, new: &Path) -> anyhow::Result<Compared> {
    let mut compared = Compared::default();
    match (Operand::read(old)?, Operand::read(new)?) {
        (Operand::Version(before, old), Operand::Version(after, new)) => {
            let template = template_name(&after);
            compared.versions.push(VersionComparison::new(&template, &before.versions[old], &after.versions[new]));
        }
        (Operand::Template(before), Operand::Template(after)) => {
            compared.templates.push(TemplateComparison::new(&before, &after));
        }
        (Operand::Catalog(before), Operand::Catalog(after)) => {
            let named = |folders: Vec<PathBuf>| -> BTreeMap<String, TemplateSource> {
                let read = folders.iter().map(|folder| TemplateSource::read(folder));
                read.map(|template| (template_name(&template), template)).collect()
            };
            let (before, after) = (named(before), named(after));
            let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
            for name in names {
                let absent = TemplateSource::absent(Path::new(name));
                let (before, after) = (before.get(name), after.get(name));
                let comparison =
                    TemplateComparison::named(name.clone(), before.unwrap_or(&absent), after.unwrap_or(&absent));
                compared.templates.push(comparison);
            }
        }
        (before, after) => bail!(
            "{} is {} and {} is {}: only like can be compared with like",
            old.display(),
            before.kind(),
            new.display(),
            after.kind()
        ),
    }
    compared.versions.retain(|comparison| !comparison.is_empty());
    compared.templates.retain(|comparison| !comparison.is_empty());
    Ok(compared)
}

fn files(compared: &Compared) -> Vec<&FileDiff> {
    let templates = compared.templates.iter();
    let inside = templates
        .flat_map(|template| template.files.iter().chain(template.versions.iter().flat_map(|version| &version.files)));
    compared.versions.iter().flat_map(|version| &version.files).chain(inside).collect()
}

fn text(compared: &Compared, no_text: bool) -> Text {
    let mut blocks: Vec<Text> = compared.versions.iter().map(|version| painted(version_lines(version))).collect();
    blocks.extend(compared.templates.iter().map(|template| painted(template_lines(template))));
    if !no_text {
        let diff = text_diff(files(compared));
        if !diff.is_empty() {
            blocks.push(painted_diff(&diff));
        }
    }
    let mut out = Text::default();
    for (at, block) in blocks.iter().enumerate() {
        out.plain(if at > 0 { "\n" } else { "" }).text(block);
    }
    out
}

fn painted(lines: Vec<Line>) -> Text {
    let mut out = Text::default();
    for (mark, text) in lines {
        match mark {
            Mark::Heading => out.styled(HEADING, &text),
            Mark::Plus => out.styled(GOOD, &text),
            Mark::Minus => out.styled(BAD, &text),
            Mark::Plain => out.plain(&text),
        };
        out.plain("\n");
    }
    out
}

fn markdown(compared: &Compared, no_text: bool) -> String {
    let mut out = String::new();
    for version in &compared.versions {
        out.push_str(&format!("## {}: {} → {}\n\n", version.template, version.before.text(), version.after.text()));
        out.push_str(&version_markdown(version, 3));
    }
    for template in &compared.templates {
        out.push_str(&template_markdown(template, 2));
        out.push('\n');
    }
    let diff = text_diff(files(compared));
    if !no_text && !diff.is_empty() {
        let diff = fenced_diff(&diff, MARKDOWN_DIFF);
        out.push_str(&format!("\n<details><summary>Line by line</summary>\n\n{diff}\n</details>\n"));
    }
    if out.is_empty() {
        out.push_str("Nothing differs.\n");
    }
    out
}
