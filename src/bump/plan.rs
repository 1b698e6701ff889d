//! What the next revision of a template is made of, and what else changes with it.

use super::copied::{Copied, beside, copied};
use super::image_wish::ImageWish;
use super::maker::Maker;
use super::new_errors::Beside;
use super::next_version::Part;
use super::setting::Setting;
use super::wanted_version::{new_version, something_changes};
use super::{BumpError, numbering};
use crate::catalog::{CatalogRoot, Change};
use catalog_check::config::{CatalogConfig, NextVersion};
use catalog_check::{Checked, Finding};
use catalog_diff::comparison::VersionComparison;
use rancher_catalog::source::{TemplateSource, VersionSource};
use rancher_catalog::unified_diff::unified_diff;

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Wishes {
    /// Images, and what they become.
    pub images: Vec<ImageWish>,
    /// The new version.
    pub version: VersionWish,
    /// Other values that change.
    pub settings: Vec<Setting>,
    /// The revision to begin with; else the newest.
    pub from: Option<String>,
    /// The registry that all images shall be of.
    pub rewrite: Option<String>,
    /// Whether the version need not be later than the one before.
    pub lower: bool,
}

impl Wishes {
    /// With what is set for a template, where nothing is asked for.
    #[must_use]
    pub fn or_as_set(self, config: &CatalogConfig, template: &str) -> Self {
        let version = match self.version {
            VersionWish::Follow => match config.next_version(template) {
                NextVersion::Follow => VersionWish::Follow,
                NextVersion::Patch => VersionWish::Grown(Part::Patch),
                NextVersion::Minor => VersionWish::Grown(Part::Minor),
                NextVersion::Major => VersionWish::Grown(Part::Major),
            },
            asked => asked,
        };
        Self { version, rewrite: self.rewrite.or_else(|| config.registry.clone()), ..self }
    }

    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.images.is_empty()
            && self.settings.is_empty()
            && self.rewrite.is_none()
            && self.version == VersionWish::Follow
    }
}

/// Which version is wished for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VersionWish {
    /// The one before, with the tag of its image followed.
    Follow,
    /// This one.
    Given(String),
    /// The one before, with a number grown.
    Grown(Part),
}

/// The next revision, planned.
#[derive(Debug)]
pub struct BumpPlan {
    /// The template's folder in the catalog.
    pub folder: String,
    /// The name of the folder that the new one is made from.
    pub from: String,
    /// The name of the new one.
    pub to: String,
    /// The version before.
    pub old_version: String,
    /// The new one.
    pub version: String,
    /// The tag that the version follows, if it was not asked for.
    pub follows: Option<String>,
    /// The images that change.
    pub images: Vec<ImageChange>,
    /// The default version before, and whether it becomes the new one.
    pub default: Option<(String, bool)>,
    /// All files that are written, config.yml last.
    pub changes: Vec<Change>,
    /// The files that are not copies, byte for byte.
    pub pairs: Vec<FilePair>,
    /// What the check says of the new revision and of config.yml.
    pub checked: Checked,
    /// What the versions change for those who run them.
    pub comparison: Option<VersionComparison>,
    /// What its author should know.
    pub warnings: Vec<String>,
}

/// An image that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageChange {
    /// The references that it had.
    pub before: Vec<String>,
    /// The one that it has.
    pub after: String,
    /// Where it changed: file and line.
    pub places: Vec<(String, usize)>,
}

/// A file before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePair {
    /// Its path in the catalog before.
    pub old_path: String,
    /// Its path in the catalog after.
    pub path: String,
    /// Its content before.
    pub before: Vec<u8>,
    /// Its content after.
    pub after: Vec<u8>,
}

impl FilePair {
    /// As a unified diff.
    pub fn unified_diff(&self) -> String {
        let (old, new) = (format!("a/{}", self.old_path), format!("b/{}", self.path));
        unified_diff(&old, Some(&self.before), &new, Some(&self.after))
    }
}

/// Plans the next revision of a template; nothing is written. Of the catalog that template alone is read.
///
/// # Errors
/// A refusal, or what was asked for means nothing here.
pub fn plan(root: &CatalogRoot, folder: &str, wishes: &Wishes) -> Result<BumpPlan, BumpError> {
    let mut template = TemplateSource::outline(&root.path(folder)?);
    if let Some(unreadable) = template.unreadable.iter().find(|unreadable| unreadable.path == template.path) {
        return Err(BumpError::Io { path: unreadable.path.clone(), reason: unreadable.reason.clone() });
    }
    let from = numbering::from(&template, folder, wishes.from.as_deref())?.name.clone();
    template.versions.iter_mut().filter(|version| version.name == from).for_each(VersionSource::expand);
    let version = template.versions.iter().find(|version| version.name == from);
    let version = version.ok_or_else(|| BumpError::Refused(format!("{folder}/{from} has gone meanwhile")))?;
    if version.rancher_compose.as_ref().is_some_and(|file| file.not_utf8_at.is_some()) {
        return Err(BumpError::Refused(format!(
            "{folder}/{from}/rancher-compose.yml is not in UTF-8: save it as that first"
        )));
    }
    let old_version = version.version().map(|version| version.text()).filter(|text| !text.is_empty());
    let old_version = old_version.ok_or_else(|| no_version(folder, version))?;
    let mut maker = Maker {
        root,
        folder,
        files: copied(root, folder, version)?,
        beside: beside(root, &template, folder)?,
        images: Vec::new(),
        warnings: others(folder, version),
    };
    let mut swaps = maker.swaps(version, wishes)?;
    if let Some(registry) = &wishes.rewrite {
        maker.rewritten(version, registry, &mut swaps)?;
    }
    let (new_version, follows) = new_version(folder, &old_version, &swaps, wishes)?;
    something_changes(folder, &from, &old_version, &new_version, &swaps, wishes)?;
    maker.growth(&template, version, &old_version, &new_version, wishes)?;
    let to = numbering::next(&template, version, &new_version)?;
    if root.path(&format!("{folder}/{to}"))?.symlink_metadata().is_ok() {
        return Err(BumpError::Refused(format!(
            "{folder}/{to} is there already, and is no version: move it out of the way"
        )));
    }
    let default = maker.default_version(&template, &old_version)?;
    let is_default = default.as_ref().is_some_and(|(_, moves)| *moves);
    maker.change_images(&swaps, is_default)?;
    maker.change_version(&template, &old_version, &new_version, is_default)?;
    maker.set(wishes)?;
    maker.finish(Made { template: &template, version, old_version, new_version, follows, to, default })
}

