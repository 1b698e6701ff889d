//! `gen-catalog release`.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::bump::NextArgs;
use super::output::{GOOD, HEADING, Output, Text};
use super::{Format, ImageArgs, Outcome, findings, release_template};
use crate::catalog::ChangeKind;
use crate::entries::{Publication, swarm};
use crate::release::ReleaseError;
use crate::release::base::Base;
use crate::release::commit::{tree, writable};
use crate::release::execute::{Done, Seen, Standing, Target, execute};
use crate::release::plan::{ReleasePlan, What, Wishes, prepare, without_errors};
use crate::release::provenance::statement;
use crate::release::pull_request::{Circumstances, PullRequest, check_summary};
use crate::render::renderer;
use catalog_check::{Checked, Severity};
use catalog_diff::words::upgrade_in_words;
use rancher_catalog::digest::sha256_hex;
use rancher_catalog::model::{ImageReference, Version};
use rancher_catalog::temporary_folder::TemporaryFolder;
use swarmkit_settings::SETTINGS;
use swarmkit_settings::built_from::BuiltFrom;

/// Makes a branch with the next revision in a git clone of a catalog, and the text of its pull request.
///
/// Without TEMPLATE it releases the Swarm entry: the version is rendered into a new revision and config.yml names it as the
/// default. With TEMPLATE it releases that one: the newest revision is copied and changed as `gen-catalog bump` does it. Nothing
/// else changes unless it is asked for. What is new is checked before, and what changes for those who run it is told in the
/// pull request. The clone's work tree, index and HEAD are never touched: one branch appears, all at once. Author, committer
/// and signature are git's own configuration; the clone's hooks are not run.
///
/// Exit codes: 0 it is done, or was done already; 1 it is refused, with what to do; 2 usage, input or output.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gen-catalog release --catalog ../community-catalog --dry-run\n  \
    gen-catalog release --catalog ../community-catalog --base origin/master --push origin --body-file body.md\n  \
    gen-catalog release --catalog ../rancher-catalog --what project\n  \
    gen-catalog release --catalog . --maximum-rancher-version v1.5.99 --format json | jq -r .title\n  \
    gen-catalog release infra-templates/web --image example/web=1.3.0 --push origin\n  \
    gen-catalog release web --catalog CLONE --image web=1.3.0 --minor --commit --push origin")]
pub(super) struct ReleaseArgs {
    /// A template to release with a new image or version: its folder, its name, or its id in Rancher (infra*web) [default: the
    /// Swarm entry]
    #[arg(conflicts_with_all = ["what", "maximum_rancher_version", "metadata", "digest", "lock", "no_lock", "provenance"])]
    pub(super) template: Option<String>,
    /// A git clone of the catalog, or the catalog's folder in one [default with TEMPLATE: the one that it is in]
    #[arg(long, value_name = "CLONE", required_unless_present = "template")]
    pub(super) catalog: Option<PathBuf>,
    /// What to release: the public catalogs keep environment templates in another repository than this entry
    #[arg(long, value_enum, default_value_t = WhatArg::Infra)]
    what: WhatArg,
    /// The branch to make [default: swarm-, or the template's name and -, and the version]
    #[arg(long, value_name = "NAME")]
    pub(super) branch: Option<String>,
    /// What to build upon: a branch, a remote's branch or a commit [default: the branch that the clone is on]
    #[arg(long, value_name = "REF")]
    pub(super) base: Option<String>,
    /// Push the branch to this remote
    #[arg(long, value_name = "REMOTE")]
    pub(super) push: Option<String>,
    /// With TEMPLATE: make no branch, but commit right on the one that is built upon; with --push on that of the remote, anew where
    /// another push came first
    #[arg(long, requires = "template", conflicts_with_all = ["branch", "force_branch"])]
    pub(super) commit: bool,
    /// Change nothing, neither here nor there: say what would be done
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Close older revisions to Rancher servers after this version
    #[arg(long, value_name = "VERSION", value_parser = rancher_version)]
    maximum_rancher_version: Option<Version>,
    /// Bring config.yml and the icon to what is rendered as a whole, not config.yml's version alone
    #[arg(long)]
    metadata: bool,
    /// Replace the branch if it is there with other content
    #[arg(long)]
    pub(super) force_branch: bool,
    /// The image's repository, whose tag is always this program's version [default: rancher/swarmkit]; with TEMPLATE an image and
    /// what it becomes, as of `gen-catalog bump`: NAME=TAG
    #[arg(long, value_name = "REPOSITORY|NAME=TAG")]
    pub(super) image: Vec<String>,
    /// Pin the image to a digest
    #[arg(long, value_name = "sha256:…", value_parser = super::digest)]
    digest: Option<String>,
    /// Pin it to the digest in this file, as `gen-catalog lock` writes it [default: image.lock, if it is there]
    #[arg(long, value_name = "FILE")]
    lock: Option<PathBuf>,
    /// Pass image.lock over
    #[arg(long, conflicts_with = "lock")]
    no_lock: bool,
    #[command(flatten)]
    pub(super) next: NextArgs,
    /// Write the pull request's text into this file
    #[arg(long, value_name = "FILE")]
    pub(super) body_file: Option<PathBuf>,
    /// Write a provenance record into this file: an in-toto statement with a SLSA predicate
    #[arg(long, value_name = "FILE")]
    provenance: Option<PathBuf>,
    /// How to report
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(super) format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum WhatArg {
    /// infra-templates/swarm
    Infra,
    /// project-templates/swarm
    Project,
    /// Both
    Both,
}

fn rancher_version(text: &str) -> Result<Version, String> {
    let version = Version::from(text);
    let numbers = text.trim_start_matches('v').split(['.', '-']).next().is_some_and(|part| part.parse::<u64>().is_ok());
    if numbers { Ok(version) } else { Err("a version of Rancher is wanted, such as v1.5.99".to_owned()) }
}

impl ReleaseArgs {
    /// The image of the Swarm entry.
    fn image(&self) -> anyhow::Result<ImageArgs> {
        let image = match self.image.as_slice() {
            [] => swarm::default_repository(),
            [one] => super::repository(one).map_err(|error| anyhow::anyhow!("--image: {error}"))?,
            _ => bail!("one --image is taken: the repository of the Swarm entry's image"),
        };
        Ok(ImageArgs { image, digest: self.digest.clone(), lock: self.lock.clone(), no_lock: self.no_lock })
    }

