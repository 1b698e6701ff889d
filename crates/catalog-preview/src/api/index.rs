//! What the catalog service keeps of a template: the files in the order in which it walks over them, and of equal ones the last.

use std::collections::BTreeMap;

use rancher_catalog::catalog_service::{
    FolderName, catalog_block, field, is_offered, misfits_of_config, refusals, text_of,
};
use rancher_catalog::source::{MAX_FILE_BYTES, TemplateSource, VersionSource, YamlFile};
use rancher_catalog::yaml::{Node, NodeKind, Typed};
use serde_json::{Value, json};

use crate::catalog::Place;
use crate::reading::text;

/// A template.
pub(super) struct Template {
    pub(super) source: TemplateSource,
    pub(super) place: Place,
    /// The values of its config.yml, by key.
    pub(super) texts: BTreeMap<&'static str, String>,
    pub(super) categories: Vec<String>,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) icon_name: String,
    /// Those that it offers, in the order in which it came to them.
    pub(super) versions: Vec<Version>,
}

/// A version.
pub(super) struct Version {
    at: usize,
    pub(super) revision: Option<i64>,
    pub(super) version: String,
    pub(super) minimum: String,
    pub(super) maximum: String,
    pub(super) upgrade_from: String,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) has_readme: bool,
    /// Whether its rancher-compose.yml cannot be read, though its folder alone makes it one.
    pub(super) is_broken: bool,
}

const KEYS: [&str; 7] = ["name", "description", "version", "maintainer", "license", "projectURL", "upgradefrom"];

impl Template {
    /// Reads it; without a config.yml that the service can read it has no id, and cannot be asked for.
    pub(super) fn read(place: &Place) -> Option<Self> {
        let source = TemplateSource::outline(&place.path);
        let file = source.config.clone()?;
        let root = file.raw().as_ref().ok()?.root.as_ref()?;
        if !misfits_of_config(root).is_empty() {
            return None;
        }
        let texts = KEYS.iter().map(|key| (*key, written(root, key))).collect();
        let listed = field(root, "categories").map_or(&[][..], |(_, items)| items.items());
        let mut categories: Vec<String> = listed.iter().map(as_written).collect();
        categories.extend(Some(written(root, "category")).filter(|category| !category.is_empty()));
        let labels = field(root, "labels").map_or(&[][..], |(_, labels)| labels.entries());
        let labels = labels.iter().map(|(key, value)| (as_written(key), as_written(value))).collect();
        let mut versions: Vec<Version> =
            (0..source.versions.len()).filter_map(|at| Version::of(&source.versions[at], at)).collect();
        versions.sort_by(|one, other| source.versions[one.at].name.cmp(&source.versions[other.at].name));
        let icon_name = crate::icon::name(place).unwrap_or_default();
        Some(Self { place: place.clone(), texts, categories, labels, icon_name, versions, source })
    }

    pub(super) fn text(&self, key: &str) -> &str {
        self.texts.get(key).map_or("", String::as_str)
    }

    /// A version by its number, or else by its text; of several the first.
    pub(super) fn find(&self, wanted: &str) -> Option<&Version> {
        match wanted.parse::<i64>() {
            Ok(revision) => self.versions.iter().find(|version| version.revision == Some(revision)),
            Err(_) => self.versions.iter().find(|version| version.version == wanted),
        }
    }

    pub(super) fn source_of(&self, version: &Version) -> &VersionSource {
        &self.source.versions[version.at]
    }

    /// The README of a version.
    pub(super) fn readme_of(&self, version: &Version) -> Vec<u8> {
        let source = self.source_of(version);
        let file = source.readme.as_ref().map(|name| format!("{}/{name}", source.name));
        file.and_then(|file| self.place.read(&file, MAX_FILE_BYTES).ok()).unwrap_or_default()
    }

    /// The files of a version, by their names.
    pub(super) fn files(&self, version: &Version) -> Value {
        let source = self.source_of(version);
        let mut files = serde_json::Map::new();
        for path in &source.files {
            let name = path.rsplit('/').next().unwrap_or(path);
            if name == "config.yml" || name.starts_with("catalogIcon") {
                continue;
            }
            if let Ok(content) = self.place.read(&format!("{}/{path}", source.name), MAX_FILE_BYTES) {
                files.insert(name.to_owned(), String::from_utf8_lossy(&content).into_owned().into());
            }
        }
        Value::Object(files)
    }
}

