//! What a release will do: the files that change, what the check says of them, and what they change in meaning.

use std::path::{Path, PathBuf};

use super::ReleaseError;
use super::base::Base;
use super::edit;
use super::refusal::Refusal;
use crate::catalog::{CatalogRoot, Change, ChangeKind, Revisions, TemplatePlan, apply, plan};
use crate::entries::Publication;
use crate::render::Renderer;
use catalog_check::{Audience, CheckOptions, Checked, Severity, changed, check, config};
use catalog_diff::comparison::{TemplateComparison, VersionComparison, VersionName, default_of, name_of};
use rancher_catalog::model::{Revision, Version};
use rancher_catalog::source::{TemplateSource, is_base};
use rancher_catalog::temporary_folder::TemporaryFolder;

/// Which templates are released.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// The infra-template.
    Infra,
    /// The environment template.
    Project,
    /// Both.
    Both,
}

/// What is asked of a release.
#[derive(Debug, Clone)]
pub struct Wishes {
    /// Which templates.
    pub what: What,
    /// Close older revisions to Rancher servers after this version.
    pub maximum_rancher_version: Option<Version>,
    /// Bring the whole config.yml and the icon to what is rendered; else config.yml's version alone.
    pub metadata: bool,
}

/// A release, planned.
#[derive(Debug)]
pub struct ReleasePlan {
    /// The templates.
    pub templates: Vec<TemplateRelease>,
    /// What the check says of the templates, with paths from the catalog's root.
    pub checked: Checked,
    /// What its author should know.
    pub warnings: Vec<String>,
}

/// What happens to one template.
#[derive(Debug)]
pub struct TemplateRelease {
    /// Its folder in the catalog.
    pub folder: String,
    /// The revision of the version.
    pub revision: Revision,
    /// Whether the catalog has the version already.
    pub published: bool,
    /// The files that change.
    pub changes: Vec<Change>,
    /// All files of the version and their content, whether they change or not; for a record of it.
    pub files: Vec<(String, Vec<u8>)>,
    /// The default version before.
    pub replaces: Option<VersionName>,
    /// The older revisions that are closed.
    pub closed: Vec<Revision>,
    /// From the default version before to this one.
    pub comparison: Option<VersionComparison>,
    /// What changes in the template beside its versions.
    pub beside: Option<TemplateComparison>,
    /// What of config.yml and the icon is not as rendered, and stays.
    pub kept: Vec<String>,
}

impl ReleasePlan {
    /// The files that change.
    pub fn changes(&self) -> impl Iterator<Item = &Change> {
        self.templates.iter().flat_map(|template| &template.changes)
    }
}

/// Plans a release upon a base. Everything happens in folders of its own; the clone is only read.
///
/// # Errors
/// A refusal, or what is needed cannot be read or rendered.
pub fn prepare(
    base: &Base,
    wishes: &Wishes,
    publication: &Publication,
    renderer: &Renderer,
) -> Result<ReleasePlan, ReleaseError> {
    let temporary = TemporaryFolder::new().map_err(|source| ReleaseError::Io { path: std::env::temp_dir(), source })?;
    let (old, new) = (temporary.path().join("old"), temporary.path().join("new"));
    let folders = [
        format!("infra-templates/{}", publication.infra.folder),
        format!("project-templates/{}", publication.project.folder),
    ];
    let wanted: Vec<String> = folders.iter().map(|path| base.path(path)).chain(base.configs()).collect();
    let paths: Vec<&str> = wanted.iter().map(String::as_str).collect();
    let (old_root, new_root) = (old.join(&base.prefix), new.join(&base.prefix));
    for (root, catalog) in [(&old, &old_root), (&new, &new_root)] {
        std::fs::create_dir_all(catalog).map_err(|source| ReleaseError::Io { path: catalog.clone(), source })?;
        base.git.export(&base.commit, &paths, root)?;
    }
    let root = CatalogRoot::open(&new_root)?;
    let whole = plan(&root, publication, renderer)?;
    let (infra, project) = (wishes.what != What::Project, wishes.what != What::Infra);
    let chosen = [(whole.infra, infra), (whole.project, project)];
    let mut release = ReleasePlan { templates: Vec::new(), checked: Checked::default(), warnings: Vec::new() };
    if !holds_templates(base)? {
        release.warnings.push(format!("{} holds no templates yet: is it a catalog?", base.name));
    }
    for template in chosen.into_iter().filter_map(|(template, chosen)| chosen.then_some(template)) {
        release.warnings.extend(template.warnings.iter().cloned());
        release.templates.push(of_template(&root, template, publication, wishes)?);
    }
    apply(&root, &release.changes().collect::<Vec<_>>())?;
    release.checked = look(&old_root, &new_root, &release)?;
    for template in &mut release.templates {
        let (before, after) = (read(&old_root, &template.folder), read(&new_root, &template.folder));
        let default = default_of(&before).or(before.versions.iter().rfind(|version| version.revision.is_some()));
        template.replaces = default.map(name_of);
        if !template.published {
            let name = template.revision.to_string();
            let version = after.versions.iter().find(|version| version.name == name);
            template.comparison = default
                .zip(version)
                .map(|(default, version)| VersionComparison::new(&template.folder, default, version));
        }
        template.beside = Some(TemplateComparison { versions: Vec::new(), ..TemplateComparison::new(&before, &after) });
    }
    Ok(release)
}

fn read(root: &Path, folder: &str) -> TemplateSource {
    TemplateSource::read(&root.join(folder))
}

