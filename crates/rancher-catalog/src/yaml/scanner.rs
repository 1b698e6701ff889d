//! Characters -> tokens: indentation, brackets, and which word is a key. It follows go-yaml's scannerc.go step by step, as
//! what that refuses by accident is refused by Rancher too.

use std::collections::VecDeque;

use super::document::{Comment, ReadError};
use super::reader::{Mark, Reader};
use super::scan_scalar::Gap;

/// How far behind the beginning of a key its colon may stand, in characters.
const KEY_LENGTH: usize = 1024;

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Quoted,
    Block,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    StreamEnd,
    /// `%YAML`
    Version(u8, u8),
    /// `%TAG`: the handle, and what it stands for.
    TagDirective(Vec<u8>, Vec<u8>),
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias(String),
    Anchor(String),
    /// The handle and the suffix.
    Tag(Vec<u8>, Vec<u8>),
    Scalar(Vec<u8>, Style),
}

#[derive(Debug, Clone)]
pub(super) struct Token {
    pub kind: Kind,
    pub start: Mark,
    pub end: Mark,
}

/// What may turn out to be a key when a colon follows.
#[derive(Debug, Clone, Copy, Default)]
struct SimpleKey {
    possible: bool,
    required: bool,
    number: usize,
    mark: Mark,
}

pub(super) struct Scanner<'t> {
    pub(super) reader: Reader<'t>,
    tokens: VecDeque<Token>,
    /// How many tokens were handed out.
    parsed: usize,
    available: bool,
    /// Columns of the open block collections; -1 outside of all.
    indents: Vec<isize>,
    pub(super) indent: isize,
    pub(super) flow_level: usize,
    pub(super) simple_key_allowed: bool,
    /// One a level of brackets.
    keys: Vec<SimpleKey>,
    /// Below this level none is possible.
    lowest_key: usize,
    pub(super) comments: Vec<Comment>,
    /// For the white space of one scalar after the other.
    pub(super) room: Gap,
    /// Whether a text within brackets may have a colon in it, as since go-yaml v3.
    pub(super) takes_colons: bool,
}

impl<'t> Scanner<'t> {
    pub fn new(text: &'t [u8]) -> Self {
        Self {
            reader: Reader::new(text),
            tokens: VecDeque::new(),
            parsed: 0,
            available: false,
            indents: Vec::new(),
            indent: -1,
            flow_level: 0,
            simple_key_allowed: true,
            keys: vec![SimpleKey::default()],
            lowest_key: 0,
            comments: Vec::new(),
            room: Gap::default(),
            takes_colons: false,
        }
    }

    /// The next token, which stays.
    pub fn peek(&mut self) -> Result<&Token, ReadError> {
        if !self.available {
            self.fetch_more()?;
        }
        let mark = self.reader.mark;
        self.tokens.front().ok_or_else(|| mark.error("the text ends too early"))
    }

    /// Takes the token that `peek` showed.
    pub fn next(&mut self) -> Result<Token, ReadError> {
        self.peek()?;
        self.available = false;
        self.parsed += 1;
        let mark = self.reader.mark;
        self.tokens.pop_front().ok_or_else(|| mark.error("the text ends too early"))
    }

    fn fetch_more(&mut self) -> Result<(), ReadError> {
        loop {
            if !self.tokens.is_empty() {
                self.drop_stale_keys()?;
                // The outermost key that is possible comes first.
                let waits = self.keys.get(self.lowest_key).is_some_and(|key| key.possible && key.number == self.parsed);
                if !waits {
                    break;
                }
            }
            self.fetch()?;
        }
        self.available = true;
        Ok(())
    }

    fn fetch(&mut self) -> Result<(), ReadError> {
        self.reader.need(1)?;
        self.skip_to_next_token()?;
        self.drop_stale_keys()?;
        self.unroll(isize::try_from(self.reader.mark.column).unwrap_or(isize::MAX));
        self.reader.need(4)?;
        if self.reader.is_end() {
            return self.fetch_end();
        }
        let c = self.reader.at(0);
        if self.reader.mark.column == 0 && c == b'%' {
            return self.fetch_directive();
        }
        if self.reader.is_document_mark() {
            let kind = if c == b'-' { Kind::DocumentStart } else { Kind::DocumentEnd };
            return self.fetch_document_mark(kind);
        }
        let in_flow = self.flow_level > 0;
        let spaced = self.reader.is_blank_or_end(1);
        match c {
            b'[' => self.fetch_flow_start(Kind::FlowSequenceStart),
            b'{' => self.fetch_flow_start(Kind::FlowMappingStart),
            b']' => self.fetch_flow_end(Kind::FlowSequenceEnd),
            b'}' => self.fetch_flow_end(Kind::FlowMappingEnd),
            b',' => {
                self.remove_key()?;
                self.simple_key_allowed = true;
                self.single(Kind::FlowEntry);
                Ok(())
            }
            b'-' if spaced => self.fetch_block_entry(),
            b'?' if in_flow || spaced => self.fetch_key(),
            b':' if in_flow || spaced => self.fetch_value(),
            b'*' | b'&' => {
                self.save_key()?;
                self.simple_key_allowed = false;
                self.scan_anchor(c == b'*')
            }
            b'!' => {
                self.save_key()?;
                self.simple_key_allowed = false;
                self.scan_tag()
            }
            b'|' | b'>' if !in_flow => {
                self.remove_key()?;
                self.simple_key_allowed = true;
                self.scan_block_scalar(c == b'|')
            }
            b'\'' | b'"' => {
                self.save_key()?;
                self.simple_key_allowed = false;
                self.scan_quoted(c)
            }
            _ if self.begins_plain(c) => {
                self.save_key()?;
                self.simple_key_allowed = false;
                self.scan_plain()
            }
            _ => Err(self.reader.mark.error(cannot_begin(c))),
        }
    }

