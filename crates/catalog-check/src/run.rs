//! Running the rules over templates, in parallel.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use super::asked::{Asked, asked};
use super::before::Before;
use super::config::CatalogConfig;
use super::nearest::is_it;
use super::progress::Progress;
use super::report::{Finding, Report, Severity};
use super::rule::Rule;
use super::silence::{self, Judge, Silenced};
use super::{changed, rules};
use rancher_catalog::source::{TemplateSource, VersionSource, catalog_of_template};
use rancher_catalog::yaml::Position;

/// What is checked.
#[derive(Debug, Clone, Default)]
pub struct CheckOptions {
    /// Rules to run; none for all.
    pub only: Vec<String>,
    /// Rules not to run.
    pub skip: Vec<String>,
    /// The least severity that is reported.
    pub level: Option<Severity>,
    /// For whom the catalog is; absent: whom its gen-catalog.toml names.
    pub audience: Option<Audience>,
    /// What a change is judged by.
    pub before: Option<Arc<Before>>,
    /// Who wants to know how far it is.
    pub progress: Option<Arc<Progress>>,
}

impl CheckOptions {
    /// Whether a rule is asked for.
    pub fn chooses(&self, rule: &Rule) -> bool {
        let named = |ids: &[String]| ids.iter().any(|id| id == rule.id);
        (self.only.is_empty() || named(&self.only)) && !named(&self.skip)
    }

    /// Whether a rule runs. Those of a diff do only where there is one.
    pub fn runs(&self, rule: &Rule) -> bool {
        let possible = self.before.is_some() || !changed::RULES.iter().any(|other| other.id == rule.id);
        possible && self.chooses(rule)
    }

    /// Whether what a rule finds is reported.
    pub fn reports(&self, rule: &Rule) -> bool {
        rule.severity >= self.level.unwrap_or(Severity::Warning)
    }
}

/// For whom a catalog is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Audience {
    /// Every Rancher: an error is what Rancher fails on.
    #[default]
    Rancher,
    /// The community catalog: what its CI refuses is an error too.
    Community,
}

impl Audience {
    /// Its name, as gen-catalog.toml has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rancher => "rancher",
            Self::Community => "community",
        }
    }
}

/// What came of a check.
#[derive(Debug, Default)]
pub struct Checked {
    /// What was found, by path and place.
    pub findings: Vec<Finding>,
    /// What was found and is silenced by a comment, by gen-catalog.toml or by a baseline.
    pub silenced: Vec<Silenced>,
    /// How many templates were looked at.
    pub templates: usize,
    /// The versions that were asked for.
    pub versions: Vec<PathBuf>,
}

impl Checked {
    /// Takes over what came of another check.
    pub(super) fn add(&mut self, other: Self) {
        self.findings.extend(other.findings);
        self.silenced.extend(other.silenced);
        self.templates += other.templates;
        self.versions.extend(other.versions);
    }
}

/// Checks the templates that the paths mean; of a path within a template, what is found below that path.
///
/// # Errors
/// A path cannot be looked at, or holds nothing to check.
pub fn check(paths: &[PathBuf], options: &CheckOptions) -> io::Result<Checked> {
    let asked = asked(paths)?;
    check_read(&asked, Vec::new(), &|version| asked.reaches(version), options)
}

