//! Texts as Go literals: `strconv.Quote`.

use std::fmt::Write;

use crate::go_encoding::runes;

/// Whether Go prints a character as it is.
pub(super) fn is_print(c: char) -> bool {
    // Behind a letter Rust escapes what no one would see, and nothing else.
    if c.is_ascii() { (' '..='~').contains(&c) } else { !format!("{:?}", format!("a{c}")).contains('\\') }
}

/// A text in quotation marks; `plain` leaves no character that is not ASCII.
pub(super) fn quoted(text: &[u8], quote: char, plain: bool) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    let mut at = 0;
    for (c, width) in runes(text) {
        match c {
            Some(c) => escape(&mut out, c, quote, plain),
            None => drop(write!(out, "\\x{:02x}", text[at])),
        }
        at += width;
    }
    out.push(quote);
    out
}

pub(super) fn quoted_rune(c: char, quote: char, plain: bool) -> String {
    let mut out = String::from(quote);
    escape(&mut out, c, quote, plain);
    out.push(quote);
    out
}

fn escape(out: &mut String, c: char, quote: char, plain: bool) {
    let code = u32::from(c);
    match c {
        c if c == quote || c == '\\' => out.extend(['\\', c]),
        c if is_print(c) && (c.is_ascii() || !plain) => out.push(c),
        '\x07' => out.push_str("\\a"),
        '\x08' => out.push_str("\\b"),
        '\x0c' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\x0b' => out.push_str("\\v"),
        c if c < ' ' => drop(write!(out, "\\x{code:02x}")),
        _ if code < 0x1_0000 => drop(write!(out, "\\u{code:04x}")),
        _ => drop(write!(out, "\\U{code:08x}")),
    }
}
