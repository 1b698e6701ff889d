//! Reading: text -> [`Document`], a tree of values that know their place.

use std::fmt;

use serde::de::DeserializeOwned;
use serde_yaml::{Mapping, Number, Value};

use super::{build, words};
use crate::deep_stack::with_stack;

/// A place in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Offset in bytes, from 0.
    pub offset: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// From where to where a value stands; `end` is the first place behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// Where it begins.
    pub start: Position,
    /// The first place behind it.
    pub end: Position,
}

/// A value and its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// Where it stands; for what came through an alias, where the anchor's value stands.
    pub span: Span,
}

/// What a [`Node`] is.
#[derive(Debug, Clone, PartialEq)]
pub enum NodeKind {
    /// A scalar.
    Scalar {
        /// What its text is to YAML.
        value: Typed,
        /// Its text, without quotes and escapes; of what stands in base64 with `!!binary`, what it says.
        text: String,
        /// Whether it stands unquoted and without a tag, so that its text decides its type.
        plain: bool,
    },
    /// A list.
    List(Vec<Node>),
    /// A map, in the order of the text, equal keys included; what `<<` merges stands in its place.
    Map(Vec<(Node, Node)>),
}

/// What the text of a scalar is.
#[derive(Debug, Clone, PartialEq)]
pub enum Typed {
    /// Nothing.
    Null,
    /// A boolean.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string.
    Text,
}

impl Typed {
    /// Whether it is a string.
    pub fn is_text(&self) -> bool {
        matches!(self, Self::Text)
    }

    fn to_value(&self, text: &str) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(*value),
            Self::Number(number) => Value::Number(number.clone()),
            Self::Text => Value::String(text.to_owned()),
        }
    }
}

/// One step of a path into a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Into a map.
    Key(String),
    /// Into a list, from 0.
    Index(usize),
}

impl Step {
    /// The key, of a step into a map.
    pub fn key(&self) -> Option<&str> {
        if let Self::Key(key) = self { Some(key) } else { None }
    }
}

/// A comment and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// Its text behind the `#`.
    pub text: String,
    /// Where its `#` stands.
    pub position: Position,
}

/// What go-yaml v2 passes over in silence, though the author will not have meant it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// A key stands twice in one map: the last one wins.
    DuplicateKey {
        /// The key.
        key: String,
        /// Where it stands first.
        first: Position,
        /// Where it stands again.
        again: Position,
    },
    /// A second document begins: go-yaml reads the first alone.
    FurtherDocument {
        /// Where it begins.
        at: Position,
    },
}

/// A text read as YAML.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The root value; `None` for a text that is empty or holds comments alone.
    pub root: Option<Node>,
    /// All comments, in order.
    pub comments: Vec<Comment>,
    /// What the text holds that go-yaml would not mention.
    pub problems: Vec<Problem>,
    /// How deep its values may nest, for the stack of those who walk them.
    pub(super) depth: usize,
}

/// Why a text cannot be read, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{position}: {message}")]
pub struct ReadError {
    /// Where.
    pub position: Position,
    /// What is wrong, and what to do.
    pub message: String,
    /// Whether Rancher would read it: it is a limit of this tool.
    pub beyond_this_tool: bool,
}

impl ReadError {
    /// An error of the text.
    pub fn new(position: Position, message: impl Into<String>) -> Self {
        Self { position, message: message.into(), beyond_this_tool: false }
    }

    /// A limit of this tool.
    pub(super) fn limit(position: Position, message: impl Into<String>) -> Self {
        Self { beyond_this_tool: true, ..Self::new(position, message) }
    }
}

impl Document {
    /// Reads the first document of a text, with YAML 1.1 typing.
    ///
    /// # Errors
    /// The text is not YAML to go-yaml; or it nests deeper or grows larger through its aliases than this tool reads.
    pub fn read(text: &str) -> Result<Self, ReadError> {
        build::document(text.as_bytes())
    }

    /// The same as the tools of today read it: within brackets a text may have a colon in it, as in `[8080:80]`.
    ///
    /// # Errors
    /// As [`Document::read`].
    pub fn read_newer(text: &str) -> Result<Self, ReadError> {
        build::newer_document(text.as_bytes())
    }

