//! Whether there is to be a new version, and which.

use std::collections::BTreeSet;

use super::BumpError;
use super::maker::Maker;
use super::mention::Behind;
use super::next_version::{following, grown};
use super::plan::{VersionWish, Wishes};
use super::swapped::Swapped;
use rancher_catalog::catalog_service::is_later;
use rancher_catalog::source::{TemplateSource, VersionSource};

/// The new version, and the tag that it follows.
pub(super) fn new_version(
    folder: &str,
    old: &str,
    swaps: &[Swapped],
    wishes: &Wishes,
) -> Result<(String, Option<String>), BumpError> {
    let part = match &wishes.version {
        VersionWish::Given(version) => return Ok((version.clone(), None)),
        VersionWish::Grown(part) => *part,
        VersionWish::Follow => {
            let mut followed = BTreeSet::new();
            for swapped in swaps {
                let Some(new) = swapped.swap.new.as_ref().and_then(Behind::tag) else { continue };
                let versions = swapped.taken().filter_map(|behind| following(old, behind.tag()?, new));
                followed.extend(versions.map(|version| (version, new.to_owned())));
            }
            let mut followed = followed.into_iter();
            return match (followed.next(), followed.next()) {
                (Some((version, tag)), None) => Ok((version, Some(tag))),
                (Some(_), Some(_)) => Err(BumpError::Asked(format!(
                    "the version {old} of {folder} could follow several tags: give it with --version"
                ))),
                (None, _) => Err(BumpError::Asked(format!(
                    "the version {old} of {folder} holds no tag that changes: give the new one with --version, or let it grow \
                     with --patch, --minor or --major"
                ))),
            };
        }
    };
    let version = grown(old, part);
    version.map(|version| (version, None)).ok_or_else(|| {
        BumpError::Asked(format!(
            "the version {old} of {folder} has no number that can grow: give the new one with --version"
        ))
    })
}

/// Refuses what changes nothing, or nothing but the version, though an image was named: a second run of the same is no
/// release.
pub(super) fn something_changes(
    folder: &str,
    from: &str,
    old: &str,
    new: &str,
    swaps: &[Swapped],
    wishes: &Wishes,
) -> Result<(), BumpError> {
    if !wishes.settings.is_empty()
        || swaps.iter().any(Swapped::changes)
        || (swaps.is_empty() && wishes.rewrite.is_none() && old != new)
    {
        return Ok(());
    }
    let there = swaps.iter().flat_map(Swapped::written);
    let there: Vec<String> = if swaps.is_empty() { vec![old.to_owned()] } else { there.collect() };
    let only_version =
        if !swaps.is_empty() && old != new { "; for a new version of the same leave --image out" } else { "" };
    let there = there.join(", ");
    Err(BumpError::Done(format!("{folder}/{from} has {there} already{only_version}")))
}

impl Maker<'_> {
    /// Refuses a version that is none, is there already, or is no later one.
    pub fn growth(
        &mut self,
        template: &TemplateSource,
        from: &VersionSource,
        old: &str,
        new: &str,
        wishes: &Wishes,
    ) -> Result<(), BumpError> {
        if new.trim() != new || new.is_empty() || new.chars().any(char::is_control) {
            return Err(BumpError::Asked(format!("{new:?} is no version: text without blanks around it is wanted")));
        }
        let same =
            template.versions.iter().rfind(|version| version.version().is_some_and(|version| version.text() == new));
        if let Some(same) = same {
            let told = format!(
                "{} has {new} already, as revision {}: of two with one version Rancher shows one alone",
                self.folder, same.name
            );
            if new == old || !has_twice(template) {
                return Err(BumpError::Refused(format!("{told}; raise the version")));
            }
            self.warnings.push(told);
        }
        if is_later(new, old) {
            return Ok(());
        }
        let told = format!(
            "{new} is not later than {old}, the version of {}/{}: Rancher offers no upgrade from that to it",
            self.folder, from.name
        );
        if wishes.lower || has_gone_back(template) {
            self.warnings.push(told);
            return Ok(());
        }
        Err(BumpError::Refused(format!(
            "{told}; raise the version, begin with an older revision (--from), or say that it is meant (--lower)"
        )))
    }
}

/// Whether versions of the template went back before: then several lines are kept side by side in it.
fn has_gone_back(template: &TemplateSource) -> bool {
    let versions: Vec<String> =
        template.versions.iter().filter_map(VersionSource::version).map(|version| version.text()).collect();
    versions.windows(2).any(|pair| !is_later(&pair[1], &pair[0]))
}

/// Whether a version stands twice in the template already.
fn has_twice(template: &TemplateSource) -> bool {
    let mut seen = BTreeSet::new();
    let mut versions = template.versions.iter().filter_map(VersionSource::version).map(|version| version.text());
    versions.any(|version| !seen.insert(version))
}