    fn wishes(&self) -> Wishes {
        Wishes {
            what: match self.what {
                WhatArg::Infra => What::Infra,
                WhatArg::Project => What::Project,
                WhatArg::Both => What::Both,
            },
            maximum_rancher_version: self.maximum_rancher_version.clone(),
            metadata: self.metadata,
        }
    }

    /// The options that decide what is in the commit.
    fn options(&self, image: &ImageReference) -> String {
        let mut options = String::new();
        match self.what {
            WhatArg::Infra => {}
            WhatArg::Project => options.push_str(" --what project"),
            WhatArg::Both => options.push_str(" --what both"),
        }
        if image.repository != swarm::default_repository() {
            options.push_str(&format!(" --image {}", image.repository));
        }
        if let Some(digest) = &image.digest {
            options.push_str(&format!(" --digest {digest}"));
        }
        if let Some(maximum) = &self.maximum_rancher_version {
            options.push_str(&format!(" --maximum-rancher-version {maximum}"));
        }
        if self.metadata {
            options.push_str(" --metadata");
        }
        options
    }
}

/// What came of it.
enum Came {
    /// The catalog has it: no file changes.
    Published,
    /// It was only looked at.
    Planned(PullRequest),
    /// The branch is there.
    Done(PullRequest, Done),
}

pub(super) fn run(args: &ReleaseArgs, output: &Output) -> anyhow::Result<Outcome> {
    if let Some(template) = &args.template {
        return release_template::run(args, template, output);
    }
    if args.next.is_given() {
        bail!("which template? Name it; without one the Swarm entry is released, whose version is this program's");
    }
    match release(args, output) {
        Ok(()) => Ok(Outcome::Good),
        Err(error) => match error.downcast_ref::<ReleaseError>() {
            Some(ReleaseError::Refused(refusal)) => {
                let text = refusal.to_string();
                output.error(&format!("nothing was released: {text}"));
                if args.format == Format::Json {
                    output.json(&json!({ "status": "refused", "reason": text }))?;
                }
                to_github(&[("status", "refused")], "")?;
                Ok(Outcome::Findings)
            }
            _ => Err(error),
        },
    }
}

fn release(args: &ReleaseArgs, output: &Output) -> anyhow::Result<()> {
    for file in [&args.body_file, &args.provenance].into_iter().flatten() {
        check_target(file)?;
    }
    let image = super::in_registry(args.image()?.reference(output)?, args.next.rewrite.as_deref());
    let publication = swarm::publication(&image, SETTINGS);
    let renderer = renderer(None)?;
    let base = Base::find(args.catalog.as_deref().unwrap_or(Path::new(".")), args.base.as_deref())?;
    let plan = prepare(&base, &args.wishes(), &publication, &renderer)?;
    plan.warnings.iter().for_each(|warning| output.warning(warning));
    let branch = args.branch.clone().unwrap_or_else(|| format!("{}-{}", swarm::FOLDER, publication.version));
    let generator_commit = BuiltFrom::this().commit().map(str::to_owned);
    let mut about = Circumstances {
        base: &base,
        image: &image,
        content: None,
        branch: &branch,
        options: args.options(&image),
        generator_commit: generator_commit.as_deref(),
    };
    let came = if plan.changes().next().is_none() {
        Came::Published
    } else {
        if let Err(refusal) = without_errors(&plan) {
            output.error(findings::all_lines(&errors_of(&plan)));
            return Err(ReleaseError::from(refusal).into());
        }
        let target = Target { branch: &branch, remote: args.push.as_deref(), force: args.force_branch };
        let seen = Seen::look(&base, &target)?;
        // What a dry run makes goes into a folder of its own.
        let scratch = args.dry_run.then(TemporaryFolder::new).transpose().context("no folder for temporary files")?;
        let base = match &scratch {
            Some(folder) => Base { git: base.git.with_scratch(folder.path()), ..base.clone() },
            None => base.clone(),
        };
        if scratch.is_none() {
            writable(&base.git)?;
        }
        let content = tree(&base, plan.changes())?;
        about.content = Some(content.clone());
        let request = PullRequest::write(&plan, &publication, &about);
        let standing = Standing::judge(&base, &seen, &target, &content)?;
        if args.dry_run && !standing.is_done(&seen) {
            Came::Planned(request)
        } else {
            // A dry run comes here only where nothing is left to do.
            let done = execute(&base, &seen, standing, &content, &request.message)?;
            Came::Done(request, done)
        }
    };
    if let Some(file) = &args.provenance {
        if about.generator_commit.is_none() {
            output.warning(
                "the commit that this program was built from is not known, and not in the provenance record: build it \
                 with SWARMKIT_CATALOG_COMMIT set, or in a clone without changes",
            );
        }
        write(file, &format!("{:#}\n", statement(&plan, &publication, &about)))?;
    }
    // Where there is nothing to do there is no pull request to open.
    let request = match &came {
        Came::Planned(request) | Came::Done(request, _) if status(&came) != NOTHING_TO_DO => Some(request),
        _ => None,
    };
    if let (Some(file), Some(request)) = (&args.body_file, request) {
        write(file, &request.body)?;
    }
    tell(args, &publication, &plan, &about, &came, output)
}

/// What the check found, less what is no reason to stop.
fn errors_of(plan: &ReleasePlan) -> Checked {
    let all = plan.checked.findings.iter();
    let findings = all.filter(|finding| finding.rule.severity == Severity::Error).cloned().collect();
    Checked { findings, ..Checked::default() }
}

const NOTHING_TO_DO: &str = "nothing-to-do";

fn status(came: &Came) -> &'static str {
    match came {
        Came::Planned(_) => "planned",
        Came::Done(_, done) if done.made || done.pushed => "released",
        Came::Published | Came::Done(..) => NOTHING_TO_DO,
    }
}