    fn begins_plain(&self, c: u8) -> bool {
        let reader = &self.reader;
        match c {
            b'-' => !reader.is_blank(1),
            b'?' | b':' => self.flow_level == 0 && !reader.is_blank_or_end(1),
            b',' | b'[' | b']' | b'{' | b'}' | b'#' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\'' | b'"' | b'%' | b'@'
            | b'`' => false,
            _ => !reader.is_blank_or_end(0),
        }
    }

    fn drop_stale_keys(&mut self) -> Result<(), ReadError> {
        let mark = self.reader.mark;
        while let Some(key) = self.keys.get_mut(self.lowest_key) {
            if key.possible {
                if key.mark.line >= mark.line && key.mark.index + KEY_LENGTH >= mark.index {
                    break;
                }
                if key.required {
                    return Err(key.mark.error(NO_COLON));
                }
                key.possible = false;
            }
            if self.lowest_key + 1 == self.keys.len() {
                break;
            }
            self.lowest_key += 1;
        }
        Ok(())
    }

    pub(super) fn save_key(&mut self) -> Result<(), ReadError> {
        let mark = self.reader.mark;
        let required = self.flow_level == 0 && usize::try_from(self.indent).is_ok_and(|indent| indent == mark.column);
        if !self.simple_key_allowed {
            return if required { Err(mark.error(FAILS)) } else { Ok(()) };
        }
        self.remove_key()?;
        let number = self.parsed + self.tokens.len();
        let last = self.keys.len() - 1;
        self.keys[last] = SimpleKey { possible: true, required, number, mark };
        self.lowest_key = self.lowest_key.min(last);
        Ok(())
    }

    pub(super) fn remove_key(&mut self) -> Result<(), ReadError> {
        if let Some(key) = self.keys.last_mut() {
            if key.possible && key.required {
                return Err(key.mark.error(NO_COLON));
            }
            key.possible = false;
        }
        Ok(())
    }

    pub(super) fn push(&mut self, kind: Kind, start: Mark, end: Mark) {
        self.tokens.push_back(Token { kind, start, end });
    }

    /// A token of one character.
    fn single(&mut self, kind: Kind) {
        let start = self.reader.mark;
        self.reader.skip();
        self.push(kind, start, self.reader.mark);
    }

    /// Opens a block collection where the column is further in; `number` is the token before which it begins.
    fn roll(&mut self, column: usize, number: Option<usize>, kind: Kind, mark: Mark) {
        let column = isize::try_from(column).unwrap_or(isize::MAX);
        if self.flow_level > 0 || self.indent >= column {
            return;
        }
        self.indents.push(self.indent);
        self.indent = column;
        let token = Token { kind, start: mark, end: mark };
        match number {
            Some(number) => self.tokens.insert(number.saturating_sub(self.parsed), token),
            None => self.tokens.push_back(token),
        }
    }

    fn unroll(&mut self, column: isize) {
        while self.flow_level == 0 && self.indent > column {
            let mark = self.reader.mark;
            self.push(Kind::BlockEnd, mark, mark);
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    fn fetch_end(&mut self) -> Result<(), ReadError> {
        if self.reader.mark.column != 0 {
            self.reader.mark.column = 0;
            self.reader.mark.line += 1;
        }
        self.unroll(-1);
        self.remove_key()?;
        self.simple_key_allowed = false;
        let mark = self.reader.mark;
        self.push(Kind::StreamEnd, mark, mark);
        Ok(())
    }

    fn fetch_directive(&mut self) -> Result<(), ReadError> {
        self.unroll(-1);
        self.remove_key()?;
        self.simple_key_allowed = false;
        self.scan_directive()
    }

    fn fetch_document_mark(&mut self, kind: Kind) -> Result<(), ReadError> {
        self.unroll(-1);
        self.remove_key()?;
        self.simple_key_allowed = false;
        let start = self.reader.mark;
        (0..3).for_each(|_| self.reader.skip());
        self.push(kind, start, self.reader.mark);
        Ok(())
    }

    fn fetch_flow_start(&mut self, kind: Kind) -> Result<(), ReadError> {
        self.save_key()?;
        self.keys.push(SimpleKey::default());
        self.flow_level += 1;
        self.simple_key_allowed = true;
        self.single(kind);
        Ok(())
    }

    fn fetch_flow_end(&mut self, kind: Kind) -> Result<(), ReadError> {
        self.remove_key()?;
        if self.flow_level > 0 {
            self.flow_level -= 1;
            self.keys.pop();
            self.lowest_key = self.lowest_key.min(self.keys.len() - 1);
        }
        self.simple_key_allowed = false;
        self.single(kind);
        Ok(())
    }

    fn fetch_block_entry(&mut self) -> Result<(), ReadError> {
        let mark = self.reader.mark;
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return Err(mark.error("an item of a list cannot begin here; it begins on a line of its own"));
            }
            self.roll(mark.column, None, Kind::BlockSequenceStart, mark);
        }
        self.remove_key()?;
        self.simple_key_allowed = true;
        self.single(Kind::BlockEntry);
        Ok(())
    }

