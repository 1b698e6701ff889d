//! The folder that the next version gets, and the one that it is made from.

use super::BumpError;
use catalog_check::is_it;
use rancher_catalog::catalog_service::{FolderName, is_later};
use rancher_catalog::source::{TemplateSource, VersionSource};

/// Whether folders are numbers; else they are versions by themselves.
pub fn is_numbered(template: &TemplateSource) -> bool {
    let mut versions = template.versions.iter().map(VersionSource::folder_name);
    versions.any(|name| matches!(name, FolderName::Revision(_)))
        || template.versions.iter().all(|version| version.folder_name() == FolderName::PassedOver)
}

/// The version to begin with: the one that is named, or the newest.
///
/// # Errors
/// There is none.
pub fn from<'t>(
    template: &'t TemplateSource,
    folder: &str,
    named: Option<&str>,
) -> Result<&'t VersionSource, BumpError> {
    let all = || template.versions.iter().filter(|version| version.folder_name() != FolderName::PassedOver);
    if let Some(named) = named {
        let by_version = || all().rfind(|version| version.version().is_some_and(|version| version.text() == named));
        let found = all().find(|version| version.name == named).or_else(by_version);
        return found.ok_or_else(|| {
            let names = all().map(|version| version.name.as_str());
            BumpError::Asked(format!("{folder} has no revision {named}{}", is_it(names, named)))
        });
    }
    let numbered = is_numbered(template);
    let newest = all().filter(|version| matches!(version.folder_name(), FolderName::Revision(_)) == numbered);
    let newest = newest.reduce(|newest, other| {
        let is_newer = match (newest.folder_name(), other.folder_name()) {
            (FolderName::Revision(newest), FolderName::Revision(other)) => other > newest,
            _ => is_later(&other.name, &newest.name),
        };
        if is_newer { other } else { newest }
    });
    newest.ok_or_else(|| {
        BumpError::Refused(format!("{folder} has no version yet: there is nothing to make the next one from"))
    })
}

/// The name of the next version's folder.
///
/// # Errors
/// The version cannot be the name of a folder.
pub fn next(template: &TemplateSource, from: &VersionSource, version: &str) -> Result<String, BumpError> {
    if is_numbered(template) {
        let numbers = template.versions.iter().filter_map(|version| match version.folder_name() {
            FolderName::Revision(number) => Some(number),
            _ => None,
        });
        let highest = numbers.max().unwrap_or(-1);
        let next = highest.checked_add(1).filter(|next| *next <= i64::from(u32::MAX));
        return next.map(|next| next.max(0).to_string()).ok_or_else(|| {
            BumpError::Refused(format!("{highest} is the highest revision that there can be: rename its folder first"))
        });
    }
    let bare = version.trim_start_matches('v');
    let name = if from.name.starts_with('v') { format!("v{bare}") } else { bare.to_owned() };
    if FolderName::of(&name) != FolderName::Version(&name) {
        return Err(BumpError::Asked(format!(
            "the folders of this template are versions, and Rancher passes over one that is named `{name}`: give a semantic \
             version, such as 1.2.3, with --version"
        )));
    }
    Ok(name)
}
