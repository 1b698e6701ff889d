//! Go's `fmt`: `Sprintf`, `Sprint` and `Sprintln` over the values of a template.

use super::print_number::{float, integer, unicode};
use super::quote::{quoted, quoted_rune};
use super::value::Value;
use crate::go_encoding::runes;

/// The longest text that one function may make, in bytes.
pub(super) const MAX_TEXT: usize = 4 << 20;
/// How deep values may lie in values; a map can hold itself.
const MAX_DEPTH: usize = 200;
/// The widest field that Go makes.
const MAX_WIDTH: i64 = 1_000_000;

/// What stands between `%` and the verb.
#[derive(Debug, Clone, Copy, Default)]
#[allow(clippy::struct_excessive_bools, reason = "they are Go's flags")]
pub(super) struct Spec {
    pub plus: bool,
    pub minus: bool,
    pub sharp: bool,
    pub space: bool,
    pub zero: bool,
    pub plus_v: bool,
    pub sharp_v: bool,
    pub width: Option<usize>,
    pub precision: Option<usize>,
}

/// A text that grows up to a limit.
#[derive(Debug, Default)]
pub(super) struct Printer {
    pub out: Vec<u8>,
    pub spec: Spec,
    /// Whether there would be more than this tool makes.
    pub is_full: bool,
}

impl Printer {
    pub fn write(&mut self, text: impl AsRef<[u8]>) {
        let text = text.as_ref();
        if self.out.len() + text.len() > MAX_TEXT {
            self.is_full = true;
        } else {
            self.out.extend_from_slice(text);
        }
    }

    fn fill(&mut self, count: usize) {
        if self.out.len() + count > MAX_TEXT {
            self.is_full = true;
        } else {
            let filler = if self.spec.zero { b'0' } else { b' ' };
            self.out.resize(self.out.len() + count, filler);
        }
    }

    /// Writes a text in its field.
    pub fn pad(&mut self, text: impl AsRef<[u8]>) {
        let text = text.as_ref();
        let missing = self.spec.width.map_or(0, |width| width.saturating_sub(runes(text).count()));
        if !self.spec.minus {
            self.fill(missing);
        }
        self.write(text);
        if self.spec.minus {
            self.fill(missing);
        }
    }

    pub fn pad_without_zeros(&mut self, text: impl AsRef<[u8]>) {
        let zero = std::mem::replace(&mut self.spec.zero, false);
        self.pad(text);
        self.spec.zero = zero;
    }

    /// Zeros between the sign and the digits.
    pub fn pad_signed(&mut self, text: &[u8]) {
        match self.spec.width {
            Some(width) if self.spec.zero && width > text.len() => {
                self.write(&text[..1]);
                self.fill(width - text.len());
                self.write(&text[1..]);
            }
            _ => self.pad(text),
        }
    }

    /// `%v` of one value, as `Sprint` prints it.
    pub fn print(&mut self, value: &Value) {
        self.spec = Spec::default();
        self.value(value, 'v', 0);
    }

    /// One value by its verb.
    fn argument(&mut self, value: &Value, verb: char) {
        match (value, verb) {
            (Value::Nil | Value::NilItem, 'T' | 'v') => self.pad("<nil>"),
            (Value::Nil | Value::NilItem, _) => self.bad(value, verb),
            (_, 'T') => self.value(&Value::text(value.type_name()), 's', 0),
            (_, 'p') => self.bad(value, 'p'),
            _ => self.value(value, verb, 0),
        }
    }

    fn bad(&mut self, value: &Value, verb: char) {
        self.write(format!("%!{verb}("));
        if value.is_nil() {
            self.write("<nil>");
        } else {
            self.write(format!("{}=", value.type_name()));
            self.value(value, 'v', 0);
        }
        self.write(")");
    }

