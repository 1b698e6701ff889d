//! `gen-catalog bump`.

use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};

use clap::{ArgGroup, Args};
use serde_json::{Value, json};

use super::output::{GOOD, HEADING, Output, Text, painted_diff};
use super::{Format, Outcome, findings, project};
use crate::bump::{BumpError, BumpPlan, ImageWish, Part, Setting, VersionWish, Wishes, plan};
use crate::catalog::{CatalogError, CatalogRoot, Change, apply};
use crate::release::pull_request::check_summary;
use catalog_diff::words::upgrade_in_words;
use rancher_catalog::model::Repository;

/// How long another run is waited for that is writing into the catalog.
const PATIENCE: Duration = Duration::from_secs(20);
/// So many places of an image are told to people.
const PLACES: usize = 8;

/// Makes the next revision of a template: the newest one copied, with new images and a new version.
///
/// Files are changed in place: comments, order, quotes and line ends stay. An image changes wherever it is that of a service,
/// and wherever else the compose files, README and config.yml name the very one in use; a comment such as `# gen-catalog:
/// keep` in its line, or right above, keeps it. The version changes in the catalog block, in README, and in config.yml if
/// the revision before was the default. Of the catalog nothing but that template is read.
///
/// Exit codes: 0 it is done; 1 it is refused, and nothing was written; 2 usage, input or output.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gen-catalog bump infra-templates/web --image example/web=1.3.0\n  \
    gen-catalog bump web --image web=v1.3.0 --image db=@sha256:… --minor --diff --dry-run\n  \
    gen-catalog bump web --image web=1.3.0 --version 1.3.0-rancher1 --set minimum_rancher_version=v1.6.14\n  \
    gen-catalog bump web --image example/web:1.2.0=1.2.1 --from 7 --patch --format json")]
#[command(group = ArgGroup::new("what").args(["image", "version", "patch", "minor", "major", "set", "rewrite"]).multiple(true).required(true))]
pub(super) struct BumpArgs {
    /// The template: its folder, its name, or its id in Rancher (infra*web)
    template: String,
    /// An image and what it becomes: NAME=TAG, NAME=@sha256:…, NAME=TAG@sha256:… or NAME=REPOSITORY:TAG. NAME is a repository
    /// (also with the tag to replace), its last part, or a service
    #[arg(long, value_name = "NAME=TAG")]
    image: Vec<ImageWish>,
    #[command(flatten)]
    next: NextArgs,
    /// The catalog's folder, where TEMPLATE is no path [default: the working folder, or the one that gen-catalog.toml names]
    #[arg(long, value_name = "DIR")]
    catalog: Option<PathBuf>,
    /// Write nothing: say what would be done
    #[arg(long)]
    dry_run: bool,
    /// Print what changes from the revision before, as a unified diff
    #[arg(long)]
    diff: bool,
    /// How to report
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// What else the next revision shall be.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("next").args(["version", "patch", "minor", "major"]))]
pub(super) struct NextArgs {
    /// The new version [default: the one before, following the tag that it holds, or grown as gen-catalog.toml says]
    #[arg(long, value_name = "VERSION")]
    version: Option<String>,
    /// Let the third number of the version grow
    #[arg(long)]
    patch: bool,
    /// Let the second one grow
    #[arg(long)]
    minor: bool,
    /// Let the first one grow
    #[arg(long)]
    major: bool,
    /// Set a value of the catalog block (KEY, questions.VARIABLE.KEY) or of a file (docker-compose:services.web.mem_limit)
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<Setting>,
    /// The revision to begin with, by its folder or its version [default: the newest]
    #[arg(long, value_name = "REVISION")]
    from: Option<String>,
    /// Name all images as in this registry [default for a template: the `registry` of gen-catalog.toml]
    #[arg(long, value_name = "REGISTRY", value_parser = registry)]
    pub(super) rewrite: Option<String>,
    /// Take a version that is not later than the one before
    #[arg(long)]
    lower: bool,
}

impl NextArgs {
    /// With the images that change.
    pub(super) fn wishes(&self, images: Vec<ImageWish>) -> Wishes {
        let parts = [(self.patch, Part::Patch), (self.minor, Part::Minor), (self.major, Part::Major)];
        let grown = parts.into_iter().find_map(|(is_asked, part)| is_asked.then_some(VersionWish::Grown(part)));
        Wishes {
            images,
            version: self.version.clone().map(VersionWish::Given).or(grown).unwrap_or(VersionWish::Follow),
            settings: self.set.clone(),
            from: self.from.clone(),
            rewrite: self.rewrite.clone(),
            lower: self.lower,
        }
    }

