//! `gen-catalog check`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};

use super::Outcome;
use super::findings::{Told, count, github, json, junit, sarif, shown, text};
use super::output::{Output, Text, painted_diff};
use super::progress::Shown;
use super::project;
use super::rule_name::RuleName;
use catalog_check::baseline::{Baseline, Scope};
use catalog_check::config::CatalogConfig;
use catalog_check::fix::{self, Fixed, FixedFile};
use catalog_check::published::Published;
use catalog_check::{
    Audience, CheckOptions, Checked, Finding, Progress, Rule, Severity, check, layout, roots, rules, since,
};
use rancher_catalog::unified_diff::unified_diff;

/// Checks catalogs, templates, versions or files, as Rancher reads them.
///
/// Each finding names its rule, its place, what is wrong, why that matters in Rancher and how to fix it. A comment
/// `# gen-catalog: allow RULE reason` beside a line silences a rule there; a gen-catalog.toml at the catalog's root does
/// so for whole folders, and sets how bad findings are; a baseline does so for all that was there before. One that silences
/// nothing is told. Errors make the exit code 1; with --strict warnings do too.
///
/// With --changed-since, allowances, gen-catalog.toml and the baseline are those of REF: a change cannot quiet the check
/// that judges it, and one of these is a finding.
///
/// --fix leaves published revisions alone: those that REF of --changed-since has, or else HEAD. Outside of a git clone
/// nothing is known to be published, and all is fixed.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  \
    gen-catalog check\n  \
    gen-catalog check infra-templates/swarm/4 --level note\n  \
    gen-catalog check . --changed-since origin/master --format github\n  \
    gen-catalog check . --format junit > check.xml\n  \
    gen-catalog check . --baseline baseline.json --write-baseline\n  \
    gen-catalog check . --baseline baseline.json\n  \
    gen-catalog check . --only label-not-text --diff\n  \
    gen-catalog check . --only label-not-text --fix")]
