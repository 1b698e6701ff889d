//! What the check finds in a new revision that it did not find in the one before.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::BumpError;
use crate::catalog::Change;
use catalog_check::config::{CatalogConfig, FILE_NAME};
use catalog_check::{CheckOptions, Checked, Finding, Severity, check};
use rancher_catalog::source::{TemplateSource, VersionSource};

/// Two states of a template with the revision before and the new one alone, in a folder of their own.
pub struct Beside {
    folder: tempfile::TempDir,
    template: PathBuf,
}

/// A file of a template by its path in that, with its content.
pub type Named<'c> = (String, &'c [u8]);

impl Beside {
    /// Writes the revision before and what changes. `inside` is the template's folder in the catalog, `root` that.
    ///
    /// # Errors
    /// No temporary files can be written.
    pub fn write(root: &Path, inside: &str, before: &[Named<'_>], changes: &[Change]) -> Result<Self, BumpError> {
        let cannot = |path: &Path| {
            let path = path.to_owned();
            move |reason: std::io::Error| BumpError::Io { path, reason: reason.to_string() }
        };
        let folder = tempfile::tempdir().map_err(cannot(&std::env::temp_dir()))?;
        let put = |path: PathBuf, content: &[u8]| {
            let above = path.parent().unwrap_or(&path).to_owned();
            fs::create_dir_all(&above).and_then(|()| fs::write(&path, content)).map_err(cannot(&path))
        };
        for state in ["before", "after"] {
            let catalog = folder.path().join(state);
            for (path, content) in before {
                put(catalog.join(inside).join(path), content)?;
            }
            // What a catalog allows it allows here too.
            if let Ok(allowed) = fs::read(CatalogConfig::read(root)?.file()) {
                put(catalog.join(FILE_NAME), &allowed)?;
            }
        }
        for change in changes {
            put(folder.path().join("after").join(&change.path), change.after.as_deref().unwrap_or_default())?;
        }
        let template = PathBuf::from(inside);
        Ok(Self { folder, template })
    }

    fn state(&self, name: &str) -> PathBuf {
        self.folder.path().join(name).join(&self.template)
    }

    /// The template as it will be, as far as it is here.
    pub fn after(&self) -> TemplateSource {
        let mut template = TemplateSource::outline(&self.state("after"));
        template.versions.iter_mut().for_each(VersionSource::expand);
        template
    }

    /// What is found in the new revision and in config.yml, and which of it are errors that were not there before.
    ///
    /// # Errors
    /// The check cannot be run.
    pub fn check(&self, old: &str, new: &str) -> Result<(Checked, Vec<Finding>), BumpError> {
        let of = |state: &str, version: &str| -> Result<Checked, BumpError> {
            let template = self.state(state);
            let options = CheckOptions { level: Some(Severity::Note), ..CheckOptions::default() };
            let mut checked = check(std::slice::from_ref(&template), &options)
                .map_err(|error| BumpError::Io { path: template.clone(), reason: error.to_string() })?;
            checked.findings.retain_mut(|finding| {
                let inside = finding.path.strip_prefix(&template).map(Path::to_owned).unwrap_or_default();
                // What is beside them is not whole here.
                let is_asked = inside.starts_with(version) || inside == Path::new("config.yml");
                finding.path = self.template.join(&inside);
                is_asked
            });
            Ok(checked)
        };
        let (before, after) = (of("before", old)?, of("after", new)?);
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
