//! gen-catalog.toml at a catalog's root: which rules are silent where, and why.

use std::path::{Path, PathBuf};

use super::config_text;
use super::report::Finding;
use super::run::Audience;
use rancher_catalog::beneath::{Beneath, NotRead};
use rancher_catalog::source::MAX_FILE_BYTES;

/// The file's name.
pub const FILE_NAME: &str = "gen-catalog.toml";

/// The file's content.
///
/// ```toml
/// for = "community"   # optional: what the CI of the community catalog refuses is an error
///
/// [[allow]]
/// rule = "image-latest"
/// path = "infra-templates/mesos/0"   # optional: a template, a version or a file
/// reason = "published in 2016; what is published never changes"
/// ```
#[derive(Debug, Clone, Default)]
pub struct CatalogConfig {
    /// For whom the catalog is.
    pub audience: Audience,
    /// What is allowed.
    pub allow: Vec<Allow>,
    root: PathBuf,
}

/// A rule that is silent.
#[derive(Debug, Clone)]
pub struct Allow {
    /// The rule's id.
    pub rule: String,
    /// Where, from the catalog's root; absent: everywhere.
    pub path: Option<String>,
    /// Why. It must not be empty.
    pub reason: String,
    /// The line in the file.
    pub line: u32,
}

impl Allow {
    /// Whether two allow the same, wherever they stand.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        (&self.rule, &self.path, &self.reason) == (&other.rule, &other.path, &other.reason)
    }

    /// What it allows, in words.
    pub(super) fn in_words(&self) -> String {
        match &self.path {
            Some(path) => format!("`{}` below {path}", self.rule),
            None => format!("`{}` everywhere", self.rule),
        }
    }
}

/// Why a gen-catalog.toml cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}:{place} {reason}", path.display())]
pub struct ConfigError {
    path: PathBuf,
    /// `LINE:COLUMN:`, where there is one.
    place: String,
    reason: String,
}

impl CatalogConfig {
    /// Reads the file of a catalog; a catalog without one allows nothing.
    ///
    /// # Errors
    /// It cannot be read, is not TOML of this shape, names a rule that is not there, or gives no reason.
    pub fn read(root: &Path) -> Result<Self, ConfigError> {
        let path = root.join(FILE_NAME);
        let fail = |reason: String| ConfigError { path: path.clone(), place: String::new(), reason };
        match Beneath::open(root).and_then(|root| root.read(Path::new(FILE_NAME), MAX_FILE_BYTES)) {
            Ok(bytes) => Self::parse(
                root,
                std::str::from_utf8(&bytes).map_err(|_| fail("it is not UTF-8: save it as that".to_owned()))?,
            ),
            Err(NotRead::Missing) => Ok(Self::default()),
            Err(cause) => Err(fail(cause.to_string())),
        }
    }

    /// As [`CatalogConfig::read`], from the content of a file.
    ///
    /// # Errors
    /// As there.
    pub fn parse(root: &Path, text: &str) -> Result<Self, ConfigError> {
        let (audience, allow) = config_text::read(text).map_err(|wrong| ConfigError {
            path: root.join(FILE_NAME),
            place: format!("{}:{}:", wrong.line, wrong.column),
            reason: wrong.reason,
        })?;
        Ok(Self { audience, allow, root: root.to_owned() })
    }

    /// The entry that silences a finding about a template.
    pub(super) fn silences(&self, folder: &Path, finding: &Finding) -> Option<usize> {
        self.allow.iter().position(|allow| {
            let scope = self.scope(allow);
            allow.rule == finding.rule.id && (finding.path.starts_with(&scope) || folder.starts_with(&scope))
        })
    }

    /// The folder or file that an entry speaks of.
    pub(super) fn scope(&self, allow: &Allow) -> PathBuf {
        allow.path.as_ref().map_or_else(|| self.root.clone(), |path| self.root.join(path))
    }
}
