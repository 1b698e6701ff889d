//! The versions of a template as Rancher's UI offers them.

use std::cmp::Ordering;

use rancher_catalog::catalog_service::{is_offered, refusals};
use rancher_catalog::model::{Field, Version};
use rancher_catalog::source::{TemplateSource, VersionSource};
use serde::Serialize;

use crate::reading::shown;

/// The last Rancher of each line, the newest first.
pub const RANCHERS: [&str; 7] = ["v1.6.30", "v1.5.11", "v1.4.3", "v1.3.5", "v1.2.4", "v1.1.4", "v1.0.2"];

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

/// The versions in the order of the UI, the newest first; one that has none stands last.
pub fn rows(template: &TemplateSource, rancher: &str, shown_revision: &str) -> Vec<Row> {
    let mut versions: Vec<(Option<Version>, &VersionSource)> =
        template.versions.iter().map(|version| (version.version(), version)).collect();
    versions.sort_by(|(a, one), (b, other)| match (a, b) {
        (Some(a), Some(b)) => b.cmp_as_rancher(a).then(other.revision.cmp(&one.revision)),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => other.name.cmp(&one.name),
    });
    let default = default_of(template, rancher).map(|version| version.name.clone());
    versions.into_iter().map(|(own, version)| row(own, version, rancher, default.as_deref(), shown_revision)).collect()
}

fn row(
    own: Option<Version>,
    version: &VersionSource,
    rancher: &str,
    default: Option<&str>,
    shown_revision: &str,
) -> Row {
    let (minimum, maximum) = limits(version);
    let problem = problem(version, own.as_ref());
    Row {
        revision: version.name.clone(),
        version: own.as_ref().map(|own| shown(&own.text())).unwrap_or_default(),
        is_default: default == Some(version.name.as_str()),
        is_offered: problem.is_empty() && is_offered(&minimum, rancher, &maximum),
        limits: match (shown(&minimum), shown(&maximum)) {
            (minimum, maximum) if minimum.is_empty() && maximum.is_empty() => String::new(),
            (minimum, maximum) if maximum.is_empty() => format!("from {minimum}"),
            (minimum, maximum) if minimum.is_empty() => format!("to {maximum}"),
            (minimum, maximum) => format!("{minimum} to {maximum}"),
        },
        is_shown: version.name == shown_revision,
        problem,
        href: String::new(),
    }
}

/// Between which Rancher versions it is offered.
fn limits(version: &VersionSource) -> (String, String) {
    let limit = |limit: &Field<Version>| limit.value().map(Version::text).unwrap_or_default();
    version.catalog().map_or_else(Default::default, |block| {
        (limit(&block.minimum_rancher_version), limit(&block.maximum_rancher_version))
    })
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

/// The version that Rancher offers first: the one that config.yml names, else the highest.
pub fn default_of<'t>(template: &'t TemplateSource, rancher: &str) -> Option<&'t VersionSource> {
    let offered = |version: &&VersionSource| {
        let (minimum, maximum) = limits(version);
        is_offered(&minimum, rancher, &maximum) && version.version().is_some()
    };
    let named = catalog_diff::comparison::default_of(template).filter(offered);
    let highest = || {
        let offered: Vec<&VersionSource> = template.versions.iter().filter(offered).collect();
        offered.into_iter().max_by(|one, other| match (one.version(), other.version()) {
            (Some(a), Some(b)) => match (a.semver(), b.semver()) {
                (Ok(a), Ok(b)) => a.cmp(&b),
                (a, b) => a.is_ok().cmp(&b.is_ok()),
            },
            _ => Ordering::Equal,
        })
    };
    named.or_else(highest)
}