fn holds_templates(base: &Base) -> Result<bool, ReleaseError> {
    let folder = if base.prefix.is_empty() { base.commit.clone() } else { format!("{}:{}", base.commit, base.prefix) };
    let names = match base.git.names(&["ls-tree", "-z", "--name-only", "--full-tree", &folder]) {
        Ok(names) => names,
        // A folder of the clone that the base does not have yet.
        Err(rancher_catalog::git::GitError::Refused { .. }) => Vec::new(),
        Err(other) => return Err(other.into()),
    };
    Ok(names.iter().any(|name| is_base(&name.to_string_lossy())))
}

fn of_template(
    root: &CatalogRoot,
    template: TemplatePlan,
    publication: &Publication,
    wishes: &Wishes,
) -> Result<TemplateRelease, ReleaseError> {
    let version = &publication.version;
    let TemplatePlan { folder, revision, published, changes, .. } = template;
    let differing = |change: &&Change| change.published && change.kind() != ChangeKind::Same;
    let files: Vec<String> = changes.iter().filter(differing).map(|change| change.path.clone()).collect();
    if !files.is_empty() {
        let version = version.to_string();
        return Err(Refusal::PublishedDiffers { folder, version, revision: revision.to_string(), files }.into());
    }
    let revisions = Revisions::read(root, &folder)?;
    let newest = revisions.0.iter().filter_map(|published| published.version.as_ref());
    if !published
        && let Some(newest) =
            newest.max_by(|a, b| a.cmp_as_rancher(b)).filter(|newest| version.cmp_as_rancher(newest).is_lt())
    {
        let (newest, version) = (newest.to_string(), version.to_string());
        return Err(Refusal::Lower { folder, version, newest }.into());
    }
    let inside = format!("{folder}/{revision}/");
    let text = |change: &Change| change.after.clone().map(|text| (change.path.clone(), text));
    let mut release = TemplateRelease {
        files: changes.iter().filter(|change| change.path.starts_with(&inside)).filter_map(text).collect(),
        changes: Vec::new(),
        replaces: None,
        closed: Vec::new(),
        comparison: None,
        beside: None,
        kept: Vec::new(),
        folder,
        revision,
        published,
    };
    if !published {
        close_older(root, &revisions, wishes, &mut release)?;
    }
    for change in changes {
        let of_version = change.path.starts_with(&inside);
        let Some(present) = change.before.clone().filter(|_| !of_version && !wishes.metadata) else {
            release.changes.push(change);
            continue;
        };
        let after = if change.path.ends_with("/config.yml") && !published {
            let path = change.path.clone();
            let edited = edit::set_default_version(&present, version);
            edited.map_err(|error| Refusal::Edit { path, error })?
        } else {
            present.clone()
        };
        if change.after.as_ref() != Some(&after) {
            release.kept.push(change.path.clone());
        }
        if after != present {
            release.changes.push(Change { after: Some(after), ..change });
        }
    }
    release.changes.retain(|change| change.kind() != ChangeKind::Same);
    Ok(release)
}

/// Closes the older revisions, where that is wished for.
fn close_older(
    root: &CatalogRoot,
    revisions: &Revisions,
    wishes: &Wishes,
    release: &mut TemplateRelease,
) -> Result<(), ReleaseError> {
    let Some(maximum) = &wishes.maximum_rancher_version else { return Ok(()) };
    // Rancher passes over a revision without a version.
    for published in revisions.0.iter().filter(|published| published.version.is_some()) {
        let path = format!("{}/{}/rancher-compose.yml", release.folder, published.revision);
        let Some(before) = root.read(&path)? else { continue };
        let closed = edit::close(&before, maximum).map_err(|error| Refusal::Edit { path: path.clone(), error })?;
        if let Some(after) = closed {
            release.closed.push(published.revision);
            release.changes.push(Change {
                path,
                before: Some(before),
                after: Some(after),
                executable: false,
                published: false,
            });
        }
    }
    Ok(())
}

/// Checks the templates as they would be, and what becomes of what was published.
fn look(old: &Path, new: &Path, release: &ReleasePlan) -> Result<Checked, ReleaseError> {
    let folders: Vec<PathBuf> = release.templates.iter().map(|template| new.join(&template.folder)).collect();
    // A gen-catalog.toml that is wrong must not pass for one that allows nothing.
    config::CatalogConfig::read(new)?;
    let options =
        CheckOptions { level: Some(Severity::Note), audience: Some(Audience::Community), ..CheckOptions::default() };
    let mut checked = check(&folders, &options).map_err(|source| ReleaseError::Io { path: new.to_owned(), source })?;
    for template in &release.templates {
        checked.findings.extend(changed::compare(&read(old, &template.folder), &read(new, &template.folder)));
    }
    for finding in &mut checked.findings {
        if let Ok(path) = finding.path.strip_prefix(new) {
            finding.path = path.to_owned();
        }
    }
    Ok(checked)
}

/// Refuses a plan in which the check finds errors.
///
/// # Errors
/// It does.
pub fn without_errors(plan: &ReleasePlan) -> Result<(), Refusal> {
    let errors = plan.checked.findings.iter().filter(|finding| finding.rule.severity == Severity::Error).count();
    match errors {
        0 => Ok(()),
        1 => Err(Refusal::Check { errors: "an error".to_owned() }),
        more => Err(Refusal::Check { errors: format!("{more} errors") }),
    }
}