fn tell(
    args: &ReleaseArgs,
    publication: &Publication,
    plan: &ReleasePlan,
    about: &Circumstances<'_>,
    came: &Came,
    output: &Output,
) -> anyhow::Result<()> {
    let report = report(publication, plan, about, came);
    match args.format {
        Format::Json => output.json(&report)?,
        Format::Text => output.info(text(args, publication, plan, about, came))?,
    }
    let field = |name: &str| report[name].as_str().unwrap_or_default().to_owned();
    let names = ["status", "branch", "commit", "base", "title", "body"];
    let fields: Vec<(&str, String)> = names.iter().map(|name| (*name, field(name))).collect();
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    to_github(&fields, &field("body"))
}

fn report(publication: &Publication, plan: &ReleasePlan, about: &Circumstances<'_>, came: &Came) -> Value {
    let (request, done) = match came {
        Came::Published => (None, None),
        Came::Planned(request) => (Some(request), None),
        Came::Done(request, done) => (Some(request), Some(done)),
    };
    let templates: Vec<Value> = plan
        .templates
        .iter()
        .map(|template| {
            json!({
                "folder": template.folder,
                "revision": template.revision,
                "published": template.published,
                "replaces": template.replaces,
                "closed": template.closed,
                "kept": template.kept,
                "files": template.changes.iter().map(|change| json!({
                    "path": change.path,
                    "change": change.kind(),
                    "sha256": sha256_hex(change.after.as_deref().unwrap_or_default()),
                })).collect::<Vec<_>>(),
                "upgrade": template.comparison.as_ref().map(|comparison| &comparison.upgrade),
            })
        })
        .collect();
    json!({
        "status": status(came),
        "version": publication.version,
        "image": about.image.to_string(),
        "base": about.base.commit,
        "branch": request.map(|_| about.branch),
        "commit": done.map(|done| &done.commit),
        "tree": about.content.as_ref().map(|content| &content.tree),
        "pushed": done.is_some_and(|done| done.pushed),
        "notes": done.map_or(&[][..], |done| &done.notes),
        "title": request.map(|request| &request.title),
        "body": request.map(|request| &request.body),
        "templates": templates,
        "check": findings::summary(&plan.checked),
    })
}

