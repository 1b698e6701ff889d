//! `gen-catalog verify`.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use serde_json::json;

use super::output::{BAD, GOOD, HEADING, Output, Text};
use super::{CATALOG, Format, Outcome};
use crate::entries::swarm;
use crate::release::agreement::{Places, Row, look};
use crate::render::renderer;
use catalog_check::catalog_of_project;
use rancher_catalog::model::Repository;

/// Verifies, before this project is released, that every place which names its version agrees with the tag.
///
/// It looks at the tag, Cargo.toml and Cargo.lock, both programs, the CHANGELOG's section, the default version, catalog
/// version and image tag of the committed catalog (the one
/// that gen-catalog.toml names, else community-catalog/), whether that is as rendered, image.lock if there is one,
/// and the image's archive if it is named. The exit code is 1 where something does not agree.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gen-catalog verify --tag v2.0.0\n  \
    gen-catalog verify --tag \"$GITHUB_REF_NAME\" --monitor target/release/swarmkit-mon\n  \
    gen-catalog verify --tag v2.0.0 --archive image.tar\n  \
    gen-catalog verify --tag v2.0.0 --format json | jq '.rows[] | select(.agrees | not)'")]
pub(super) struct VerifyArgs {
    /// The tag of the release: v and the version
    #[arg(long)]
    tag: String,
    /// The project's folder
    #[arg(long, value_name = "DIR", default_value = ".")]
    project: PathBuf,
    /// The daemon's program [default: swarmkit-mon beside this program]
    #[arg(long, value_name = "PATH")]
    monitor: Option<PathBuf>,
    /// The image's repository
    #[arg(long, value_name = "REPOSITORY", value_parser = super::repository, default_value_t = swarm::default_repository())]
    image: Repository,
    /// The image's archive, as `gen-catalog lock` takes it: whether it is the tag's, its labels and its program say what the
    /// daemon says
    #[arg(long, value_name = "IMAGE")]
    archive: Option<PathBuf>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(super) fn run(args: &VerifyArgs, output: &Output) -> anyhow::Result<Outcome> {
    let monitor = match &args.monitor {
        Some(path) => std::path::absolute(path)?,
        None => {
            let program = std::env::current_exe().context("cannot tell where this program stands: use --monitor")?;
            program.with_file_name(format!("swarmkit-mon{}", std::env::consts::EXE_SUFFIX))
        }
    };
    let catalog = catalog(&args.project)?;
    let places = Places {
        project: &args.project,
        catalog: &catalog,
        monitor: &monitor,
        tag: &args.tag,
        repository: &args.image,
        archive: args.archive.as_deref(),
    };
    let rows = look(&places, &renderer(None)?);
    let agree = rows.iter().all(|row| row.agrees);
    match args.format {
        Format::Json => output.json(&json!({ "agree": agree, "tag": args.tag, "rows": rows }))?,
        Format::Text => output.result(table(&rows))?,
    }
    Ok(if agree { Outcome::Good } else { Outcome::Findings })
}

/// The folder of the catalog in the project: the one that its gen-catalog.toml names, else the one that `render` writes.
fn catalog(project: &Path) -> anyhow::Result<String> {
    // What is no folder is told with each row.
    let named = if project.is_dir() { catalog_of_project(project)? } else { None };
    let inside = named.and_then(|catalog| {
        let inside = catalog.strip_prefix(project.canonicalize().ok()?).ok()?;
        inside.to_str().map(str::to_owned)
    });
    Ok(inside.unwrap_or_else(|| CATALOG.to_owned()))
}

pub(super) fn table(rows: &[Row]) -> Text {
    let width = |of: fn(&Row) -> &str| rows.iter().map(|row| of(row).chars().count()).max().unwrap_or(0);
    let (what, place) = (width(|row| row.what), width(|row| &row.place));
    let mut out = Text::default();
    for row in rows {
        let (style, word) = if row.agrees { (GOOD, "ok") } else { (BAD, "NO") };
        let should = if row.agrees { String::new() } else { format!("; it should be {}", row.should) };
        out.styled(style, word).plain("  ").styled(HEADING, &format!("{:what$}", row.what));
        out.plain(&format!("  {:place$}  {}{should}\n", row.place, row.says));
    }
    let wrong = rows.iter().filter(|row| !row.agrees).count();
    out.plain(&match wrong {
        0 => format!("all {} agree\n", rows.len()),
        wrong => format!("{wrong} of {} do not agree\n", rows.len()),
    });
    out
}
