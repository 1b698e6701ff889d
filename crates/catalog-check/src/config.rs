//! gen-catalog.toml, of a catalog or of the project that it lies in: where the catalog is, which rules are silent where and why,
//! how bad a finding is, and what the next versions of templates are.

use std::path::{Path, PathBuf};

use super::config_file::{ReadIn, here, names, parents};
use super::config_text;
use super::report::{Finding, Severity};
use super::rule::Rule;
use super::rules;
use super::run::{Audience, CheckOptions};

/// The file's name.
pub const FILE_NAME: &str = "gen-catalog.toml";

/// The file's content.
///
/// ```toml
/// catalog = "community-catalog"   # where the catalog lies below this file; absent: it is this folder
/// for = "community"               # what the CI of the community catalog refuses is an error
/// registry = "mirror.example.com" # what `bump` and `release TEMPLATE` name images in
/// version = "patch"               # what grows where nobody says; absent: the version follows the image's tag
///
/// [severities]
/// readme-missing = "warning"
/// image-latest = "off"
///
/// [[template]]
/// path = "infra-templates/mesos"  # a template, or a folder of them; the longest one counts
/// version = "follow"
/// owners = ["@example/mesos"]
///
/// [[allow]]
/// rule = "image-tag-missing"
/// path = "infra-templates/mesos/0"   # a template, a version or a file; absent: everywhere
/// reason = "published in 2016; what is published never changes"
/// ```
#[derive(Debug, Clone, Default)]
pub struct CatalogConfig {
    /// Where the catalog lies below the file, if it is not the folder of the file.
    pub catalog: Option<NamedCatalog>,
    /// For whom the catalog is.
    pub audience: Audience,
    /// How bad the findings of rules are, where that is not what the rules say.
    pub severities: Vec<SetSeverity>,
    /// The registry that the images of next versions are named in.
    pub registry: Option<String>,
    /// What the next version of a template is, where nobody says.
    pub version: Option<NextVersion>,
    /// What templates have of their own.
    pub templates: Vec<OfTemplate>,
    /// What is allowed.
    pub allow: Vec<Allow>,
    pub(super) root: PathBuf,
    pub(super) file: PathBuf,
}

/// Where a catalog lies, as a file says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedCatalog {
    /// The folder, from that of the file.
    pub path: String,
    /// Where that stands.
    pub line: usize,
    /// Where in the line.
    pub column: usize,
}

/// How bad the findings of a rule are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetSeverity {
    /// The rule's id.
    pub rule: String,
    /// The severity; `None` for a rule that does not run.
    pub severity: Option<Severity>,
    /// The line in the file.
    pub line: u32,
}

/// What the next version of a template is, where nobody says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextVersion {
    /// It follows the tag of the image that it holds.
    Follow,
    /// The third number grows.
    Patch,
    /// The second one.
    Minor,
    /// The first one.
    Major,
}

/// What a template, or all in a folder, have of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfTemplate {
    /// The folder, from the catalog's root.
    pub path: String,
    /// What the next version is.
    pub version: Option<NextVersion>,
    /// Who is told of a release: `@name`, `@organisation/team` or an address.
    pub owners: Vec<String>,
    /// The line in the file.
    pub line: u32,
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
    pub(super) path: PathBuf,
    /// `LINE:COLUMN:`, where there is one.
    pub(super) place: String,
    pub(super) reason: String,
}

impl ConfigError {
    /// The file.
    pub fn file(&self) -> &Path {
        &self.path
    }

    /// Where in the file it is wrong, and why.
    pub fn without_path(&self) -> String {
        format!("{} {}", self.place, self.reason).trim_start().to_owned()
    }
}

impl CatalogConfig {
    /// Reads the file of a catalog: the one in its own folder, or else the nearest one above whose `catalog` names it. A catalog
    /// without one allows nothing.
    ///
    /// It is looked for up to the root of the repository, or of the file system; no link is followed on the way, and above the
    /// catalog a file of another owner than the catalog is passed over.
    ///
    /// # Errors
    /// It cannot be read, is not TOML of this shape, names a rule that is not there, or gives no reason; or the one above names a
    /// catalog that is not there, and so may mean this one under another name.
    pub fn read(root: &Path) -> Result<Self, ConfigError> {
        let moved = |config: Self, named: &NamedCatalog| Err(config.no_catalog(named, "there is no such folder here"));
        Self::find(root, &mut |folder| here(root, folder), &moved)
    }

    /// As [`CatalogConfig::read`], of what held before a change, with the content of the files from elsewhere, by the folders that
    /// they stand in. What a change moves stays what it was.
    ///
    /// # Errors
    /// As there, but for the last.
    pub(super) fn find_before<E: From<ConfigError>>(root: &Path, read: &mut ReadIn<'_, E>) -> Result<Self, E> {
        Self::find(root, read, &|config, _| Ok(config))
    }

