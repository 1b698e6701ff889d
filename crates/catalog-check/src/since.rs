//! Checking a change: what it does, judged by what held before it.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::asked::asked;
use super::baseline::{Baseline, BaselineError, MAX_BYTES};
use super::before::Before;
use super::changed::{ALLOWANCE_CHANGED, compare};
use super::config::{Allow, CatalogConfig, ConfigError, FILE_NAME};
use super::config_file::named_by;
use super::published::catalog_of;
use super::report::Finding;
use super::rule::Rule;
use super::run::{self, CheckOptions, Checked, in_order};
use super::silence::{self, Judge};
use rancher_catalog::beneath::{Beneath, NotRead};
use rancher_catalog::git::{Git, GitError};
use rancher_catalog::listed_templates::ListedTemplates;
use rancher_catalog::source::{TemplateSource, catalog_of_template, is_base, is_base_folder, templates_of};
use rancher_catalog::temporary_folder::TemporaryFolder;
use rancher_catalog::yaml::Position;

/// Why a change cannot be looked at.
#[derive(Debug, thiserror::Error)]
pub enum ChangedError {
    /// Git failed.
    #[error(transparent)]
    Git(#[from] GitError),
    /// There is no such commit.
    #[error("git knows no commit `{0}`: fetch it first, or name another")]
    NoCommit(String),
    /// A file could not be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A gen-catalog.toml is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
}

/// A commit of the repository that a path is in.
pub struct Commit {
    /// The root of the work tree.
    top: PathBuf,
    git: Git,
    id: String,
}

/// An absolute path whose links are those of the way to its catalog alone: in there none is followed.
fn real(path: &Path) -> io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    let catalog = catalog_of(&path);
    let inside = path.strip_prefix(catalog).unwrap_or(Path::new(""));
    let catalog = catalog.canonicalize()?;
    Ok(if inside.as_os_str().is_empty() { catalog } else { catalog.join(inside) })
}

impl Commit {
    /// Finds it.
    ///
    /// # Errors
    /// The path is in no repository, or the reference is not there.
    pub fn find(path: &Path, reference: &str) -> Result<Self, ChangedError> {
        let path = real(path)?;
        let catalog = catalog_of(&path);
        let folder = if catalog.is_dir() { catalog } else { catalog.parent().unwrap_or(catalog) };
        let git = Git::at(folder)?;
        let top = git.top().ok_or_else(|| GitError::NoClone(folder.to_owned()))?.to_owned();
        let id = git.find_commit(reference)?.ok_or_else(|| ChangedError::NoCommit(reference.to_owned()))?;
        Ok(Self { top, git, id })
    }

    /// What the commit has in the place of a file; `None` where it has none, or where the file is not in this repository.
    ///
    /// # Errors
    /// Git fails.
    pub fn file(&self, path: &Path) -> Result<Option<Vec<u8>>, ChangedError> {
        let path = std::path::absolute(path)?;
        let folder = path.parent().unwrap_or(&path).canonicalize()?;
        let path = folder.join(path.file_name().unwrap_or_default());
        let Ok(inside) = path.strip_prefix(&self.top) else { return Ok(None) };
        let into = TemporaryFolder::new()?;
        self.git.export(&self.id, &[&inside.to_string_lossy()], into.path())?;
        match Beneath::open(into.path()).and_then(|folder| folder.read(inside, MAX_BYTES)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(NotRead::Missing | NotRead::Link(_) | NotRead::NoFile(_)) => Ok(None),
            Err(cause) => Err(io::Error::from(cause).into()),
        }
    }

    /// Whether a file is in this repository.
    pub fn holds(&self, path: &Path) -> bool {
        let folder = std::path::absolute(path).ok().and_then(|path| path.parent()?.canonicalize().ok());
        folder.is_some_and(|folder| folder.starts_with(&self.top))
    }

