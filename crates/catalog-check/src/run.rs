//! Running the rules over templates, in parallel.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::Deserialize;

use super::config::CatalogConfig;
use super::report::{Finding, Report, Severity};
use super::rules;
use super::silence;
use rancher_catalog::source::{TemplateSource, templates_of};

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
}

/// For whom a catalog is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Audience {
    /// Every Rancher: an error is what Rancher fails on.
    #[default]
    Rancher,
    /// The community catalog: what its CI refuses is an error too.
    Community,
}

/// What came of a check.
#[derive(Debug, Default)]
pub struct Checked {
    /// What was found, by path and place.
    pub findings: Vec<Finding>,
    /// How many findings were silenced by a comment or by gen-catalog.toml.
    pub silenced: usize,
    /// How many templates were read.
    pub templates: usize,
    /// How many versions were read.
    pub versions: usize,
}

/// Checks the templates that the paths mean; of a path within a template, what is found below that path.
///
/// # Errors
/// A path cannot be looked at, or holds no template.
pub fn check(paths: &[PathBuf], options: &CheckOptions) -> io::Result<Checked> {
    let mut wanted: Vec<(PathBuf, PathBuf)> = Vec::new();
    for path in paths {
        let absolute = std::path::absolute(path)?;
        let templates = templates_of(path)?;
        if templates.is_empty() {
            let relation = if path.is_dir() { "holds" } else { "is in" };
            let message = format!(
                "{} {relation} no template, which is a folder with a config.yml or numbered versions",
                path.display()
            );
            return Err(io::Error::new(io::ErrorKind::NotFound, message));
        }
        wanted.extend(templates.into_iter().map(|template| (template, absolute.clone())));
    }
    let folders: BTreeSet<&PathBuf> = wanted.iter().map(|(template, _)| template).collect();
    let results: Vec<Checked> = folders
        .into_par_iter()
        .map(|folder| {
            let below: Vec<&Path> =
                wanted.iter().filter(|(template, _)| template == folder).map(|(_, path)| path.as_path()).collect();
            check_template(folder, &below, options)
        })
        .collect();
    let mut all = Checked::default();
    for checked in results {
        all.findings.extend(checked.findings);
        all.silenced += checked.silenced;
        all.templates += checked.templates;
        all.versions += checked.versions;
    }
    Ok(all)
}

fn check_template(folder: &Path, below: &[&Path], options: &CheckOptions) -> Checked {
    let template = TemplateSource::read(folder);
    let config = CatalogConfig::of_template(&template.path);
    let is_for_community = options.audience.unwrap_or(config.audience) == Audience::Community;
    let mut report = Report::default();
    for rule in rules::ALL {
        let chosen = options.only.is_empty() || options.only.iter().any(|id| id == rule.id);
        if chosen && !options.skip.iter().any(|id| id == rule.id) {
            let as_community = rules::FOR_COMMUNITY.iter().find(|other| is_for_community && other.id == rule.id);
            report.begin(as_community.unwrap_or(rule));
            (rule.check)(&template, &mut report);
        }
    }
    let level = options.level.unwrap_or(Severity::Warning);
    let mut checked = Checked { templates: 1, versions: template.versions.len(), ..Checked::default() };
    let inside = |finding: &Finding| {
        below.iter().any(|path| {
            finding.path.starts_with(path) || (folder.starts_with(path) && finding.path.starts_with(folder))
        })
    };
    let findings = report.findings.into_iter().filter(|finding| finding.rule.severity >= level && inside(finding));
    checked.silenced = silence::sort_out(&template, findings, &mut checked.findings);
    checked.findings.sort_by(|a, b| {
        (&a.path, a.start.line, a.start.column, a.rule.id).cmp(&(&b.path, b.start.line, b.start.column, b.rule.id))
    });
    checked
}
