//! Tokens -> events: the grammar, as go-yaml's parserc.go has it. A list of states in the place of recursion, so that depth
//! costs no stack.

use super::document::{Position, ReadError};
use super::reader::Mark;
use super::scanner::{Kind, Scanner, Style};

/// What the text says next.
pub(super) enum Event {
    StreamEnd,
    /// With its place; the first document may begin without a mark.
    DocumentStart(Position),
    DocumentEnd,
    Alias(String),
    Scalar {
        text: Vec<u8>,
        tag: Vec<u8>,
        anchor: Option<String>,
        implicit: bool,
        plain: bool,
    },
    SequenceStart {
        anchor: Option<String>,
    },
    MappingStart {
        anchor: Option<String>,
    },
    SequenceEnd,
    MappingEnd,
}

/// An event, and from where to where its text stands.
pub(super) struct Placed {
    pub event: Event,
    pub start: Mark,
    pub end: Mark,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    FirstDocumentStart,
    DocumentStart,
    DocumentContent,
    DocumentEnd,
    BlockNode,
    BlockSequence,
    IndentlessSequence,
    BlockMappingKey,
    BlockMappingValue,
    FlowSequenceFirst,
    FlowSequence,
    PairKey,
    PairValue,
    PairEnd,
    FlowMappingFirst,
    FlowMapping,
    FlowMappingValue,
    FlowMappingNoValue,
    End,
}

/// Tokens that come after one and tell that no value stands there.
fn is_none(kind: &Kind, of: &[Kind]) -> bool {
    of.contains(kind)
}

pub(super) struct Parser<'t> {
    pub(super) scanner: Scanner<'t>,
    state: State,
    states: Vec<State>,
    /// Where the open collections begin.
    marks: Vec<Mark>,
    tags: Vec<(Vec<u8>, Vec<u8>)>,
}

impl<'t> Parser<'t> {
    pub fn new(text: &'t [u8]) -> Self {
        let scanner = Scanner::new(text);
        Self { scanner, state: State::FirstDocumentStart, states: Vec::new(), marks: Vec::new(), tags: Vec::new() }
    }

    /// How many collections are open.
    pub fn depth(&self) -> usize {
        self.states.len()
    }

    pub fn next(&mut self) -> Result<Placed, ReadError> {
        match self.state {
            State::FirstDocumentStart => self.document_start(true),
            State::DocumentStart => self.document_start(false),
            State::DocumentContent => {
                let (start, none) = self.look(&[Kind::DocumentStart, Kind::DocumentEnd, Kind::StreamEnd])?;
                if none || matches!(self.scanner.peek()?.kind, Kind::Version(..) | Kind::TagDirective(..)) {
                    self.pop();
                    return Ok(empty(start));
                }
                self.node(true, false)
            }
            State::DocumentEnd => self.document_end(),
            State::BlockNode => self.node(true, false),
            State::BlockSequence => self.block_sequence(),
            State::IndentlessSequence => self.indentless_sequence(),
            State::BlockMappingKey => self.block_mapping_key(),
            State::BlockMappingValue => self.block_mapping_value(),
            State::FlowSequenceFirst => self.flow_sequence(true),
            State::FlowSequence => self.flow_sequence(false),
            State::PairKey => self.pair_key(),
            State::PairValue => self.flow_value(State::PairEnd, &Kind::FlowSequenceEnd),
            State::PairEnd => {
                self.state = State::FlowSequence;
                let start = self.scanner.peek()?.start;
                Ok(Placed { event: Event::MappingEnd, start, end: start })
            }
            State::FlowMappingFirst => self.flow_mapping(true),
            State::FlowMapping => self.flow_mapping(false),
            State::FlowMappingValue => self.flow_value(State::FlowMapping, &Kind::FlowMappingEnd),
            State::FlowMappingNoValue => {
                self.state = State::FlowMapping;
                Ok(empty(self.scanner.peek()?.start))
            }
            State::End => {
                let mark = self.scanner.reader.mark;
                Ok(Placed { event: Event::StreamEnd, start: mark, end: mark })
            }
        }
    }

