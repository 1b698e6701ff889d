//! `gen-catalog release TEMPLATE`: the next revision of any template, as a branch or right on the branch that it builds upon.

use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::output::Output;
use super::release::{ReleaseArgs, check_target, to_github, write};
use super::{Format, Outcome, bump, project};
use crate::bump::{BumpError, BumpPlan, ImageWish, Wishes, plan, request};
use crate::catalog::CatalogRoot;
use crate::release::ReleaseError;
use crate::release::base::Base;
use crate::release::commit::{commit, tree, writable};
use crate::release::execute::{Done, Seen, Standing, Target, execute};
use crate::release::pull_request::PullRequest;
use crate::release::upon_branch::{fetched, move_here, push};
use catalog_check::config;
use rancher_catalog::temporary_folder::TemporaryFolder;

/// How long it is tried anew where others push first.
const PATIENCE: Duration = Duration::from_secs(120);

/// What came of it.
struct Came {
    plan: BumpPlan,
    request: PullRequest,
    base: Base,
    branch: String,
    tree: String,
    /// `None` where it was only looked at.
    done: Option<Done>,
    is_dry: bool,
}

impl Came {
    fn status(&self) -> &'static str {
        match &self.done {
            None => "planned",
            Some(done) if done.made || done.pushed => "released",
            Some(_) => "nothing-to-do",
        }
    }
}

pub(super) fn run(args: &ReleaseArgs, named: &str, output: &Output) -> anyhow::Result<Outcome> {
    if let Some(file) = &args.body_file {
        check_target(file)?;
    }
    let images: Result<Vec<ImageWish>, String> = args.image.iter().map(|image| image.parse()).collect();
    let images = images.map_err(|error| anyhow::anyhow!("--image: {error}"))?;
    let wishes = args.next.wishes(images);
    if wishes.is_empty() {
        bail!("say what shall change: --image NAME=TAG, --version, --patch, --minor, --major or --set");
    }
    let refused = |reason: &str| -> anyhow::Result<Outcome> {
        output.error(&format!("nothing was released: {reason}"));
        if args.format == Format::Json {
            output.json(&json!({ "status": "refused", "reason": reason }))?;
        }
        to_github(&[("status", "refused")], "")?;
        Ok(Outcome::Findings)
    };
    match release(args, named, &wishes) {
        Ok(came) => {
            came.plan.warnings.iter().for_each(|warning| output.warning(warning));
            if let Some(file) = args.body_file.as_ref().filter(|_| came.status() != "nothing-to-do") {
                write(file, &came.request.body)?;
            }
            tell(args, &came, output)?;
            Ok(Outcome::Good)
        }
        Err(error) => match (error.downcast_ref::<BumpError>(), error.downcast_ref::<ReleaseError>()) {
            // A second run of the same finds that it is done.
            (Some(BumpError::Done(there)), _) => {
                match args.format {
                    Format::Json => output.json(&json!({ "status": "nothing-to-do", "reason": there }))?,
                    Format::Text => output.info(&format!("nothing to do: {there}\n"))?,
                }
                to_github(&[("status", "nothing-to-do")], "")?;
                Ok(Outcome::Good)
            }
            (Some(BumpError::Refused(reason)), _) => refused(reason),
            (_, Some(ReleaseError::Refused(refusal))) => refused(&refusal.to_string()),
            _ => Err(error),
        },
    }
}

fn release(args: &ReleaseArgs, named: &str, wishes: &Wishes) -> anyhow::Result<Came> {
    let place = project::template(named, args.catalog.as_deref())?;
    let start = Instant::now();
    let mut notes = Vec::new();
    loop {
        let base = match (&args.push, args.commit) {
            (Some(remote), true) => fetched(&place.catalog, args.base.as_deref(), remote)?,
            (None, true) => Base::find_ahead(&place.catalog, args.base.as_deref())?,
            (_, false) => Base::find(&place.catalog, args.base.as_deref())?,
        };
        let (plan, owners) = planned(&base, &place.folder, wishes)?;
        let scratch = args.dry_run.then(TemporaryFolder::new).transpose().context("no folder for temporary files")?;
        let base = match &scratch {
            Some(folder) => Base { git: base.git.with_scratch(folder.path()), ..base },
            None => base,
        };
        let request = request(&plan, &base.commit, &owners);
        if !args.commit {
            return upon_own_branch(args, plan, request, base);
        }
        if scratch.is_none() {
            writable(&base.git)?;
        }
        let content = tree(&base, &plan.changes)?;
        let mut came = Came {
            branch: base.name.clone(),
            tree: content.tree.clone(),
            plan,
            request,
            base,
            done: None,
            is_dry: args.dry_run,
        };
        if args.dry_run {
            return Ok(came);
        }
        let made = commit(&came.base.git, &content, &came.request.message)?;
        let is_taken = match &args.push {
            Some(_) => push(&came.base, &made)?,
            None => move_here(&came.base, &made)?,
        };
        if is_taken {
            let pushed = args.push.is_some();
            came.done = Some(Done { commit: made, made: !pushed, pushed, notes });
            return Ok(came);
        }
        if start.elapsed() > PATIENCE {
            bail!("others pushed to {} first, again and again, for {} s: run again", came.branch, PATIENCE.as_secs());
        }
        notes = vec!["another push came first: it was made anew upon that".to_owned()];
        // So that of several not all come at one time again.
        sleep(Duration::from_millis(20 + u64::from(std::process::id() % 50)));
    }
}

