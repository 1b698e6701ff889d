//! What the check finds in a new revision that it did not find in the one before.

use std::collections::BTreeMap;
use std::path::Path;

use super::BumpError;
use crate::catalog::Change;
use catalog_check::config::CatalogConfig;
use catalog_check::{CheckOptions, Checked, Finding, Severity};
use catalog_write::Aside;
use rancher_catalog::source::{TemplateSource, VersionSource};

/// Two states of a template with the revision before and the new one alone, in a folder of their own.
pub struct Beside {
    before: Aside,
    after: Aside,
    template: String,
}

/// A file of a template by its path in that, with its content.
pub type Named<'c> = (String, &'c [u8]);

impl Beside {
    /// Writes the revision before and what changes. `inside` is the template's folder in the catalog, `root` that.
    ///
    /// # Errors
    /// No temporary files can be written.
    pub fn write(root: &Path, inside: &str, before: &[Named<'_>], changes: &[Change]) -> Result<Self, BumpError> {
        let (is, will_be) = (Aside::new()?, Aside::new()?);
        let config = CatalogConfig::read(root)?;
        for state in [&is, &will_be] {
            for (path, content) in before {
                state.put(Path::new(inside).join(path), content)?;
            }
            // What a catalog allows it allows here too.
            state.allow_as(config.file())?;
        }
        for change in changes {
            will_be.put(&change.path, change.after.as_deref().unwrap_or_default())?;
        }
        Ok(Self { before: is, after: will_be, template: inside.to_owned() })
    }

    /// The template as it will be, as far as it is here.
    pub fn after(&self) -> TemplateSource {
        let mut template = TemplateSource::outline(&self.after.path(&self.template));
        template.versions.iter_mut().for_each(VersionSource::expand);
        template
    }

    /// What is found in the new revision and in config.yml, and which of it are errors that were not there before.
    ///
    /// # Errors
    /// The check cannot be run.
    pub fn check(&self, old: &str, new: &str) -> Result<(Checked, Vec<Finding>), BumpError> {
        let of = |state: &Aside, version: &str| -> Result<Checked, BumpError> {
            let options = CheckOptions { level: Some(Severity::Note), ..CheckOptions::default() };
            let mut checked = state.check(&self.template, &options)?;
            // What is beside them is not whole here.
            checked.findings.retain(|finding| {
                let inside = finding.path.strip_prefix(&self.template).unwrap_or(&finding.path);
                inside.starts_with(version) || inside == Path::new("config.yml")
            });
            Ok(checked)
        };
        let (before, after) = (of(&self.before, old)?, of(&self.after, new)?);
        // The file of a finding, whatever its revision.
        let key = |finding: &Finding, version: &str| {
            let inside = finding.path.strip_prefix(&self.template).unwrap_or(&finding.path);
            let file = inside.strip_prefix(version).unwrap_or(inside);
            (finding.rule.id, file.to_owned())
        };
        let mut known: BTreeMap<_, usize> = BTreeMap::new();
        for finding in &before.findings {
            *known.entry(key(finding, old)).or_default() += 1 + finding.also.len();
        }
        let mut new_ones = Vec::new();
        for finding in after.findings.iter().filter(|finding| finding.rule.severity == Severity::Error) {
            let count = 1 + finding.also.len();
            match known.get_mut(&key(finding, new)) {
                Some(left) if *left >= count => *left -= count,
                _ => new_ones.push(finding.clone()),
            }
        }
        Ok((after, new_ones))
    }
}