    /// Where the next token begins, and whether it is one of these.
    fn look(&mut self, of: &[Kind]) -> Result<(Mark, bool), ReadError> {
        let token = self.scanner.peek()?;
        Ok((token.start, is_none(&token.kind, of)))
    }

    fn next_is(&mut self, kind: &Kind) -> Result<bool, ReadError> {
        Ok(self.scanner.peek()?.kind == *kind)
    }

    fn pop(&mut self) {
        self.state = self.states.pop().unwrap_or(State::End);
    }

    fn document_start(&mut self, first: bool) -> Result<Placed, ReadError> {
        while !first && self.next_is(&Kind::DocumentEnd)? {
            self.scanner.next()?;
        }
        let token = self.scanner.peek()?;
        let start = token.start;
        if token.kind == Kind::StreamEnd {
            self.state = State::End;
            return Ok(Placed { event: Event::StreamEnd, start, end: start });
        }
        let marked = matches!(token.kind, Kind::Version(..) | Kind::TagDirective(..) | Kind::DocumentStart);
        let event = Event::DocumentStart(start.position());
        self.directives()?;
        self.states.push(State::DocumentEnd);
        if first && !marked {
            self.state = State::BlockNode;
        } else {
            if !self.next_is(&Kind::DocumentStart)? {
                let place = self.scanner.peek()?.start;
                return Err(place.error("the document has ended; another one begins with the line `---`"));
            }
            self.state = State::DocumentContent;
            self.scanner.next()?;
        }
        Ok(Placed { event, start, end: start })
    }

    fn document_end(&mut self) -> Result<Placed, ReadError> {
        let start = self.scanner.peek()?.start;
        if self.next_is(&Kind::DocumentEnd)? {
            self.scanner.next()?;
        }
        self.tags.clear();
        self.state = State::DocumentStart;
        Ok(Placed { event: Event::DocumentEnd, start, end: start })
    }

    fn directives(&mut self) -> Result<(), ReadError> {
        let mut versions = 0;
        loop {
            let start = self.scanner.peek()?.start;
            match self.scanner.peek()?.kind.clone() {
                Kind::Version(major, minor) => {
                    versions += 1;
                    if versions > 1 {
                        return Err(start.error("a second `%YAML` stands before the document"));
                    }
                    if (major, minor) != (1, 1) {
                        let message =
                            format!("Rancher reads YAML 1.1, and refuses what says that it is {major}.{minor}");
                        return Err(start.error(message));
                    }
                }
                Kind::TagDirective(handle, prefix) => {
                    if self.tags.iter().any(|(known, _)| *known == handle) {
                        return Err(start.error("a second `%TAG` gives the same short form"));
                    }
                    self.tags.push((handle, prefix));
                }
                _ => break,
            }
            self.scanner.next()?;
        }
        for (handle, prefix) in [(&b"!"[..], &b"!"[..]), (b"!!", b"tag:yaml.org,2002:")] {
            if !self.tags.iter().any(|(known, _)| known == handle) {
                self.tags.push((handle.to_vec(), prefix.to_vec()));
            }
        }
        Ok(())
    }

