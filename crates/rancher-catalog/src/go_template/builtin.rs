//! The functions that Go's `text/template` brings, and Rancher's own one.

use std::cmp::Ordering;
use std::sync::Arc;

use super::functions::{Function, Halt, Outcome, Type, made, plain, text, truth};
use super::printf::{Printer, print, println};
use super::quote::is_print;
use super::value::Value;
use crate::go_encoding::runes;

/// The most pieces that one function makes.
pub(super) const MAX_PIECES: usize = 200_000;

const ONE: &[Type] = &[Type::Any];

pub(super) static TABLE: &[Function] = &[
    plain("and", ONE, Some(Type::Any), |args| Ok(first_by(args, false))),
    plain("or", ONE, Some(Type::Any), |args| Ok(first_by(args, true))),
    plain("not", ONE, None, |args| truth(!args[0].truth())),
    plain("eq", ONE, Some(Type::Any), |args| equal(args).map(Value::Bool)),
    plain("ne", &[Type::Any, Type::Any], None, |args| Ok(Value::Bool(!equal(args)?))),
    plain("lt", &[Type::Any, Type::Any], None, |args| Ok(Value::Bool(less(args)?))),
    plain("le", &[Type::Any, Type::Any], None, |args| Ok(Value::Bool(less(args)? || equal(args)?))),
    plain("gt", &[Type::Any, Type::Any], None, |args| Ok(Value::Bool(!(less(args)? || equal(args)?)))),
    plain("ge", &[Type::Any, Type::Any], None, |args| Ok(Value::Bool(!less(args)?))),
    plain("call", ONE, Some(Type::Any), |args| {
        let what = if args[0].is_nil() {
            "call of nil".to_owned()
        } else {
            format!("non-function of type {}", args[0].type_name())
        };
        Err(Halt::Fails(what))
    }),
    plain("index", ONE, Some(Type::Any), index),
    plain("len", ONE, None, |args| match args[0].length() {
        Some(length) => Ok(Value::Int(i64::try_from(length).unwrap_or(i64::MAX))),
        None => Err(Halt::Fails(format!("len of type {}", args[0].type_name()))),
    }),
    plain("print", &[], Some(Type::Any), |args| printed(print(args))),
    plain("println", &[], Some(Type::Any), |args| printed(println(args))),
    plain("printf", &[Type::Text], Some(Type::Any), |args| {
        let mut printer = Printer::default();
        printer.printf(text(args, 0), &args[1..]);
        printed(printer)
    }),
    plain("html", &[], Some(Type::Any), |args| to_escape(args).and_then(|text| made(html(&text)))),
    plain("js", &[], Some(Type::Any), |args| to_escape(args).and_then(|text| made(js(&text)))),
    plain("urlquery", &[], Some(Type::Any), |args| to_escape(args).and_then(|text| made(url_query(&text)))),
    plain("splitPreserveQuotes", &[Type::Text], None, |args| split_preserving_quotes(text(args, 0))),
];

pub(super) fn printed(printer: Printer) -> Outcome {
    if printer.is_full { Err(too_long()) } else { made(printer.out) }
}

pub(super) fn too_long() -> Halt {
    Halt::Limit("this tool makes texts of up to 4 MiB; Rancher may make longer ones".to_owned())
}

pub(super) fn too_many() -> Halt {
    Halt::Limit(format!("this tool makes up to {MAX_PIECES} pieces of a text or of a map; Rancher may make more"))
}

fn first_by(args: &[Value], truth: bool) -> Value {
    args.iter().find(|value| value.truth() == truth).or(args.last()).cloned().unwrap_or(Value::Nil)
}

#[derive(PartialEq, Clone, Copy)]
enum Basic<'a> {
    Bool(bool),
    Complex(f64, f64),
    Int(i128),
    Float(f64),
    Text(&'a [u8]),
}

const BAD_TYPE: &str = "invalid type for comparison";
const BAD_TYPES: &str = "incompatible types for comparison";

fn basic(value: &Value) -> Result<Basic<'_>, Halt> {
    Ok(match value {
        Value::Bool(truth) => Basic::Bool(*truth),
        Value::Int(number) | Value::Int64(number) => Basic::Int(i128::from(*number)),
        Value::Byte(number) => Basic::Int(i128::from(*number)),
        Value::Float(number) => Basic::Float(*number),
        Value::Complex(real, imaginary) => Basic::Complex(*real, *imaginary),
        Value::Text(text) => Basic::Text(text),
        _ => return Err(Halt::Fails(BAD_TYPE.to_owned())),
    })
}

fn equal(args: &[Value]) -> Result<bool, Halt> {
    let first = basic(&args[0])?;
    if args.len() < 2 {
        return Err(Halt::Fails("missing argument for comparison".to_owned()));
    }
    for other in &args[1..] {
        let other = basic(other)?;
        if std::mem::discriminant(&first) != std::mem::discriminant(&other) {
            return Err(Halt::Fails(BAD_TYPES.to_owned()));
        }
        if first == other {
            return Ok(true);
        }
    }
    Ok(false)
}

