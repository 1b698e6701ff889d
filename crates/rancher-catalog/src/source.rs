//! Reading what is in a catalog: templates, their versions and files, with nothing lost and every failure kept.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rayon::prelude::*;

use crate::beneath::{self, Beneath, NotRead};
use crate::catalog_service::{FolderName, base_of, catalog_block, is_templated};
use crate::compared_content::content;
use crate::go_template::{Limits, Stack, Template, TemplateError, Value, is_notemplating};
use crate::launch::{self, Fault};
use crate::model::{CatalogBlock, Config, Field, Question, QuestionType, Revision, Version};
pub use crate::template_folders::{catalog_above, is_base, templates_of};
use crate::walk::{files_below, names};
use crate::yaml::{Document, Position, ReadError};

/// The most that is read of a file. The largest compose file of 725 published versions has 19 kB.
pub const MAX_FILE_BYTES: u64 = 1 << 20;
/// The most renderings of one template file: one for the defaults, one for each other answer.
const MAX_VARIANTS: usize = 200;
/// What all renderings of one template file may print together, in bytes. The largest real one stays below 4 MiB.
const MAX_RENDERED_BYTES: usize = 16 << 20;

/// A template's folder, read.
#[derive(Debug)]
pub struct TemplateSource {
    /// Where it is.
    pub path: PathBuf,
    /// The part before the first `-` of the folder above: `infra`, `project`, …; empty for `templates`.
    pub base: String,
    /// The folder's name.
    pub folder: String,
    /// config.yml.
    pub config: Option<YamlFile>,
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

/// A YAML file, and all the documents that it can become.
#[derive(Debug)]
pub struct YamlFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its text; what is not UTF-8 is replaced.
    pub text: String,
    /// Where each line begins, in bytes.
    line_starts: Vec<usize>,
    /// The offset of the first byte that is not UTF-8.
    pub not_utf8_at: Option<usize>,
    /// The text read as it stands, as the catalog service does.
    pub raw: Result<Document, ReadError>,
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
    pub document: Result<Document, ReadError>,
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
        let (text, not_utf8_at) = match String::from_utf8(bytes) {
            Ok(text) => (text, None),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                (String::from_utf8_lossy(error.as_bytes()).into_owned(), Some(at))
            }
        };
        let raw = Document::read(&text);
        let behind_breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        let line_starts = std::iter::once(0).chain(behind_breaks).collect();
        Self {
            path: path.to_owned(),
            text,
            line_starts,
            not_utf8_at,
            raw,
            template_error: None,
            template: None,
            readings: Vec::new(),
        }
    }

    /// As [`YamlFile::expand`], for a Rancher that runs no templates.
    fn expand_plain(&mut self) {
        self.readings = vec![Reading { document: self.raw.clone(), line_map: None, error: None, because: None }];
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
                self.readings = variants(&template, questions, version);
                self.template = Some(template);
            }
        }
    }

    /// Whether another text is read as the same value.
    pub fn means_the_same(&self, text: &str) -> bool {
        let other = Document::read(text);
        matches!((&self.raw, other), (Ok(this), Ok(other)) if this.to_value() == other.to_value())
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
        self.text[*start..end].lines().next().unwrap_or_default()
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

/// What a person answers who changes nothing: the default, and to a question that must be answered and has none, its first
/// option, or 1. Nobody launches a stack without one.
fn usual_answer(question: &Question) -> String {
    let default = question.default.value().map(ToString::to_string).unwrap_or_default();
    if !default.is_empty() || question.required.value().and_then(|required| required.value()) != Some(&true) {
        return default;
    }
    let first = question.options.value().and_then(|options| options.first());
    first.map_or_else(|| "1".to_owned(), ToString::to_string)
}

fn variants(template: &Template, questions: &[Question], version: &str) -> Vec<Reading> {
    // As the user interface launches it: with a name, in the environment that each Rancher has, upgraded from nothing.
    let stack = Stack { name: "stack", version, previous_version: "", environment: "Default" };
    let name = |question: &Question| question.variable.value().map(ToString::to_string);
    let defaults: BTreeMap<String, String> =
        questions.iter().filter_map(|question| Some((name(question)?, usual_answer(question)))).collect();
    let mut tries: Vec<Option<(String, String)>> = vec![None];
    let mut add = |name: &str, value: String| {
        let one = Some((name.to_owned(), value));
        if !tries.contains(&one) && tries.len() < MAX_VARIANTS {
            tries.push(one);
        }
    };
    for question in questions {
        let Some(name) = name(question) else { continue };
        match question.kind.value() {
            Some(QuestionType::Boolean) => ["true", "false"].into_iter().for_each(|value| add(&name, value.to_owned())),
            _ => {
                let options = question.options.value().map_or(&[][..], Vec::as_slice);
                options.iter().for_each(|option| add(&name, option.to_string()));
            }
        }
    }
    // Of a choice nobody can answer what it does not offer, and what nobody is asked has no answer at all.
    let is_free = |wanted: &str| {
        questions.iter().filter(|question| name(question).as_deref() == Some(wanted)).any(|question| {
            match question.kind.value() {
                Some(QuestionType::Boolean) => false,
                Some(QuestionType::Enum) => question.options.value().is_none_or(Vec::is_empty),
                _ => true,
            }
        })
    };
    for reference in template.references().iter().filter(|reference| is_free(&reference.name)) {
        reference.compared_with.iter().for_each(|value| add(&reference.name, value.clone()));
    }
    let mut seen: HashSet<Vec<u8>> = HashSet::new();
    let mut readings = Vec::new();
    let mut limits = Limits { output_bytes: MAX_RENDERED_BYTES, ..Limits::default() };
    for because in tries {
        let mut answers = defaults.clone();
        if let Some((name, value)) = &because
            && answers.insert(name.clone(), value.clone()).as_ref() == Some(value)
        {
            continue;
        }
        let pairs = answers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let allowed = Limits { output_bytes: limits.output_bytes.min(Limits::default().output_bytes), ..limits };
        let execution = template.execute(&Value::data(pairs, stack), &allowed);
        limits.output_bytes = limits.output_bytes.saturating_sub(execution.output.len());
        limits.steps = limits.steps.saturating_sub(execution.steps);
        if execution.error.as_ref().is_some_and(|error| error.beyond_this_tool) && !readings.is_empty() {
            // The renderings so far are what can be said of so large a template.
            break;
        }
        if seen.contains(&execution.output) && execution.error.is_none() {
            continue;
        }
        readings.push(Reading {
            document: Document::read_bytes(&execution.output),
            line_map: Some(execution.line_map),
            error: execution.error,
            because,
        });
        seen.insert(execution.output);
    }
    readings
}

impl VersionSource {
    /// Reads a version's folder in that of a template; tells beside it what could not be read.
    fn read(template: &Beneath, path: &Path, name: String) -> (Self, Vec<Unreadable>) {
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
        let block = version.catalog();
        let questions = block.as_ref().and_then(|block| block.questions.value()).map_or(&[][..], Vec::as_slice);
        let launched =
            block.as_ref().and_then(|block| block.version.value()).map(ToString::to_string).unwrap_or_default();
        let limit = |limit: &Field<Version>| limit.value().map(Version::text).unwrap_or_default();
        let is_templated = block.as_ref().is_none_or(|block| {
            is_templated(&limit(&block.minimum_rancher_version), &limit(&block.maximum_rancher_version))
        });
        for file in [&mut version.docker_compose, &mut version.rancher_compose].into_iter().flatten() {
            if is_templated { file.expand(questions, &launched) } else { file.expand_plain() }
        }
        (version, unreadable)
    }

    /// The catalog block, as far as it can be read.
    pub fn catalog(&self) -> Option<CatalogBlock> {
        let root = self.rancher_compose.as_ref()?.raw.as_ref().ok()?.root.as_ref()?;
        catalog_block(root).map(|block| CatalogBlock::of(&block.to_value()))
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
                template.config = read_yaml(&folder, Path::new(&name), path, &mut template.unreadable);
            } else {
                template.other_files.push(name);
            }
        }
        template.others = in_the_way(path, &template.unreadable);
        let read: Vec<(VersionSource, Vec<Unreadable>)> =
            folders.into_par_iter().map(|name| VersionSource::read(&folder, &path.join(&name), name)).collect();
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
            template.config = read_yaml(&folder, &file, path, &mut template.unreadable);
        }
        template.versions.sort_by(|a, b| match (a.revision, b.revision) {
            (Some(a), Some(b)) => a.cmp(&b),
            (a, b) => a.is_none().cmp(&b.is_none()).then_with(|| std::cmp::Ordering::Equal),
        });
        template
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
        Some(self.config.as_ref()?.raw.as_ref().ok()?.to_typed())
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