    /// The templates of a catalog that some files were in, in folders whose name does not say so. They may be gone.
    fn others(&self, catalog: &Path, files: &[String]) -> Result<Vec<String>, ChangedError> {
        let Ok(prefix) = catalog.strip_prefix(&self.top) else { return Ok(Vec::new()) };
        let mut templates = ListedTemplates::default();
        let inside = || files.iter().filter_map(|file| Path::new(file).strip_prefix(prefix).ok());
        for top in ListedTemplates::to_list(inside()) {
            let top = prefix.join(top);
            let args = ["ls-tree", "-r", "-z", "--name-only", "--full-tree", &self.id, "--", &top.to_string_lossy()];
            templates.add(self.git.names(&args)?.iter().filter_map(|file| file.strip_prefix(prefix).ok()));
        }
        let folders: BTreeSet<PathBuf> = inside().filter_map(|file| templates.folder_of(file)).collect();
        let folders = folders.iter().filter(|folder| !folder.parent().is_some_and(is_base_folder));
        Ok(folders.map(|folder| prefix.join(folder).to_string_lossy().into_owned()).collect())
    }

    /// The files below a folder that are not as in the commit.
    fn changed_files(&self, below: &Path) -> Result<Vec<String>, ChangedError> {
        let below = below.strip_prefix(&self.top).unwrap_or(Path::new("")).to_string_lossy().into_owned();
        let paths = if below.is_empty() { Vec::new() } else { vec![below.as_str()] };
        let files = self.git.changed_since(&self.id, &paths)?;
        Ok(files.iter().map(|file| file.to_string_lossy().into_owned()).collect())
    }
}

/// What changed below a path.
#[derive(Debug, Default)]
struct Changed {
    /// The changed templates that are still there.
    templates: Vec<TemplateSource>,
    /// Their folders.
    folders: Vec<PathBuf>,
    /// Those of templates that are gone.
    gone: Vec<PathBuf>,
    /// The versions and other parts of them in which something changed.
    parts: BTreeSet<PathBuf>,
    /// What held before.
    before: Before,
    /// What is to be said of changed configurations.
    findings: Vec<Finding>,
}

impl Changed {
    /// Whether a finding about a changed template has to do with the change: what is said of the template as a whole
    /// has, and of its versions what is in those that were touched.
    fn concerns(&self, path: &Path) -> bool {
        let is_whole = |template: &PathBuf| path == template || *path == template.join("config.yml");
        self.folders.iter().any(is_whole) || path.ancestors().any(|above| self.parts.contains(above))
    }
}

/// Checks what changed since a git reference, and what the change does to what was published.
///
/// # Errors
/// A path holds nothing to check or is in no git repository, the reference is not there, or something cannot be read.
pub fn check(paths: &[PathBuf], reference: &str, options: &CheckOptions) -> Result<Checked, ChangedError> {
    run::roots(paths)?;
    let mut all = Checked::default();
    for path in paths {
        let mut changed = since(path, reference, options)?;
        let before = Arc::new(std::mem::take(&mut changed.before));
        let options = CheckOptions { before: Some(Arc::clone(&before)), ..options.clone() };
        if !changed.templates.is_empty() {
            let templates = std::mem::take(&mut changed.templates);
            let looks_at = |version: &Path| changed.concerns(version);
            let mut checked = run::check_read(&asked(&changed.folders)?, templates, &looks_at, &options)?;
            checked.findings.retain(|finding| changed.concerns(&finding.path));
            checked.silenced.retain(|silenced| changed.concerns(&silenced.finding.path));
            checked.versions.retain(|version| changed.concerns(version));
            all.add(checked);
        }
        for folder in &changed.gone {
            let config = catalog_of_template(folder).map(|root| before.config(&root)).unwrap_or_default();
            let ran = |rule: &Rule| options.runs(rule) && config.runs(rule, &options);
            let judge = Judge { config: &config, before: Some(&before), ran: &ran };
            let template = TemplateSource::absent(folder);
            let mut found = before.findings(folder).to_vec();
            found.retain(|finding| config.runs(finding.rule, &options));
            found.iter_mut().for_each(|finding| finding.rule = config.as_set(finding.rule, &options));
            let sorted = silence::sort_out(&template, found, &judge);
            all.findings.extend(sorted.told);
            all.silenced.extend(sorted.silenced);
        }
        all.findings.append(&mut changed.findings);
    }
    let wanted = |finding: &Finding| options.chooses(finding.rule) && options.reports(finding.rule);
    all.findings.retain(wanted);
    all.silenced.retain(|silenced| wanted(&silenced.finding));
    all.findings.sort_by(in_order);
    all.findings.dedup_by(|a, b| in_order(a, b).is_eq() && a.message == b.message);
    all.versions.sort();
    all.versions.dedup();
    Ok(all)
}

