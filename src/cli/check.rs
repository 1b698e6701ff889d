//! `gen-catalog check`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};

use super::Outcome;
use super::findings::{count, github, json, sarif, shown, text};
use super::output::Output;
use catalog_check::config::{CatalogConfig, root_of};
use catalog_check::{Audience, CheckOptions, Checked, Severity, changed, check, fix, rules};
use rancher_catalog::source::templates_of;

/// Checks catalogs, templates, versions or files, as Rancher reads them.
///
/// Each finding names its rule, its place, what is wrong, why that matters in Rancher and how to mend it. A comment
/// `# gen-catalog: allow RULE reason` beside a line silences a rule there; a gen-catalog.toml at the catalog's root does
/// so for whole folders. Errors make the exit code 1; with --strict warnings do too.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gen-catalog check community-catalog\n  \
    gen-catalog check infra-templates/swarm/4 --level note\n  \
    gen-catalog check . --changed-since origin/master --format github\n  \
    gen-catalog check . --only label-not-text --fix")]
pub(super) struct CheckArgs {
    /// Catalogs, templates, versions or files
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// How to report
    #[arg(long, value_enum, default_value_t = ReportFormat::Text)]
    format: ReportFormat,
    /// Report findings of this severity and above
    #[arg(long, value_enum, default_value_t = Level::Warning)]
    level: Level,
    /// Warnings make the exit code 1 too
    #[arg(long)]
    strict: bool,
    /// For whom the catalog is: what the CI of the community catalog refuses is an error there
    #[arg(long = "for", value_enum, value_name = "WHOM")]
    audience: Option<For>,
    /// Run these rules alone
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    only: Vec<String>,
    /// Do not run these rules
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    skip: Vec<String>,
    /// Check what changed since a git reference, and what the change does to what was published
    #[arg(long, value_name = "REF")]
    changed_since: Option<String>,
    /// Mend what has one safe answer; comments and layout stay
    #[arg(long)]
    fix: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ReportFormat {
    /// For people
    Text,
    /// For programs
    Json,
    /// SARIF 2.1.0, for code hosts
    Sarif,
    /// Annotations of GitHub Actions
    Github,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum For {
    /// Every Rancher 1.x: an error is what Rancher fails on
    Rancher,
    /// The community catalog, or one with the same CI
    Community,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Level {
    /// Errors alone
    Error,
    /// Errors and warnings
    Warning,
    /// Everything
    Note,
}

pub(super) fn run(args: &CheckArgs, output: &Output) -> anyhow::Result<Outcome> {
    if let Some(unknown) = args.only.iter().chain(&args.skip).find(|id| rules::by_id(id).is_none()) {
        bail!("there is no rule `{unknown}`; `gen-catalog rules` lists them");
    }
    let options = CheckOptions {
        only: args.only.clone(),
        skip: args.skip.clone(),
        level: Some(match args.level {
            Level::Error => Severity::Error,
            Level::Warning => Severity::Warning,
            Level::Note => Severity::Note,
        }),
        audience: args.audience.map(|audience| match audience {
            For::Rancher => Audience::Rancher,
            For::Community => Audience::Community,
        }),
    };
    check_configs(&args.paths)?;
    let look = || -> anyhow::Result<Checked> {
        match &args.changed_since {
            None => check(&args.paths, &options).map_err(Into::into),
            Some(reference) => look_at_changes(&args.paths, reference, &options),
        }
    };
    let mut checked = look()?;
    let mut fixed = 0;
    if args.fix {
        // Two fixes of one line wait for one another; each round mends at least one.
        for _ in 0..10 {
            let mended = fix::apply(&checked.findings).context("a file could not be mended")?;
            let count: usize = mended.values().sum();
            fixed += count;
            checked = look()?;
            if count == 0 {
                break;
            }
        }
    }
    match args.format {
        ReportFormat::Text => output.result(&text(&checked, fixed, !output.is_quiet()))?,
        ReportFormat::Json => output.json(&json(&checked, fixed))?,
        ReportFormat::Sarif => output.json(&sarif(&checked))?,
        ReportFormat::Github => output.result(&github(&checked))?,
    }
    let errors = count(&checked.findings, Severity::Error);
    let warnings = count(&checked.findings, Severity::Warning);
    let bad = errors > 0 || (args.strict && warnings > 0);
    Ok(if bad { Outcome::Findings } else { Outcome::Good })
}

/// A gen-catalog.toml that is wrong must not pass for one that allows nothing.
fn check_configs(paths: &[PathBuf]) -> anyhow::Result<()> {
    let mut roots = BTreeSet::new();
    for path in paths {
        let templates = templates_of(path).with_context(|| format!("cannot look at {}", shown(path)))?;
        roots.extend(templates.iter().filter_map(|template| root_of(template)));
    }
    for root in roots {
        CatalogConfig::read(&root)?;
    }
    Ok(())
}

fn look_at_changes(paths: &[PathBuf], reference: &str, options: &CheckOptions) -> anyhow::Result<Checked> {
    let mut all = Checked::default();
    for path in paths {
        let changed = changed::since(path, reference)?;
        if !changed.templates.is_empty() {
            let checked = check(&changed.templates, options)?;
            all.findings.extend(checked.findings.into_iter().filter(|finding| changed.concerns(finding)));
            all.silenced += checked.silenced;
            all.templates += checked.templates;
            all.versions += checked.versions;
        }
        all.silenced += changed.silenced;
        let level = options.level.unwrap_or(Severity::Warning);
        all.findings.extend(changed.findings.into_iter().filter(|finding| {
            let id = finding.rule.id;
            let chosen = options.only.is_empty() || options.only.iter().any(|only| only == id);
            finding.rule.severity >= level && chosen && !options.skip.iter().any(|skip| skip == id)
        }));
    }
    all.findings.sort_by(|a, b| (&a.path, a.start.line, a.rule.id).cmp(&(&b.path, b.start.line, b.rule.id)));
    Ok(all)
}
