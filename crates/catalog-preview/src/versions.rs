//! The versions of a template as Rancher's UI offers them.

use std::cmp::Ordering;
use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rancher_catalog::catalog_service::{is_offered, is_semver, refusals};
use rancher_catalog::model::{Field, Version};
use rancher_catalog::source::{TemplateSource, VersionSource};
use serde::Serialize;

use crate::reading::short;

/// Of how many templates is kept what was read.
const TEMPLATES: usize = 8;
/// The last Rancher of each line, the newest first.
pub const RANCHERS: [&str; 7] = ["v1.6.30", "v1.5.11", "v1.4.3", "v1.3.5", "v1.2.4", "v1.1.4", "v1.0.2"];

/// Whether a text is a version of Rancher.
pub fn is_rancher(text: &str) -> bool {
    is_semver(text.strip_prefix('v').unwrap_or(text))
}

/// A version.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// Its folder.
    pub revision: String,
    /// Its version; empty for one that Rancher drops.
    pub version: String,
    /// Which Rancher versions are offered it, in words; empty for all.
    pub limits: String,
    /// Whether Rancher offers it first.
    pub is_default: bool,
    /// Whether the Rancher that is asked about is offered it.
    pub is_offered: bool,
    /// Whether it is the one that the page shows.
    pub is_shown: bool,
    /// Why Rancher does not have it, if that is so.
    pub problem: String,
    /// Its page.
    pub href: String,
}

/// What the list of versions says of one.
#[derive(Debug)]
struct Summary {
    version: Option<Version>,
    minimum: String,
    maximum: String,
    /// Why Rancher does not have it, if that is so.
    problem: String,
}

impl Summary {
    fn of(version: &VersionSource) -> Self {
        let own = version.version();
        let limit = |limit: &Field<Version>| limit.value().map(Version::text).unwrap_or_default();
        let block = version.catalog();
        Self {
            minimum: block.map(|block| limit(&block.minimum_rancher_version)).unwrap_or_default(),
            maximum: block.map(|block| limit(&block.maximum_rancher_version)).unwrap_or_default(),
            problem: problem(version, own.as_ref()),
            version: own,
        }
    }

    fn is_offered(&self, rancher: &str) -> bool {
        is_offered(&self.minimum, rancher, &self.maximum)
    }
}

/// What was read of the versions of templates that were looked at lately, with the text that it was read of: of hundreds of
/// versions the one that was saved is read anew.
#[derive(Debug, Default)]
pub struct Known(Mutex<VecDeque<OfTemplate>>);

#[derive(Debug)]
struct OfTemplate {
    path: PathBuf,
    versions: HashMap<String, (String, Arc<Summary>)>,
}

/// The versions of a template, summed up.
pub struct Versions<'t> {
    template: &'t TemplateSource,
    all: Vec<(Arc<Summary>, &'t VersionSource)>,
}

impl<'t> Versions<'t> {
    /// Sums them up.
    pub fn of(template: &'t TemplateSource, known: &Known) -> Self {
        let mut known = known.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = known.iter().position(|of| of.path == template.path);
        let mut before = at.and_then(|at| known.remove(at)).map(|of| of.versions).unwrap_or_default();
        let mut now = HashMap::new();
        let mut all = Vec::new();
        for version in &template.versions {
            let text = version.rancher_compose.as_ref().map_or("", |file| &file.text);
            let same = before.remove(&version.name).filter(|(of, _)| of == text);
            let (of, summary) = same.unwrap_or_else(|| (text.to_owned(), Arc::new(Summary::of(version))));
            all.push((Arc::clone(&summary), version));
            now.insert(version.name.clone(), (of, summary));
        }
        known.push_front(OfTemplate { path: template.path.clone(), versions: now });
        known.truncate(TEMPLATES);
        Self { template, all }
    }

    /// Rows in the order of the UI, the newest first; a version that has none stands last.
    pub fn rows(&self, rancher: &str, shown_revision: &str) -> Vec<Row> {
        let mut versions: Vec<&(Arc<Summary>, &VersionSource)> = self.all.iter().collect();
        versions.sort_by(|(a, one), (b, other)| match (&a.version, &b.version) {
            (Some(a), Some(b)) => b.cmp_as_rancher(a).then(other.revision.cmp(&one.revision)),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => other.name.cmp(&one.name),
        });
        let default = self.default_for(rancher).map(|version| version.name.as_str());
        versions.into_iter().map(|(summary, version)| row(summary, version, rancher, default, shown_revision)).collect()
    }

    /// The version that Rancher offers first: the one that config.yml names, else the highest.
    pub fn default_for(&self, rancher: &str) -> Option<&'t VersionSource> {
        let config = self.template.config_model().and_then(Result::ok);
        let named = config.and_then(|config| config.version.value().map(Version::text));
        let offered =
            || self.all.iter().filter(|(summary, _)| summary.version.is_some() && summary.is_offered(rancher));
        let text = |summary: &Summary| summary.version.as_ref().map(Version::text);
        let by_name = offered().rev().find(|(summary, _)| named.is_some() && text(summary) == named);
        let highest = || {
            offered().max_by(|(one, _), (other, _)| match (&one.version, &other.version) {
                (Some(a), Some(b)) => match (a.semver(), b.semver()) {
                    (Ok(a), Ok(b)) => a.cmp(&b),
                    (a, b) => a.is_ok().cmp(&b.is_ok()),
                },
                _ => Ordering::Equal,
            })
        };
        by_name.or_else(highest).map(|(_, version)| *version)
    }
}

fn row(summary: &Summary, version: &VersionSource, rancher: &str, default: Option<&str>, shown_revision: &str) -> Row {
    Row {
        revision: version.name.clone(),
        version: summary.version.as_ref().map(|own| short(&own.text(), 80)).unwrap_or_default(),
        is_default: default == Some(version.name.as_str()),
        is_offered: summary.problem.is_empty() && summary.is_offered(rancher),
        limits: match (short(&summary.minimum, 40), short(&summary.maximum, 40)) {
            (minimum, maximum) if minimum.is_empty() && maximum.is_empty() => String::new(),
            (minimum, maximum) if maximum.is_empty() => format!("from {minimum}"),
            (minimum, maximum) if minimum.is_empty() => format!("to {maximum}"),
            (minimum, maximum) => format!("{minimum} to {maximum}"),
        },
        is_shown: version.name == shown_revision,
        problem: summary.problem.clone(),
        href: String::new(),
    }
}

fn problem(version: &VersionSource, own: Option<&Version>) -> String {
    let Some(file) = &version.rancher_compose else {
        return "it has no rancher-compose.yml that can be read".to_owned();
    };
    match file.raw() {
        Err(error) => format!("rancher-compose.yml cannot be read: line {error}"),
        Ok(document) => {
            let refused = document.root.as_ref().is_some_and(|root| !refusals(root).is_empty());
            if refused {
                "Rancher drops it: it cannot read its rancher-compose.yml".to_owned()
            } else if own.is_none_or(|own| own.text().is_empty()) {
                "Rancher drops it: its catalog block has no version".to_owned()
            } else {
                String::new()
            }
        }
    }
}