impl Version {
    /// Whether it is offered to a Rancher; to one that does not say which it is, all are.
    pub(super) fn is_offered(&self, rancher: &str) -> bool {
        rancher.is_empty() || is_offered(&self.minimum, rancher, &self.maximum)
    }

    fn of(source: &VersionSource, at: usize) -> Option<Self> {
        let (revision, own) = match source.folder_name() {
            FolderName::Revision(revision) => (Some(revision), String::new()),
            FolderName::Version(version) => (None, version.to_owned()),
            FolderName::PassedOver => return None,
        };
        let readme = source.readme.as_ref().and_then(|name| source.content(name));
        let mut version = Self {
            at,
            revision,
            version: own,
            minimum: String::new(),
            maximum: String::new(),
            upgrade_from: String::new(),
            labels: BTreeMap::new(),
            has_readme: readme.is_some_and(|content| !content.is_empty()),
            is_broken: false,
        };
        if let Some(file) = source.rancher_compose.as_ref().filter(|file| !file.text.is_empty()) {
            match block(file) {
                Err(()) => version.is_broken = true,
                Ok(None) => {}
                Ok(Some(block)) => version.take(block),
            }
        }
        (!version.version.is_empty()).then_some(version)
    }

    fn take(&mut self, block: &Node) {
        let of = |key: &str| text(block, key).unwrap_or_default();
        let own = of("version");
        if !own.is_empty() {
            self.version = own;
        }
        self.minimum = of("minimum_rancher_version");
        self.maximum = of("maximum_rancher_version");
        self.upgrade_from = of("upgrade_from");
        let labels = field(block, "labels").map_or(&[][..], |(_, labels)| labels.entries());
        let entry = |(key, value): &(Node, Node)| (text_of(&key.to_value()), text_of(&value.to_value()));
        self.labels = labels.iter().map(entry).collect();
    }
}

/// The catalog block of a rancher-compose.yml; an error where the service cannot read it.
pub(super) fn block(file: &YamlFile) -> Result<Option<&Node>, ()> {
    let document = file.raw().as_ref().map_err(|_| ())?;
    let Some(root) = &document.root else { return Ok(None) };
    if refusals(root).is_empty() { Ok(catalog_block(root)) } else { Err(()) }
}

/// The questions of a block, as the service writes them.
pub(super) fn questions(block: Option<&Node>) -> Value {
    let Some((_, questions)) = block.and_then(|block| field(block, "questions")) else { return Value::Null };
    if questions.is_null() {
        return Value::Null;
    }
    let question = |question: &Node| {
        let of = |key: &str| text(question, key).unwrap_or_default();
        let whole = |key: &str| field(question, key).map_or(0, |(_, value)| whole(value));
        let options = field(question, "options").filter(|(_, options)| !options.is_null());
        json!({
            "variable": of("variable"),
            "label": of("label"),
            "description": of("description"),
            "type": of("type"),
            "required": of("required") == "true",
            "default": of("default"),
            "group": of("group"),
            "minLength": whole("min_length"),
            "maxLength": whole("max_length"),
            "min": whole("min"),
            "max": whole("max"),
            "options": options.map(|(_, options)| {
                options.items().iter().map(|option| text_of(&option.to_value())).collect::<Vec<String>>()
            }),
            "validChars": of("valid_chars"),
            "invalidChars": of("invalid_chars"),
        })
    };
    questions.items().iter().map(question).collect()
}

#[allow(clippy::cast_possible_truncation, reason = "Go cuts the fraction off as well")]
fn whole(value: &Node) -> i64 {
    match &value.kind {
        NodeKind::Scalar { value: Typed::Number(number), .. } => {
            number.as_i64().or_else(|| number.as_f64().map(|number| number as i64)).unwrap_or(0)
        }
        _ => 0,
    }
}

/// A value of config.yml, which goes from the file into a text at once.
fn written(map: &Node, key: &str) -> String {
    field(map, key).map(|(_, value)| as_written(value)).unwrap_or_default()
}

fn as_written(node: &Node) -> String {
    if node.is_null() { String::new() } else { node.text().unwrap_or_default().to_owned() }
}
