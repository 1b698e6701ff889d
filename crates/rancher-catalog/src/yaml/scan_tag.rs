//! Characters -> anchors, aliases, tags and directives.

use super::document::ReadError;
use super::reader::{Mark, Reader};
use super::scanner::{FAILS, Kind, Scanner};

const NO_TAG: &str = "this tag cannot be read; quote a text that begins with `!`";

fn is_word(c: u8) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-')
}

fn is_uri(c: u8) -> bool {
    is_word(c) || b";/?:@&=+$,.!~*'()[]%".contains(&c)
}

impl Scanner<'_> {
    fn word(&mut self, out: &mut Vec<u8>) -> Result<(), ReadError> {
        self.reader.need(1)?;
        while is_word(self.reader.at(0)) {
            self.reader.take(out);
            self.reader.need(1)?;
        }
        Ok(())
    }

    fn blanks(&mut self) -> Result<(), ReadError> {
        self.reader.need(1)?;
        while self.reader.is_blank(0) {
            self.reader.skip();
            self.reader.need(1)?;
        }
        Ok(())
    }

    pub(super) fn scan_anchor(&mut self, is_alias: bool) -> Result<(), ReadError> {
        let start = self.reader.mark;
        self.reader.skip();
        let mut name = Vec::new();
        self.word(&mut name)?;
        let end = self.reader.mark;
        let ends = self.reader.is_blank_or_end(0) || b"?:,]}%@`".contains(&self.reader.at(0));
        if name.is_empty() || !ends {
            let sign = if is_alias { '*' } else { '&' };
            return Err(start.error(format!("no value can begin with `{sign}` here; quote the text")));
        }
        let name = String::from_utf8_lossy(&name).into_owned();
        self.push(if is_alias { Kind::Alias(name) } else { Kind::Anchor(name) }, start, end);
        Ok(())
    }

    pub(super) fn scan_tag(&mut self) -> Result<(), ReadError> {
        let start = self.reader.mark;
        self.reader.need(2)?;
        let (mut handle, mut suffix) = (Vec::new(), Vec::new());
        if self.reader.at(1) == b'<' {
            self.reader.skip();
            self.reader.skip();
            self.uri(start, &mut suffix)?;
            if self.reader.at(0) != b'>' {
                return Err(start.error(NO_TAG));
            }
            self.reader.skip();
        } else {
            self.handle(false, start, &mut handle)?;
            if handle.len() > 1 && handle.ends_with(b"!") {
                self.uri(start, &mut suffix)?;
            } else {
                suffix.extend_from_slice(&handle[1..]);
                self.uri(start, &mut suffix)?;
                handle = b"!".to_vec();
            }
        }
        self.reader.need(1)?;
        if !self.reader.is_blank_or_end(0) {
            return Err(start.error(NO_TAG));
        }
        self.push(Kind::Tag(handle, suffix), start, self.reader.mark);
        Ok(())
    }

    fn handle(&mut self, is_directive: bool, start: Mark, out: &mut Vec<u8>) -> Result<(), ReadError> {
        self.reader.need(1)?;
        if self.reader.at(0) != b'!' {
            return Err(start.error(NO_TAG));
        }
        self.reader.take(out);
        self.word(out)?;
        if self.reader.at(0) == b'!' {
            self.reader.take(out);
        } else if is_directive {
            // go-yaml looks for a second character that is not there.
            return Err(start.error(if out.len() == 1 { FAILS } else { NO_TAG }));
        }
        Ok(())
    }

    fn uri(&mut self, start: Mark, out: &mut Vec<u8>) -> Result<(), ReadError> {
        self.reader.need(1)?;
        while is_uri(self.reader.at(0)) {
            if self.reader.at(0) == b'%' {
                self.uri_escapes(start, out)?;
            } else {
                self.reader.take(out);
            }
            self.reader.need(1)?;
        }
        if out.is_empty() { Err(start.error(NO_TAG)) } else { Ok(()) }
    }

    /// `%C3%A9`: the bytes of one character.
    fn uri_escapes(&mut self, start: Mark, out: &mut Vec<u8>) -> Result<(), ReadError> {
        let mut left = None;
        while left != Some(0) {
            self.reader.need(3)?;
            let octet = octet(&self.reader).ok_or_else(|| start.error(NO_TAG))?;
            left = match left {
                None => Some(width(octet).ok_or_else(|| start.error(NO_TAG))?),
                Some(_) if octet & 0xc0 != 0x80 => return Err(start.error(NO_TAG)),
                left => left,
            };
            out.push(octet);
            (0..3).for_each(|_| self.reader.skip());
            left = left.map(|left| left - 1);
        }
        Ok(())
    }

    pub(super) fn scan_directive(&mut self) -> Result<(), ReadError> {
        let start = self.reader.mark;
        self.reader.skip();
        let mut name = Vec::new();
        self.word(&mut name)?;
        let unknown = "a line that begins with `%` is a directive, and this is none that Rancher knows; quote the text";
        if name.is_empty() || !self.reader.is_blank_or_end(0) {
            return Err(start.error(unknown));
        }
        let kind = match name.as_slice() {
            b"YAML" => self.version(start)?,
            b"TAG" => self.tag_directive(start)?,
            _ => return Err(start.error(unknown)),
        };
        let end = self.reader.mark;
        self.end_of_line(start, "a directive")?;
        self.push(kind, start, end);
        Ok(())
    }

    fn version(&mut self, start: Mark) -> Result<Kind, ReadError> {
        self.blanks()?;
        let major = self.version_number(start)?;
        if self.reader.at(0) != b'.' {
            return Err(start.error("the version of YAML is written `%YAML 1.1`"));
        }
        self.reader.skip();
        Ok(Kind::Version(major, self.version_number(start)?))
    }

    fn version_number(&mut self, start: Mark) -> Result<u8, ReadError> {
        let mut number = None;
        self.reader.need(1)?;
        for _ in 0..3 {
            let c = self.reader.at(0);
            if !c.is_ascii_digit() {
                break;
            }
            number = Some(number.unwrap_or(0u8).saturating_mul(10).saturating_add(c - b'0'));
            self.reader.skip();
            self.reader.need(1)?;
        }
        let good = number.filter(|_| !self.reader.at(0).is_ascii_digit());
        good.filter(|number| *number < 100).ok_or_else(|| start.error("the version of YAML is written `%YAML 1.1`"))
    }

    fn tag_directive(&mut self, start: Mark) -> Result<Kind, ReadError> {
        let (mut handle, mut prefix) = (Vec::new(), Vec::new());
        self.blanks()?;
        self.handle(true, start, &mut handle)?;
        self.reader.need(1)?;
        if !self.reader.is_blank(0) {
            return Err(start.error(NO_TAG));
        }
        self.blanks()?;
        self.uri(start, &mut prefix)?;
        self.reader.need(1)?;
        if !self.reader.is_blank_or_end(0) {
            return Err(start.error(NO_TAG));
        }
        Ok(Kind::TagDirective(handle, prefix))
    }
}

fn octet(reader: &Reader<'_>) -> Option<u8> {
    let digit = |c: u8| char::from(c).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    (reader.at(0) == b'%').then_some(())?;
    Some(digit(reader.at(1))? << 4 | digit(reader.at(2))?)
}

/// How many bytes a character has that begins with this one.
fn width(octet: u8) -> Option<u8> {
    match octet {
        0..=0x7f => Some(1),
        0xc0..=0xdf => Some(2),
        0xe0..=0xef => Some(3),
        0xf0..=0xf7 => Some(4),
        _ => None,
    }
}
