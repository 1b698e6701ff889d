//! Characters -> scalars: plain, in quotes, and in blocks.

use super::document::ReadError;
use super::reader::Mark;
use super::scanner::{Kind, Scanner, Style};

/// What a scalar is given room for before its length is known: most are shorter.
const ROOM: usize = 32;

/// White space between the words of a scalar, of which folding makes less.
#[derive(Default)]
pub(super) struct Gap {
    blanks: Vec<u8>,
    first_break: Vec<u8>,
    more_breaks: Vec<u8>,
    has_break: bool,
}

impl Gap {
    /// The same room, empty.
    fn emptied(mut self) -> Self {
        self.blanks.clear();
        self.first_break.clear();
        self.more_breaks.clear();
        self.has_break = false;
        self
    }

    fn fold_into(&mut self, out: &mut Vec<u8>) {
        if self.has_break {
            if self.first_break.first() != Some(&b'\n') {
                out.append(&mut self.first_break);
            } else if self.more_breaks.is_empty() {
                out.push(b' ');
            }
            out.append(&mut self.more_breaks);
            self.first_break.clear();
            self.has_break = false;
        } else {
            out.append(&mut self.blanks);
        }
    }
}

impl Scanner<'_> {
    /// Blanks and line breaks; `indent` is the column before which no tab may stand on a further line.
    fn gap(&mut self, gap: &mut Gap, indent: usize) -> Result<(), ReadError> {
        self.reader.need(1)?;
        while self.reader.is_blank(0) || self.reader.is_break(0) {
            if self.reader.is_blank(0) {
                if gap.has_break && self.reader.mark.column < indent && self.reader.at(0) == b'\t' {
                    let message = "a tab stands where only spaces may: Rancher's YAML reader refuses the file";
                    return Err(self.reader.mark.error(message));
                }
                if gap.has_break {
                    self.reader.skip();
                } else {
                    self.reader.take(&mut gap.blanks);
                }
            } else {
                self.reader.need(2)?;
                if gap.has_break {
                    self.reader.take_line(&mut gap.more_breaks);
                } else {
                    gap.blanks.clear();
                    self.reader.take_line(&mut gap.first_break);
                    gap.has_break = true;
                }
            }
            self.reader.need(1)?;
        }
        Ok(())
    }

    pub(super) fn scan_plain(&mut self) -> Result<(), ReadError> {
        let start = self.reader.mark;
        let mut end = start;
        let indent = usize::try_from(self.indent + 1).unwrap_or(0);
        let (mut out, mut gap) = (Vec::with_capacity(ROOM), std::mem::take(&mut self.room).emptied());
        let in_flow = self.flow_level > 0;
        loop {
            self.reader.need(4)?;
            if self.reader.is_document_mark() || self.reader.at(0) == b'#' {
                break;
            }
            while !self.reader.is_blank_or_end(0) {
                let c = self.reader.at(0);
                let mut colon_ends = c == b':' && self.reader.is_blank_or_end(1);
                let is_newer = in_flow && self.takes_colons;
                if is_newer && c == b':' {
                    colon_ends |= matches!(self.reader.at(1), b',' | b'[' | b']' | b'{' | b'}');
                } else if in_flow && c == b':' && !colon_ends {
                    let message = "a text with a colon must be quoted within brackets or braces";
                    return Err(self.reader.mark.error(message));
                }
                let question_ends = c == b'?' && (!is_newer || self.reader.is_blank_or_end(1));
                if colon_ends || (in_flow && (question_ends || matches!(c, b',' | b'[' | b']' | b'{' | b'}'))) {
                    break;
                }
                if gap.has_break || !gap.blanks.is_empty() {
                    gap.fold_into(&mut out);
                }
                self.reader.take(&mut out);
                self.reader.take_plain(&mut out, |byte| {
                    byte > b' ' && !matches!(byte, b':' | b',' | b'?' | b'[' | b']' | b'{' | b'}')
                });
                end = self.reader.mark;
                self.reader.need(2)?;
            }
            if !self.reader.is_blank(0) && !self.reader.is_break(0) {
                break;
            }
            self.gap(&mut gap, indent)?;
            if !in_flow && self.reader.mark.column < indent {
                break;
            }
        }
        if gap.has_break {
            self.simple_key_allowed = true;
        }
        self.room = gap;
        self.push(Kind::Scalar(out, Style::Plain), start, end);
        Ok(())
    }

    pub(super) fn scan_quoted(&mut self, quote: u8) -> Result<(), ReadError> {
        let start = self.reader.mark;
        self.reader.skip();
        let (mut out, mut gap) = (Vec::with_capacity(ROOM), std::mem::take(&mut self.room).emptied());
        loop {
            self.reader.need(4)?;
            if self.reader.is_document_mark() {
                return Err(start.error("the line `---` or `...` ends the document within these quotes"));
            }
            if self.reader.is_end() {
                return Err(start.error("this quotation mark is never closed"));
            }
            let mut joined = false;
            while !joined && !self.reader.is_blank_or_end(0) {
                let c = self.reader.at(0);
                if c == quote && quote == b'\'' && self.reader.at(1) == b'\'' {
                    out.push(b'\'');
                    self.reader.skip();
                    self.reader.skip();
                } else if c == quote {
                    break;
                } else if c == b'\\' && quote == b'"' && self.reader.is_break(1) {
                    self.reader.need(3)?;
                    self.reader.skip();
                    self.reader.skip_line();
                    joined = true;
                    continue;
                } else if c == b'\\' && quote == b'"' {
                    self.escape(&mut out)?;
                } else {
                    self.reader.take(&mut out);
                    self.reader.take_plain(&mut out, |byte| byte > b' ' && !matches!(byte, b'\'' | b'"' | b'\\'));
                }
                self.reader.need(2)?;
            }
            if self.reader.at(0) == quote {
                break;
            }
            // An escaped line break leaves nothing, not even a blank.
            gap.has_break = joined;
            self.gap(&mut gap, 0)?;
            gap.fold_into(&mut out);
        }
        self.reader.skip();
        self.room = gap;
        self.push(Kind::Scalar(out, Style::Quoted), start, self.reader.mark);
        Ok(())
    }

    fn escape(&mut self, out: &mut Vec<u8>) -> Result<(), ReadError> {
        let start = self.reader.mark;
        let digits = match self.reader.at(1) {
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            _ => 0,
        };
        let text: &[u8] = match self.reader.at(1) {
            b'0' => b"\0",
            b'a' => b"\x07",
            b'b' => b"\x08",
            b't' | b'\t' => b"\t",
            b'n' => b"\n",
            b'v' => b"\x0b",
            b'f' => b"\x0c",
            b'r' => b"\r",
            b'e' => b"\x1b",
            b' ' => b" ",
            b'"' => b"\"",
            b'\'' => b"'",
            b'\\' => b"\\",
            b'N' => b"\xc2\x85",
            b'_' => b"\xc2\xa0",
            b'L' => b"\xe2\x80\xa8",
            b'P' => b"\xe2\x80\xa9",
            _ if digits > 0 => b"",
            b'/' => return Err(start.error("`\\/` is no escape in YAML 1.1; a slash needs none")),
            _ => return Err(start.error("this is no escape; a backslash in double quotes is written `\\\\`")),
        };
        out.extend_from_slice(text);
        self.reader.skip();
        self.reader.skip();
        if digits > 0 {
            self.reader.need(digits)?;
            let code = self.reader.rest().get(..digits).filter(|code| code.iter().all(u8::is_ascii_hexdigit));
            let code = code.and_then(|code| std::str::from_utf8(code).ok());
            let code = code.and_then(|code| u32::from_str_radix(code, 16).ok()).and_then(char::from_u32);
            let message = || start.error(format!("this escape wants {digits} hexadecimal digits of a character"));
            out.extend_from_slice(code.ok_or_else(message)?.encode_utf8(&mut [0; 4]).as_bytes());
            (0..digits).for_each(|_| self.reader.skip());
        }
        Ok(())
    }

    pub(super) fn scan_block_scalar(&mut self, literal: bool) -> Result<(), ReadError> {
        let start = self.reader.mark;
        self.reader.skip();
        self.reader.need(1)?;
        let (keep, increment) = self.block_header(start)?;
        self.end_of_line(start, "the sign of a block of text")?;
        let mut end = self.reader.mark;
        let outer = usize::try_from(self.indent).unwrap_or(0);
        let mut indent = if increment > 0 { outer + increment } else { 0 };
        let (mut out, mut first_break, mut more_breaks) = (Vec::with_capacity(2 * ROOM), Vec::new(), Vec::new());
        self.block_breaks(&mut indent, &mut more_breaks, &mut end)?;
        self.reader.need(1)?;
        let mut after_blank = false;
        while self.reader.mark.column == indent && !self.reader.is_end() {
            let blank = self.reader.is_blank(0);
            if !literal && !after_blank && !blank && first_break.first() == Some(&b'\n') {
                if more_breaks.is_empty() {
                    out.push(b' ');
                }
                first_break.clear();
            } else {
                out.append(&mut first_break);
            }
            out.append(&mut more_breaks);
            after_blank = blank;
            while !self.reader.is_break_or_end(0) {
                self.reader.take(&mut out);
                self.reader.take_plain(&mut out, |byte| byte >= b' ' || byte == b'\t');
                self.reader.need(1)?;
            }
            self.reader.need(2)?;
            self.reader.take_line(&mut first_break);
            self.block_breaks(&mut indent, &mut more_breaks, &mut end)?;
        }
        if keep != Some(false) {
            out.append(&mut first_break);
        }
        if keep == Some(true) {
            out.append(&mut more_breaks);
        }
        self.push(Kind::Scalar(out, Style::Block), start, end);
        Ok(())
    }

    /// `+` or `-`, and a digit for the indentation, in either order.
    fn block_header(&mut self, start: Mark) -> Result<(Option<bool>, usize), ReadError> {
        let (mut keep, mut increment) = (None, 0);
        for _ in 0..2 {
            match self.reader.at(0) {
                sign @ (b'+' | b'-') if keep.is_none() => keep = Some(sign == b'+'),
                b'0' if increment == 0 => return Err(start.error("a block of text cannot be indented by 0")),
                digit @ b'1'..=b'9' if increment == 0 => increment = usize::from(digit - b'0'),
                _ => break,
            }
            self.reader.skip();
            self.reader.need(1)?;
        }
        Ok((keep, increment))
    }

    /// Indentation and empty lines; finds out the indentation where none is given.
    fn block_breaks(&mut self, indent: &mut usize, breaks: &mut Vec<u8>, end: &mut Mark) -> Result<(), ReadError> {
        *end = self.reader.mark;
        let mut deepest = 0;
        loop {
            self.reader.need(1)?;
            while (*indent == 0 || self.reader.mark.column < *indent) && self.reader.at(0) == b' ' {
                self.reader.skip();
                self.reader.need(1)?;
            }
            deepest = deepest.max(self.reader.mark.column);
            if (*indent == 0 || self.reader.mark.column < *indent) && self.reader.at(0) == b'\t' {
                let message = "a tab stands where only spaces may: Rancher's YAML reader refuses the file";
                return Err(self.reader.mark.error(message));
            }
            if !self.reader.is_break(0) {
                break;
            }
            self.reader.need(2)?;
            self.reader.take_line(breaks);
            *end = self.reader.mark;
        }
        if *indent == 0 {
            *indent = deepest.max(usize::try_from(self.indent + 1).unwrap_or(0)).max(1);
        }
        Ok(())
    }
}
