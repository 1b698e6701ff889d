//! The functions: Go's own, Rancher's one, and those of sprig that are plain enough to be certain about.

use super::printf::{printf, quoted};
use super::value::Value;

/// Sprig's other functions, which Rancher has and this tool has not.
const SPRIG_ONLY: &str = "abbrev abbrevboth ago append b32dec b32enc b64dec b64enc base biggest buildCustomCert camelcase \
    cat ceil clean compact date dateInZone dateModify date_in_zone date_modify deepEqual derivePassword dict dir div env \
    expandenv ext fail fileMode float64 floor fromJson genCA genPrivateKey genSelfSignedCert genSignedCert has hasKey \
    hello htmlDate htmlDateInZone initial initials int64 isAbs keys kindIs max merge min mod mul now \
    omit pick pluck plural prepend push randAlpha randAlphaNum randAscii randNumeric regexFind regexFindAll regexMatch \
    regexReplaceAll regexReplaceAllLiteral regexSplit rest reverse round semver semverCompare set sha1sum sha256sum \
    shuffle snakecase sortAlpha splitn substr swapcase title toDate toJson toPrettyJson toStrings tpl trimall \
    trunc tuple typeIs typeIsLike typeOf uniq unset untitle uuidv4 without wrap wrapWith adler32sum";

const KNOWN: [&str; 55] = [
    "add",
    "add1",
    "and",
    "atoi",
    "call",
    "coalesce",
    "contains",
    "default",
    "empty",
    "eq",
    "first",
    "ge",
    "gt",
    "hasPrefix",
    "hasSuffix",
    "html",
    "indent",
    "index",
    "int",
    "join",
    "js",
    "last",
    "le",
    "len",
    "list",
    "lower",
    "lt",
    "ne",
    "nindent",
    "nospace",
    "not",
    "or",
    "print",
    "printf",
    "println",
    "quote",
    "repeat",
    "replace",
    "slice",
    "split",
    "splitList",
    "splitPreserveQuotes",
    "squote",
    "sub",
    "ternary",
    "toString",
    "trim",
    "trimAll",
    "trimPrefix",
    "trimSuffix",
    "until",
    "untilStep",
    "upper",
    "urlquery",
    "kindOf",
];

/// The longest text that one function may make, in bytes.
const MAX_TEXT: usize = 4 << 20;
/// The most items that one function may make.
const MAX_ITEMS: i64 = 100_000;

/// Whether a function is there. Go knows this before it renders anything.
pub(super) fn known(name: &str) -> Known {
    if KNOWN.contains(&name) {
        Known::Here
    } else if SPRIG_ONLY.split_whitespace().any(|sprig| sprig == name) {
        Known::InRancherAlone
    } else {
        Known::Nowhere
    }
}

/// Who knows a function.
pub(super) enum Known {
    /// Rancher and this tool.
    Here,
    /// Rancher, but not this tool.
    InRancherAlone,
    /// Nobody.
    Nowhere,
}

/// Whether a function came after the release of sprig (2.8) that Rancher's compose executor was built with, or after
/// its Go.
pub(super) fn is_newer(name: &str) -> bool {
    matches!(name, "list" | "first" | "last" | "splitList" | "toString" | "coalesce" | "ternary" | "nindent" | "slice")
}