/// As [`check`], of what was read already: its versions that are looked at are told one by one.
pub(super) fn check_read(
    asked: &Asked,
    read: Vec<TemplateSource>,
    looks_at: &(dyn Fn(&Path) -> bool + Sync),
    options: &CheckOptions,
) -> io::Result<Checked> {
    let roots: BTreeSet<PathBuf> = asked.templates().filter_map(|template| catalog_of_template(template)).collect();
    // A broken one allows nothing; that it is broken, [`CatalogConfig::read`] tells.
    let config = |root: &PathBuf| match &options.before {
        Some(before) => before.config(root),
        None => CatalogConfig::read(root).unwrap_or_default(),
    };
    let configs: HashMap<PathBuf, CatalogConfig> =
        roots.into_iter().map(|root| (root.clone(), config(&root))).collect();
    let mut read: HashMap<PathBuf, TemplateSource> =
        read.into_iter().map(|template| (template.path.clone(), template)).collect();
    let folders: Vec<(&PathBuf, Option<TemplateSource>)> =
        asked.templates().map(|folder| (folder, read.remove(folder))).collect();
    if let Some(progress) = &options.progress {
        progress.expect(folders.len());
    }
    let results: Vec<(Checked, Option<PathBuf>, BTreeSet<usize>)> = folders
        .into_par_iter()
        .map(|(folder, read)| {
            let root = catalog_of_template(folder);
            let none = CatalogConfig::default();
            let config = root.as_ref().and_then(|root| configs.get(root)).unwrap_or(&none);
            let template = read.unwrap_or_else(|| TemplateSource::outline(folder));
            let (checked, used) = check_template(template, &Looked { asked, looks_at }, config, options);
            if let Some(progress) = &options.progress {
                progress.step();
            }
            (checked, root, used)
        })
        .collect();
    let mut all = Checked::default();
    let mut used: BTreeMap<PathBuf, BTreeSet<usize>> = BTreeMap::new();
    for (checked, root, of_root) in results {
        all.add(checked);
        if let Some(root) = root {
            used.entry(root).or_default().extend(of_root);
        }
    }
    // A change is judged by an earlier configuration, and says nothing of what it does elsewhere.
    if options.before.is_none() {
        for (root, used) in &used {
            all.findings.extend(idle_entries(&configs[root], used, (asked, &all.versions), options));
        }
    }
    all.findings.sort_by(in_order);
    Ok(all)
}

/// The roots of the catalogs that the paths mean.
///
/// # Errors
/// As [`check`].
pub fn roots(paths: &[PathBuf]) -> io::Result<BTreeSet<PathBuf>> {
    Ok(asked(paths)?.templates().filter_map(|template| catalog_of_template(template)).collect())
}

/// How findings are told: by path, place and rule.
pub(super) fn in_order(a: &Finding, b: &Finding) -> std::cmp::Ordering {
    let place = |finding: &Finding| (finding.start.line, finding.start.column);
    (&a.path, place(a), a.rule.id).cmp(&(&b.path, place(b), b.rule.id))
}

/// What was asked for, and the versions that are looked at for it.
struct Looked<'a> {
    asked: &'a Asked,
    looks_at: &'a (dyn Fn(&Path) -> bool + Sync),
}

fn check_template(
    template: TemplateSource,
    looked: &Looked<'_>,
    config: &CatalogConfig,
    options: &CheckOptions,
) -> (Checked, BTreeSet<usize>) {
    let folder = template.path.clone();
    let (template, mut findings) = run_rules(template, looked.looks_at, config, options);
    let of_diff = options.before.iter().flat_map(|before| before.findings(&folder)).cloned();
    let ran = |rule: &Rule| options.runs(rule) && config.runs(rule, options);
    findings.extend(of_diff.filter(|finding| ran(finding.rule)));
    let judge = Judge { config, before: options.before.as_deref(), ran: &ran };
    // All is sorted out, whatever is asked for: else an allowance would seem to silence nothing.
    let sorted = silence::sort_out(&template, findings, &judge);
    let mut checked = Checked { findings: sorted.told, silenced: sorted.silenced, templates: 1, ..Checked::default() };
    checked.findings.iter_mut().for_each(|finding| finding.rule = config.as_set(finding.rule, options));
    let set = |silenced: &mut Silenced| silenced.finding.rule = config.as_set(silenced.finding.rule, options);
    checked.silenced.iter_mut().for_each(set);
    let wanted = |finding: &Finding| options.reports(finding.rule) && looked.asked.wants(&folder, &finding.path);
    checked.findings.retain(wanted);
    checked.silenced.retain(|silenced| wanted(&silenced.finding));
    let versions = template.versions.iter().map(|version| &version.path);
    checked.versions = versions.filter(|version| (looked.looks_at)(version)).cloned().collect();
    (checked, sorted.used)
}

