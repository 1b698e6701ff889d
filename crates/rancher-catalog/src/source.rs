//! Reading what is in a catalog: templates, their versions and files, with nothing lost and every failure kept.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;
use serde_yaml::{Mapping, Value};

use crate::beneath::{self, Beneath, NotRead};
use crate::catalog_service::{FolderName, base_of, catalog_block, is_templated};
use crate::compared_content::content;
use crate::go_template::{Template, TemplateError, is_notemplating};
use crate::launch::{self, Fault};
use crate::model::{CatalogBlock, Config, Field, Question, Revision, Version};
use crate::renderings;
pub use crate::renderings::usual_stack;
pub use crate::template_folders::{
    base_above, catalog_above, catalog_of_template, is_base, is_base_folder, templates_of,
};
use crate::tests_folder;
use crate::utf16;
use crate::walk::{files_below, names};
use crate::yaml::{Document, Node, Position, ReadError};

/// The most that is read of a file. The largest compose file of 725 published versions has 19 kB.
pub const MAX_FILE_BYTES: u64 = 1 << 20;
/// A template's folder, read.
#[derive(Debug)]
pub struct TemplateSource {
    /// Where it is.
    pub path: PathBuf,
    /// The part before the first `-` of the folder above: `infra`, `project`, …; empty for `templates`.
    pub base: String,
    /// The folder's name.
    pub folder: String,
    /// config.yml; shared with the parts that are looked at one by one.
    pub config: Option<Arc<YamlFile>>,
    /// The version folders, by number; those that are no number last, by name.
    pub versions: Vec<VersionSource>,
    /// The names of the other files beside config.yml.
    pub other_files: Vec<String>,
    /// What stands beside them that is no file and no folder: links and the like.
    pub others: Vec<String>,
    /// What could not be read.
    pub unreadable: Vec<Unreadable>,
}

/// A version's folder, read.
#[derive(Debug)]
pub struct VersionSource {
    /// Where it is.
    pub path: PathBuf,
    /// The folder's name.
    pub name: String,
    /// Its number, if it is one.
    pub revision: Option<Revision>,
    /// docker-compose.yml or docker-compose.yml.tpl.
    pub docker_compose: Option<YamlFile>,
    /// Whether both of these are there.
    pub docker_compose_twice: bool,
    /// rancher-compose.yml.
    pub rancher_compose: Option<YamlFile>,
    /// project.yml of an environment template.
    pub project: Option<YamlFile>,
    /// README.md, by its path in it.
    pub readme: Option<String>,
    /// All its files, by their paths in it.
    pub files: Vec<String>,
    /// What stands in it that is no file: links and the like.
    pub others: Vec<String>,
    /// Its catalog block; read when first asked for.
    catalog: OnceLock<Option<CatalogBlock>>,
    /// What Rancher refuses of it; found out when first asked for.
    launch_faults: OnceLock<Vec<Fault>>,
}

/// A file or folder that could not be read, and why.
#[derive(Debug)]
pub struct Unreadable {
    /// Where it is.
    pub path: PathBuf,
    /// Why.
    pub reason: String,
    /// What kept it from being read.
    pub cause: Cause,
}

impl Unreadable {
    pub(crate) fn new(path: &Path, cause: &NotRead) -> Self {
        let kind = match cause {
            NotRead::Link(_) | NotRead::NoFile(_) => Cause::NoFile,
            NotRead::TooLarge(_) => Cause::TooLarge,
            NotRead::Missing | NotRead::Failed(_) => Cause::Failed,
        };
        Self { path: path.to_owned(), reason: cause.to_string(), cause: kind }
    }
}

/// What keeps a file or folder from being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// It is no file and no folder, or reached over a link; the catalog service passes over it too.
    NoFile,
    /// It is larger than what is read here; Rancher has no such limit.
    TooLarge,
    /// The system gave an error.
    Failed,
}

/// A text read as YAML: what it says, shared by all that it is the same for, or why it cannot be read.
pub type ReadDocument = Result<Arc<Document>, ReadError>;