pub(super) struct CheckArgs {
    /// Catalogs, templates, versions or files; the working folder stands for the catalog that the project's gen-catalog.toml names
    #[arg(value_name = "PATH", default_value = ".")]
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
    #[arg(long, value_name = "RULE", value_delimiter = ',', value_parser = RuleName, hide_possible_values = true)]
    only: Vec<String>,
    /// Do not run these rules
    #[arg(long, value_name = "RULE", value_delimiter = ',', value_parser = RuleName, hide_possible_values = true)]
    skip: Vec<String>,
    /// Check what changed since a git reference, and what the change does to what was published
    #[arg(long, value_name = "REF")]
    changed_since: Option<String>,
    /// What was found before: it is silent, what is new is told, and what is gone is told as removable
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write what is found now to the file of --baseline; what was not asked for stays in it as it is
    #[arg(long, requires = "baseline", conflicts_with_all = ["changed_since", "fix", "diff", "fix_published"])]
    write_baseline: bool,
    /// Fix what has one safe answer, and list it; comments and layout stay, and so do published revisions
    #[arg(long)]
    fix: bool,
    /// Show what --fix would change, and write nothing
    #[arg(long)]
    diff: bool,
    /// Let --fix and --diff change published revisions too
    #[arg(long)]
    fix_published: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ReportFormat {
    /// For people
    Text,
    /// For programs
    Json,
    /// SARIF 2.1.0, for code hosts
    Sarif,
    /// JUnit's XML, for CI servers: a test case for each file in which a rule finds something, and for each good version
    Junit,
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

impl Level {
    fn severity(self) -> Severity {
        match self {
            Self::Error => Severity::Error,
            Self::Warning => Severity::Warning,
            Self::Note => Severity::Note,
        }
    }
}

pub(super) fn run(args: &CheckArgs, output: &Output) -> anyhow::Result<Outcome> {
    if let Some(unknown) = args.only.iter().chain(&args.skip).find(|id| rules::by_id(id).is_none()) {
        bail!(rules::no_such_rule(unknown));
    }
    if args.fix_published && !args.fix && !args.diff {
        bail!("--fix-published is for --fix or --diff: add one of them");
    }
    if args.diff && !matches!(args.format, ReportFormat::Text | ReportFormat::Json) {
        bail!("--diff goes with --format text or json");
    }
    let args = &CheckArgs { paths: project::paths(&args.paths, args.changed_since.as_deref())?, ..args.clone() };
    // A gen-catalog.toml that is wrong must not pass for one that allows nothing.
    let configs = roots(&args.paths)?.iter().map(|root| CatalogConfig::read(root)).collect::<Result<Vec<_>, _>>()?;
    let progress = Arc::new(Progress::default());
    let options = CheckOptions {
        only: args.only.clone(),
        skip: args.skip.clone(),
        level: Some(args.level.severity()),
        audience: args.audience.map(|audience| match audience {
            For::Rancher => Audience::Rancher,
            For::Community => Audience::Community,
        }),
        progress: Some(Arc::clone(&progress)),
        ..CheckOptions::default()
    };
    all_can_run(args, &options)?;
    let look = Look { args, options, configs };
    let progress = Shown::begin(&progress, "templates checked", output.is_quiet());
    if args.write_baseline {
        let checked = look.checked()?;
        drop(progress);
        return look.write_baseline(&checked, output);
    }
    let told = look.told()?;
    drop(progress);
    print(args, &told, output)?;
    let errors = count(&told.checked.findings, Severity::Error);
    let warnings = count(&told.checked.findings, Severity::Warning);
    let bad = errors > 0 || (args.strict && warnings > 0);
    Ok(if bad { Outcome::Findings } else { Outcome::Good })
}

/// Rules that are named and cannot run must not pass for rules that find nothing.
fn all_can_run(args: &CheckArgs, options: &CheckOptions) -> anyhow::Result<()> {
    if !rules::every().any(|rule| options.chooses(rule)) {
        bail!("--only and --skip leave no rule to run");
    }
    let idle = |rule: &&Rule| args.only.iter().any(|id| id == rule.id) && options.chooses(rule) && !options.runs(rule);
    match rules::every().find(idle) {
        Some(rule) if args.changed_since.is_none() => {
            bail!("{} looks at what a change does: give --changed-since too", rule.id)
        }
        _ => Ok(()),
    }
}

fn print(args: &CheckArgs, told: &Told, output: &Output) -> anyhow::Result<()> {
    match args.format {
        ReportFormat::Text => {
            if let Some(diff) = told.diff.as_ref().filter(|diff| !diff.is_empty()) {
                output.result(painted_diff(diff))?;
                output.info("\n")?;
            }
            output.results(text(told, !output.is_quiet()))
        }
        ReportFormat::Json => output.json(&json(told)),
        ReportFormat::Sarif => output.json(&sarif(told)),
        ReportFormat::Github => output.results(&github(told)),
        ReportFormat::Junit => output.results(junit(told).map(|part| Text::from(&part))),
    }
}

/// A look at what was asked for.
struct Look<'a> {
    args: &'a CheckArgs,
    options: CheckOptions,
    /// Of the catalogs that are looked at.
    configs: Vec<CatalogConfig>,
}

impl Look<'_> {
    fn checked(&self) -> anyhow::Result<Checked> {
        match &self.args.changed_since {
            None => check(&self.args.paths, &self.options).map_err(Into::into),
            Some(reference) => since::check(&self.args.paths, reference, &self.options).map_err(Into::into),
        }
    }