/// Runs the rules: over config.yml and each version that is looked at, one by one, so that no more than one of them is held
/// with all that comes of it; and over the template as a whole. Gives the template back.
fn run_rules(
    mut template: TemplateSource,
    looks_at: &(dyn Fn(&Path) -> bool + Sync),
    config: &CatalogConfig,
    options: &CheckOptions,
) -> (TemplateSource, Vec<Finding>) {
    let is_for_community = options.audience.unwrap_or(config.audience) == Audience::Community;
    let (of_the_whole, of_one): (Vec<_>, Vec<_>) = rules::ALL
        .iter()
        .enumerate()
        .filter(|(_, rule)| options.runs(rule) && config.runs(rule, options))
        .partition(|(_, rule)| rules::is_of_the_whole(rule));
    let run = |template: &TemplateSource, rules: &[(usize, &&'static Rule)]| -> Vec<(usize, Finding)> {
        let mut report = Report::default();
        let mut found = Vec::new();
        for (at, rule) in rules {
            let as_community = rules::FOR_COMMUNITY.iter().find(|other| is_for_community && other.id == rule.id);
            report.begin(as_community.unwrap_or(rule));
            (rule.check)(template, &mut report);
            found.extend(report.take().into_iter().map(|finding| (*at, finding)));
        }
        found
    };
    let versions = std::mem::take(&mut template.versions);
    let head = template.with_versions(Vec::new());
    let mut found = run(&head, &of_one);
    let looked_at: Vec<(VersionSource, Vec<(usize, Finding)>)> = versions
        .into_par_iter()
        .map(|mut version| {
            if !looks_at(&version.path) {
                return (version, Vec::new());
            }
            version.expand();
            let one = head.with_versions(vec![version]);
            let mut found = run(&one, &of_one);
            // What is to be said of config.yml is said already.
            let config = head.config.as_ref().map(|file| &file.path);
            found.retain(|(_, finding)| Some(&finding.path) != config);
            let mut version = one.versions.into_iter().next().expect("it was put there");
            version.fold();
            (version, found)
        })
        .collect();
    for (version, of_version) in looked_at {
        template.versions.push(version);
        found.extend(of_version);
    }
    found.extend(run(&template, &of_the_whole));
    found.sort_by_key(|(at, _)| *at);
    (template, found.into_iter().map(|(_, finding)| finding).collect())
}

/// What is to be said of entries of gen-catalog.toml that silenced nothing, where all that they speak of was looked at.
fn idle_entries(
    config: &CatalogConfig,
    used: &BTreeSet<usize>,
    (asked, versions): (&Asked, &[PathBuf]),
    options: &CheckOptions,
) -> Vec<Finding> {
    let rule = config.as_set(&rules::allowance_without_effect::RULE, options);
    let runs = |rule: &Rule| options.runs(rule) && config.runs(rule, options);
    if !runs(rule) || !options.reports(rule) {
        return Vec::new();
    }
    let unused = config.allow.iter().enumerate().filter(|(at, _)| !used.contains(at)).map(|(_, allow)| allow);
    let at = |line: u32, message: String| Finding {
        rule,
        path: config.file().to_owned(),
        start: Position { line, column: 1, offset: 0 },
        end_column: 2,
        message,
        fix: None,
        line_text: None,
        also: Vec::new(),
    };
    let idle = unused.filter(|allow| rules::by_id(&allow.rule).is_some_and(runs)).filter_map(|allow| {
        let scope = config.scope(allow);
        let seen = asked.covers(&scope) || versions.iter().any(|version| scope.starts_with(version));
        let message = match &allow.path {
            Some(path) if !scope.exists() => format!("there is no {path}: this allowance silences nothing"),
            _ => format!("nothing is found that this allowance of {} could silence", allow.in_words()),
        };
        seen.then(|| at(allow.line, message))
    });
    let about_nothing = config.templates.iter().filter(|own| {
        let scope = config.folder_of(own);
        asked.covers(&scope) && !asked.templates().any(|template| template.starts_with(&scope))
    });
    let about_nothing = about_nothing.map(|own| {
        let names = asked.templates().filter_map(|template| template.strip_prefix(config.root()).ok()?.to_str());
        let meant = is_it(names, &own.path);
        at(
            own.line,
            format!(
                "{} is no template of the catalog, and no folder of them: this [[template]] is about nothing{meant}",
                own.path
            ),
        )
    });
    idle.chain(about_nothing).collect()
}
