//! gen-catalog.toml at a catalog's root: which rules are silent where, and why.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::report::Finding;
use super::rules;
use super::run::Audience;
use rancher_catalog::source::{MAX_FILE_BYTES, is_base};

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
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CatalogConfig {
    /// For whom the catalog is.
    #[serde(rename = "for")]
    pub audience: Audience,
    /// What is allowed.
    pub allow: Vec<Allow>,
    #[serde(skip)]
    root: PathBuf,
}

/// A rule that is silent.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allow {
    /// The rule's id.
    pub rule: String,
    /// Where, from the catalog's root; absent: everywhere.
    pub path: Option<String>,
    /// Why. It must not be empty.
    pub reason: String,
}

/// Why a gen-catalog.toml cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}: {reason}", path.display())]
pub struct ConfigError {
    path: PathBuf,
    reason: String,
}

impl CatalogConfig {
    /// Reads the file of a catalog; a catalog without one allows nothing.
    ///
    /// # Errors
    /// It cannot be read, is not TOML of this shape, names a rule that is not there, or gives no reason.
    pub fn read(root: &Path) -> Result<Self, ConfigError> {
        let path = root.join(FILE_NAME);
        let fail = |reason: String| ConfigError { path: path.clone(), reason };
        let text = match fs::metadata(&path) {
            Ok(found) if !found.is_file() => return Err(fail("this is not a file".to_owned())),
            Ok(found) if found.len() > MAX_FILE_BYTES => {
                return Err(fail(format!("this is larger than {MAX_FILE_BYTES} bytes")));
            }
            Ok(_) => fs::read_to_string(&path).map_err(|error| fail(error.to_string()))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(fail(error.to_string())),
        };
        let mut config: Self = toml::from_str(&text).map_err(|error| fail(error.to_string()))?;
        for allow in &config.allow {
            if rules::by_id(&allow.rule).is_none() {
                return Err(fail(format!("there is no rule `{}`; `gen-catalog rules` lists them", allow.rule)));
            }
            if allow.reason.trim().is_empty() {
                return Err(fail(format!("the reason for allowing `{}` is empty", allow.rule)));
            }
        }
        root.clone_into(&mut config.root);
        Ok(config)
    }

    /// That of the catalog which a template's folder is in. A broken one allows nothing: [`root_of`] and
    /// [`CatalogConfig::read`] tell why.
    pub(super) fn of_template(folder: &Path) -> Self {
        root_of(folder).and_then(|root| Self::read(&root).ok()).unwrap_or_default()
    }

    pub(super) fn silences(&self, folder: &Path, finding: &Finding) -> bool {
        self.allow.iter().any(|allow| {
            let here = allow.path.as_ref().is_none_or(|path| {
                let path = self.root.join(path);
                finding.path.starts_with(&path) || folder.starts_with(&path)
            });
            here && allow.rule == finding.rule.id
        })
    }
}

/// The root of the catalog that a template's folder is in.
pub fn root_of(template: &Path) -> Option<PathBuf> {
    let base = template.parent()?;
    let is_base = base.file_name().is_some_and(|name| is_base(&name.to_string_lossy()));
    if is_base { base.parent().map(Path::to_owned) } else { Some(template.to_owned()) }
}