    fn node(&mut self, block: bool, indentless: bool) -> Result<Placed, ReadError> {
        let token = self.scanner.peek()?;
        let start = token.start;
        if let Kind::Alias(name) = &token.kind {
            let (event, end) = (Event::Alias(name.clone()), token.end);
            self.pop();
            self.scanner.next()?;
            return Ok(Placed { event, start, end });
        }
        let mut end = start;
        let (mut anchor, mut tag) = (None, None);
        for _ in 0..2 {
            match &self.scanner.peek()?.kind {
                Kind::Anchor(name) if anchor.is_none() => anchor = Some(name.clone()),
                Kind::Tag(handle, suffix) if tag.is_none() => tag = Some((handle.clone(), suffix.clone())),
                _ => break,
            }
            end = self.scanner.next()?.end;
        }
        let tag = match tag {
            None => Vec::new(),
            Some((handle, suffix)) => self.full_tag(&handle, suffix, start)?,
        };
        let token = self.scanner.peek()?;
        // A value begins behind its anchor and its tag.
        let (value_start, value_end) = (token.start, token.end);
        let next = match &token.kind {
            Kind::BlockEntry if indentless => Some(State::IndentlessSequence),
            Kind::FlowSequenceStart => Some(State::FlowSequenceFirst),
            Kind::FlowMappingStart => Some(State::FlowMappingFirst),
            Kind::BlockSequenceStart if block => Some(State::BlockSequence),
            Kind::BlockMappingStart if block => Some(State::BlockMappingKey),
            _ => None,
        };
        if let Some(next) = next {
            self.state = next;
            if next != State::IndentlessSequence {
                let mark = self.scanner.next()?.start;
                self.marks.push(mark);
            }
            let is_map = matches!(next, State::FlowMappingFirst | State::BlockMappingKey);
            let event = if is_map { Event::MappingStart { anchor } } else { Event::SequenceStart { anchor } };
            return Ok(Placed { event, start: value_start, end: value_end });
        }
        if let Kind::Scalar(_, style) = token.kind {
            let implicit = (tag.is_empty() && style == Style::Plain) || tag == b"!";
            self.pop();
            let Kind::Scalar(text, _) = self.scanner.next()?.kind else { return Ok(empty(start)) };
            let event = Event::Scalar { text, tag, anchor, implicit, plain: style == Style::Plain };
            return Ok(Placed { event, start: value_start, end: value_end });
        }
        if anchor.is_some() || !tag.is_empty() {
            let implicit = tag.is_empty();
            self.pop();
            let event = Event::Scalar { text: Vec::new(), tag, anchor, implicit, plain: true };
            return Ok(Placed { event, start: end, end });
        }
        let message = match token.kind {
            Kind::FlowSequenceEnd | Kind::FlowMappingEnd | Kind::FlowEntry => {
                "a bracket, brace or comma stands where a value is wanted; quote the text"
            }
            Kind::StreamEnd => "the text ends where a value is wanted: a bracket or brace is not closed",
            _ => "a value is wanted here",
        };
        Err(token.start.error(message))
    }

    fn full_tag(&self, handle: &[u8], suffix: Vec<u8>, start: Mark) -> Result<Vec<u8>, ReadError> {
        if handle.is_empty() {
            return Ok(suffix);
        }
        let known = self.tags.iter().find(|(known, _)| known == handle);
        let full = known.map(|(_, prefix)| [prefix.as_slice(), &suffix].concat()).filter(|full| !full.is_empty());
        full.ok_or_else(|| start.error("this short form of a tag is not known; quote a text that begins with `!`"))
    }

    /// The value behind a `-`, `?` or `:`, unless one of these tokens tells that there is none.
    fn block_value(&mut self, then: State, none: &[Kind], indentless: bool) -> Result<Placed, ReadError> {
        let mark = self.scanner.next()?.end;
        if self.look(none)?.1 {
            self.state = then;
            return Ok(empty(mark));
        }
        self.states.push(then);
        self.node(true, indentless)
    }

    fn close(&mut self, event: Event) -> Result<Placed, ReadError> {
        self.pop();
        self.marks.pop();
        let token = self.scanner.next()?;
        Ok(Placed { event, start: token.start, end: token.end })
    }

    fn block_sequence(&mut self) -> Result<Placed, ReadError> {
        if self.next_is(&Kind::BlockEntry)? {
            return self.block_value(State::BlockSequence, &[Kind::BlockEntry, Kind::BlockEnd], false);
        }
        if self.next_is(&Kind::BlockEnd)? {
            return self.close(Event::SequenceEnd);
        }
        let place = self.scanner.peek()?.start;
        Err(place.error("each item of a list begins with `-`, below the others"))
    }

    fn indentless_sequence(&mut self) -> Result<Placed, ReadError> {
        if self.next_is(&Kind::BlockEntry)? {
            let none = [Kind::BlockEntry, Kind::Key, Kind::Value, Kind::BlockEnd];
            return self.block_value(State::IndentlessSequence, &none, false);
        }
        self.pop();
        let start = self.scanner.peek()?.start;
        Ok(Placed { event: Event::SequenceEnd, start, end: start })
    }

