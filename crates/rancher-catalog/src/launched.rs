//! One compose file, on its way through the executor: the template is run, the YAML read, the answers are put in.

use std::path::Path;
use std::sync::Arc;

use serde_yaml::Value;

use crate::go_template::{Limits, Stack, Template, TemplateError, Value as TemplateValue, is_notemplating};
use crate::interpolation::{InterpolationError, interpolate};
use crate::launch::{self, Answers};
use crate::source::{Reading, YamlFile};
use crate::yaml::{Document, Node, NodeKind, ReadError};

/// Why nothing comes of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileError {
    /// It is no template.
    Template(TemplateError),
    /// What comes of the template cannot be read.
    Rendered {
        /// Why not; the place is one in the rendered text.
        error: ReadError,
        /// The rendered text.
        text: String,
    },
    /// A variable cannot be put in.
    Variable(String),
}

impl FileError {
    /// What is wrong, for a person who sees the file by this path.
    pub fn told(&self, path: &Path) -> String {
        let path = path.display();
        match self {
            Self::Template(error) => format!("{path}:{error}"),
            Self::Rendered { error, text } => format!("{path}, rendered, line {error}\n{text}"),
            Self::Variable(error) => format!("{path}: {error}"),
        }
    }

    /// The same in one line, behind the file's name.
    pub fn in_a_line(&self, name: &str) -> String {
        match self {
            Self::Template(error) => format!("{name}:{error}"),
            Self::Rendered { error, .. } => format!("{name}, rendered, line {error}"),
            Self::Variable(error) => format!("{name}: {error}"),
        }
    }

    /// Whether Rancher would go on: it is this tool that lacks something.
    pub fn is_beyond_this_tool(&self) -> bool {
        match self {
            Self::Template(error) => error.beyond_this_tool,
            Self::Rendered { error, .. } => error.beyond_this_tool,
            Self::Variable(_) => false,
        }
    }
}

/// A file after its template was run, before the answers are put in for variables.
#[derive(Debug)]
pub struct Executed {
    /// What is read of it; its error is the one that ended the template.
    pub reading: Reading,
    /// What the template asks the server for, which here is empty.
    pub of_server: Vec<TemplateError>,
    /// What was printed.
    text: Vec<u8>,
}

impl Executed {
    /// What the template printed, as far as it is text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.text).into_owned()
    }
}

/// Runs a file's template, if Rancher does that, and reads what comes of it.
///
/// # Errors
/// It is no template, or one beyond this tool.
pub fn execute(
    file: &YamlFile,
    answers: &Answers,
    stack: Stack<'_>,
    is_templated: bool,
) -> Result<Executed, FileError> {
    if !is_templated || is_notemplating(&file.text) || !file.text.contains("{{") {
        let reading = Reading { document: file.raw().clone(), line_map: None, error: None, because: None };
        return Ok(Executed { reading, of_server: Vec::new(), text: file.text.clone().into_bytes() });
    }
    if let Some(error) = &file.template_error {
        return Err(FileError::Template(error.clone()));
    }
    // A version whose files are expanded has it already.
    let parsed = match file.template {
        Some(_) => None,
        None => Some(Template::parse(&file.text).map_err(FileError::Template)?),
    };
    let Some(template) = file.template.as_ref().or(parsed.as_ref()) else { unreachable!("one of them is there") };
    let pairs = answers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let execution = template.execute(&TemplateValue::data(pairs, stack), &Limits::default());
    if let Some(error) = execution.error.as_ref().filter(|error| error.beyond_this_tool) {
        return Err(FileError::Template(error.clone()));
    }
    let reading = Reading {
        document: Document::read_bytes(&execution.output).map(Arc::new),
        line_map: Some(execution.line_map),
        error: execution.error,
        because: None,
    };
    Ok(Executed { reading, of_server: template.of_server().to_vec(), text: execution.output })
}

/// What the executor makes of it: the answers are put in, and the catalog block is taken out.
///
/// # Errors
/// It is no YAML, no compose file, or has a variable that is none.
pub fn value(executed: &Executed, answers: &Answers) -> Result<Value, FileError> {
    let in_text = |error: ReadError| FileError::Rendered { error, text: executed.text() };
    let document = executed.reading.document.as_ref().map_err(|error| in_text(error.clone()))?;
    let layout = compose_layout(document).map_err(in_text)?;
    let mut value = document.to_value();
    if let Value::Mapping(map) = &mut value {
        for (key, value) in map.iter_mut() {
            if is_interpolated(key.as_str().unwrap_or_default(), layout) {
                replace(value, answers).map_err(|error| FileError::Variable(error.to_string()))?;
            }
        }
        // The executor takes the catalog block out before it looks at services.
        map.retain(|key, _| !matches!(key.as_str(), Some("catalog" | ".catalog")));
    }
    Ok(value)
}

/// How a compose file is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// Services stand at the top.
    One,
    /// They stand below `services`.
    Two,
}

/// Tells the layout, and refuses what the executor's `CreateRawConfig` cannot read.
fn compose_layout(document: &Document) -> Result<Layout, ReadError> {
    let Some(root) = &document.root else { return Ok(Layout::One) };
    let wrong = |node: &Node, what: String| ReadError::new(node.span.start, what);
    let is_null = Node::is_null;
    let is_map = |node: &Node| is_null(node) || matches!(node.kind, NodeKind::Map(_));
    if !is_map(root) {
        return Err(wrong(root, "a compose file is a map; this is none".to_owned()));
    }
    let version = root.get("version").filter(|version| !is_null(version));
    let layout = match version.map(|version| (version, version.text())) {
        Some((version, None)) => return Err(wrong(version, "`version` is a text, not a map or a list".to_owned())),
        Some((version, Some("3"))) => {
            return Err(wrong(
                version,
                "Rancher 1.6 does not read version 3 of compose files; use version '2'".to_owned(),
            ));
        }
        Some((_, Some("2"))) => Layout::Two,
        _ => Layout::One,
    };
    for (key, section) in root.entries() {
        let name = key.text().unwrap_or_default();
        if !is_map(section) && (launch::is_section(name) || layout == Layout::One) {
            return Err(wrong(section, format!("`{name}` is a map; this is none")));
        }
        if launch::holds_services(name)
            && let Some((service, value)) = section.entries().iter().find(|(_, value)| !is_map(value))
        {
            let service = service.text().unwrap_or_default();
            return Err(wrong(value, format!("`{service}` is a map of a service's keys; this is none")));
        }
    }
    Ok(layout)
}

/// Whether the executor replaces variables in what stands at a key at the top.
fn is_interpolated(key: &str, layout: Layout) -> bool {
    match layout {
        Layout::One => !matches!(key, "catalog" | ".catalog"),
        Layout::Two => launch::is_interpolated(key),
    }
}

fn replace(value: &mut Value, answers: &Answers) -> Result<(), InterpolationError> {
    match value {
        Value::String(text) => *text = interpolate(text, |name| answers.get(name).cloned())?,
        Value::Sequence(items) => {
            for item in items {
                replace(item, answers)?;
            }
        }
        Value::Mapping(map) => {
            for (_, value) in map {
                replace(value, answers)?;
            }
        }
        _ => {}
    }
    Ok(())
}