    /// The same of what may be no UTF-8, such as a template printed.
    ///
    /// # Errors
    /// As [`Document::read`].
    pub fn read_bytes(text: &[u8]) -> Result<Self, ReadError> {
        build::document(text)
    }

    /// The whole as one value: equal keys as go-yaml takes them (the last wins), merge keys applied.
    pub fn to_value(&self) -> Value {
        self.root.as_ref().map_or(Value::Null, Node::to_value)
    }

    /// The node at a path, or the deepest one on the way to it.
    pub fn find(&self, path: &[Step]) -> Option<&Node> {
        let mut node = self.root.as_ref()?;
        for step in path {
            match node.child(step) {
                Some(child) => node = child,
                None => break,
            }
        }
        Some(node)
    }

    /// What stands at a path, as a document of its own that knows the places.
    pub fn part(&self, path: &[Step]) -> Option<Self> {
        let node = path.iter().try_fold(self.root.as_ref()?, |node, step| node.child(step))?;
        Some(Self { root: Some(node.clone()), comments: Vec::new(), problems: Vec::new(), depth: self.depth })
    }

    /// Reads the document as a typed value.
    ///
    /// # Errors
    /// A value has another shape than the type wants; the place is that value's.
    pub fn to_typed<T: DeserializeOwned + Send>(&self) -> Result<T, ReadError> {
        with_stack(self.depth, || serde_path_to_error::deserialize(self.to_value())).map_err(|error| {
            let path: Vec<Step> = error.path().iter().filter_map(step).collect();
            let at = self.find(&path);
            let position = at.map_or_else(first_position, |node| node.span.start);
            let place = error.path().to_string();
            let message = words::of_shape(&error.into_inner().to_string(), at);
            ReadError::new(position, if place == "." { message } else { format!("{place}: {message}") })
        })
    }
}

/// Reads a text as a typed value: [`Document::read`] and [`Document::to_typed`].
///
/// # Errors
/// As these two.
pub fn read_as<T: DeserializeOwned + Send>(text: &str) -> Result<T, ReadError> {
    Document::read(text)?.to_typed()
}

fn first_position() -> Position {
    Position { line: 1, column: 1, offset: 0 }
}

fn step(segment: &serde_path_to_error::Segment) -> Option<Step> {
    match segment {
        serde_path_to_error::Segment::Map { key } => Some(Step::Key(key.clone())),
        serde_path_to_error::Segment::Seq { index } => Some(Step::Index(*index)),
        _ => None,
    }
}

impl Node {
    /// The value at one step below.
    pub fn child(&self, step: &Step) -> Option<&Node> {
        match (step, &self.kind) {
            (Step::Key(key), NodeKind::Map(_)) => self.get(key),
            (Step::Index(index), NodeKind::List(items)) => items.get(*index),
            _ => None,
        }
    }

    /// The value of a key of a map; of equal keys the last.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|(_, value)| value)
    }

    /// The key's own node and its value; of equal keys the last.
    pub fn entry(&self, key: &str) -> Option<(&Node, &Node)> {
        self.entries().iter().rev().find(|(k, _)| k.text() == Some(key)).map(|(k, v)| (k, v))
    }

    /// The entries of a map; none for anything else.
    pub fn entries(&self) -> &[(Node, Node)] {
        if let NodeKind::Map(entries) = &self.kind { entries } else { &[] }
    }

    /// The items of a list; none for anything else.
    pub fn items(&self) -> &[Node] {
        if let NodeKind::List(items) = &self.kind { items } else { &[] }
    }

    /// The text of a scalar, without quotes.
    pub fn text(&self) -> Option<&str> {
        if let NodeKind::Scalar { text, .. } = &self.kind { Some(text) } else { None }
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(&self.kind, NodeKind::Scalar { value: Typed::Null, .. })
    }

    /// The value without places.
    pub fn to_value(&self) -> Value {
        match &self.kind {
            NodeKind::Scalar { value, text, .. } => value.to_value(text),
            NodeKind::List(items) => Value::Sequence(items.iter().map(Node::to_value).collect()),
            NodeKind::Map(entries) => {
                let mut map = Mapping::with_capacity(entries.len());
                for (key, value) in entries {
                    map.insert(key.to_value(), value.to_value());
                }
                Value::Mapping(map)
            }
        }
    }
}