/// The next revision upon a commit, and who is told of it: that template alone is taken out of git, and what is set for it.
fn planned(base: &Base, folder: &str, wishes: &Wishes) -> anyhow::Result<(BumpPlan, Vec<String>)> {
    let temporary = TemporaryFolder::new().context("no folder for temporary files")?;
    let root = temporary.path().join(&base.prefix);
    std::fs::create_dir_all(&root).with_context(|| format!("cannot make {}", root.display()))?;
    let paths: Vec<String> = base.configs().chain([base.path(folder)]).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    base.git.export(&base.commit, &paths, temporary.path()).map_err(ReleaseError::from)?;
    if !root.join(folder).is_dir() {
        return Err(BumpError::Refused(format!("{} has no {folder}: commit it first", base.name)).into());
    }
    let config = config::CatalogConfig::read(&root).map_err(ReleaseError::from)?;
    let wishes = wishes.clone().or_as_set(&config, folder);
    Ok((plan(&CatalogRoot::open(&root)?, folder, &wishes)?, config.owners(folder).to_vec()))
}

fn upon_own_branch(args: &ReleaseArgs, plan: BumpPlan, request: PullRequest, base: Base) -> anyhow::Result<Came> {
    let name = plan.folder.rsplit('/').next().unwrap_or_default();
    let branch = args.branch.clone().unwrap_or_else(|| format!("{name}-{}", branch_part(&plan.version)));
    let target = Target { branch: &branch, remote: args.push.as_deref(), force: args.force_branch };
    let seen = Seen::look(&base, &target)?;
    if !args.dry_run {
        writable(&base.git)?;
    }
    let content = tree(&base, &plan.changes)?;
    let standing = Standing::judge(&base, &seen, &target, &content)?;
    let tree = content.tree.clone();
    let is_planned = args.dry_run && !standing.is_done(&seen);
    let done = if is_planned { None } else { Some(execute(&base, &seen, standing, &content, &request.message)?) };
    Ok(Came { plan, request, base, branch, tree, done, is_dry: args.dry_run })
}

/// A version as a part of a branch's name: git takes some signs in none.
fn branch_part(version: &str) -> String {
    let signs =
        version.chars().map(|c| if c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '+') { c } else { '-' });
    signs.collect::<String>().replace("..", "-").trim_matches(['.', '-']).to_owned()
}

fn tell(args: &ReleaseArgs, came: &Came, output: &Output) -> anyhow::Result<()> {
    let report = report(came);
    match args.format {
        Format::Json => output.json(&report)?,
        Format::Text => {
            let mut out = bump::told(&came.plan, came.is_dry);
            let branch = &came.branch;
            let line = |text: String| format!("{text}\n");
            let short = |commit: &str| commit.chars().take(12).collect::<String>();
            match &came.done {
                None if args.commit => {
                    out.plain(&line(format!("nothing was changed; without --dry-run this is a commit on {branch}")))
                }
                None => {
                    out.plain(&line(format!("nothing was changed; without --dry-run this makes the branch {branch}")))
                }
                Some(done) => {
                    for note in &done.notes {
                        out.plain(&line(note.clone()));
                    }
                    let remote = args.push.as_deref().unwrap_or_default();
                    match (done.made, done.pushed, args.commit) {
                        (false, false, _) => out.plain(&line(format!(
                            "nothing to do: the branch {branch} is there, with the same content"
                        ))),
                        (_, true, true) => out.plain(&line(format!(
                            "commit {} is on {branch}, pushed; the clone is as it was",
                            short(&done.commit)
                        ))),
                        (made, pushed, _) => {
                            if made {
                                out.plain(&line(format!("commit {} is on the branch {branch}", short(&done.commit))));
                            }
                            if pushed {
                                out.plain(&line(format!("pushed to {remote}")));
                            }
                            &mut out
                        }
                    }
                }
            };
            output.info(out)?;
        }
    }
    let field = |name: &str| report[name].as_str().unwrap_or_default().to_owned();
    let names = ["status", "branch", "commit", "base", "title", "body"];
    let fields: Vec<(&str, String)> = names.iter().map(|name| (*name, field(name))).collect();
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    to_github(&fields, &field("body"))
}

fn report(came: &Came) -> Value {
    let mut report = bump::report(&came.plan, came.is_dry, false);
    let done = came.done.as_ref();
    let more = json!({
        "status": came.status(),
        "base": came.base.commit,
        "branch": came.branch,
        "commit": done.map(|done| &done.commit),
        "tree": came.tree,
        "pushed": done.is_some_and(|done| done.pushed),
        "notes": done.map_or(&[][..], |done| &done.notes),
        "title": came.request.title,
        "body": came.request.body,
    });
    if let (Some(report), Value::Object(more)) = (report.as_object_mut(), more) {
        report.remove("diff");
        report.extend(more);
    }
    report
}
