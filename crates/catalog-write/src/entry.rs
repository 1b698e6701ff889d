//! One version of a template of services, with what stands beside it.

use catalog_check::{CheckOptions, Finding, Severity};
use rancher_catalog::model::{Config, InfraVersion, Revision, Version};
use rancher_catalog::source::is_base;

use crate::aside::{Aside, AsideError};
use crate::catalog::CatalogError;
use crate::render::{Notes, RenderError, RenderedFile, Renderer};

/// One version of a template of services, and what stands beside its versions: all that a program of yours says of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its folder in a catalog: `infra-templates/web`, `templates/web`. The second part is its id in Rancher (`infra*web`), so it
    /// never changes.
    pub folder: String,
    /// config.yml. Its version is the one that Rancher's UI offers first.
    pub config: Config,
    /// The version: both compose files and a README.
    pub version: InfraVersion,
    /// The icon, an SVG; it becomes `catalogIcon-NAME.svg`.
    pub icon: Option<String>,
    /// Comments for docker-compose.yml, by the path of the key that each stands above.
    pub docker_compose_notes: Notes,
    /// Comments for rancher-compose.yml.
    pub rancher_compose_notes: Notes,
}

/// Why an entry cannot be rendered, checked or put into a catalog.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// Its folder is none of a template.
    #[error("`{0}` is no folder of a template: two names are due, such as infra-templates/web or templates/web")]
    Folder(String),
    /// It names no version.
    #[error("the catalog block of rancher-compose.yml has no `version`: Rancher drops what has none")]
    NoVersion,
    /// It is not what Rancher takes; these are the errors.
    #[error("Rancher would refuse it:{}", in_lines(.0))]
    Refused(Vec<Finding>),
    /// The catalog has this version, and with other files.
    #[error(
        "{folder}/{revision} has this version already and differs ({}); what is published never changes: give the entry another \
         version", files.join(", ")
    )]
    Published {
        /// The template's folder.
        folder: String,
        /// The revision that has the version.
        revision: Revision,
        /// The files that differ.
        files: Vec<String>,
    },
    /// The catalog offers a later one.
    #[error("the default version of {folder} is {default} already, which is higher: Rancher would offer no upgrade")]
    Lower {
        /// The template's folder.
        folder: String,
        /// Its default version.
        default: Version,
    },
    /// The catalog cannot be read or written, or the entry cannot be rendered.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// A temporary folder cannot be written, in which the check looks at it.
    #[error("it cannot be written for the check: {0}")]
    Temporary(#[from] AsideError),
}

impl From<RenderError> for EntryError {
    fn from(error: RenderError) -> Self {
        Self::Catalog(error.into())
    }
}

fn in_lines(findings: &[Finding]) -> String {
    findings.iter().map(|found| format!("\n  {}: {} ({})", found.place(), found.message, found.rule.id)).collect()
}

impl Entry {
    /// Without an icon and comments.
    pub fn new(folder: impl Into<String>, config: Config, version: InfraVersion) -> Self {
        Self {
            folder: folder.into(),
            config,
            version,
            icon: None,
            docker_compose_notes: Notes::new(),
            rancher_compose_notes: Notes::new(),
        }
    }

    /// Its files, where its version gets the given revision; by their paths from the root of a catalog, config.yml last. Each is
    /// read back as Rancher reads it, and says what the model says.
    ///
    /// # Errors
    /// [`EntryError::Folder`]; or a file would not say what the model says, which is a fault of this crate.
    pub fn render(&self, revision: Revision) -> Result<Vec<RenderedFile>, EntryError> {
        self.name()?;
        Ok(self.render_by(&Renderer::new()?, revision)?)
    }

    /// As [`Entry::render`], by templates of your own.
    ///
    /// # Errors
    /// A template is wrong, or what it printed is not what the model says.
    pub fn render_by(&self, renderer: &Renderer, revision: Revision) -> Result<Vec<RenderedFile>, RenderError> {
        let file = |name: &str, text: String| RenderedFile { path: format!("{}/{name}", self.folder), text };
        let notes = [&self.docker_compose_notes, &self.rancher_compose_notes];
        let of_version = renderer.infra_version(&self.version, notes)?.into_iter();
        let mut files: Vec<RenderedFile> =
            of_version.map(|of| file(&format!("{revision}/{}", of.path), of.text)).collect();
        let name = self.folder.rsplit('/').next().unwrap_or_default();
        files.extend(self.icon.as_ref().map(|icon| file(&format!("catalogIcon-{name}.svg"), icon.clone())));
        files.push(file("config.yml", renderer.config(&self.config)?));
        Ok(files)
    }

    /// What `gen-catalog check` finds in it, as the only revision of its template: with paths from the root of a catalog, by
    /// path and place. Errors are what Rancher refuses ([`Severity::Error`]).
    ///
    /// # Errors
    /// It cannot be rendered, or the temporary folder cannot be written.
    pub fn check(&self, options: &CheckOptions) -> Result<Vec<Finding>, EntryError> {
        let aside = Aside::new()?;
        for file in self.render(Revision(0))? {
            aside.put(&file.path, file.text.as_bytes())?;
        }
        Ok(aside.check(&self.folder, options)?.findings)
    }

    /// What is found, without an error among it.
    pub(crate) fn checked(&self) -> Result<Vec<Finding>, EntryError> {
        let findings = self.check(&CheckOptions::default())?;
        let (errors, others): (Vec<_>, Vec<_>) =
            findings.into_iter().partition(|finding| finding.rule.severity == Severity::Error);
        if errors.is_empty() { Ok(others) } else { Err(EntryError::Refused(errors)) }
    }

    /// The version that its rancher-compose.yml names.
    pub(crate) fn version(&self) -> Result<&Version, EntryError> {
        let block = self.version.rancher_compose.catalog();
        block.and_then(|block| block.version.value()).ok_or(EntryError::NoVersion)
    }

    /// The name of its folder, which is its id to Rancher.
    fn name(&self) -> Result<&str, EntryError> {
        let is_name = |name: &str| !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', '\0']);
        match self.folder.split_once('/') {
            Some((base, name)) if is_name(base) && is_base(base) && is_name(name) => Ok(name),
            _ => Err(EntryError::Folder(self.folder.clone())),
        }
    }
}