/// Calls a function.
pub(super) fn call(name: &str, args: &[Value]) -> Result<Value, String> {
    let count = |wanted: usize| {
        if args.len() == wanted {
            Ok(())
        } else {
            Err(format!("wrong number of args for {name}: want {wanted} got {}", args.len()))
        }
    };
    let at_least = |wanted: usize| {
        if args.len() >= wanted {
            Ok(())
        } else {
            Err(format!("wrong number of args for {name}: want at least {wanted} got {}", args.len()))
        }
    };
    let text = |at: usize| match args.get(at) {
        Some(Value::Text(text)) => Ok(text.as_str()),
        Some(other) => Err(format!("wrong type for value; expected string; got {}", other.kind())),
        None => Err(format!("wrong number of args for {name}: got {}", args.len())),
    };
    let int = |at: usize| match args.get(at) {
        Some(Value::Int(number)) => Ok(*number),
        Some(other) => Err(format!("wrong type for value; expected int; got {}", other.kind())),
        None => Err(format!("wrong number of args for {name}: got {}", args.len())),
    };
    let truth = |truth: bool| Ok(Value::Bool(truth));
    let string = |made: String| {
        if made.len() > MAX_TEXT {
            Err(format!("{name} makes more than {MAX_TEXT} bytes"))
        } else {
            Ok(Value::Text(made))
        }
    };
    match name {
        "and" | "or" => {
            at_least(1)?;
            let stop = name == "or";
            Ok(args.iter().find(|value| value.truth() == stop).or(args.last()).cloned().unwrap_or(Value::Nil))
        }
        "not" => {
            count(1)?;
            truth(!args[0].truth())
        }
        "eq" => {
            at_least(2)?;
            for other in &args[1..] {
                if args[0].equals(other)? {
                    return truth(true);
                }
            }
            truth(false)
        }
        "ne" => {
            count(2)?;
            truth(!args[0].equals(&args[1])?)
        }
        "lt" | "le" | "gt" | "ge" => {
            count(2)?;
            let order = args[0].order(&args[1])?;
            truth(match name {
                "lt" => order.is_lt(),
                "le" => order.is_le(),
                "gt" => order.is_gt(),
                _ => order.is_ge(),
            })
        }
        "len" => {
            count(1)?;
            let length = match &args[0] {
                Value::Text(text) => text.len(),
                Value::List(items) => items.len(),
                Value::Map(map) => map.len(),
                other => return Err(format!("len of type {}", other.kind())),
            };
            i64::try_from(length).map(Value::Int).map_err(|error| error.to_string())
        }
        "index" => {
            at_least(1)?;
            args[1..].iter().try_fold(args[0].clone(), |value, key| index(&value, key))
        }
        "slice" => slice(args),
        "print" => string(print(args)),
        "println" => string(args.iter().map(Value::format).collect::<Vec<_>>().join(" ") + "\n"),
        "printf" => string(printf(text(0)?, &args[1..])),
        "html" => string(escaped(&text_of(args), |c| {
            Some(match c {
                '&' => "&amp;",
                '<' => "&lt;",
                '>' => "&gt;",
                '"' => "&#34;",
                '\'' => "&#39;",
                '\0' => "\u{fffd}",
                _ => return None,
            })
        })),
        "js" => string(escaped(&text_of(args), |c| {
            Some(match c {
                '\\' => "\\\\",
                '\'' => "\\'",
                '"' => "\\\"",
                '<' => "\\x3C",
                '>' => "\\x3E",
                '\n' => "\\u000A",
                '\r' => "\\u000D",
                '\t' => "\\u0009",
                _ => return None,
            })
        })),
        "urlquery" => string(url_query(&text_of(args))),
        "splitPreserveQuotes" => {
            count(1)?;
            Ok(Value::List(split_preserving_quotes(text(0)?).into_iter().map(Value::Text).collect()))
        }
        "atoi" => {
            count(1)?;
            // Sprig passes over the error.
            Ok(Value::Int(text(0)?.parse().unwrap_or(0)))
        }
        "int" => {
            count(1)?;
            Ok(Value::Int(whole(&args[0])))
        }
        "until" => {
            count(1)?;
            range(0, int(0)?, 1)
        }
        "untilStep" => {
            count(3)?;
            range(int(0)?, int(1)?, int(2)?)
        }
        "add" => Ok(Value::Int(args.iter().fold(0i64, |sum, value| sum.wrapping_add(whole(value))))),
        "add1" => {
            count(1)?;
            Ok(Value::Int(whole(&args[0]).wrapping_add(1)))
        }
        "sub" => {
            count(2)?;
            Ok(Value::Int(whole(&args[0]).wrapping_sub(whole(&args[1]))))
        }
        "contains" => {
            count(2)?;
            truth(text(1)?.contains(text(0)?))
        }
        "hasPrefix" => {
            count(2)?;
            truth(text(1)?.starts_with(text(0)?))
        }
        "hasSuffix" => {
            count(2)?;
            truth(text(1)?.ends_with(text(0)?))
        }
        "trim" => {
            count(1)?;
            string(text(0)?.trim().to_owned())
        }
        "trimAll" => {
            count(2)?;
            let set = text(0)?;
            string(text(1)?.trim_matches(|c| set.contains(c)).to_owned())
        }
        "trimPrefix" => {
            count(2)?;
            string(text(1)?.strip_prefix(text(0)?).unwrap_or(text(1)?).to_owned())
        }
        "trimSuffix" => {
            count(2)?;
            string(text(1)?.strip_suffix(text(0)?).unwrap_or(text(1)?).to_owned())
        }
        "upper" => {
            count(1)?;
            string(text(0)?.to_uppercase())
        }
        "lower" => {
            count(1)?;
            string(text(0)?.to_lowercase())
        }
        "nospace" => {
            count(1)?;
            string(text(0)?.chars().filter(|c| !c.is_whitespace()).collect())
        }
        "replace" => {
            count(3)?;
            let (old, new, source) = (text(0)?, text(1)?, text(2)?);
            if source.len().saturating_mul(new.len() + 1) > MAX_TEXT * 2 {
                return Err(format!("{name} makes more than {MAX_TEXT} bytes"));
            }
            string(source.replace(old, new))
        }
        "repeat" => {
            count(2)?;
            let times = usize::try_from(int(0)?).map_err(|_| "negative Repeat count".to_owned())?;
            if text(1)?.len().saturating_mul(times) > MAX_TEXT {
                return Err(format!("{name} makes more than {MAX_TEXT} bytes"));
            }
            string(text(1)?.repeat(times))
        }
        "indent" | "nindent" => {
            count(2)?;
            let margin = " ".repeat(usize::try_from(int(0)?.clamp(0, 1000)).unwrap_or_default());
            let line = if name == "nindent" { "\n" } else { "" };
            string(format!("{line}{margin}{}", text(1)?.replace('\n', &format!("\n{margin}"))))
        }
        "quote" | "squote" => {
            let quoted = args.iter().filter(|value| **value != Value::Nil).map(|value| match name {
                "quote" => quoted(&value.format(), '"'),
                _ => format!("'{}'", value.format()),
            });
            string(quoted.collect::<Vec<_>>().join(" "))
        }
        "toString" => {
            count(1)?;
            string(args[0].format().into_owned())
        }
        "splitList" => {
            count(2)?;
            Ok(Value::List(text(1)?.split(text(0)?).map(|part| Value::Text(part.to_owned())).collect()))
        }
        "split" => {
            count(2)?;
            let parts = text(1)?.split(text(0)?).enumerate();
            Ok(Value::Map(parts.map(|(at, part)| (format!("_{at}"), Value::Text(part.to_owned()))).collect()))
        }
        "join" => {
            count(2)?;
            match &args[1] {
                Value::List(items) => string(items.iter().map(Value::format).collect::<Vec<_>>().join(text(0)?)),
                other => string(other.format().into_owned()),
            }
        }
        "list" => Ok(Value::List(args.to_vec())),
        "first" | "last" => {
            count(1)?;
            match &args[0] {
                Value::List(items) if name == "first" => Ok(items.first().cloned().unwrap_or(Value::Nil)),
                Value::List(items) => Ok(items.last().cloned().unwrap_or(Value::Nil)),
                other => Err(format!("Cannot find {name} on type {}", other.kind())),
            }
        }
        "default" => {
            at_least(1)?;
            let given = args.get(1).filter(|value| value.truth());
            Ok(given.unwrap_or(&args[0]).clone())
        }
        "empty" => {
            count(1)?;
            truth(!args[0].truth())
        }
        "coalesce" => Ok(args.iter().find(|value| value.truth()).cloned().unwrap_or(Value::Nil)),
        "ternary" => {
            count(3)?;
            Ok(args[if args[2].truth() { 0 } else { 1 }].clone())
        }
        "kindOf" => {
            count(1)?;
            Ok(Value::Text(args[0].kind().to_owned()))
        }
        other => Err(format!("{other} wants a function, which no answer is")),
    }
}

