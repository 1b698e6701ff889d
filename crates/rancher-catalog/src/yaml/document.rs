//! Reading: text -> [`Document`], a tree of values that know their place.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use granit_parser::{ErrorKind, Event, Options, Parser, ScalarStyle, StructureStyle};
use serde::de::DeserializeOwned;
use serde_yaml::{Mapping, Value};

use super::resolve::resolve_plain;
use super::strict;

/// How many values a document may hold once its aliases are expanded. The largest of 2457 published catalog files
/// holds a few thousand; what is beyond this is an attack, not a catalog.
const MAX_NODES: usize = 200_000;
/// How many places may be indented by tabs within brackets or braces.
const MAX_TABBED_BLOCKS: usize = 20;

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
        let mut text = Cow::Borrowed(text);
        for _ in 0..MAX_TABBED_BLOCKS {
            match Builder::new(&text).run() {
                Ok(document) => return Ok(document),
                Err(Failure::Read(error)) => return Err(error),
                // Within brackets go-yaml takes a tab for a space, and the parser does not.
                Err(Failure::TabInFlow(line)) => text = Cow::Owned(strict::without_tabs_from(&text, line)),
            }
        }
        let position = first_position();
        Err(ReadError { position, message: format!("more than {MAX_TABBED_BLOCKS} places with tabs in brackets") })
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

    fn can_be_merged(&self) -> bool {
        let is_map = |node: &Node| matches!(node.kind, NodeKind::Map(_));
        is_map(self) || matches!(&self.kind, NodeKind::List(items) if items.iter().all(is_map))
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
    /// Whether it stands in brackets or braces.
    is_flow: bool,
}

/// Why a text could not be read at the first try.
enum Failure {
    /// For good.
    Read(ReadError),
    /// A line within brackets is indented by a tab.
    TabInFlow(u32),
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

struct Builder<'t> {
    text: &'t str,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
    root: Option<Node>,
    comments: Vec<Comment>,
    problems: Vec<Problem>,
    /// The lines, first and last, in which a tab is as good as a space.
    tabs_allowed: Vec<(u32, u32)>,
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
            tabs_allowed: Vec::new(),
        }
    }

    fn run(mut self) -> Result<Document, Failure> {
        let mut options = Options::default();
        options.max_buffered_comment_events = 10_000;
        // As libyaml does, and so go-yaml.
        options.block_scalar_eof_without_line_feed = true;
        options.bom_inside_document_as_content = true;
        // A first line `\u{feff}` is allowed; the parser strips it.
        let mut documents = 0;
        let mut end_line = u32::MAX;
        for event in Parser::new_from_str_with_options(self.text, options) {
            let (event, span) = event.map_err(|error| self.failure(&error))?;
            let span = Span { start: position(&span.start), end: position(&span.end) };
            match event {
                Event::DocumentStart(_, version) => {
                    documents += 1;
                    if documents > 1 {
                        self.problems.push(Problem::FurtherDocument { at: span.start });
                        end_line = span.start.line;
                        break;
                    }
                    if let Some(version) = version.filter(|version| (version.major, version.minor) != (1, 1)) {
                        return Err(strict::other_version(first_position(), version.major, version.minor).into());
                    }
                }
                Event::Comment(text, _) => {
                    self.comments.push(Comment { text: text.into_owned(), position: span.start });
                }
                Event::Scalar(text, style, anchor, tag) => {
                    let plain = style == ScalarStyle::Plain;
                    // The parser gives a value that is not there the text `~`.
                    let absent = plain && span.start.offset == span.end.offset;
                    let text = if absent { Cow::Borrowed("") } else { text };
                    let value = match tag {
                        Some(tag) => strict::tagged(tag.core_suffix(), &text, span.start)?,
                        None if plain => resolve_plain(&text),
                        None => Value::String(text.to_string()),
                    };
                    if !absent {
                        self.token(span.start)?;
                    }
                    if matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted) {
                        self.allow_tabs(span);
                    }
                    let source = self.text.get(span.start.offset..span.end.offset).unwrap_or_default();
                    if style == ScalarStyle::DoubleQuoted
                        && let Some(error) = strict::newer_escape(source, span.start)
                    {
                        return Err(error.into());
                    }
                    let node = Node { kind: NodeKind::Scalar { value, text: text.into_owned(), plain }, span };
                    self.close(node, anchor)?;
                }
                Event::SequenceStart(style, anchor, _) => self.begin(span.start, anchor, false, style)?,
                Event::MappingStart(style, anchor, _) => self.begin(span.start, anchor, true, style)?,
                Event::SequenceEnd | Event::MappingEnd => self.end(span.end)?,
                Event::Alias(id) => {
                    let Some(node) = self.anchors.get(&id) else {
                        let message = "an alias to a value that holds it: it has no end".to_owned();
                        return Err(ReadError { position: span.start, message }.into());
                    };
                    let node = node.clone();
                    self.count(node.size(), span.start)?;
                    self.put(node);
                }
                _ => {}
            }
        }
        let is_block = !matches!(self.root, Some(Node { kind: NodeKind::Scalar { .. }, .. }));
        match strict::tab_first(self.text, &self.tabs_allowed, end_line).filter(|_| is_block) {
            Some(error) => Err(error.into()),
            None => Ok(Document { root: self.root, comments: self.comments, problems: self.problems }),
        }
    }

    fn failure(&self, error: &granit_parser::ScanError) -> Failure {
        let position = position(error.marker());
        if matches!(error.kind(), ErrorKind::TabInBlockIndentation) && self.in_flow() {
            return Failure::TabInFlow(position.line);
        }
        Failure::Read(ReadError { position, message: format!("this is not YAML: {}", error.kind()) })
    }

    fn in_flow(&self) -> bool {
        self.open.last().is_some_and(|open| open.is_flow)
    }

    /// A value begins here.
    fn token(&self, start: Position) -> Result<(), ReadError> {
        match strict::tab_before(self.text, start).filter(|_| !self.in_flow()) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    fn allow_tabs(&mut self, span: Span) {
        // What is within brackets is told by the outermost of them.
        if span.end.line > span.start.line && !self.in_flow() {
            self.tabs_allowed.push((span.start.line + 1, span.end.line));
        }
    }

    fn begin(&mut self, start: Position, anchor: usize, is_map: bool, style: StructureStyle) -> Result<(), ReadError> {
        self.token(start)?;
        self.open.push(Open { start, anchor, items: Vec::new(), is_map, is_flow: style == StructureStyle::Flow });
        Ok(())
    }

    fn end(&mut self, end: Position) -> Result<(), ReadError> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let span = Span { start: open.start, end };
        if open.is_flow {
            self.allow_tabs(span);
        }
        let kind = if open.is_map {
            let mut entries = Vec::with_capacity(open.items.len() / 2);
            let mut items = open.items.into_iter();
            while let (Some(key), Some(value)) = (items.next(), items.next()) {
                if !matches!(key.kind, NodeKind::Scalar { .. }) {
                    return Err(strict::collection_as_key(key.span.start));
                }
                if key.is_merge() && !value.can_be_merged() {
                    return Err(strict::merge_of_no_map(value.span.start));
                }
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