/// The catalog of the project that a folder is in, as [`super::catalog_of_project`] tells it, by the files of a commit: a change
/// cannot have another one checked.
///
/// # Errors
/// The folder is in no git repository, the reference is not there, or its file is wrong.
pub fn catalog_of_project(folder: &Path, reference: &str) -> Result<Option<PathBuf>, ChangedError> {
    let commit = Commit::find(folder, reference)?;
    named_by(folder, &mut |above| commit.file(&above.join(FILE_NAME)))
}

fn since(path: &Path, reference: &str, options: &CheckOptions) -> Result<Changed, ChangedError> {
    let commit = Commit::find(path, reference)?;
    let wanted = real(path)?;
    let files: Vec<String> = commit
        .changed_files(catalog_of(&wanted))?
        .into_iter()
        .filter(|file| {
            let file = commit.top.join(file);
            file.starts_with(&wanted) || wanted.starts_with(file.parent().unwrap_or(&file))
        })
        .collect();
    let mut changed = Changed::default();
    let mut others: Vec<String> = Vec::new();
    for root in run::roots(std::slice::from_ref(&wanted))? {
        let was = match CatalogConfig::find_before(&root, &mut |folder| commit.file(&folder.join(FILE_NAME))) {
            // What was broken before allowed nothing.
            Err(ChangedError::Config(_)) => CatalogConfig::default(),
            other => other?,
        };
        let findings = changes_of_config(&root, &was, &CatalogConfig::read(&root)?);
        let findings = findings.into_iter().filter(|finding| was.runs(finding.rule, options));
        changed.findings.extend(findings.map(|mut finding| {
            finding.rule = was.as_set(finding.rule, options);
            finding
        }));
        changed.before.add_config(&root, was);
        others.extend(commit.others(&root, &files)?);
    }
    let of_other_names =
        templates_of(&wanted)?.into_iter().filter(|template| !template.parent().is_some_and(is_base_folder));
    others.extend(
        of_other_names
            .filter_map(|template| Some(template.strip_prefix(&commit.top).ok()?.to_string_lossy().into_owned())),
    );
    let is_in = |file: &str, folder: &str| file.strip_prefix(folder).is_some_and(|inside| inside.starts_with('/'));
    let template_of =
        |file: &str| template_of(file).or_else(|| others.iter().find(|template| is_in(file, template)).cloned());
    let folders: BTreeSet<String> = files.iter().filter_map(|file| template_of(file)).collect();
    let was = TemporaryFolder::new()?;
    for file in &files {
        if let Some(part) = template_of(file).and_then(|folder| part_of(file, &folder)) {
            changed.parts.insert(commit.top.join(part));
        }
    }
    if !folders.is_empty() {
        // Of what is as it was the work tree tells; a folder of hundreds of versions has few that are not.
        let paths: BTreeSet<String> = files.iter().filter_map(|file| part_of(file, &template_of(file)?)).collect();
        let paths: Vec<String> = paths.into_iter().collect();
        commit.git.export(&commit.id, &paths.iter().map(String::as_str).collect::<Vec<_>>(), was.path())?;
    }
    for folder in folders {
        let old_folder = was.path().join(&folder);
        fs::create_dir_all(&old_folder)?;
        let new_folder = commit.top.join(&folder);
        let is_changed = |part: &str| changed.parts.contains(&new_folder.join(part));
        let before = TemplateSource::outline(&old_folder).beside(TemplateSource::outline(&new_folder), &is_changed);
        let after = TemplateSource::outline(&new_folder);
        let findings = compare(&before, &after);
        changed.before.add_template(&new_folder, &before, findings);
        if new_folder.is_dir() {
            changed.templates.push(after);
            changed.folders.push(new_folder);
        } else {
            changed.gone.push(new_folder);
        }
    }
    Ok(changed)
}