/// Sprig's `toInt64`: what is no number is 0.
fn whole(value: &Value) -> i64 {
    match value {
        Value::Int(number) => *number,
        #[allow(clippy::cast_possible_truncation, reason = "Go truncates too")]
        Value::Float(number) => *number as i64,
        Value::Text(text) => text.parse().unwrap_or(0),
        Value::Bool(true) => 1,
        _ => 0,
    }
}

fn range(start: i64, stop: i64, step: i64) -> Result<Value, String> {
    // Sprig counts down to a stop below the start.
    let step = if step == 1 && stop < start { -1 } else { step };
    if step == 0 || (stop > start) != (step > 0) {
        return Ok(Value::List(Vec::new()));
    }
    let mut items = Vec::new();
    let mut at = start;
    while (step > 0 && at < stop) || (step < 0 && at > stop) {
        items.push(Value::Int(at));
        if i64::try_from(items.len()).unwrap_or(i64::MAX) > MAX_ITEMS {
            return Err(format!("more than {MAX_ITEMS} items"));
        }
        at = at.saturating_add(step);
    }
    Ok(Value::List(items))
}

fn index(value: &Value, key: &Value) -> Result<Value, String> {
    match (value, key) {
        (Value::Map(map), Value::Text(key)) => Ok(map.get(key).cloned().unwrap_or(Value::Nil)),
        (Value::List(items), Value::Int(at)) => usize::try_from(*at)
            .ok()
            .and_then(|at| items.get(at).cloned())
            .ok_or_else(|| format!("index out of range: {at}")),
        (Value::Text(text), Value::Int(at)) => usize::try_from(*at)
            .ok()
            .and_then(|at| text.as_bytes().get(at))
            .map(|byte| Value::Int(i64::from(*byte)))
            .ok_or_else(|| format!("index out of range: {at}")),
        (Value::Nil, _) => Err("index of untyped nil".to_owned()),
        (value, key) => Err(format!("cannot index {} with {}", value.kind(), key.kind())),
    }
}