    /// What is found, fixed and known.
    fn told(&self) -> anyhow::Result<Told> {
        let baseline = self.baseline()?;
        let look = || -> anyhow::Result<(Checked, Option<_>)> {
            let mut checked = self.checked()?;
            let gone = baseline.as_ref().map(|(file, baseline, changed)| {
                let gone = self.scoped(|scope| baseline.silence(&mut checked, scope)).gone;
                checked.findings.extend(changed.clone());
                (file.clone(), gone)
            });
            Ok((checked, gone))
        };
        let (mut checked, mut gone) = look()?;
        let (mut fixed, mut diff, mut left_alone) = (Vec::new(), None, 0);
        if self.args.fix || self.args.diff {
            let published = match self.args.fix_published {
                true => Published::default(),
                false => Published::of(&self.args.paths, self.args.changed_since.as_deref())
                    .context("it cannot be told what is published; --fix-published changes that too")?,
            };
            let may = |finding: &&Finding| !published.holds(&finding.path);
            let plan = |checked: &Checked| -> anyhow::Result<Vec<FixedFile>> {
                fix::plan(checked.findings.iter().filter(may)).context("a file could not be read again")
            };
            if self.args.diff {
                let files = plan(&checked)?;
                diff = Some(files.iter().map(diff_of).collect());
                fixed = files.into_iter().flat_map(|file| file.fixed).collect();
            } else {
                // Two fixes of one place wait for one another; each round makes at least one.
                for _ in 0..10 {
                    let files = plan(&checked)?;
                    if files.is_empty() {
                        break;
                    }
                    for file in files {
                        file.write().with_context(|| format!("{} could not be written", file.path.display()))?;
                        add_fixed(&mut fixed, file.fixed);
                    }
                    (checked, gone) = look()?;
                }
            }
            let fixable = |finding: &&Finding| finding.fixes().next().is_some();
            left_alone = checked.findings.iter().filter(fixable).filter(|finding| !may(finding)).count();
        }
        checked.findings = layout::once_a_file(std::mem::take(&mut checked.findings));
        let all = rules::every().count();
        let ran = rules::every().filter(|rule| self.options.chooses(rule)).count();
        Ok(Told {
            checked,
            fixed,
            diff,
            left_alone,
            baseline: gone,
            strict: self.args.strict,
            rules: (ran < all).then_some((ran, all)),
            level: self.args.level.severity(),
        })
    }

    /// The baseline, where one is named; in a change that of the reference, and that it was changed.
    fn baseline(&self) -> anyhow::Result<Option<(PathBuf, Baseline, Option<Finding>)>> {
        let Some(file) = &self.args.baseline else { return Ok(None) };
        if let Some(reference) = &self.args.changed_since {
            let (baseline, changed) = since::baseline(file, &self.args.paths, reference)?;
            let tells = |finding: &Finding| self.options.chooses(finding.rule) && self.options.reports(finding.rule);
            return Ok(Some((file.clone(), baseline, changed.filter(tells))));
        }
        match Baseline::read(file)? {
            Some(baseline) => Ok(Some((file.clone(), baseline, None))),
            None => bail!("there is no baseline {}: --write-baseline writes it", file.display()),
        }
    }

    fn scoped<T>(&self, speak: impl FnOnce(&Scope<'_>) -> T) -> T {
        let (options, in_a_change) = (&self.options, self.args.changed_since.is_some());
        // What a change leaves alone was not looked at: of that nothing can be said to be gone.
        let is_told = |config: &CatalogConfig, rule: &Rule| {
            let rule = rules::by_id(rule.id).map(|rule| config.as_set(rule, options));
            rule.is_some_and(|rule| config.runs(rule, options) && options.reports(rule))
        };
        let asks =
            |rule: &Rule| !in_a_change && options.runs(rule) && self.configs.iter().any(|config| is_told(config, rule));
        speak(&Scope { paths: &self.args.paths, asks: &asks })
    }

    fn write_baseline(&self, checked: &Checked, output: &Output) -> anyhow::Result<Outcome> {
        let Some(file) = &self.args.baseline else { bail!("--write-baseline needs --baseline FILE") };
        let former = Baseline::read(file)?;
        let baseline = self.scoped(|scope| Baseline::of(checked, former.as_ref(), scope));
        write(file, &baseline.text())?;
        let before = former.map_or_else(String::new, |former| format!(", where there were {}", former.count()));
        output.info(&format!("{}: {} findings{before}\n", file.display(), baseline.count()))?;
        Ok(Outcome::Good)
    }
}

fn write(file: &Path, text: &str) -> anyhow::Result<()> {
    whole_file::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}

/// Puts what another round fixed to what is fixed already.
fn add_fixed(all: &mut Vec<Fixed>, more: Vec<Fixed>) {
    for fixed in more {
        match all.iter_mut().find(|known| known.path == fixed.path && known.rule == fixed.rule) {
            Some(known) => {
                known.lines.extend(fixed.lines);
                known.places += fixed.places;
            }
            None => all.push(fixed),
        }
    }
}

fn diff_of(file: &FixedFile) -> String {
    let path = shown(&file.path);
    unified_diff(&format!("a/{path}"), Some(&file.before), &format!("b/{path}"), Some(&file.after))
}