    fn find<E: From<ConfigError>>(
        root: &Path,
        read: &mut ReadIn<'_, E>,
        moved: &dyn Fn(Self, &NamedCatalog) -> Result<Self, ConfigError>,
    ) -> Result<Self, E> {
        if let Some(bytes) = read(root)? {
            return Ok(Self::of(root, root, &bytes)?);
        }
        for folder in parents(root) {
            if let Some(bytes) = read(&folder)? {
                let config = Self::of(root, &folder, &bytes)?;
                let Some(named) = config.catalog.clone() else { return Ok(Self::default()) };
                if names(&folder, &named.path, root) {
                    return Ok(config);
                }
                let is_there = folder.join(&named.path).symlink_metadata().is_ok();
                return if is_there { Ok(Self::default()) } else { Ok(moved(config, &named)?) };
            }
        }
        Ok(Self::default())
    }

    fn of(root: &Path, folder: &Path, bytes: &[u8]) -> Result<Self, ConfigError> {
        let path = folder.join(FILE_NAME);
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::parse_as(root, path, text),
            Err(_) => {
                let reason = "it is not UTF-8: save it as that".to_owned();
                Err(ConfigError { path, place: String::new(), reason })
            }
        }
    }

    /// As [`CatalogConfig::read`], from the content of a file in the catalog's own folder.
    ///
    /// # Errors
    /// As there.
    pub fn parse(root: &Path, text: &str) -> Result<Self, ConfigError> {
        Self::parse_as(root, root.join(FILE_NAME), text)
    }

    fn parse_as(root: &Path, file: PathBuf, text: &str) -> Result<Self, ConfigError> {
        let config = config_text::read(text).map_err(|wrong| ConfigError {
            path: file.clone(),
            place: format!("{}:{}:", wrong.line, wrong.column),
            reason: wrong.reason,
        })?;
        Ok(Self { root: root.to_owned(), file, ..config })
    }

    /// What is wrong with the catalog that it names.
    pub(super) fn no_catalog(&self, named: &NamedCatalog, wrong: &str) -> ConfigError {
        let place = format!("{}:{}:", named.line, named.column);
        let reason = format!("`catalog` is {:?}: {wrong}", named.path);
        ConfigError { path: self.file.clone(), place, reason }
    }

    /// The file that it was read from.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// What the next version of a template is, where nobody says.
    pub fn next_version(&self, template: &str) -> NextVersion {
        let own = self.of_template(template).find_map(|own| own.version);
        own.or(self.version).unwrap_or(NextVersion::Follow)
    }

    /// Who is told of a release of a template.
    pub fn owners(&self, template: &str) -> &[String] {
        self.of_template(template).find(|own| !own.owners.is_empty()).map_or(&[], |own| &own.owners)
    }

    /// What concerns a template, the longest path first.
    fn of_template(&self, template: &str) -> impl Iterator<Item = &OfTemplate> {
        let mut own: Vec<_> = self.templates.iter().filter(|own| Path::new(template).starts_with(&own.path)).collect();
        own.sort_by_key(|own| std::cmp::Reverse(Path::new(&own.path).components().count()));
        own.into_iter()
    }

    /// Whether a rule runs: one that is off does where it is asked for by its name.
    pub fn runs(&self, rule: &Rule, options: &CheckOptions) -> bool {
        let is_off = self.severity(rule.id).is_some_and(|set| set.severity.is_none());
        !is_off || options.only.iter().any(|id| id == rule.id)
    }

    /// A rule as bad as it is here.
    pub fn as_set(&self, rule: &'static Rule, options: &CheckOptions) -> &'static Rule {
        let is_asked_for = options.audience == Some(Audience::Community) && rules::is_for_community(rule);
        match self.severity(rule.id).and_then(|set| set.severity) {
            Some(severity) if !is_asked_for => rules::with_severity(rule, severity),
            _ => rule,
        }
    }

    fn severity(&self, rule: &str) -> Option<&SetSeverity> {
        self.severities.iter().find(|set| set.rule == rule)
    }

    /// The entry that silences a finding about a template.
    pub(super) fn silences(&self, folder: &Path, finding: &Finding) -> Option<usize> {
        self.allow.iter().position(|allow| {
            let scope = self.scope(allow);
            allow.rule == finding.rule.id && (finding.path.starts_with(&scope) || folder.starts_with(&scope))
        })
    }

    /// The root of the catalog.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The folder that an entry about templates speaks of.
    pub(super) fn folder_of(&self, own: &OfTemplate) -> PathBuf {
        self.root.join(&own.path)
    }

    /// The folder or file that an entry speaks of.
    pub(super) fn scope(&self, allow: &Allow) -> PathBuf {
        allow.path.as_ref().map_or_else(|| self.root.clone(), |path| self.root.join(path))
    }
}
