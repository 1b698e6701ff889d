//! Events -> [`Document`]: what go-yaml's decode.go does, with the place of every value.

use std::collections::{HashMap, HashSet};

use super::document::{Document, Node, NodeKind, Problem, ReadError, Span};
use super::parser::{Event, Parser, Placed};
use super::resolve;
use crate::deep_stack::with_stack;

/// How many values a document may hold once its aliases are expanded. The largest of 2457 published catalog files
/// holds a few thousand; what is beyond this is an attack, not a catalog.
const MAX_NODES: usize = 200_000;
/// How deep values may nest, so that those who walk them need no more stack than a thread has.
const MAX_DEPTH: usize = 400;

/// How deep values may nest so that what stands behind them is still looked at.
const MAX_LOOKED_AT: usize = 100_000;

/// A value before its aliases are followed.
struct Raw {
    kind: RawKind,
    span: Span,
    /// Whether an alias may ask for it too.
    anchored: bool,
}

enum RawKind {
    Scalar {
        text: Vec<u8>,
        tag: Vec<u8>,
        implicit: bool,
        plain: bool,
    },
    List(Vec<usize>),
    /// Keys and values in turn.
    Map(Vec<usize>),
    Alias(String),
}

/// Reads the first document of a text.
pub(super) fn document(text: &[u8]) -> Result<Document, ReadError> {
    parsed(text, Parser::new(text))
}

/// As [`document`], as the tools of today read it.
pub(super) fn newer_document(text: &[u8]) -> Result<Document, ReadError> {
    let mut parser = Parser::new(text);
    parser.scanner.takes_colons = true;
    parsed(text, parser)
}

fn parsed(text: &[u8], mut parser: Parser<'_>) -> Result<Document, ReadError> {
    let mut problems = Vec::new();
    let (mut root, mut depth) = (None, 0);
    if let Event::DocumentStart(_) = parser.next()?.event {
        // A value takes some 24 bytes of a usual file.
        let room = (text.len() / 24).min(1 << 12);
        let mut arena = Arena { values: Vec::with_capacity(room), ..Arena::default() };
        let first = arena.fill(&mut parser)?;
        // go-yaml looks at what follows, as far as the beginning of another document.
        if let Placed { event: Event::DocumentStart(at), .. } = parser.next()? {
            parser.scanner.comments.retain(|comment| comment.position.offset < at.offset);
            problems.push(Problem::FurtherDocument { at });
        }
        depth = arena.depth;
        let mut decoder = Decoder { arena, open: HashSet::new(), nodes: 0, problems: Vec::new() };
        root = Some(with_stack(depth, || decoder.node(first, 0, false))?);
        problems.splice(0..0, decoder.problems);
    }
    Ok(Document { root, comments: parser.scanner.comments, problems, depth })
}

#[derive(Default)]
struct Arena {
    values: Vec<Raw>,
    /// Of two anchors of one name the last counts, for all aliases.
    anchors: HashMap<String, usize>,
    /// How deep values nest, or may once the aliases are followed.
    depth: usize,
}

impl Arena {
    fn add(&mut self, kind: RawKind, placed: (&Placed, Option<String>)) -> usize {
        let (Placed { start, end, .. }, anchor) = placed;
        let span = Span { start: start.position(), end: end.position() };
        let at = self.values.len();
        self.values.push(Raw { kind, span, anchored: anchor.is_some() });
        if let Some(anchor) = anchor {
            self.anchors.insert(anchor, at);
        }
        at
    }

    /// Takes the events of one document; gives its root.
    fn fill(&mut self, parser: &mut Parser<'_>) -> Result<usize, ReadError> {
        let mut open: Vec<usize> = Vec::new();
        let mut root = 0;
        loop {
            let mut placed = parser.next()?;
            let event = std::mem::replace(&mut placed.event, Event::DocumentEnd);
            let at = match event {
                Event::Scalar { text, tag, anchor, implicit, plain } => {
                    self.add(RawKind::Scalar { text, tag, implicit, plain }, (&placed, anchor))
                }
                Event::Alias(name) => {
                    self.depth = MAX_DEPTH;
                    self.add(RawKind::Alias(name), (&placed, None))
                }
                Event::SequenceStart { anchor } => self.add(RawKind::List(Vec::new()), (&placed, anchor)),
                Event::MappingStart { anchor } => self.add(RawKind::Map(Vec::new()), (&placed, anchor)),
                Event::SequenceEnd | Event::MappingEnd => {
                    if let Some(ended) = open.pop() {
                        self.values[ended].span.end = placed.end.position();
                    }
                    continue;
                }
                Event::DocumentStart(_) => continue,
                Event::DocumentEnd | Event::StreamEnd => return Ok(root),
            };
            match open.last().map(|outer| &mut self.values[*outer].kind) {
                Some(RawKind::List(items) | RawKind::Map(items)) => items.push(at),
                _ => root = at,
            }
            if matches!(self.values[at].kind, RawKind::List(_) | RawKind::Map(_)) {
                open.push(at);
                self.depth = self.depth.max(open.len());
                if open.len() > MAX_DEPTH {
                    return Err(beyond(parser, ReadError::limit(placed.start.position(), TOO_DEEP)));
                }
            }
            if self.values.len() > MAX_NODES {
                return Err(beyond(parser, ReadError::limit(placed.start.position(), too_many())));
            }
        }
    }
}

/// What is told of a document beyond a limit: an error of its own, if there is one further on, as Rancher finds it too.
fn beyond(parser: &mut Parser<'_>, limit: ReadError) -> ReadError {
    loop {
        match parser.next() {
            Ok(_) if parser.depth() > MAX_LOOKED_AT => return limit,
            Ok(Placed { event: Event::DocumentEnd | Event::StreamEnd, .. }) => return limit,
            Ok(_) => {}
            Err(error) => return error,
        }
    }
}