fn slice(args: &[Value]) -> Result<Value, String> {
    let Some(value) = args.first() else {
        return Err("wrong number of args for slice: want at least 1 got 0".to_owned());
    };
    let length = match value {
        Value::Text(text) => text.len(),
        Value::List(items) => items.len(),
        other => return Err(format!("can't slice item of type {}", other.kind())),
    };
    let bound = |at: usize, otherwise: usize| match args.get(at) {
        None => Ok(otherwise),
        Some(Value::Int(number)) => usize::try_from(*number)
            .ok()
            .filter(|number| *number <= length)
            .ok_or_else(|| format!("index out of range: {number}")),
        Some(other) => Err(format!("cannot index slice/array with type {}", other.kind())),
    };
    let (from, to) = (bound(1, 0)?, bound(2, length)?);
    if from > to {
        return Err(format!("invalid slice index: {from} > {to}"));
    }
    match value {
        Value::List(items) => Ok(Value::List(items[from..to].to_vec())),
        Value::Text(text) => Ok(Value::Text(String::from_utf8_lossy(&text.as_bytes()[from..to]).into_owned())),
        _ => Ok(Value::Nil),
    }
}

/// `fmt.Sprint`: a space between two that are both no strings.
fn print(args: &[Value]) -> String {
    let mut out = String::new();
    for (at, value) in args.iter().enumerate() {
        let between = at > 0 && !matches!((&args[at - 1], value), (Value::Text(_), _) | (_, Value::Text(_)));
        if between {
            out.push(' ');
        }
        out.push_str(&value.format());
    }
    out
}

/// What Go's escaping functions escape: one string as it is, else what `print` makes of all.
fn text_of(args: &[Value]) -> String {
    if let [Value::Text(text)] = args { text.clone() } else { print(args) }
}

fn escaped(text: &str, escape: impl Fn(char) -> Option<&'static str>) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match escape(c) {
            Some(escaped) => out.push_str(escaped),
            None => out.push(c),
        }
    }
    out
}

fn url_query(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

/// Rancher's own: splits at white space, but not within quotes, which stay.
fn split_preserving_quotes(text: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut quote = None;
    for c in text.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            None if matches!(c, '"' | '\'') => quote = Some(c),
            None if c.is_whitespace() => {
                if !part.is_empty() {
                    parts.push(std::mem::take(&mut part));
                }
                continue;
            }
            _ => {}
        }
        part.push(c);
    }
    if !part.is_empty() {
        parts.push(part);
    }
    parts
}