/// A YAML file, and all the documents that it can become.
#[derive(Debug)]
pub struct YamlFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its text; what is not UTF-8 is replaced.
    pub text: String,
    /// Where each line begins, in bytes.
    line_starts: Vec<usize>,
    line_ends: OnceLock<Vec<u32>>,
    /// The offset of the first byte that is not UTF-8.
    pub not_utf8_at: Option<usize>,
    /// Whether it is UTF-16.
    pub is_utf16: bool,
    /// The text read as it stands; read when first asked for.
    raw: OnceLock<ReadDocument>,
    /// What Go finds wrong with it before it renders anything.
    pub template_error: Option<TemplateError>,
    /// The template, if it is run through Go's engine and has actions.
    pub template: Option<Template>,
    /// What the compose executor gets: one reading of a plain file, one for each set of answers of a template.
    pub readings: Vec<Reading>,
}

/// One document that a file becomes.
#[derive(Debug)]
pub struct Reading {
    /// The document.
    pub document: ReadDocument,
    /// For a rendered template the line of the template of each line.
    pub line_map: Option<Vec<u32>>,
    /// The error that ended the template.
    pub error: Option<TemplateError>,
    /// The answer by which this reading differs from that of the defaults.
    pub because: Option<(String, String)>,
}

impl YamlFile {
    /// Reads a file that somebody named.
    ///
    /// # Errors
    /// It cannot be read, is no regular file, or is too large.
    pub fn read(path: &Path) -> io::Result<Self> {
        Ok(Self::from_bytes(path, beneath::read_named(path, MAX_FILE_BYTES)?))
    }

    /// As [`YamlFile::read`], from the content of a file.
    pub fn from_bytes(path: &Path, bytes: Vec<u8>) -> Self {
        let mut is_utf16 = false;
        let (text, not_utf8_at) = match String::from_utf8(bytes) {
            Ok(text) => (text, None),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let utf16 = utf16::decoded(error.as_bytes());
                is_utf16 = utf16.is_some();
                (utf16.unwrap_or_else(|| String::from_utf8_lossy(error.as_bytes()).into_owned()), Some(at))
            }
        };
        let behind_breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        let line_starts = std::iter::once(0).chain(behind_breaks).collect();
        Self {
            path: path.to_owned(),
            text,
            line_starts,
            line_ends: OnceLock::new(),
            not_utf8_at,
            is_utf16,
            raw: OnceLock::new(),
            template_error: None,
            template: None,
            readings: Vec::new(),
        }
    }

    /// The text read as it stands, as the catalog service does.
    pub fn raw(&self) -> &ReadDocument {
        self.raw.get_or_init(|| Document::read(&self.text).map(Arc::new))
    }

    /// As [`YamlFile::expand`], for a Rancher that runs no templates.
    fn expand_plain(&mut self) {
        self.readings = vec![Reading { document: self.raw().clone(), line_map: None, error: None, because: None }];
    }

    /// Works out what the compose executor gets, for the given questions and a stack of the given version.
    pub fn expand(&mut self, questions: &[Question], version: &str) {
        if is_notemplating(&self.text) || !self.text.contains("{{") {
            self.expand_plain();
            return;
        }
        match Template::parse(&self.text) {
            Err(error) => self.template_error = Some(error),
            Ok(template) => {
                self.readings = renderings::of(&template, questions, version);
                self.template = Some(template);
            }
        }
    }

    /// Whether another text is read as the same value.
    pub fn means_the_same(&self, text: &str) -> bool {
        let other = Document::read(text);
        matches!((self.raw(), other), (Ok(this), Ok(other)) if this.to_value() == other.to_value())
    }

    /// Whether it is run through Go's engine and has actions.
    pub fn is_template(&self) -> bool {
        self.template.is_some() || self.template_error.is_some()
    }

    /// A line of the text, from 1, without its line break.
    pub fn line(&self, line: u32) -> &str {
        let at = line.saturating_sub(1) as usize;
        let Some(start) = self.line_starts.get(at) else { return "" };
        let end = self.line_starts.get(at + 1).copied().unwrap_or(self.text.len());
        let line = &self.text[*start..end];
        line.strip_suffix('\n').map_or(line, |line| line.strip_suffix('\r').unwrap_or(line))
    }

    /// The column behind what stands in a line, from 1.
    pub fn line_end(&self, line: u32) -> u32 {
        // One line may hold all that is found.
        let columns = self.line_ends.get_or_init(|| {
            let width = |line: &str| u32::try_from(line.trim_end().chars().count()).unwrap_or(0);
            self.text.split('\n').map(|line| width(line) + 1).collect()
        });
        columns.get(line.saturating_sub(1) as usize).copied().unwrap_or(1)
    }
}