    fn fetch_key(&mut self) -> Result<(), ReadError> {
        let mark = self.reader.mark;
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return Err(mark.error("a key cannot begin here; it begins on a line of its own"));
            }
            self.roll(mark.column, None, Kind::BlockMappingStart, mark);
        }
        self.remove_key()?;
        self.simple_key_allowed = self.flow_level == 0;
        self.single(Kind::Key);
        Ok(())
    }

    fn fetch_value(&mut self) -> Result<(), ReadError> {
        let mark = self.reader.mark;
        let last = self.keys.len() - 1;
        let key = self.keys[last];
        if key.possible {
            let token = Token { kind: Kind::Key, start: key.mark, end: key.mark };
            self.tokens.insert(key.number.saturating_sub(self.parsed), token);
            self.roll(key.mark.column, Some(key.number), Kind::BlockMappingStart, key.mark);
            self.keys[last].possible = false;
            self.simple_key_allowed = false;
        } else {
            if self.flow_level == 0 {
                if !self.simple_key_allowed {
                    let message = "a second `: ` stands on this line; a text with a colon and a blank must be quoted";
                    return Err(mark.error(message));
                }
                self.roll(mark.column, None, Kind::BlockMappingStart, mark);
            }
            self.simple_key_allowed = self.flow_level == 0;
        }
        self.single(Kind::Value);
        Ok(())
    }

    fn skip_to_next_token(&mut self) -> Result<(), ReadError> {
        loop {
            self.reader.need(1)?;
            if self.reader.mark.column == 0 && self.reader.buffer_begins_with_mark() {
                if self.reader.is_end() {
                    return Err(self.reader.mark.error(FAILS));
                }
                self.reader.skip();
            }
            self.reader.need(1)?;
            let tabs = self.flow_level > 0 || !self.simple_key_allowed;
            while self.reader.at(0) == b' ' || (tabs && self.reader.at(0) == b'\t') {
                self.reader.skip();
                self.reader.need(1)?;
            }
            self.comment()?;
            if !self.reader.is_break(0) {
                return Ok(());
            }
            self.reader.need(2)?;
            self.reader.skip_line();
            if self.flow_level == 0 {
                self.simple_key_allowed = true;
            }
        }
    }

    /// Takes a comment, if there is one.
    pub(super) fn comment(&mut self) -> Result<(), ReadError> {
        if self.reader.at(0) != b'#' {
            return Ok(());
        }
        let start = self.reader.mark;
        let mut text = Vec::new();
        while !self.reader.is_break_or_end(0) {
            self.reader.take(&mut text);
            self.reader.need(1)?;
        }
        let text = String::from_utf8_lossy(&text[1..]).into_owned();
        self.comments.push(Comment { text, position: start.position() });
        Ok(())
    }

    /// Blanks, a comment, and the end of the line.
    pub(super) fn end_of_line(&mut self, start: Mark, what: &str) -> Result<(), ReadError> {
        self.reader.need(1)?;
        while self.reader.is_blank(0) {
            self.reader.skip();
            self.reader.need(1)?;
        }
        self.comment()?;
        if !self.reader.is_break_or_end(0) {
            return Err(start.error(format!("nothing but a comment may stand behind {what} on its line")));
        }
        if self.reader.is_break(0) {
            self.reader.need(2)?;
            self.reader.skip_line();
        }
        Ok(())
    }
}

/// go-yaml panics, which ends the program that asked it.
pub(super) const FAILS: &str = "Rancher's own YAML reader breaks down here; write this another way";

const NO_COLON: &str = "a line that is no `key: value` stands among those that are, or its colon is missing";

fn cannot_begin(c: u8) -> String {
    match c {
        b'\t' => "a tab stands where only spaces may: Rancher's YAML reader refuses the file".to_owned(),
        b'%' | b'@' | b'`' => {
            format!("no value can begin with `{}`; quote the text, or the whole value", char::from(c))
        }
        c => format!("no value can begin with `{}` here; quote the text", char::from(c)),
    }
}
