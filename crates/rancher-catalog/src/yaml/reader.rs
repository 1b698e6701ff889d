//! The characters of a text, as libyaml's reader and so go-yaml's hands them out.
//!
//! It decodes 512 bytes at a time and only when they are asked for: what cannot be read behind the first document is
//! no error where nobody looks. So each place that looks ahead says how far, as in the original.

use super::document::{Position, ReadError};

/// How much is decoded at a time, in bytes.
const CHUNK: usize = 512;

/// A place in a text, as the scanner counts.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Mark {
    /// In characters, from 0.
    pub index: usize,
    /// From 0.
    pub line: usize,
    /// In characters, from 0.
    pub column: usize,
    /// In bytes, from 0.
    pub offset: usize,
}

impl Mark {
    pub fn position(self) -> Position {
        let whole = |number: usize| u32::try_from(number + 1).unwrap_or(u32::MAX);
        Position { line: whole(self.line), column: whole(self.column), offset: self.offset }
    }

    pub fn error(self, message: impl Into<String>) -> ReadError {
        ReadError::new(self.position(), message)
    }
}

/// The text, and how far it was read.
pub(super) struct Reader<'t> {
    text: &'t [u8],
    pub mark: Mark,
    /// Characters that are decoded and not taken yet; the end of the text counts as one.
    unread: usize,
    /// Up to where the text is decoded.
    decoded: usize,
    /// Up to where the bytes are there to be decoded.
    fetched: usize,
    at_end: bool,
    /// Where the buffer of the original begins.
    buffer: usize,
}

impl<'t> Reader<'t> {
    pub fn new(text: &'t [u8]) -> Self {
        let start = if text.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        Self {
            text,
            mark: Mark { offset: start, ..Mark::default() },
            unread: 0,
            decoded: start,
            fetched: start,
            at_end: false,
            buffer: start,
        }
    }

