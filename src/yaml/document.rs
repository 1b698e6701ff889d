//! Reading: text -> [`Document`], a tree of values that know their place.

use std::collections::HashMap;
use std::fmt;

use granit_parser::{Event, Options, Parser, ScalarStyle};
use serde::de::DeserializeOwned;
use serde_yaml::{Mapping, Value};

use super::resolve::resolve_plain;

/// How many values a document may hold once its aliases are expanded. The largest of 2457 published catalog files
/// holds a few thousand; what is beyond this is an attack, not a catalog.
const MAX_NODES: usize = 200_000;

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
        /// Its typed value: null, boolean, number or string.
        value: Value,
        /// Its text, without quotes and escapes.
        text: String,
        /// Whether it stands unquoted, so that its text decides its type.
        plain: bool,
    },
    /// A list.
    List(Vec<Node>),
    /// A map, in the order of the text, equal keys included.
    Map(Vec<(Node, Node)>),
}

/// One step of a path into a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Into a map.
    Key(String),
    /// Into a list, from 0.
    Index(usize),
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
}

/// Why a text cannot be read, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{position}: {message}")]
pub struct ReadError {
    /// Where.
    pub position: Position,
    /// What is wrong, and what to do.
    pub message: String,
}

impl Document {
    /// Reads the first document of a text, with YAML 1.1 typing.
    ///
    /// # Errors
    /// The text is not YAML, nests deeper than 255 levels, or grows beyond all measure through its aliases.
    pub fn read(text: &str) -> Result<Self, ReadError> {
        Builder::new(text).run()
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

    /// Reads the document as a typed value.
    ///
    /// # Errors
    /// A value has another shape than the type wants; the place is that value's.
    pub fn to_typed<T: DeserializeOwned>(&self) -> Result<T, ReadError> {
        serde_path_to_error::deserialize(self.to_value()).map_err(|error| {
            let path: Vec<Step> = error.path().iter().filter_map(step).collect();
            let position = self.find(&path).map_or_else(first_position, |node| node.span.start);
            let place = error.path().to_string();
            let message = error.into_inner().to_string();
            ReadError { position, message: if place == "." { message } else { format!("{place}: {message}") } }
        })
    }
}

/// Reads a text as a typed value: [`Document::read`] and [`Document::to_typed`].
///
/// # Errors
/// As these two.
pub fn read_as<T: DeserializeOwned>(text: &str) -> Result<T, ReadError> {
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

    /// The value without places.
    pub fn to_value(&self) -> Value {
        match &self.kind {
            NodeKind::Scalar { value, .. } => value.clone(),
            NodeKind::List(items) => Value::Sequence(items.iter().map(Node::to_value).collect()),
            NodeKind::Map(entries) => {
                let mut map = Mapping::with_capacity(entries.len());
                for (key, value) in entries {
                    if key.is_merge() {
                        value.merge_into(&mut map);
                    } else {
                        map.insert(key.to_value(), value.to_value());
                    }
                }
                Value::Mapping(map)
            }
        }
    }

    fn is_merge(&self) -> bool {
        matches!(&self.kind, NodeKind::Scalar { text, plain: true, .. } if text == "<<")
    }

    fn merge_into(&self, map: &mut Mapping) {
        match &self.kind {
            NodeKind::Map(_) => {
                if let Value::Mapping(merged) = self.to_value() {
                    for (key, value) in merged {
                        map.insert(key, value);
                    }
                }
            }
            // Of several maps the first one wins, so it is laid on last.
            NodeKind::List(items) => items.iter().rev().for_each(|item| item.merge_into(map)),
            NodeKind::Scalar { .. } => {}
        }
    }

    fn size(&self) -> usize {
        1 + match &self.kind {
            NodeKind::Scalar { .. } => 0,
            NodeKind::List(items) => items.iter().map(Node::size).sum(),
            NodeKind::Map(entries) => entries.iter().map(|(k, v)| k.size() + v.size()).sum(),
        }
    }
}

/// A list or map whose end has not been seen yet.
struct Open {
    start: Position,
    anchor: usize,
    items: Vec<Node>,
    /// Of a map, items alternate between keys and values.
    is_map: bool,
}

struct Builder<'t> {
    text: &'t str,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
    root: Option<Node>,
    comments: Vec<Comment>,
    problems: Vec<Problem>,
}