    fn value(&mut self, value: &Value, verb: char, depth: usize) {
        if self.is_full || depth > MAX_DEPTH {
            self.is_full = true;
            return;
        }
        let sharp = self.spec.sharp_v;
        match value {
            Value::Nil | Value::NilItem if sharp => self.write("interface {}(nil)"),
            Value::Nil | Value::NilItem => self.write("<nil>"),
            Value::Bool(truth) => match verb {
                't' | 'v' => self.pad(truth.to_string()),
                _ => self.bad(value, verb),
            },
            Value::Int(number) | Value::Int64(number) => self.integer(value, *number, verb),
            Value::Byte(number) if sharp && verb == 'v' => {
                let before = std::mem::replace(&mut self.spec.sharp, true);
                integer(self, false, u64::from(*number), 16, false);
                self.spec.sharp = before;
            }
            Value::Byte(number) => self.integer(value, i64::from(*number), verb),
            Value::Float(number) => {
                if !float(self, *number, verb) {
                    self.bad(value, verb);
                }
            }
            Value::Complex(real, imaginary) if "vbgGfFeE".contains(verb) => {
                let plus = self.spec.plus;
                self.write("(");
                float(self, *real, verb);
                self.spec.plus = true;
                float(self, *imaginary, verb);
                self.write("i)");
                self.spec.plus = plus;
            }
            Value::Complex(..) => self.bad(value, verb),
            Value::Text(text) => {
                if !self.string(text, verb) {
                    self.bad(value, verb);
                }
            }
            Value::Ints { .. } | Value::Texts(_) | Value::List(_) => {
                let (open, between, close) = if sharp { ("{", ", ", "}") } else { ("[", " ", "]") };
                if sharp {
                    self.write(value.type_name());
                }
                self.write(open);
                for at in 0..value.length().unwrap_or(0) {
                    if at > 0 {
                        self.write(between);
                    }
                    if let Some(item) = value.item(at) {
                        self.value(&item, verb, depth + 1);
                    }
                    if self.is_full {
                        return;
                    }
                }
                self.write(close);
            }
            Value::Answers(_) | Value::Map(_) => {
                let (open, between, close) = if sharp { ("{", ", ", "}") } else { ("map[", " ", "]") };
                if sharp {
                    self.write(value.type_name());
                }
                self.write(open);
                for (at, key) in value.keys().iter().enumerate() {
                    if at > 0 {
                        self.write(between);
                    }
                    self.value(&Value::text(key), verb, depth + 1);
                    self.write(":");
                    self.value(&value.entry(key).unwrap_or(Value::Nil), verb, depth + 1);
                }
                self.write(close);
            }
            Value::Struct(one) => {
                if sharp {
                    self.write(one.name);
                }
                self.write("{");
                for (at, (name, field)) in one.fields.iter().enumerate() {
                    if at > 0 {
                        self.write(if sharp { ", " } else { " " });
                    }
                    if sharp || self.spec.plus_v {
                        self.write(format!("{name}:"));
                    }
                    self.value(field, verb, depth + 1);
                }
                self.write("}");
            }
            Value::Time(seconds) => {
                let text = super::time::format(*seconds, "2006-01-02 15:04:05.999999999 -0700 MST");
                self.string(text.as_bytes(), verb);
            }
        }
    }

    fn integer(&mut self, value: &Value, number: i64, verb: char) {
        let (negative, magnitude) = (number < 0, number.unsigned_abs());
        let character = u32::try_from(number).ok().filter(|code| *code <= 0x10_ffff);
        match verb {
            'v' | 'd' => integer(self, negative, magnitude, 10, false),
            'b' => integer(self, negative, magnitude, 2, false),
            'o' => integer(self, negative, magnitude, 8, false),
            'x' | 'X' => integer(self, negative, magnitude, 16, verb == 'X'),
            'c' => {
                let c = character.and_then(char::from_u32).unwrap_or('\u{fffd}');
                self.pad(c.to_string());
            }
            'q' => match character {
                Some(code) => {
                    let c = char::from_u32(code).unwrap_or('\u{fffd}');
                    self.pad(quoted_rune(c, '\'', self.spec.plus));
                }
                None => self.bad(value, verb),
            },
            #[allow(clippy::cast_sign_loss, reason = "Go takes its bits")]
            'U' => unicode(self, number as u64),
            _ => self.bad(value, verb),
        }
    }