fn text(
    args: &ReleaseArgs,
    publication: &Publication,
    plan: &ReleasePlan,
    about: &Circumstances<'_>,
    came: &Came,
) -> Text {
    let mut out = Text::default();
    let line = |out: &mut Text, text: String| {
        out.plain(&text).plain("\n");
    };
    let conditional = matches!(came, Came::Planned(_));
    let told = if status(came) == NOTHING_TO_DO { &[][..] } else { &plan.templates[..] };
    for template in told {
        let word = if template.published { "has" } else { "gets" };
        out.styled(HEADING, &template.folder);
        line(&mut out, format!(" {word} {} as revision {}", publication.version, template.revision));
        for change in &template.changes {
            let word = match (change.kind(), conditional) {
                (ChangeKind::Create, false) => "created",
                (ChangeKind::Create, true) => "would create",
                (_, false) => "updated",
                (_, true) => "would update",
            };
            out.plain("  ").styled(GOOD, word);
            line(&mut out, format!(" {}", change.path));
        }
        for kept in &template.kept {
            line(
                &mut out,
                format!("  {kept} keeps what it has beside the version; --metadata brings what is rendered"),
            );
        }
        if let Some(upgrade) = template.comparison.as_ref().and_then(|comparison| comparison.upgrade.as_ref()) {
            line(&mut out, format!("  an {}", upgrade_in_words(upgrade)));
        }
    }
    if !told.is_empty() {
        line(&mut out, format!("check: {}", check_summary(&plan.checked.findings)));
    }
    let short = |commit: &str| commit.chars().take(12).collect::<String>();
    match came {
        Came::Published => {
            for template in &plan.templates {
                let (folder, revision) = (&template.folder, template.revision);
                line(
                    &mut out,
                    format!("nothing to do: {folder} has {} already, as revision {revision}", publication.version),
                );
            }
        }
        Came::Planned(_) => {
            line(&mut out, format!("nothing was changed; without --dry-run this makes the branch {}", about.branch))
        }
        Came::Done(_, done) => {
            done.notes.iter().for_each(|note| line(&mut out, note.clone()));
            if done.made {
                line(&mut out, format!("commit {} is on the branch {}", short(&done.commit), about.branch));
            }
            if done.pushed {
                line(&mut out, format!("pushed to {}", args.push.as_deref().unwrap_or_default()));
            }
            if !done.made && !done.pushed {
                line(&mut out, format!("nothing to do: the branch {} is there, with the same content", about.branch));
            }
        }
    }
    out
}

/// A file that will be written must be writable before anything is done.
pub(super) fn check_target(file: &Path) -> anyhow::Result<()> {
    let folder = whole_file::folder_of(file);
    if file.is_dir() || !folder.is_dir() {
        bail!("{} cannot be written: {} is no folder for it", file.display(), folder.display());
    }
    Ok(())
}

pub(super) fn write(file: &Path, text: &str) -> anyhow::Result<()> {
    whole_file::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}

/// In GitHub Actions: the outputs of the step, and its summary.
pub(super) fn to_github(fields: &[(&str, &str)], summary: &str) -> anyhow::Result<()> {
    if std::env::var_os("GITHUB_ACTIONS").is_none_or(|value| value != "true") {
        return Ok(());
    }
    let append = |variable: &str, text: &str| -> anyhow::Result<()> {
        let Some(file) = std::env::var_os(variable).filter(|file| !file.is_empty()) else { return Ok(()) };
        let cannot = || format!("cannot write ${variable} ({})", file.to_string_lossy());
        let mut file = fs::OpenOptions::new().append(true).create(true).open(&file).with_context(cannot)?;
        file.write_all(text.as_bytes()).with_context(cannot)
    };
    let outputs: String = fields
        .iter()
        .map(|(name, value)| {
            // No value can hold its own digest.
            let end = format!("end-{}", sha256_hex(value.as_bytes()));
            format!("{name}<<{end}\n{value}\n{end}\n")
        })
        .collect();
    append("GITHUB_OUTPUT", &outputs)?;
    if summary.is_empty() { Ok(()) } else { append("GITHUB_STEP_SUMMARY", summary) }
}