impl Reading {
    /// The place in the file of a place in the document. In a rendered template the column is known only where the line
    /// stands unchanged in the template.
    pub fn place(&self, file: &YamlFile, position: Position) -> Position {
        let Some(map) = &self.line_map else { return position };
        let line = map.get(position.line.saturating_sub(1) as usize).or(map.last()).copied().unwrap_or(1);
        let indent = file.line(line).chars().take_while(|c| c.is_whitespace()).count();
        let column = position.column.min(u32::try_from(indent).unwrap_or(0) + 1).max(1);
        Position { line, column, offset: 0 }
    }
}

impl VersionSource {
    /// Reads a version's folder in that of a template; tells beside it what could not be read.
    fn outline(template: &Beneath, path: &Path, name: String) -> (Self, Vec<Unreadable>) {
        let mut unreadable = Vec::new();
        let inside = PathBuf::from(&name);
        let mut version = Self {
            path: path.to_owned(),
            revision: Revision::from_folder_name(&name),
            name,
            docker_compose: None,
            docker_compose_twice: false,
            rancher_compose: None,
            project: None,
            readme: None,
            files: Vec::new(),
            others: Vec::new(),
            catalog: OnceLock::new(),
            launch_faults: OnceLock::new(),
        };
        let mut compose: [Option<PathBuf>; 4] = Default::default();
        for relative in files_below(template, &inside, path, "", &mut unreadable) {
            // The catalog service keeps the names of the files alone, and of equal names the last one walked.
            let name = relative.rsplit('/').next().unwrap_or_default();
            let place = ["docker-compose.yml", "docker-compose.yml.tpl", "rancher-compose.yml", "project.yml"];
            if let Some(at) = place.iter().position(|known| *known == name) {
                compose[at] = Some(inside.join(&relative));
            } else if name.eq_ignore_ascii_case("readme.md") {
                version.readme = Some(relative.clone());
            }
            version.files.push(relative);
        }
        version.others = in_the_way(path, &unreadable);
        let [plain, tpl, rancher, project] = compose;
        version.docker_compose_twice = plain.is_some() && tpl.is_some();
        // The UI takes the .tpl of the two.
        let above = path.parent().unwrap_or(path);
        let mut read = |file: Option<PathBuf>| read_yaml(template, &file?, above, &mut unreadable);
        version.docker_compose = read(tpl.or(plain));
        version.rancher_compose = read(rancher);
        version.project = read(project);
        (version, unreadable)
    }

    /// Works out what the compose executor gets of its files.
    pub fn expand(&mut self) {
        let block =
            self.catalog.take().unwrap_or_else(|| self.catalog_node().map(|block| CatalogBlock::of(&block.to_value())));
        let questions = block.as_ref().map_or(&[][..], CatalogBlock::asked);
        let launched =
            block.as_ref().and_then(|block| block.version.value()).map(ToString::to_string).unwrap_or_default();
        let limit = |limit: &Field<Version>| limit.value().map(Version::text).unwrap_or_default();
        let is_templated = block.as_ref().is_none_or(|block| {
            is_templated(&limit(&block.minimum_rancher_version), &limit(&block.maximum_rancher_version))
        });
        for file in [&mut self.docker_compose, &mut self.rancher_compose].into_iter().flatten() {
            if is_templated { file.expand(questions, &launched) } else { file.expand_plain() }
        }
        self.catalog = OnceLock::from(block);
    }