fn less(args: &[Value]) -> Result<bool, Halt> {
    let order = match (basic(&args[0])?, basic(&args[1])?) {
        (Basic::Int(a), Basic::Int(b)) => Some(a.cmp(&b)),
        (Basic::Float(a), Basic::Float(b)) => a.partial_cmp(&b),
        (Basic::Text(a), Basic::Text(b)) => Some(a.cmp(b)),
        (a, b) if std::mem::discriminant(&a) == std::mem::discriminant(&b) => {
            return Err(Halt::Fails(BAD_TYPE.to_owned()));
        }
        _ => return Err(Halt::Fails(BAD_TYPES.to_owned())),
    };
    Ok(order == Some(Ordering::Less))
}

fn index(args: &[Value]) -> Outcome {
    let fails = |what: String| Err(Halt::Fails(what));
    if args[0].is_nil() {
        return fails("index of untyped nil".to_owned());
    }
    let mut value = args[0].clone();
    for key in &args[1..] {
        value = match &value {
            Value::Nil | Value::NilItem => return fails("index of nil pointer".to_owned()),
            Value::Answers(_) | Value::Map(_) => {
                let Value::Text(key) = key else {
                    return fails(format!("a map's key is a string, not {}", key.type_name()));
                };
                let missing = if matches!(value, Value::Answers(_)) { Value::text("") } else { Value::NilItem };
                value.entry(key).unwrap_or(missing)
            }
            other if other.length().is_some() => {
                let at = match key {
                    Value::Int(at) | Value::Int64(at) => *at,
                    Value::Byte(at) => i64::from(*at),
                    other => return fails(format!("cannot index slice/array with type {}", other.type_name())),
                };
                match usize::try_from(at).ok().and_then(|at| value.item(at)) {
                    Some(item) => item,
                    None => return fails(format!("index out of range: {at}")),
                }
            }
            other => return fails(format!("can't index item of type {}", other.type_name())),
        };
    }
    Ok(value)
}

/// What Go's escaping functions escape: one string as it is, else what `print` makes of all.
fn to_escape(args: &[Value]) -> Result<Vec<u8>, Halt> {
    if let [Value::Text(text)] = args {
        return Ok(text.to_vec());
    }
    let args: Vec<Value> =
        args.iter().map(|value| if value.is_nil() { Value::text("<no value>") } else { value.clone() }).collect();
    let printer = print(&args);
    if printer.is_full { Err(too_long()) } else { Ok(printer.out) }
}

fn html(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        match byte {
            0 => out.extend("\u{fffd}".bytes()),
            b'"' => out.extend(b"&#34;"),
            b'\'' => out.extend(b"&#39;"),
            b'&' => out.extend(b"&amp;"),
            b'<' => out.extend(b"&lt;"),
            b'>' => out.extend(b"&gt;"),
            other => out.push(*other),
        }
    }
    out
}

fn js(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    for (c, width) in runes(text) {
        match c {
            Some('\\') => out.extend(b"\\\\"),
            Some('\'') => out.extend(b"\\'"),
            Some('"') => out.extend(b"\\\""),
            Some('<') => out.extend(b"\\x3C"),
            Some('>') => out.extend(b"\\x3E"),
            Some(c) if c < ' ' || (!c.is_ascii() && !is_print(c)) => {
                out.extend(format!("\\u{:04X}", u32::from(c)).bytes())
            }
            _ => out.extend_from_slice(&text[at..at + width]),
        }
        at += width;
    }
    out
}

fn url_query(text: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(*byte)),
            b' ' => out.push('+'),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

/// Unicode's `Quotation_Mark`
fn is_quotation_mark(c: char) -> bool {
    matches!(
        c,
        '"' | '\''
            | '«'
            | '»'
            | '\u{2018}'..='\u{201f}'
            | '\u{2039}'
            | '\u{203a}'
            | '\u{2e42}'
            | '\u{300c}'..='\u{300f}'
            | '\u{301d}'..='\u{301f}'
            | '\u{fe41}'..='\u{fe44}'
            | '\u{ff02}'
            | '\u{ff07}'
            | '\u{ff62}'
            | '\u{ff63}'
    )
}

/// Rancher's own: each white space outside quotes divides. The last byte ends the last piece; where it is not a character of
/// its own, that piece is lost.
fn split_preserving_quotes(text: &[u8]) -> Outcome {
    let mut pieces: Vec<Arc<[u8]>> = Vec::new();
    let mut piece = Vec::new();
    let mut quoted = false;
    let mut at = 0;
    for (c, width) in runes(text) {
        let c = c.unwrap_or('\u{fffd}');
        quoted ^= is_quotation_mark(c);
        let is_last = at + 1 == text.len();
        let divides = c.is_whitespace() && !quoted;
        if is_last || !divides {
            piece.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
        if is_last || divides {
            pieces.push(Arc::from(std::mem::take(&mut piece)));
            if pieces.len() > MAX_PIECES {
                return Err(too_many());
            }
        }
        at += width;
    }
    Ok(Value::Texts(Arc::new(pieces)))
}
