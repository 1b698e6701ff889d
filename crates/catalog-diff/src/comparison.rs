//! Two versions, two templates or two states of a catalog, compared: in meaning, and line by line.

use std::collections::BTreeSet;

use serde::Serialize;

use super::difference::Difference;
use super::meaning;
use super::upgrade::{Upgrade, judge};
use rancher_catalog::source::{TemplateSource, VersionSource, catalog_of_template};
use rancher_catalog::unified_diff::unified_diff;

/// A version, named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VersionName {
    /// Its version.
    pub version: Option<String>,
    /// Its folder's name: the revision.
    pub revision: String,
}

/// From one version to another.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VersionComparison {
    /// The template, such as `infra-templates/swarm`.
    pub template: String,
    /// The version before.
    pub before: VersionName,
    /// The version after.
    pub after: VersionName,
    /// What changes in meaning.
    pub differences: Vec<Difference>,
    /// What an upgrade of a running stack does; `None` for an environment template, which no stack runs.
    pub upgrade: Option<Upgrade>,
    /// Files that could not be read, so that what they say is not compared.
    pub unread: Vec<String>,
    /// The files that differ, as unified diffs.
    pub files: Vec<FileDiff>,
}

/// A file that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileDiff {
    /// Its path in the catalog.
    pub path: String,
    /// The unified diff.
    pub diff: String,
}

/// From one state of a template to another.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TemplateComparison {
    /// The template, such as `infra-templates/swarm`.
    pub template: String,
    /// What changes beside the versions: config.yml, icon, README.
    pub differences: Vec<Difference>,
    /// Revisions that are new.
    pub added: Vec<VersionName>,
    /// Revisions that are gone.
    pub removed: Vec<VersionName>,
    /// From version to version: each new one against the one before it, each changed one against what it was.
    pub versions: Vec<VersionComparison>,
    /// The files beside the versions that differ.
    pub files: Vec<FileDiff>,
}

impl VersionComparison {
    /// Compares two versions; the template is named as given.
    pub fn new(template: &str, before: &VersionSource, after: &VersionSource) -> Self {
        let meaning = meaning::of_versions(before, after);
        let upgrade = match (before.catalog(), after.catalog()) {
            (Some(old), Some(new)) if before.project.is_none() && after.project.is_none() => {
                let upgrade = judge(old, new, &meaning.differences);
                Some(if meaning.unread.is_empty() { upgrade } else { upgrade.without_a_file() })
            }
            _ => None,
        };
        Self {
            template: template.to_owned(),
            before: name_of(before),
            after: name_of(after),
            differences: meaning.differences,
            upgrade,
            unread: meaning.unread,
            files: file_diffs(template, before, after),
        }
    }

    /// Whether nothing differs, not even a comment.
    pub fn is_empty(&self) -> bool {
        self.differences.is_empty() && self.files.is_empty()
    }
}

impl TemplateComparison {
    /// Compares two states of a template, or two templates; the name is that of the second.
    pub fn new(before: &TemplateSource, after: &TemplateSource) -> Self {
        Self::named(template_name(after), before, after)
    }

    /// The same, where its name is known.
    pub fn named(template: String, before: &TemplateSource, after: &TemplateSource) -> Self {
        let find = |template: &'_ TemplateSource, name: &str| template.versions.iter().position(|v| v.name == name);
        let only_in = |one: &TemplateSource, other: &TemplateSource| {
            one.versions.iter().filter(|version| find(other, &version.name).is_none()).map(name_of).collect()
        };
        let mut versions = Vec::new();
        for (at, version) in after.versions.iter().enumerate() {
            let against = match find(before, &version.name) {
                Some(same) => before.versions.get(same),
                None => is_default(after, version)
                    .then(|| default_of(before))
                    .flatten()
                    .or_else(|| after.versions[..at].last()),
            };
            if let Some(against) = against {
                let comparison = VersionComparison::new(&template, against, version);
                if !comparison.is_empty() {
                    versions.push(comparison);
                }
            }
        }
        // A default that moves to a version which was there already.
        if let (Some(old), Some(new)) = (default_of(before), default_of(after))
            && old.name != new.name
            && find(before, &new.name).is_some()
        {
            versions.push(VersionComparison::new(&template, old, new));
        }
        Self {
            differences: meaning::of_template(before, after),
            added: only_in(after, before),
            removed: only_in(before, after),
            versions,
            files: template_files(&template, before, after),
            template,
        }
    }

    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.differences.is_empty()
            && self.added.is_empty()
            && self.removed.is_empty()
            && self.versions.is_empty()
            && self.files.is_empty()
    }
}

/// A template's name in its catalog.
pub fn template_name(template: &TemplateSource) -> String {
    let catalog = catalog_of_template(&template.path).filter(|catalog| *catalog != template.path);
    let inside = catalog.as_ref().and_then(|catalog| template.path.strip_prefix(catalog).ok());
    inside.map_or_else(|| template.folder.clone(), |inside| inside.to_string_lossy().into_owned())
}

/// A version's name.
pub fn name_of(version: &VersionSource) -> VersionName {
    let text = version.version().as_ref().map(rancher_catalog::model::Version::text);
    VersionName { version: text, revision: version.name.clone() }
}

/// The default version of a template: the one whose version config.yml names.
pub fn default_of(template: &TemplateSource) -> Option<&VersionSource> {
    template.versions.iter().rev().find(|version| is_default(template, version))
}

fn is_default(template: &TemplateSource, version: &VersionSource) -> bool {
    let default = template
        .config_model()
        .and_then(Result::ok)
        .and_then(|config| config.version.value().map(rancher_catalog::model::Version::text));
    default.is_some() && default == name_of(version).version
}

fn file_diffs(template: &str, before: &VersionSource, after: &VersionSource) -> Vec<FileDiff> {
    let names: BTreeSet<&String> =
        [&before.files, &before.others, &after.files, &after.others].into_iter().flatten().collect();
    let diff = |name: &&String| {
        let path = |version: &VersionSource| format!("{template}/{}/{name}", version.name);
        let content = |version: &VersionSource| version.content(name);
        let (old_path, new_path) = (format!("a/{}", path(before)), format!("b/{}", path(after)));
        let diff = unified_diff(&old_path, content(before).as_deref(), &new_path, content(after).as_deref());
        FileDiff { path: path(after), diff }
    };
    names.iter().map(diff).filter(|file| !file.diff.is_empty()).collect()
}

fn template_files(name: &str, before: &TemplateSource, after: &TemplateSource) -> Vec<FileDiff> {
    let files = |template: &TemplateSource| {
        let config = template.config.as_ref().and_then(|file| file.path.file_name());
        let config = config.map(|name| name.to_string_lossy().into_owned());
        template.other_files.iter().chain(&template.others).cloned().chain(config).collect::<Vec<String>>()
    };
    let names: BTreeSet<String> = files(before).into_iter().chain(files(after)).collect();
    let diff = |file: &String| {
        let path = format!("{name}/{file}");
        let (old, new) = (before.content(file), after.content(file));
        FileDiff {
            diff: unified_diff(&format!("a/{path}"), old.as_deref(), &format!("b/{path}"), new.as_deref()),
            path,
        }
    };
    names.iter().map(diff).filter(|file| !file.diff.is_empty()).collect()
}
