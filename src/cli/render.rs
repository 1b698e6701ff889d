//! `gen-catalog render`.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use serde_json::json;

use super::output::{GOOD, HEADING, Output, Text, painted_diff};
use super::{Format, ImageArgs, Outcome, render_model};
use crate::catalog::{CatalogRoot, Change, ChangeKind, PublishPlan, apply, plan};
use crate::entries::{Publication, swarm};
use crate::render::{Renderer, renderer};
use rancher_catalog::model::{ImageReference, Version};
use swarmkit_settings::SETTINGS;

/// Renders the entry (infra-templates/swarm) and the environment template (project-templates/swarm) into a catalog.
///
/// Files that are right already are not touched, and nothing else in the catalog is. A catalog that has this version
/// already keeps its revision; else the version gets the next one. What a version published is never changed.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gen-catalog render\n  \
    gen-catalog render --catalog ../community-catalog\n  \
    gen-catalog render --check\n  \
    gen-catalog render --image registry.example.com/swarmkit --stdout")]
pub(super) struct RenderArgs {
    /// The catalog's folder
    #[arg(long, value_name = "DIR", default_value = super::CATALOG)]
    catalog: PathBuf,
    /// Write nothing: print what would change as a unified diff, and exit 1 if anything would
    #[arg(long, conflicts_with = "stdout")]
    check: bool,
    /// Write nothing: print the rendered files
    #[arg(long)]
    stdout: bool,
    #[command(flatten)]
    image: ImageArgs,
    /// Name the image as in this registry
    #[arg(long, value_name = "REGISTRY", value_parser = super::bump::registry)]
    rewrite: Option<String>,
    /// Take templates from this folder, where it has them, instead of the built-in ones
    #[arg(long, value_name = "DIR")]
    templates: Option<PathBuf>,
    /// Render this model instead, as `gen-catalog model` prints them: with --stdout, or into a folder with --into
    #[arg(long, value_name = "FILE", conflicts_with_all = ["check", "catalog", "image", "digest", "lock", "no_lock", "rewrite"])]
    model: Option<PathBuf>,
    /// The folder for the files of --model
    #[arg(long, value_name = "DIR", requires = "model", conflicts_with = "stdout")]
    into: Option<PathBuf>,
    /// How to report
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// What one who has rendered does next.
const NEXT: &str = "\nNext: `gen-catalog check` says what Rancher would refuse of the catalog, `gen-catalog release --help` how to \
                    propose it to one in git.\n";

pub(super) fn run(args: &RenderArgs, output: &Output) -> anyhow::Result<Outcome> {
    if let Some(model) = &args.model {
        let as_json = args.format == Format::Json;
        return render_model::run(model, args.templates.as_deref(), args.into.as_deref(), as_json, output);
    }
    let image = super::in_registry(args.image.reference(output)?, args.rewrite.as_deref());
    let publication = swarm::publication(&image, SETTINGS);
    let renderer = renderer_of(args.templates.as_deref())?;
    if args.stdout {
        return print(args, &publication, &renderer, output);
    }
    let root = CatalogRoot::open_whole(&args.catalog)?;
    let plan = plan(&root, &publication, &renderer)?;
    for warning in plan.infra.warnings.iter().chain(&plan.project.warnings) {
        output.warning(warning);
    }
    let lower = plan.lower();
    let refused = !args.check && (plan.published_drift().next().is_some() || !lower.is_empty());
    if !args.check && !refused {
        let changes: Vec<&Change> = plan.changes().collect();
        apply(&root, &changes).context("the catalog is as it was")?;
    }
    match args.format {
        Format::Json => output.json(&report(args, &image, &publication, &plan, refused))?,
        Format::Text if args.check => print_check(&plan, output)?,
        Format::Text if refused && !lower.is_empty() => print_lower(&publication, &lower, output),
        Format::Text if refused => print_refusal(&publication, &plan, output)?,
        Format::Text => print_written(&publication, &plan, &args.catalog, output)?,
    }
    let drift = args.check && plan.drift().next().is_some();
    Ok(if drift || refused { Outcome::Findings } else { Outcome::Good })
}

/// A renderer with the templates of a folder, if one is named.
pub(super) fn renderer_of(templates: Option<&Path>) -> anyhow::Result<Renderer> {
    match templates {
        Some(folder) => renderer(Some(folder)).context("--templates"),
        None => Ok(renderer(None)?),
    }
}

/// A file of a version that is not published is still wanted even where the catalog cannot be read: `--stdout` needs
/// none.
fn print(
    args: &RenderArgs,
    publication: &Publication,
    renderer: &Renderer,
    output: &Output,
) -> anyhow::Result<Outcome> {
    let (infra, project) = match super::catalog_if_there(&args.catalog)? {
        Some(root) => {
            let plan = plan(&root, publication, renderer)?;
            (plan.infra.revision, plan.project.revision)
        }
        None => (publication.infra.first_revision, publication.project.first_revision),
    };
    let mut files = publication.infra.render(renderer, infra)?;
    files.extend(publication.project.render(renderer, project)?);
    render_model::print(&files, args.format == Format::Json, output)?;
    Ok(Outcome::Good)
}

fn print_check(plan: &PublishPlan, output: &Output) -> anyhow::Result<()> {
    let (drift, all) = (plan.drift().count(), plan.changes().count());
    if drift == 0 {
        return output.info(&format!("all {all} files are up to date\n"));
    }
    let mut text = Text::default();
    for change in plan.drift() {
        text.text(&painted_diff(&change.unified_diff()));
    }
    output.result(text)?;
    output.info(&format!("\n{drift} of {all} files would change\n"))
}

fn print_refusal(publication: &Publication, plan: &PublishPlan, output: &Output) -> anyhow::Result<()> {
    let mut text = format!(
        "the catalog has {} already, and not as this program renders it; what is published never changes.\n",
        publication.version
    );
    for change in plan.published_drift() {
        let word = match change.kind() {
            ChangeKind::Create => "missing",
            ChangeKind::Unexpected => "unexpected",
            ChangeKind::Update | ChangeKind::Same => "differs",
        };
        text.push_str(&format!("  {word:<10} {}\n", change.path));
    }
    text.push_str(
        "Nothing was written. `gen-catalog render --check` shows the differences. Raise the version to publish them; \
         if this revision was never published, delete its folder and render again.",
    );
    output.error(&text);
    Ok(())
}

fn print_lower(publication: &Publication, lower: &[(&str, &Version)], output: &Output) {
    let mut text = String::new();
    for (folder, newest) in lower {
        text.push_str(&format!(
            "{folder} offers {newest} by default already, and {} is lower: Rancher would offer no upgrade to it.\n",
            publication.version
        ));
    }
    text.push_str("Nothing was written. Render with the newer gen-catalog, or raise the version.");
    output.error(&text);
}

fn print_written(publication: &Publication, plan: &PublishPlan, root: &Path, output: &Output) -> anyhow::Result<()> {
    let mut text = Text::default();
    for template in [&plan.infra, &plan.project] {
        let word = if template.published { "has" } else { "gets" };
        text.styled(HEADING, &root.join(&template.folder).display().to_string());
        text.plain(&format!(" {word} {} as revision {}\n", publication.version, template.revision));
        for change in &template.changes {
            let word = match change.kind() {
                ChangeKind::Create => "created",
                ChangeKind::Update => "updated",
                ChangeKind::Same => "has",
                ChangeKind::Unexpected => continue,
            };
            text.plain("  ").styled(GOOD, &format!("{word:<7}")).plain(&format!(" {}\n", change.path));
        }
    }
    let all = plan.changes().count();
    match plan.drift().count() {
        0 => text.plain(&format!("nothing to do: all {all} files are up to date\n")),
        written => text.plain(&format!("{written} of {all} files written\n")),
    };
    text.plain(NEXT);
    output.info(text)
}

fn report(
    args: &RenderArgs,
    image: &ImageReference,
    publication: &Publication,
    plan: &PublishPlan,
    refused: bool,
) -> serde_json::Value {
    let template = |template: &crate::catalog::TemplatePlan| {
        json!({
            "folder": template.folder,
            "revision": template.revision,
            "published": template.published,
            "files": template.changes.iter().map(|change| json!({
                "path": change.path,
                "change": change.kind(),
                "published": change.published,
                "diff": change.unified_diff(),
            })).collect::<Vec<_>>(),
            "warnings": template.warnings,
        })
    };
    let drift = plan.drift().next().is_some();
    let status = match (drift, args.check, refused) {
        (_, _, true) => "refused",
        (false, ..) => "up-to-date",
        (true, true, _) => "drift",
        (true, false, _) => "written",
    };
    json!({
        "status": status,
        "version": publication.version,
        "image": image.to_string(),
        "infra": template(&plan.infra),
        "project": template(&plan.project),
    })
}