impl<'t> Builder<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            text,
            open: Vec::new(),
            anchors: HashMap::new(),
            nodes: 0,
            root: None,
            comments: Vec::new(),
            problems: Vec::new(),
        }
    }

    fn run(mut self) -> Result<Document, ReadError> {
        let mut options = Options::default();
        options.max_buffered_comment_events = 10_000;
        // A first line `\u{feff}` is allowed; the parser strips it.
        let mut documents = 0;
        for event in Parser::new_from_str_with_options(self.text, options) {
            let (event, span) = event.map_err(|error| ReadError {
                position: position(error.marker()),
                message: format!("this is not YAML: {}", error.kind()),
            })?;
            let span = Span { start: position(&span.start), end: position(&span.end) };
            match event {
                Event::DocumentStart(..) => {
                    documents += 1;
                    if documents > 1 {
                        self.problems.push(Problem::FurtherDocument { at: span.start });
                        break;
                    }
                }
                Event::Comment(text, _) => {
                    self.comments.push(Comment { text: text.into_owned(), position: span.start });
                }
                Event::Scalar(text, style, anchor, tag) => {
                    let plain = style == ScalarStyle::Plain;
                    // The parser gives a value that is not there the text `~`.
                    let absent = plain && span.start.offset == span.end.offset;
                    let text = if absent { std::borrow::Cow::Borrowed("") } else { text };
                    let tag = tag.as_ref().and_then(|tag| tag.core_suffix());
                    let value = match tag {
                        Some("str") => Value::String(text.to_string()),
                        None if plain => resolve_plain(&text),
                        None => Value::String(text.to_string()),
                        Some(_) => resolve_plain(&text),
                    };
                    let node = Node { kind: NodeKind::Scalar { value, text: text.into_owned(), plain }, span };
                    self.close(node, anchor)?;
                }
                Event::SequenceStart(_, anchor, _) => self.begin(span.start, anchor, false),
                Event::MappingStart(_, anchor, _) => self.begin(span.start, anchor, true),
                Event::SequenceEnd | Event::MappingEnd => self.end(span.end)?,
                Event::Alias(id) => {
                    let Some(node) = self.anchors.get(&id) else {
                        return Err(ReadError {
                            position: span.start,
                            message: "an alias to a value that holds it: it has no end".to_owned(),
                        });
                    };
                    let node = node.clone();
                    self.count(node.size(), span.start)?;
                    self.put(node);
                }
                _ => {}
            }
        }
        Ok(Document { root: self.root, comments: self.comments, problems: self.problems })
    }

    fn begin(&mut self, start: Position, anchor: usize, is_map: bool) {
        self.open.push(Open { start, anchor, items: Vec::new(), is_map });
    }

    fn end(&mut self, end: Position) -> Result<(), ReadError> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let span = Span { start: open.start, end };
        let kind = if open.is_map {
            let mut entries = Vec::with_capacity(open.items.len() / 2);
            let mut items = open.items.into_iter();
            while let (Some(key), Some(value)) = (items.next(), items.next()) {
                entries.push((key, value));
            }
            self.note_duplicates(&entries);
            NodeKind::Map(entries)
        } else {
            NodeKind::List(open.items)
        };
        self.close(Node { kind, span }, open.anchor)
    }

    fn note_duplicates(&mut self, entries: &[(Node, Node)]) {
        let mut seen: HashMap<&str, Position> = HashMap::with_capacity(entries.len());
        for (key, _) in entries {
            let Some(text) = key.text().filter(|_| !key.is_merge()) else { continue };
            if let Some(first) = seen.insert(text, key.span.start) {
                self.problems.push(Problem::DuplicateKey { key: text.to_owned(), first, again: key.span.start });
            }
        }
    }

    fn close(&mut self, node: Node, anchor: usize) -> Result<(), ReadError> {
        self.count(1, node.span.start)?;
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        self.put(node);
        Ok(())
    }

    fn put(&mut self, node: Node) {
        match self.open.last_mut() {
            Some(open) => open.items.push(node),
            None => self.root = Some(node),
        }
    }

    fn count(&mut self, more: usize, position: Position) -> Result<(), ReadError> {
        self.nodes += more;
        if self.nodes > MAX_NODES {
            let message = format!("more than {MAX_NODES} values (aliases count as what they stand for)");
            return Err(ReadError { position, message });
        }
        Ok(())
    }
}

fn position(marker: &granit_parser::Marker) -> Position {
    Position {
        line: u32::try_from(marker.line()).unwrap_or(u32::MAX),
        column: u32::try_from(marker.col() + 1).unwrap_or(u32::MAX),
        offset: marker.byte_offset().unwrap_or_default(),
    }
}