const TOO_DEEP: &str =
    "this tool reads values that nest up to 400 levels, and these nest deeper; Rancher may read them";

fn too_many() -> String {
    format!("this tool reads up to {MAX_NODES} values (aliases count as what they stand for); Rancher may read more")
}

/// Which keys of a map are read: where each stands among its entries. What is merged is not among them.
#[derive(Default)]
struct Seen {
    few: Vec<usize>,
    /// Once there are many.
    many: HashMap<String, usize>,
}

impl Seen {
    /// Up to how many are looked through one by one.
    const FEW: usize = 32;

    /// Takes note of a key that will be the next entry; gives where the same stood before.
    fn insert(&mut self, key: &str, entries: &[(Node, Node)]) -> Option<usize> {
        let text = |at: usize| entries[at].0.text().unwrap_or_default();
        if self.many.is_empty() {
            let before = self.few.iter().rev().copied().find(|at| text(*at) == key);
            self.few.push(entries.len());
            if self.few.len() > Self::FEW {
                let known = self.few.iter().map(|at| (entries.get(*at).map_or(key, |_| text(*at)).to_owned(), *at));
                self.many = known.collect();
            }
            return before;
        }
        self.many.insert(key.to_owned(), entries.len())
    }
}

struct Decoder {
    arena: Arena,
    /// The aliases that are being followed.
    open: HashSet<usize>,
    nodes: usize,
    problems: Vec<Problem>,
}

impl Decoder {
    /// `again` where an alias may come back to it: then nothing may be taken out.
    fn node(&mut self, at: usize, depth: usize, again: bool) -> Result<Node, ReadError> {
        let (span, again) = (self.arena.values[at].span, again || self.arena.values[at].anchored);
        self.nodes += 1;
        if self.nodes > MAX_NODES || depth > MAX_DEPTH {
            let message = if depth > MAX_DEPTH { TOO_DEEP.to_owned() } else { too_many() };
            return Err(ReadError::limit(span.start, message));
        }
        let kind = match &mut self.arena.values[at].kind {
            RawKind::Scalar { text, tag, implicit, plain } => {
                let text = if again { text.clone() } else { std::mem::take(text) };
                let is_merge = text == b"<<" && (*implicit || tag == resolve::MERGE.as_bytes());
                let plain = (*plain && tag.is_empty()) || is_merge;
                let (value, text) =
                    resolve::scalar(tag, text, *implicit).map_err(|why| ReadError::new(span.start, why))?;
                NodeKind::Scalar { value, text, plain }
            }
            RawKind::List(items) => {
                let items = if again { items.clone() } else { std::mem::take(items) };
                NodeKind::List(
                    items.into_iter().map(|item| self.node(item, depth + 1, again)).collect::<Result<_, _>>()?,
                )
            }
            RawKind::Map(items) => {
                let items = if again { items.clone() } else { std::mem::take(items) };
                NodeKind::Map(self.entries(&items, depth, again)?)
            }
            RawKind::Alias(name) => {
                let Some(target) = self.arena.anchors.get(name).copied() else {
                    let message = format!("no value is marked `&{name}`; quote a text that begins with `*`");
                    return Err(ReadError::new(span.start, message));
                };
                if !self.open.insert(target) {
                    let message = "an alias to a value that holds it: it has no end";
                    return Err(ReadError::new(span.start, message));
                }
                let node = self.node(target, depth, true);
                self.open.remove(&target);
                return node;
            }
        };
        Ok(Node { kind, span })
    }

    fn entries(&mut self, items: &[usize], depth: usize, again: bool) -> Result<Vec<(Node, Node)>, ReadError> {
        let mut entries: Vec<(Node, Node)> = Vec::with_capacity(items.len() / 2);
        let mut seen = Seen::default();
        for pair in items.chunks_exact(2) {
            let key = self.node(pair[0], depth + 1, again)?;
            let NodeKind::Scalar { text, plain, .. } = &key.kind else {
                let message = "a map or list cannot be a key; text that begins with a brace or bracket must be quoted";
                return Err(ReadError::new(key.span.start, message));
            };
            let is_alias = matches!(self.arena.values[pair[0]].kind, RawKind::Alias(_));
            if text == "<<" && *plain && !is_alias {
                self.merge(pair[1], depth, again, &mut entries)?;
                continue;
            }
            if let Some(first) = seen.insert(text, &entries) {
                let first = entries[first].0.span.start;
                self.problems.push(Problem::DuplicateKey { key: text.clone(), first, again: key.span.start });
            }
            let value = self.node(pair[1], depth + 1, again)?;
            entries.push((key, value));
        }
        Ok(entries)
    }

    /// Adds the entries of a map, or of a list of maps: of these the first one wins, so it is laid on last.
    fn merge(
        &mut self,
        at: usize,
        depth: usize,
        again: bool,
        entries: &mut Vec<(Node, Node)>,
    ) -> Result<(), ReadError> {
        let from = match &self.arena.values[at].kind {
            RawKind::List(items) => items.iter().rev().copied().collect(),
            _ => vec![at],
        };
        for at in from {
            let raw = &self.arena.values[at];
            let target = match &raw.kind {
                RawKind::Alias(name) => self.arena.anchors.get(name).map(|target| &self.arena.values[*target].kind),
                kind => Some(kind),
            };
            if !matches!(target, None | Some(RawKind::Map(_))) {
                let message = "`<<` merges a map or a list of maps, and this is neither";
                return Err(ReadError::new(raw.span.start, message));
            }
            if let NodeKind::Map(merged) = self.node(at, depth + 1, again)?.kind {
                entries.extend(merged);
            }
        }
        Ok(())
    }
}
