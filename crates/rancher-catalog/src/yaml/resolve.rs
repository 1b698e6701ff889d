//! What go-yaml v2 makes of an unquoted scalar (its `resolve.go`): null, boolean, number or string.

use std::borrow::Cow;

use serde_yaml::{Number, Value};

use super::document::Typed;
use crate::go_encoding;

/// The value that go-yaml v2 gives an unquoted scalar with no tag.
///
/// Dates stay strings, as there, and so do base-60 numbers. `<<` is left a string: it is the reader of a mapping that
/// knows a merge key.
pub fn resolve_plain(text: &str) -> Value {
    match typed(text) {
        Typed::Null => Value::Null,
        Typed::Bool(value) => Value::Bool(value),
        Typed::Number(number) => Value::Number(number),
        Typed::Text => Value::String(text.to_owned()),
    }
}

fn typed(text: &str) -> Typed {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Typed::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => return Typed::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Typed::Bool(false);
        }
        ".nan" | ".NaN" | ".NAN" => return Typed::Number(float(f64::NAN)),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Typed::Number(float(f64::INFINITY)),
        "-.inf" | "-.Inf" | "-.INF" => return Typed::Number(float(f64::NEG_INFINITY)),
        _ => {}
    }
    number(text).map_or(Typed::Text, Typed::Number)
}

/// Whether some YAML reader, of either version, takes this unquoted text for something else than a string: a writer
/// quotes it.
pub fn is_ambiguous(text: &str) -> bool {
    typed(text) != Typed::Text
        || text == "<<"
        || text == "="
        || is_yaml12_number(text)
        || is_base60(text)
        || is_date(text)
}

/// The tag of `<<`.
pub(super) const MERGE: &str = "tag:yaml.org,2002:merge";
/// The tag of a text in base64.
const BINARY: &[u8] = b"tag:yaml.org,2002:binary";

/// What a scalar is, and its text; `implicit` is one that is plain and has no tag, whose text decides.
pub(super) fn scalar(tag: &[u8], text: Vec<u8>, implicit: bool) -> Result<(Typed, String), String> {
    if tag == BINARY {
        let decoded = go_encoding::from_base64(&text).map_err(|_| "!!binary wants base64".to_owned())?;
        return Ok((Typed::Text, shown(decoded)));
    }
    Ok((kind(tag, &text, implicit)?, shown(text)))
}

fn kind(tag: &[u8], text: &[u8], implicit: bool) -> Result<Typed, String> {
    if tag.is_empty() && !implicit {
        return Ok(Typed::Text);
    }
    let Ok(text) = std::str::from_utf8(text) else { return Ok(Typed::Text) };
    let wanted = match tag.strip_prefix(b"tag:yaml.org,2002:") {
        _ if tag.is_empty() => return Ok(typed(text)),
        Some(wanted @ (b"bool" | b"int" | b"float" | b"null")) => wanted,
        _ => return Ok(Typed::Text),
    };
    let value = typed(text);
    let name: &[u8] = match &value {
        Typed::Null => b"null",
        Typed::Bool(_) => b"bool",
        Typed::Number(number) if number.is_f64() => b"float",
        Typed::Number(_) => b"int",
        Typed::Text => b"",
    };
    let wanted_name = String::from_utf8_lossy(wanted);
    if name == wanted { Ok(value) } else { Err(format!("`{text}` cannot be read as !!{wanted_name}")) }
}

/// Bytes as a text: what is no UTF-8 is shown as Go shows it.
pub(super) fn shown(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| go_encoding::shown(error.as_bytes()).into_owned())
}

fn float(value: f64) -> Number {
    Number::from(value)
}

fn number(text: &str) -> Option<Number> {
    let first = *text.as_bytes().first()?;
    // A number that begins with its point has no underscores.
    if first == b'.' {
        return decimal(text).map(float);
    }
    if !(first.is_ascii_digit() || matches!(first, b'+' | b'-')) {
        return None;
    }
    let plain: Cow<'_, str> = if text.contains('_') { text.replace('_', "").into() } else { text.into() };
    integer(&plain).or_else(|| decimal(&plain).map(float)).or_else(|| binary(&plain))
}

/// `strconv.ParseInt(text, 0, 64)` and `ParseUint` of the Go versions of that time.
fn integer(text: &str) -> Option<Number> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (radix, digits) = match unsigned.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &unsigned[2..]),
        [b'0', _, ..] => (8, &unsigned[1..]),
        _ => (10, unsigned),
    };
    let magnitude = magnitude(digits, radix)?;
    signed(magnitude, text)
}

fn magnitude(digits: &str, radix: u32) -> Option<u64> {
    let good = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
    good.then(|| u64::from_str_radix(digits, radix).ok()).flatten()
}