    /// Gives back what [`VersionSource::expand`] and looking at its faults took, but for what is asked of all versions of a
    /// template together.
    pub fn fold(&mut self) {
        self.launch_faults = OnceLock::new();
        self.catalog = OnceLock::new();
        for file in [&mut self.docker_compose, &mut self.rancher_compose].into_iter().flatten() {
            file.readings = Vec::new();
            file.template = None;
        }
        for file in [&mut self.docker_compose, &mut self.project].into_iter().flatten() {
            file.raw = OnceLock::new();
        }
    }

    /// The catalog block, as far as it can be read.
    pub fn catalog(&self) -> Option<&CatalogBlock> {
        self.catalog.get_or_init(|| self.catalog_node().map(|block| CatalogBlock::of(&block.to_value()))).as_ref()
    }

    /// The questions of the catalog block.
    pub fn questions(&self) -> &[Question] {
        self.catalog().map_or(&[], CatalogBlock::asked)
    }

    /// The version that its catalog block names; nothing else of the block is read for it.
    pub fn version(&self) -> Option<Version> {
        let (key, version) = self.catalog_node()?.entry("version")?;
        let alone = Mapping::from_iter([(key.to_value(), version.to_value())]);
        CatalogBlock::of(&Value::Mapping(alone)).version.value().cloned()
    }

    fn catalog_node(&self) -> Option<&Node> {
        catalog_block(self.rancher_compose.as_ref()?.raw().as_ref().ok()?.root.as_ref()?)
    }

    /// What Rancher refuses or passes over when it is launched.
    pub fn launch_faults(&self) -> &[Fault] {
        self.launch_faults.get_or_init(|| launch::faults(self))
    }

    /// What is to be compared of a file of it: its content, or words on what stands there and is no file that is read.
    /// `None` where there is nothing.
    pub fn content(&self, file: &str) -> Option<Vec<u8>> {
        content(self.path.parent().unwrap_or(&self.path), &Path::new(&self.name).join(file))
    }

    /// What the name of its folder means to the catalog service.
    pub fn folder_name(&self) -> FolderName<'_> {
        FolderName::of(&self.name)
    }
}

impl TemplateSource {
    /// A template that is not there: nothing is in it.
    pub fn absent(path: &Path) -> Self {
        let folder = file_name(path);
        let above = path.parent().map(file_name).unwrap_or_default();
        let base = base_of(&above).to_owned();
        Self {
            path: path.to_owned(),
            base,
            folder,
            config: None,
            versions: Vec::new(),
            other_files: Vec::new(),
            others: Vec::new(),
            unreadable: Vec::new(),
        }
    }

    /// Reads a template's folder. What cannot be read is noted in it.
    pub fn read(path: &Path) -> Self {
        let mut template = Self::outline(path);
        template.versions.par_iter_mut().for_each(VersionSource::expand);
        template
    }