    /// Whether something of it is given that is of a template alone.
    pub(super) fn is_given(&self) -> bool {
        let wishes = Wishes { rewrite: None, ..self.wishes(Vec::new()) };
        !wishes.is_empty() || self.from.is_some() || self.lower
    }
}

/// A registry, by its host and its port.
pub(super) fn registry(text: &str) -> Result<String, String> {
    let read = format!("{text}/x").parse::<Repository>().ok().filter(|read| read.registry.as_deref() == Some(text));
    read.map(|_| text.to_owned())
        .ok_or_else(|| "the name of a registry is wanted, with a dot or a port: mirror.example.com:5000".to_owned())
}

pub(super) fn run(args: &BumpArgs, output: &Output) -> anyhow::Result<Outcome> {
    match bump(args) {
        Ok(plan) => {
            plan.warnings.iter().for_each(|warning| output.warning(warning));
            match args.format {
                Format::Json => output.json(&report(&plan, args.dry_run, args.diff))?,
                Format::Text => {
                    output.info(text(&plan, args.dry_run))?;
                    if args.diff {
                        output.result(painted_diff(&diff(&plan)))?;
                    }
                }
            }
            Ok(Outcome::Good)
        }
        Err(error @ (BumpError::Refused(_) | BumpError::Done(_))) => {
            let reason = error.to_string();
            output.error(&format!("nothing was written: {reason}"));
            if args.format == Format::Json {
                output.json(&json!({ "status": "refused", "reason": reason }))?;
            }
            Ok(Outcome::Findings)
        }
        Err(error) => Err(error.into()),
    }
}

/// Plans and writes, one run at a time, so that each has a revision of its own; anew where `render` was quicker.
fn bump(args: &BumpArgs) -> Result<BumpPlan, BumpError> {
    let place = project::template(&args.template, args.catalog.as_deref())?;
    let root = CatalogRoot::open(&place.catalog)?;
    let wishes = args.next.wishes(args.image.clone()).or_as_set(&project::config(&place.catalog)?, &place.folder);
    let start = Instant::now();
    // Of two at once the second one begins with what the first one made.
    let _turn = if args.dry_run { None } else { Some(root.turn(PATIENCE)?) };
    loop {
        let plan = plan(&root, &place.folder, &wishes)?;
        if args.dry_run {
            return Ok(plan);
        }
        match apply(&root, &plan.changes.iter().collect::<Vec<&Change>>()) {
            Ok(()) => return Ok(plan),
            Err(CatalogError::Busy(_) | CatalogError::Changed(_)) if start.elapsed() < PATIENCE => {
                sleep(Duration::from_millis(20));
            }
            Err(other) => return Err(other.into()),
        }
    }
}

pub(super) fn diff(plan: &BumpPlan) -> String {
    plan.pairs.iter().map(crate::bump::FilePair::unified_diff).collect()
}

pub(super) fn report(plan: &BumpPlan, dry_run: bool, with_diff: bool) -> Value {
    let images: Vec<Value> = plan
        .images
        .iter()
        .map(|image| {
            let places = image.places.iter().map(|(file, line)| json!({ "file": file, "line": line }));
            json!({ "before": image.before, "after": image.after, "places": places.collect::<Vec<_>>() })
        })
        .collect();
    let files = plan.changes.iter().map(|change| json!({ "path": change.path, "change": change.kind() }));
    json!({
        "status": if dry_run { "planned" } else { "written" },
        "template": plan.folder,
        "from": plan.from,
        "revision": plan.to,
        "version": { "before": plan.old_version, "after": plan.version, "follows": plan.follows },
        "default": plan.default.as_ref().map(|(before, moves)| {
            json!({ "before": before, "after": if *moves { &plan.version } else { before } })
        }),
        "images": images,
        "files": files.collect::<Vec<_>>(),
        "diff": with_diff.then(|| diff(plan)),
        "upgrade": plan.comparison.as_ref().map(|comparison| &comparison.upgrade),
        "check": findings::summary(&plan.checked),
        "warnings": plan.warnings,
    })
}

fn text(plan: &BumpPlan, dry_run: bool) -> Text {
    let mut out = told(plan, dry_run);
    if dry_run {
        out.plain("nothing was written; without --dry-run it is\n");
    }
    out
}

/// What the next revision is, for people.
pub(super) fn told(plan: &BumpPlan, dry_run: bool) -> Text {
    let mut out = Text::default();
    let BumpPlan { folder, from, to, old_version, version, .. } = plan;
    let word = if dry_run { "would get" } else { "gets" };
    out.styled(HEADING, folder).plain(&format!(" {word} {version} as revision {to}, made from {from} ({old_version})"));
    if let Some(tag) = &plan.follows {
        out.plain(&format!("; the version follows the tag {tag}"));
    }
    out.plain("\n");
    for image in &plan.images {
        let before = if image.before.is_empty() { String::new() } else { format!("{} → ", image.before.join(", ")) };
        let mut places: Vec<String> = image.places.iter().map(|(file, line)| format!("{file}:{line}")).collect();
        let more = places.len().saturating_sub(PLACES);
        places.truncate(PLACES);
        places.extend((more > 0).then(|| format!("and {more} more")));
        out.plain("  image ").styled(GOOD, &format!("{before}{}", image.after));
        out.plain(&format!(" ({})\n", places.join(", ")));
    }
    if let Some((default, true)) = &plan.default {
        out.plain(&format!("  config.yml: the default version {default} → {version}\n"));
    }
    if let Some(upgrade) = plan.comparison.as_ref().and_then(|comparison| comparison.upgrade.as_ref()) {
        out.plain(&format!("  an {}\n", upgrade_in_words(upgrade)));
    }
    out.plain(&format!("check: {}\n", check_summary(&plan.checked.findings)));
    out
}