/// Only a number without a sign may be larger than an `int64`.
fn signed(magnitude: u64, text: &str) -> Option<Number> {
    match text.as_bytes().first() {
        Some(b'-') => 0i64.checked_sub_unsigned(magnitude).map(Number::from),
        Some(b'+') => i64::try_from(magnitude).ok().map(Number::from),
        _ => Some(Number::from(magnitude)),
    }
}

/// go-yaml's own `0b101` and `-0b101`, where a sign may stand behind the prefix too.
fn binary(text: &str) -> Option<Number> {
    let (negative, digits) = match text.strip_prefix("-0b") {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix("0b")?),
    };
    let number = signed(magnitude(digits.strip_prefix(['-', '+']).unwrap_or(digits), 2)?, digits)?;
    if !negative {
        return Some(number);
    }
    number.as_i64().map(|number| Number::from(number.wrapping_neg()))
}

/// `strconv.ParseFloat` of that time. What is too large for a float is a string, as it fails on it.
fn decimal(text: &str) -> Option<f64> {
    let lower = text.to_ascii_lowercase();
    match lower.as_str() {
        "+inf" | "+infinity" => return Some(f64::INFINITY),
        "-inf" | "-infinity" => return Some(f64::NEG_INFINITY),
        _ => {}
    }
    let good = is_decimal_float(text);
    good.then(|| text.parse::<f64>().ok().filter(|number| number.is_finite())).flatten()
}

/// `[-+]? (digits [. digits*] | . digits) ([eE] [-+]? digits)?`
fn is_decimal_float(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let mantissa_holds = match mantissa.split_once('.') {
        Some(("", fraction)) => digits(fraction),
        Some((whole, fraction)) => digits(whole) && (fraction.is_empty() || digits(fraction)),
        None => digits(mantissa),
    };
    mantissa_holds && exponent.is_none_or(|e| digits(e.strip_prefix(['-', '+']).unwrap_or(e)))
}

/// Forms that are numbers in YAML 1.2 alone, or in later Go versions.
fn is_yaml12_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let octal = unsigned.strip_prefix("0o").or_else(|| unsigned.strip_prefix("0O"));
    octal.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit() || b == b'_'))
        || matches!(unsigned.to_ascii_lowercase().as_str(), "inf" | "infinity" | "nan")
}

/// `190:20:30`, a number in YAML 1.1 as other readers have it; go-yaml reads a string, and quotes it when it writes.
fn is_base60(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let mut parts = unsigned.split(':');
    let leads = parts.next().is_some_and(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit() || b == b'_'));
    let mut rest = parts.peekable();
    leads
        && rest.peek().is_some()
        && rest.all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'_')))
}

fn is_date(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let (Some(year), Some(month), Some(rest)) = (parts.next(), parts.next(), parts.next()) else { return false };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    year.len() == 4
        && digits(year)
        && month.len() <= 2
        && digits(month)
        && rest.starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_resolve_as_go_yaml_v2_resolves_them() {
        for (text, value) in [
            ("yes", Value::Bool(true)),
            ("Off", Value::Bool(false)),
            ("y", Value::Bool(true)),
            ("~", Value::Null),
            ("0777", Value::from(511)),
            ("1_000", Value::from(1000)),
            ("0x1F", Value::from(31)),
            ("0b101", Value::from(5)),
            ("-0b101", Value::from(-5)),
            ("-9223372036854775808", Value::from(i64::MIN)),
            ("18446744073709551615", Value::from(u64::MAX)),
            ("1.10", Value::from(1.1)),
            ("08", Value::from(8.0)),
            (".5", Value::from(0.5)),
            ("1e3", Value::from(1000.0)),
        ] {
            assert_eq!(resolve_plain(text), value, "{text}");
        }
        for text in [
            "v1.2.3",
            "1.2.3",
            "2001-01-01",
            "190:20:30",
            "1e400",
            "0o17",
            "yEs",
            "-",
            "+",
            ".",
            "1e",
            "0x",
            "--5",
            "_1",
        ] {
            assert_eq!(resolve_plain(text), Value::String(text.into()), "{text}");
        }
    }

    #[test]
    fn what_any_reader_may_take_for_another_type_is_ambiguous() {
        for text in ["on", "1.10", "0o17", "190:20:30", "2001-01-01", "<<", "=", "", "~", "2377:2378", "+inf"] {
            assert!(is_ambiguous(text), "{text}");
        }
        for text in ["v2.0.0", "1.2.3", "json-file", "${MANAGER_SCALE}", "25m", "a:b", "host", "2001-ab-01"] {
            assert!(!is_ambiguous(text), "{text}");
        }
    }
}