    /// As [`TemplateSource::read`], without what the compose executor gets: [`VersionSource::expand`] works that out.
    pub fn outline(path: &Path) -> Self {
        let mut template = Self::absent(path);
        let folder = match Beneath::template(path) {
            Ok(folder) => folder,
            Err(cause) => {
                template.unreadable.push(Unreadable::new(path, &cause));
                return template;
            }
        };
        let mut folders = Vec::new();
        for (name, is_folder) in names(&folder, Path::new(""), path, &mut template.unreadable) {
            if is_folder {
                folders.extend((!name.starts_with('.')).then_some(name));
            } else if name == "config.yml" {
                template.config = read_yaml(&folder, Path::new(&name), path, &mut template.unreadable).map(Arc::new);
            } else {
                template.other_files.push(name);
            }
        }
        template.others = in_the_way(path, &template.unreadable);
        let read: Vec<(VersionSource, Vec<Unreadable>)> =
            folders.into_par_iter().map(|name| VersionSource::outline(&folder, &path.join(&name), name)).collect();
        for (version, unreadable) in read {
            template.versions.push(version);
            template.unreadable.extend(unreadable);
        }
        // Of several the catalog service keeps the one that it comes to last.
        let below = template.versions.iter().filter(|version| version.name.as_str() > "config.yml");
        let last = below
            .flat_map(|version| version.files.iter().map(|file| Path::new(&version.name).join(file)))
            .rfind(|file| file.ends_with("config.yml"));
        if let Some(file) = last {
            template.config = read_yaml(&folder, &file, path, &mut template.unreadable).map(Arc::new);
        }
        template.versions.retain(|folder| !tests_folder::holds_tests_alone(folder));
        template.in_order();
        template
    }

    /// Takes over, from another state of the template, all parts that did not change from the one to the other: version
    /// folders and the files beside them, by name.
    #[must_use]
    pub fn beside(mut self, other: Self, is_changed: &dyn Fn(&str) -> bool) -> Self {
        self.versions.extend(other.versions.into_iter().filter(|version| !is_changed(&version.name)));
        self.other_files.extend(other.other_files.into_iter().filter(|name| !is_changed(name)));
        self.others.extend(other.others.into_iter().filter(|name| !is_changed(name)));
        let is_own = |file: &Arc<YamlFile>| file.path.parent() == Some(&other.path) && !is_changed("config.yml");
        self.config = self.config.or(other.config.filter(is_own));
        self.in_order();
        self
    }

    fn in_order(&mut self) {
        self.other_files.sort();
        self.versions.sort_by(|a, b| a.name.cmp(&b.name));
        self.versions.sort_by(|a, b| match (a.revision, b.revision) {
            (Some(a), Some(b)) => a.cmp(&b),
            (a, b) => a.is_none().cmp(&b.is_none()).then_with(|| std::cmp::Ordering::Equal),
        });
    }

    /// The same template with other versions, or none: what is beside the versions, config.yml alone is a part of it.
    pub fn with_versions(&self, versions: Vec<VersionSource>) -> Self {
        Self {
            path: self.path.clone(),
            base: self.base.clone(),
            folder: self.folder.clone(),
            config: self.config.clone(),
            versions,
            other_files: Vec::new(),
            others: Vec::new(),
            unreadable: Vec::new(),
        }
    }

    /// As [`VersionSource::content`], of a file of the template.
    pub fn content(&self, file: &str) -> Option<Vec<u8>> {
        content(&self.path, Path::new(file))
    }

    /// config.yml as a model.
    ///
    /// # Errors
    /// It has not the shape of one. `None` where there is none, or where it is not YAML.
    pub fn config_model(&self) -> Option<Result<Config, ReadError>> {
        Some(self.config.as_ref()?.raw().as_ref().ok()?.to_typed())
    }
}

/// Reads a file of a template, by its path in the folder of it.
fn read_yaml(template: &Beneath, inside: &Path, folder: &Path, unreadable: &mut Vec<Unreadable>) -> Option<YamlFile> {
    let path = folder.join(inside);
    match template.read(inside, MAX_FILE_BYTES) {
        Ok(bytes) => Some(YamlFile::from_bytes(&path, bytes)),
        Err(cause) => {
            unreadable.push(Unreadable::new(&path, &cause));
            None
        }
    }
}

/// What of a folder is no file and no folder, by its path in it.
fn in_the_way(folder: &Path, unreadable: &[Unreadable]) -> Vec<String> {
    let others = unreadable.iter().filter(|unreadable| unreadable.cause == Cause::NoFile);
    let inside = others.filter_map(|unreadable| unreadable.path.strip_prefix(folder).ok());
    inside.map(|path| path.to_string_lossy().into_owned()).collect()
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