    /// The bytes from here on.
    pub fn rest(&self) -> &'t [u8] {
        &self.text[self.mark.offset.min(self.text.len())..]
    }

    /// The byte so many behind the present one; 0 at the end.
    pub fn at(&self, ahead: usize) -> u8 {
        self.text.get(self.mark.offset + ahead).copied().unwrap_or(0)
    }

    pub fn is_end(&self) -> bool {
        self.mark.offset >= self.text.len()
    }

    pub fn is_blank(&self, ahead: usize) -> bool {
        matches!(self.at(ahead), b' ' | b'\t')
    }

    pub fn is_break(&self, ahead: usize) -> bool {
        match self.at(ahead) {
            b'\r' | b'\n' => true,
            0xc2 => self.at(ahead + 1) == 0x85,
            0xe2 => self.at(ahead + 1) == 0x80 && matches!(self.at(ahead + 2), 0xa8 | 0xa9),
            _ => false,
        }
    }

    pub fn is_break_or_end(&self, ahead: usize) -> bool {
        self.at(ahead) == 0 || self.is_break(ahead)
    }

    pub fn is_blank_or_end(&self, ahead: usize) -> bool {
        self.is_blank(ahead) || self.is_break_or_end(ahead)
    }

    /// `---` or `...` at the beginning of a line.
    pub fn is_document_mark(&self) -> bool {
        let rest = self.rest();
        self.mark.column == 0 && (rest.starts_with(b"---") || rest.starts_with(b"...")) && self.is_blank_or_end(3)
    }

    /// Whether a byte order mark begins the buffer. The original means to ask about the present place, and does not.
    pub fn buffer_begins_with_mark(&self) -> bool {
        self.text[self.buffer.min(self.text.len())..].starts_with(b"\xef\xbb\xbf")
    }

    /// Sees to it that so many characters are decoded.
    pub fn need(&mut self, characters: usize) -> Result<(), ReadError> {
        if self.unread >= characters { Ok(()) } else { self.decode(characters) }
    }

    fn decode(&mut self, characters: usize) -> Result<(), ReadError> {
        if self.at_end && self.decoded == self.fetched {
            return Ok(());
        }
        self.buffer = self.mark.offset;
        let mut is_first = true;
        while self.unread < characters {
            if (!is_first || self.decoded == self.fetched) && !self.at_end {
                // The first chunk holds the byte order mark.
                let from = if self.fetched <= 3 { 0 } else { self.decoded };
                let fetched = (from + CHUNK).min(self.text.len());
                self.at_end = fetched == self.fetched;
                self.fetched = fetched;
            }
            is_first = false;
            self.decode_chunk()?;
            if self.at_end {
                self.unread += 1;
                break;
            }
        }
        Ok(())
    }

    fn decode_chunk(&mut self) -> Result<(), ReadError> {
        let chunk = &self.text[self.decoded..self.fetched];
        let (good, broken) = match std::str::from_utf8(chunk) {
            Ok(good) => (good, false),
            Err(error) => {
                let good = &chunk[..error.valid_up_to()];
                let broken = error.error_len().is_some() || self.at_end;
                (std::str::from_utf8(good).unwrap_or_default(), broken)
            }
        };
        if good.bytes().all(|byte| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~')) {
            // So is nearly every chunk.
            self.unread += good.len();
        } else {
            for (at, c) in good.char_indices() {
                if !is_allowed(c) {
                    let shown = u32::from(c);
                    let message =
                        format!("the control character U+{shown:04X} must not stand here; write it as an escape");
                    return Err(self.place(self.decoded + at).error(message));
                }
                self.unread += 1;
            }
        }
        self.decoded += good.len();
        if broken {
            return Err(self.place(self.decoded).error("this is not UTF-8: save the file as UTF-8"));
        }
        Ok(())
    }

    fn place(&self, offset: usize) -> Mark {
        let before = String::from_utf8_lossy(&self.text[..offset]);
        let line = before.matches('\n').count();
        let column = before.rsplit('\n').next().unwrap_or_default().trim_start_matches('\u{feff}').chars().count();
        Mark { index: 0, line, column, offset }
    }

    fn width(&self) -> usize {
        match self.at(0) {
            0..=0x7f => 1,
            0x80..=0xdf => 2,
            0xe0..=0xef => 3,
            _ => 4,
        }
    }

    fn advance(&mut self, bytes: usize) {
        self.mark.offset = (self.mark.offset + bytes).min(self.text.len());
        self.mark.index += 1;
        self.unread = self.unread.saturating_sub(1);
    }

    pub fn skip(&mut self) {
        self.advance(self.width());
        self.mark.column += 1;
    }

    pub fn take(&mut self, out: &mut Vec<u8>) {
        let start = self.mark.offset;
        self.skip();
        out.extend_from_slice(&self.text[start..self.mark.offset]);
    }

    /// Takes bytes of ASCII for which a test holds, as far as they are decoded but for two.
    pub fn take_plain(&mut self, out: &mut Vec<u8>, test: impl Fn(u8) -> bool) {
        let run = &self.rest()[..self.unread.saturating_sub(2).min(self.rest().len())];
        let length = run.iter().position(|byte| !byte.is_ascii() || !test(*byte)).unwrap_or(run.len());
        out.extend_from_slice(&run[..length]);
        self.mark.offset += length;
        self.mark.index += length;
        self.mark.column += length;
        self.unread -= length;
    }

    /// Takes a line break, as YAML 1.1 has them.
    pub fn take_line(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.skip_line());
    }

    /// As [`Reader::take_line`]; gives what it stands for.
    pub fn skip_line(&mut self) -> &'t [u8] {
        let taken: &[u8] = match (self.at(0), self.at(1)) {
            (b'\r', b'\n') => {
                self.advance(1);
                self.advance(1);
                b"\n"
            }
            (b'\r' | b'\n', _) => {
                self.advance(1);
                b"\n"
            }
            (0xc2, 0x85) => {
                self.advance(2);
                b"\n"
            }
            (0xe2, 0x80) if self.is_break(0) => {
                let separator = &self.rest()[..3];
                self.advance(3);
                separator
            }
            _ => return b"",
        };
        self.mark.column = 0;
        self.mark.line += 1;
        taken
    }
}

fn is_allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}
