//! Sprig's functions of texts. Some of them take bytes for letters, as their authors did.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::builtin::{MAX_PIECES, printed, too_long, too_many};
use super::functions::{Function, Halt, Outcome, Type, breaks, int, made, plain, text, truth};
use super::printf::{MAX_TEXT, Printer};
use super::quote::quoted;
use super::value::Value;
use super::values::text_of;
use super::{paths, words};
use crate::go_encoding::{base32, base64, from_base32, from_base64, runes};

const ONE: &[Type] = &[Type::Text];
const TWO: &[Type] = &[Type::Text, Type::Text];
const COUNTED: &[Type] = &[Type::Int, Type::Text];

pub(super) static TABLE: &[Function] = &[
    plain("abbrev", COUNTED, None, |args| made(words::abbreviate(text(args, 1), 0, int(args, 0)))),
    plain("abbrevboth", &[Type::Int, Type::Int, Type::Text], None, |args| {
        let (left, right) = (int(args, 0), int(args, 1));
        let is_short = right < 4 || (left > 0 && right < 7);
        made(if is_short { text(args, 2).to_vec() } else { words::abbreviate(text(args, 2), left, right) })
    }),
    plain("trunc", COUNTED, None, |args| {
        let all = text(args, 1);
        match usize::try_from(int(args, 0)) {
            Ok(length) => made(&all[..length.min(all.len())]),
            Err(_) => Err(breaks("a text cannot be cut to less than nothing")),
        }
    }),
    plain("trim", ONE, None, |args| made(trimmed(text(args, 0), char::is_whitespace))),
    plain("upper", ONE, None, |args| made(words::mapped(text(args, 0), words::upper))),
    plain("lower", ONE, None, |args| made(words::mapped(text(args, 0), words::lower))),
    plain("title", ONE, None, |args| made(words::title(text(args, 0)))),
    plain("untitle", ONE, None, |args| made(words::untitle(text(args, 0)))),
    plain("substr", &[Type::Int, Type::Int, Type::Text], None, |args| {
        let all = text(args, 2);
        let bound = |at: i64| usize::try_from(at).ok().filter(|at| *at <= all.len());
        let (start, end) = match (int(args, 0), int(args, 1)) {
            (start, end) if start < 0 => (Some(0), bound(end)),
            (start, end) if end < 0 => (bound(start), Some(all.len())),
            (start, end) => (bound(start), bound(end)),
        };
        match (start, end) {
            (Some(start), Some(end)) if start <= end => made(&all[start..end]),
            _ => Err(breaks("a part of a text is asked for that it does not have")),
        }
    }),
    plain("repeat", COUNTED, None, |args| {
        let Ok(times) = usize::try_from(int(args, 0)) else {
            return Err(breaks("a text cannot be repeated less than never"));
        };
        let all = text(args, 1);
        if all.len().saturating_mul(times) > MAX_TEXT {
            Err(too_long())
        } else {
            made(all.repeat(if all.is_empty() { 0 } else { times }))
        }
    }),
    plain("trimall", TWO, None, |args| made(trimmed_of(text(args, 1), text(args, 0)))),
    plain("trimAll", TWO, None, |args| made(trimmed_of(text(args, 1), text(args, 0)))),
    plain("trimSuffix", TWO, None, |args| made(text(args, 1).strip_suffix(text(args, 0)).unwrap_or(text(args, 1)))),
    plain("trimPrefix", TWO, None, |args| made(text(args, 1).strip_prefix(text(args, 0)).unwrap_or(text(args, 1)))),
    plain("nospace", ONE, None, |args| made(words::without_space(text(args, 0)))),
    plain("initials", ONE, None, |args| made(words::initials(text(args, 0)))),
    plain("swapcase", ONE, None, |args| made(words::swap_case(text(args, 0)))),
    plain("wrap", COUNTED, None, |args| wrapped(text(args, 1), int(args, 0), b"\n", false)),
    plain("wrapWith", &[Type::Int, Type::Text, Type::Text], None, |args| {
        let sign = if text(args, 1).is_empty() { b"\n" } else { text(args, 1) };
        wrapped(text(args, 2), int(args, 0), sign, true)
    }),
    plain("contains", TWO, None, |args| {
        let ([all, part], _) = as_texts([text(args, 1), text(args, 0)]);
        truth(all.contains(part.as_ref()))
    }),
    plain("hasPrefix", TWO, None, |args| truth(text(args, 1).starts_with(text(args, 0)))),
    plain("hasSuffix", TWO, None, |args| truth(text(args, 1).ends_with(text(args, 0)))),
    plain("quote", &[], Some(Type::Any), |args| {
        joined(args, |value| Ok(quoted(&text_of(value)?, '"', false).into_bytes()))
    }),
    plain("squote", &[], Some(Type::Any), |args| joined(args, |value| Ok([b"'", &text_of(value)?[..], b"'"].concat()))),
    plain("cat", &[], Some(Type::Any), |args| {
        let mut printer = Printer::default();
        printer.printf(vec!["%v"; args.len()].join(" ").as_bytes(), args);
        printed(printer)
    }),
    plain("indent", COUNTED, None, |args| {
        let Ok(width) = usize::try_from(int(args, 0)) else {
            return Err(breaks("a text cannot be indented by less than nothing"));
        };
        if width > MAX_TEXT {
            return Err(too_long());
        }
        let pad = vec![b' '; width];
        let lines = replaced(text(args, 1), b"\n", &[b"\n", pad.as_slice()].concat())?;
        made([pad, lines].concat())
    }),
    plain("replace", &[Type::Text, Type::Text, Type::Text], None, |args| {
        made(replaced(text(args, 2), text(args, 0), text(args, 1))?)
    }),
    plain("plural", &[Type::Text, Type::Text, Type::Int], None, |args| {
        made(text(args, usize::from(int(args, 2) != 1)))
    }),
    plain("sha256sum", ONE, None, |args| {
        let hash = Sha256::digest(text(args, 0));
        made(hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
    }),
    plain("split", TWO, None, |args| split(text(args, 1), text(args, 0))),
    plain("join", &[Type::Text, Type::Texts], None, |args| {
        let Value::Texts(items) = &args[1] else { return made("") };
        let between = text(args, 0);
        let length: usize = items.iter().map(|item| item.len() + between.len()).sum();
        if length > MAX_TEXT + between.len() { Err(too_long()) } else { made(items.join(between)) }
    }),
    plain("base", ONE, None, |args| made(paths::base(text(args, 0)))),
    plain("dir", ONE, None, |args| made(paths::dir(text(args, 0)))),
    plain("clean", ONE, None, |args| made(paths::clean(text(args, 0)))),
    plain("ext", ONE, None, |args| made(paths::ext(text(args, 0)))),
    plain("isAbs", ONE, None, |args| truth(text(args, 0).starts_with(b"/"))),
    plain("b64enc", ONE, None, |args| made(base64(text(args, 0)))),
    plain("b64dec", ONE, None, |args| decoded(from_base64(text(args, 0)), 64)),
    plain("b32enc", ONE, None, |args| made(base32(text(args, 0)))),
    plain("b32dec", ONE, None, |args| decoded(from_base32(text(args, 0)), 32)),
];

/// What cannot be decoded gives the words of the error.
fn decoded(bytes: Result<Vec<u8>, usize>, base: u32) -> Outcome {
    match bytes {
        Ok(bytes) => made(bytes),
        Err(at) => made(format!("illegal base{base} data at input byte {at}")),
    }
}

fn wrapped(all: &[u8], width: i64, sign: &[u8], breaks_words: bool) -> Outcome {
    let out = words::wrap(all, usize::try_from(width).unwrap_or(0), sign, breaks_words);
    if out.len() > MAX_TEXT { Err(too_long()) } else { made(out) }
}

fn joined(args: &[Value], each: fn(&Value) -> Result<Vec<u8>, Halt>) -> Outcome {
    let items = args.iter().map(each).collect::<Result<Vec<_>, _>>()?.join(&b' ');
    if items.len() > MAX_TEXT { Err(too_long()) } else { made(items) }
}

/// Bytes as texts in which one can be looked for in the other: as they are, or a character a byte.
fn as_texts<const N: usize>(all: [&[u8]; N]) -> ([Cow<'_, str>; N], bool) {
    let is_text = all.iter().all(|bytes| std::str::from_utf8(bytes).is_ok());
    let each = |bytes| match std::str::from_utf8(bytes) {
        Ok(text) if is_text => Cow::Borrowed(text),
        _ => Cow::Owned(bytes.iter().copied().map(char::from).collect()),
    };
    (all.map(each), is_text)
}

fn as_bytes(text: &str, is_text: bool) -> Vec<u8> {
    if is_text {
        text.as_bytes().to_vec()
    } else {
        text.chars().filter_map(|c| u8::try_from(u32::from(c)).ok()).collect()
    }
}

fn replaced(all: &[u8], old: &[u8], new: &[u8]) -> Result<Vec<u8>, Halt> {
    if old.is_empty() {
        // Before each character, and at the end.
        let mut out = new.to_vec();
        let mut at = 0;
        for (_, width) in runes(all) {
            out.extend_from_slice(&all[at..at + width]);
            out.extend_from_slice(new);
            at += width;
            if out.len() > MAX_TEXT {
                return Err(too_long());
            }
        }
        return Ok(out);
    }
    let ([all, old, new], is_text) = as_texts([all, old, new]);
    let count = all.matches(old.as_ref()).count();
    if count.saturating_mul(new.len()) + all.len() > MAX_TEXT {
        return Err(too_long());
    }
    Ok(as_bytes(&all.replace(old.as_ref(), &new), is_text))
}

fn split(all: &[u8], between: &[u8]) -> Outcome {
    let mut parts: BTreeMap<Vec<u8>, Arc<[u8]>> = BTreeMap::new();
    let mut add = |at: usize, part: &[u8]| {
        parts.insert(format!("_{at}").into_bytes(), Arc::from(part));
        if at >= MAX_PIECES { Err(too_many()) } else { Ok(()) }
    };
    if between.is_empty() {
        let mut start = 0;
        for (at, (c, width)) in runes(all).enumerate() {
            let part = if c.is_none() { "\u{fffd}".as_bytes() } else { &all[start..start + width] };
            add(at, part)?;
            start += width;
        }
    } else {
        let ([all, between], is_text) = as_texts([all, between]);
        for (at, part) in all.split(between.as_ref()).enumerate() {
            add(at, &as_bytes(part, is_text))?;
        }
    }
    Ok(Value::Answers(Arc::new(parts)))
}

/// Without the characters at both ends for which a test holds.
fn trimmed(all: &[u8], test: impl Fn(char) -> bool) -> &[u8] {
    let (mut start, mut end, mut at, mut began) = (0, 0, 0, false);
    for (c, width) in runes(all) {
        at += width;
        if test(c.unwrap_or('\u{fffd}')) {
            if !began {
                start = at;
            }
        } else {
            began = true;
            end = at;
        }
    }
    if began { &all[start..end] } else { b"" }
}

fn trimmed_of<'t>(all: &'t [u8], set: &[u8]) -> &'t [u8] {
    let set: HashSet<char> = runes(set).map(|(c, _)| c.unwrap_or('\u{fffd}')).collect();
    trimmed(all, |c| set.contains(&c))
}
