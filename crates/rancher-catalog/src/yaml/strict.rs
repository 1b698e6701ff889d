//! What go-yaml v2 refuses though readers of later YAML take it: tabs where a token may begin, and a few older rules.

use std::borrow::Cow;

use serde_yaml::{Number, Value};

use super::document::{Position, ReadError};
use super::resolve::resolve_plain;

/// The value of a scalar with a tag, such as `!!int 5`; `suffix` is that of a tag of YAML's own, `None` that of another.
pub(super) fn tagged(suffix: Option<&str>, text: &str, position: Position) -> Result<Value, ReadError> {
    let Some(suffix @ ("int" | "float" | "bool" | "null")) = suffix else { return Ok(Value::String(text.to_owned())) };
    let value = resolve_plain(text);
    let fits = match (suffix, &value) {
        ("int", Value::Number(number)) => !number.is_f64(),
        ("float", Value::Number(number)) => {
            return Ok(Value::Number(number.as_f64().map_or_else(|| number.clone(), Number::from)));
        }
        ("bool", Value::Bool(_)) | ("null", Value::Null) => true,
        _ => false,
    };
    if fits { Ok(value) } else { Err(error(position, format!("`{text}` cannot be read as !!{suffix}"))) }
}

/// A collection cannot be a key: mostly it is `{{ … }}`, which was to be text.
pub(super) fn collection_as_key(position: Position) -> ReadError {
    error(position, "a map or list cannot be a key; text that begins with a brace or bracket must be quoted".to_owned())
}

/// `<<` merges maps and nothing else.
pub(super) fn merge_of_no_map(position: Position) -> ReadError {
    error(position, "`<<` merges a map or a list of maps, and this is neither".to_owned())
}

/// A `%YAML` line of another version ends go-yaml's reading.
pub(super) fn other_version(position: Position, major: u32, minor: u32) -> ReadError {
    error(position, format!("Rancher reads YAML 1.1, and refuses what says that it is {major}.{minor}"))
}

/// An escape that YAML 1.1 has not, in the source of a scalar in double quotes.
pub(super) fn newer_escape(source: &str, position: Position) -> Option<ReadError> {
    let mut chars = source.chars();
    while let Some(c) = chars.next() {
        if c == '\\' && chars.next() == Some('/') {
            return Some(error(position, "`\\/` is no escape in YAML 1.1; a slash needs none".to_owned()));
        }
    }
    None
}

/// A tab between the beginning of a line, or a `-` or `?`, and what stands at an offset.
pub(super) fn tab_before(text: &str, position: Position) -> Option<ReadError> {
    let before = &text[..position.offset];
    let body = before.trim_end_matches([' ', '\t']);
    let opens = body.is_empty()
        || body.ends_with(['\n', '\r'])
        || (body.ends_with(['-', '?'])
            && (body.len() == 1 || body[..body.len() - 1].ends_with([' ', '\t', '\n', '\r'])));
    (opens && before[body.len()..].contains('\t')).then(|| tab(position))
}

/// The first line of a block document that begins with a tab. Lines in `exempt` (first, last, in order) are within
/// quotes, brackets or braces, where a tab is as good as a space; from line `end` on nothing is read.
pub(super) fn tab_first(text: &str, exempt: &[(u32, u32)], end: u32) -> Option<ReadError> {
    let mut offset = 0;
    for (line, part) in (1u32..end).zip(text.split_inclusive('\n')) {
        let is_exempt = || {
            let at = exempt.partition_point(|(_, last)| *last < line);
            exempt.get(at).is_some_and(|(first, _)| *first <= line)
        };
        if part.starts_with('\t') && !is_exempt() {
            return Some(tab(Position { line, column: 1, offset }));
        }
        offset += part.len();
    }
    None
}

fn tab(position: Position) -> ReadError {
    error(position, "a tab stands where only spaces may: Rancher's YAML reader refuses the file".to_owned())
}

/// The text with the tabs before the first word of a line, and of those behind it that begin with one too, as spaces.
pub(super) fn without_tabs_from(text: &str, line: u32) -> String {
    let mut out = String::with_capacity(text.len());
    let mut within = false;
    for (number, part) in (1u32..).zip(text.split_inclusive('\n')) {
        let body = part.trim_start_matches([' ', '\t']);
        let margin = &part[..part.len() - body.len()];
        within = number == line || (within && margin.contains('\t'));
        out.push_str(&if within { Cow::Owned(margin.replace('\t', " ")) } else { Cow::Borrowed(margin) });
        out.push_str(body);
    }
    out
}

fn error(position: Position, message: String) -> ReadError {
    ReadError { position, message }
}