    /// Whether the verb is one for texts.
    fn string(&mut self, text: &[u8], verb: char) -> bool {
        let cut = || {
            let kept = self.spec.precision.unwrap_or(usize::MAX);
            let length = runes(text).take(kept).map(|(_, width)| width).sum::<usize>();
            &text[..length]
        };
        match verb {
            'v' if self.spec.sharp_v => self.quoted(cut()),
            's' | 'v' => self.pad(cut()),
            'q' => self.quoted(cut()),
            'x' | 'X' => self.hexadecimal(&text[..self.spec.precision.unwrap_or(text.len()).min(text.len())], verb),
            _ => return false,
        }
        true
    }

    fn quoted(&mut self, text: &[u8]) {
        let can_backquote = runes(text)
            .all(|(c, _)| c.is_some_and(|c| c == '\t' || (c >= ' ' && !matches!(c, '`' | '\x7f' | '\u{feff}'))));
        if self.spec.sharp && can_backquote {
            self.pad([b"`", text, b"`"].concat());
        } else {
            self.pad(quoted(text, '"', self.spec.plus));
        }
    }

    fn hexadecimal(&mut self, text: &[u8], verb: char) {
        let prefix = if self.spec.sharp { format!("0{verb}") } else { String::new() };
        let mut out = String::new();
        for (at, byte) in text.iter().enumerate() {
            if at == 0 || self.spec.space {
                out.push_str(if at > 0 { " " } else { "" });
                out.push_str(&prefix);
            }
            out.push_str(&if verb == 'x' { format!("{byte:02x}") } else { format!("{byte:02X}") });
        }
        self.pad(out);
    }

    /// `fmt.Sprintf`
    pub fn printf(&mut self, format: &[u8], args: &[Value]) {
        let mut format = Format { text: format, at: 0, args, next: 0, reordered: false, good: true };
        while let Some(found) = format.text[format.at..].iter().position(|byte| *byte == b'%') {
            self.write(&format.text[format.at..format.at + found]);
            format.at += found + 1;
            if !format.directive(self) || self.is_full {
                break;
            }
        }
        self.write(&format.text[format.at.min(format.text.len())..]);
        let left = args.get(format.next..).unwrap_or_default();
        if !format.reordered && !left.is_empty() {
            self.spec = Spec::default();
            self.write("%!(EXTRA ");
            for (at, value) in left.iter().enumerate() {
                if at > 0 {
                    self.write(", ");
                }
                if value.is_nil() {
                    self.write("<nil>");
                } else {
                    self.write(format!("{}=", value.type_name()));
                    self.value(value, 'v', 0);
                }
            }
            self.write(")");
        }
    }
}

/// A format, and how far it and its arguments are used up.
struct Format<'a> {
    text: &'a [u8],
    at: usize,
    args: &'a [Value],
    next: usize,
    /// Whether an argument was asked for by its number: then none counts as left over.
    reordered: bool,
    /// Whether the numbers were those of arguments.
    good: bool,
}