    fn block_mapping_key(&mut self) -> Result<Placed, ReadError> {
        if self.next_is(&Kind::Key)? {
            return self.block_value(State::BlockMappingValue, &[Kind::Key, Kind::Value, Kind::BlockEnd], true);
        }
        if self.next_is(&Kind::BlockEnd)? {
            return self.close(Event::MappingEnd);
        }
        let token = self.scanner.peek()?;
        let message = match token.kind {
            Kind::Value => "the key before this colon is missing",
            Kind::BlockEntry => "an item of a list stands among keys; indent it as the list, or remove the `-`",
            _ => "a `key: value` is wanted here; mind the indentation, and quote what begins with a sign",
        };
        Err(token.start.error(message))
    }

    fn block_mapping_value(&mut self) -> Result<Placed, ReadError> {
        if self.next_is(&Kind::Value)? {
            return self.block_value(State::BlockMappingKey, &[Kind::Key, Kind::Value, Kind::BlockEnd], true);
        }
        self.state = State::BlockMappingKey;
        Ok(empty(self.scanner.peek()?.start))
    }

    fn flow_sequence(&mut self, first: bool) -> Result<Placed, ReadError> {
        self.flow_comma(first, &Kind::FlowSequenceEnd, ']')?;
        if self.next_is(&Kind::FlowSequenceEnd)? {
            return self.close(Event::SequenceEnd);
        }
        if self.next_is(&Kind::Key)? {
            self.state = State::PairKey;
            let token = self.scanner.next()?;
            let event = Event::MappingStart { anchor: None };
            return Ok(Placed { event, start: token.start, end: token.end });
        }
        self.states.push(State::FlowSequence);
        self.node(false, false)
    }

    /// The comma between two, which the first has not, nor what ends the collection.
    fn flow_comma(&mut self, first: bool, end: &Kind, sign: char) -> Result<(), ReadError> {
        if first || self.next_is(end)? {
            return Ok(());
        }
        if self.next_is(&Kind::FlowEntry)? {
            self.scanner.next()?;
            return Ok(());
        }
        let place = self.scanner.peek()?.start;
        let opened = self.marks.last().map_or(0, |mark| mark.line + 1);
        Err(place.error(format!("a comma or `{sign}` is wanted here, for what was opened in line {opened}")))
    }

    fn pair_key(&mut self) -> Result<Placed, ReadError> {
        if !self.look(&[Kind::Value, Kind::FlowEntry, Kind::FlowSequenceEnd])?.1 {
            self.states.push(State::PairValue);
            return self.node(false, false);
        }
        // go-yaml takes the token that is not the key.
        let mark = self.scanner.next()?.end;
        self.state = State::PairValue;
        Ok(empty(mark))
    }

    fn flow_mapping(&mut self, first: bool) -> Result<Placed, ReadError> {
        self.flow_comma(first, &Kind::FlowMappingEnd, '}')?;
        if self.next_is(&Kind::FlowMappingEnd)? {
            return self.close(Event::MappingEnd);
        }
        if self.next_is(&Kind::Key)? {
            self.scanner.next()?;
            let (start, none) = self.look(&[Kind::Value, Kind::FlowEntry, Kind::FlowMappingEnd])?;
            if none {
                self.state = State::FlowMappingValue;
                return Ok(empty(start));
            }
            self.states.push(State::FlowMappingValue);
        } else {
            self.states.push(State::FlowMappingNoValue);
        }
        self.node(false, false)
    }

    fn flow_value(&mut self, then: State, end: &Kind) -> Result<Placed, ReadError> {
        if self.next_is(&Kind::Value)? {
            self.scanner.next()?;
            if !self.look(&[Kind::FlowEntry, end.clone()])?.1 {
                self.states.push(then);
                return self.node(false, false);
            }
        }
        self.state = then;
        Ok(empty(self.scanner.peek()?.start))
    }
}

/// A value that is not there.
fn empty(mark: Mark) -> Placed {
    let event = Event::Scalar { text: Vec::new(), tag: Vec::new(), anchor: None, implicit: true, plain: true };
    Placed { event, start: mark, end: mark }
}