/// The baseline as it was in a commit, where the file is in the repository that is checked; tells beside it that the file
/// is not as it was. Of a file elsewhere, and of one that is only now there, what counts is what the change did not bring.
///
/// # Errors
/// There is no such file, it is no baseline, or git fails.
pub fn baseline(
    file: &Path,
    paths: &[PathBuf],
    reference: &str,
) -> Result<(Baseline, Option<Finding>), BaselineChangedError> {
    let Some(now) = Baseline::read(file)? else { return Err(BaselineChangedError::Missing(file.to_owned())) };
    let Some(path) = paths.first() else { return Ok((now, None)) };
    let commit = Commit::find(path, reference)?;
    if !commit.holds(file) {
        return Ok((now, None));
    }
    let was = match commit.file(file)? {
        Some(bytes) => Baseline::parse(file, &bytes)?,
        None => Baseline::default(),
    };
    let finding = (was != now).then(|| Finding {
        rule: &ALLOWANCE_CHANGED,
        path: std::path::absolute(file).unwrap_or_else(|_| file.to_owned()),
        start: Position::default(),
        end_column: 0,
        message: "this change changes the baseline: that does not count in it".to_owned(),
        fix: None,
        line_text: None,
        also: Vec::new(),
    });
    Ok((was, finding))
}

/// Why a baseline cannot be had from a commit.
#[derive(Debug, thiserror::Error)]
pub enum BaselineChangedError {
    /// There is none.
    #[error("there is no baseline {}: --write-baseline writes it", .0.display())]
    Missing(PathBuf),
    /// It is none.
    #[error(transparent)]
    Baseline(#[from] BaselineError),
    /// Git fails.
    #[error(transparent)]
    Changed(#[from] ChangedError),
}

/// What is to be said of a gen-catalog.toml that is not as it was.
fn changes_of_config(root: &Path, was: &CatalogConfig, is: &CatalogConfig) -> Vec<Finding> {
    let named = [is, was].into_iter().map(CatalogConfig::file).find(|file| !file.as_os_str().is_empty());
    let file = named.map_or_else(|| root.join(FILE_NAME), Path::to_owned);
    let finding = |line: u32, message: String| Finding {
        rule: &ALLOWANCE_CHANGED,
        path: file.clone(),
        start: Position { line, column: u32::from(line > 0), offset: 0 },
        end_column: if line > 0 { 2 } else { 0 },
        message,
        fix: None,
        line_text: None,
        also: Vec::new(),
    };
    let not_in = |allow: &&Allow, other: &CatalogConfig| !other.allow.iter().any(|known| known.is_same(allow));
    let new = is.allow.iter().filter(|allow| not_in(allow, was)).map(|allow| {
        finding(allow.line, format!("this change allows {} itself: that does not count in it", allow.in_words()))
    });
    let gone = was.allow.iter().filter(|allow| not_in(allow, is)).map(|allow| {
        finding(0, format!("this change takes back the allowance of {}: in it that still counts", allow.in_words()))
    });
    let audience = (is.audience != was.audience).then(|| {
        let (is, was) = (is.audience.name(), was.audience.name());
        finding(0, format!("this change makes the catalog one for {is}: in it that for {was} still counts"))
    });
    let set = |config: &CatalogConfig, rule: &str| {
        config.severities.iter().find(|set| set.rule == rule).map(|set| (set.severity, set.line))
    };
    let rules: BTreeSet<&str> = is.severities.iter().chain(&was.severities).map(|set| set.rule.as_str()).collect();
    let severities = rules.into_iter().filter_map(|rule| {
        let (is, was) = (set(is, rule), set(was, rule));
        let differs = is.map(|(severity, _)| severity) != was.map(|(severity, _)| severity);
        let line = is.map_or(0, |(_, line)| line);
        differs
            .then(|| finding(line, format!("this change sets how bad `{rule}` is: in it what was before still counts")))
    });
    new.chain(gone).chain(audience).chain(severities).collect()
}

/// The folder of the template that a file of a repository belongs to.
pub fn template_of(file: &str) -> Option<String> {
    let parts: Vec<&str> = file.split('/').collect();
    let base = parts.iter().position(|part| is_base(part))?;
    (parts.len() > base + 2).then(|| parts[..base + 2].join("/"))
}

/// The version folder, or the file beside it, that a file of a template belongs to.
fn part_of(file: &str, template: &str) -> Option<String> {
    let part = file.strip_prefix(template)?.strip_prefix('/')?.split('/').next()?;
    Some(format!("{template}/{part}"))
}