impl Format<'_> {
    fn peek(&self) -> u8 {
        self.text.get(self.at).copied().unwrap_or(0)
    }

    /// What stands behind a `%`. Tells whether the format goes on.
    fn directive(&mut self, printer: &mut Printer) -> bool {
        printer.spec = Spec::default();
        self.good = true;
        let spec = &mut printer.spec;
        loop {
            match self.peek() {
                b'#' => spec.sharp = true,
                b'0' => spec.zero = !spec.minus,
                b'+' => spec.plus = true,
                b'-' => {
                    spec.minus = true;
                    spec.zero = false;
                }
                b' ' => spec.space = true,
                verb if verb.is_ascii_lowercase() && self.next < self.args.len() => {
                    self.at += 1;
                    self.print(printer, char::from(verb));
                    return true;
                }
                _ => break,
            }
            self.at += 1;
        }
        let mut after_index = self.index();
        if self.peek() == b'*' {
            self.at += 1;
            let width = self.whole();
            if width.is_none() {
                printer.write("%!(BADWIDTH)");
            }
            let width = width.unwrap_or(0);
            if width < 0 {
                printer.spec.minus = true;
                printer.spec.zero = false;
            }
            printer.spec.width = usize::try_from(width.unsigned_abs()).ok();
            after_index = false;
        } else {
            printer.spec.width = self.number();
            self.good &= !(after_index && printer.spec.width.is_some());
        }
        if self.at + 1 < self.text.len() && self.peek() == b'.' {
            self.at += 1;
            self.good &= !after_index;
            after_index = self.index();
            if self.peek() == b'*' {
                self.at += 1;
                printer.spec.precision = self.whole().and_then(|number| usize::try_from(number).ok());
                if printer.spec.precision.is_none() {
                    printer.write("%!(BADPREC)");
                }
                after_index = false;
            } else {
                printer.spec.precision = Some(self.number().unwrap_or(0));
            }
        }
        if !after_index {
            self.index();
        }
        let Some((verb, width)) = runes(self.text.get(self.at..).unwrap_or_default()).next() else {
            printer.write("%!(NOVERB)");
            return false;
        };
        let verb = verb.unwrap_or('\u{fffd}');
        self.at += width;
        if verb == '%' {
            printer.write("%");
        } else if !self.good {
            printer.write(format!("%!{verb}(BADINDEX)"));
        } else if self.next >= self.args.len() {
            printer.write(format!("%!{verb}(MISSING)"));
        } else {
            self.print(printer, verb);
        }
        true
    }

    fn print(&mut self, printer: &mut Printer, verb: char) {
        if verb == 'v' {
            printer.spec.sharp_v = std::mem::replace(&mut printer.spec.sharp, false);
            printer.spec.plus_v = std::mem::replace(&mut printer.spec.plus, false);
        }
        printer.argument(&self.args[self.next], verb);
        self.next += 1;
    }

    /// `[3]`: the number of an argument. Tells whether there is one.
    fn index(&mut self) -> bool {
        if self.peek() != b'[' {
            return false;
        }
        self.reordered = true;
        let rest = &self.text[self.at..];
        let close = if rest.len() < 3 { None } else { rest.iter().position(|byte| *byte == b']') };
        let Some(close) = close else {
            self.good = false;
            self.at += 1;
            return false;
        };
        let inner = &rest[1..close];
        self.at += close + 1;
        let is_number = !inner.is_empty() && inner.iter().all(u8::is_ascii_digit);
        let number =
            std::str::from_utf8(inner).ok().filter(|_| is_number).and_then(|inner| inner.parse::<usize>().ok());
        match number.filter(|number| (1..=self.args.len()).contains(number)) {
            Some(number) => self.next = number - 1,
            None => self.good = false,
        }
        is_number && number.is_some_and(|number| number <= 10_000_000)
    }

    /// A width or precision that is an argument.
    fn whole(&mut self) -> Option<i64> {
        let value = self.args.get(self.next)?;
        self.next += 1;
        let (Value::Int(number) | Value::Int64(number)) = value else {
            let Value::Byte(number) = value else { return None };
            return Some(i64::from(*number));
        };
        Some(*number).filter(|number| (-MAX_WIDTH..=MAX_WIDTH).contains(number))
    }

    fn number(&mut self) -> Option<usize> {
        let mut number = None;
        while self.peek().is_ascii_digit() {
            if number.is_some_and(|number: usize| number > 1_000_000) {
                // Go gives up at so wide a field, and on the rest of the format.
                self.at = self.text.len();
                return None;
            }
            number = Some(number.unwrap_or(0) * 10 + usize::from(self.peek() - b'0'));
            self.at += 1;
        }
        number
    }
}

/// `fmt.Sprint`: a space between two that are both no strings.
pub(super) fn print(args: &[Value]) -> Printer {
    let mut printer = Printer::default();
    let mut after_text = true;
    for value in args {
        let is_text = matches!(value, Value::Text(_));
        if !is_text && !after_text {
            printer.write(" ");
        }
        printer.print(value);
        after_text = is_text;
        if printer.is_full {
            break;
        }
    }
    printer
}

/// `fmt.Sprintln`
pub(super) fn println(args: &[Value]) -> Printer {
    let mut printer = Printer::default();
    for (at, value) in args.iter().enumerate() {
        if at > 0 {
            printer.write(" ");
        }
        printer.print(value);
    }
    printer.write("\n");
    printer
}