fn no_version(folder: &str, version: &VersionSource) -> BumpError {
    let name = &version.name;
    let reason = match version.rancher_compose.as_ref().map(|file| file.raw()) {
        None => format!("{folder}/{name} has no rancher-compose.yml"),
        Some(Err(error)) => format!("{folder}/{name}/rancher-compose.yml:{error}"),
        Some(Ok(_)) => format!("{folder}/{name}/rancher-compose.yml names no version in its catalog block"),
    };
    BumpError::Refused(format!("{reason}: Rancher passes over it; mend it, or begin with another one (--from)"))
}

/// What of a revision is no file and is not copied.
fn others(folder: &str, version: &VersionSource) -> Vec<String> {
    let told = |other: &String| {
        format!("{folder}/{}/{other} is no file, and Rancher passes over it: it is not copied", version.name)
    };
    version.others.iter().map(told).collect()
}

/// What is known once all files are made.
struct Made<'t> {
    template: &'t TemplateSource,
    version: &'t VersionSource,
    old_version: String,
    new_version: String,
    follows: Option<String>,
    to: String,
    default: Option<(String, bool)>,
}

impl Maker<'_> {
    fn finish(self, made: Made<'_>) -> Result<BumpPlan, BumpError> {
        let (folder, from, to) = (self.folder.to_owned(), made.version.name.clone(), made.to);
        let is_same = self.files.iter().all(|file| file.before == file.after);
        if is_same {
            let images: Vec<&str> = self.images.iter().map(|image| image.after.as_str()).collect();
            return Err(BumpError::Done(format!(
                "{folder}/{from} has {} already",
                if images.is_empty() { made.old_version } else { images.join(", ") }
            )));
        }
        let mut before: Vec<(String, &[u8])> =
            self.files.iter().map(|file| (format!("{from}/{}", file.name), file.before.as_slice())).collect();
        before.extend(self.beside.iter().map(|file| (file.name.clone(), file.before.as_slice())));
        let new = |file: &Copied| Change {
            path: format!("{folder}/{to}/{}", file.name),
            before: None,
            after: Some(file.after.clone()),
            executable: file.executable,
            published: false,
        };
        let update = |file: &&Copied| file.before != file.after;
        let changed_beside = self.beside.iter().filter(update).map(|file| Change {
            path: format!("{folder}/{}", file.name),
            before: Some(file.before.clone()),
            after: Some(file.after.clone()),
            executable: file.executable,
            published: false,
        });
        let changes: Vec<Change> = self.files.iter().map(new).chain(changed_beside).collect();
        let pair = |file: &Copied, old_path: String, path: String| FilePair {
            old_path,
            path,
            before: file.before.clone(),
            after: file.after.clone(),
        };
        let of_version = self.files.iter().filter(update);
        let of_version = of_version
            .map(|file| pair(file, format!("{folder}/{from}/{}", file.name), format!("{folder}/{to}/{}", file.name)));
        let of_template = self.beside.iter().filter(update);
        let of_template =
            of_template.map(|file| pair(file, format!("{folder}/{}", file.name), format!("{folder}/{}", file.name)));
        let pairs = of_version.chain(of_template).collect();
        let beside = Beside::write(self.root.folder(), &folder, &before, &changes)?;
        let (checked, errors) = beside.check(&from, &to)?;
        if !errors.is_empty() {
            return Err(BumpError::Refused(new_errors_told(&errors)));
        }
        let after = beside.after();
        let comparison = after.versions.iter().find(|version| version.name == to);
        let comparison = comparison.map(|after| VersionComparison::new(&folder, made.version, after));
        let mut warnings = self.warnings;
        if let Some((default, false)) = &made.default {
            warnings.push(format!(
                "config.yml names {default} as the default version, and not that of revision {from}: it stays"
            ));
        }
        let unreadable = made
            .template
            .unreadable
            .iter()
            .filter(|unreadable| !unreadable.path.starts_with(made.template.path.join(&from)));
        warnings.extend(unreadable.map(|unreadable| format!("{}: {}", unreadable.path.display(), unreadable.reason)));
        Ok(BumpPlan {
            folder,
            from,
            to,
            old_version: made.old_version,
            version: made.new_version,
            follows: made.follows,
            images: self.images,
            default: made.default,
            changes,
            pairs,
            checked,
            comparison,
            warnings,
        })
    }
}

fn new_errors_told(errors: &[Finding]) -> String {
    let mut told = "the check finds in the new revision what it did not find in the one before:".to_owned();
    for finding in errors {
        told.push_str(&format!("\n  {}: {} ({})", finding.place(), finding.message, finding.rule.id));
    }
    told
}
