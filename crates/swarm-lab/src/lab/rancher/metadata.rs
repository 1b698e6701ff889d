//! How rancher-metadata reads a request and writes an answer, as its `main.go` and `config/answers.go` do: which page a
//! path names, what it finds in the tree, in which form it is told.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Map, Number, Value, json};

/// By which a path may name an element of a list.
const NAMES: [&str; 2] = ["name", "uuid"];
/// The keys whose value is Go's nil map or nil list where there is nothing: null in JSON, but a text shows that it may
/// hold more.
const EMPTY: [&str; 8] = ["containers", "environments", "hosts", "links", "ports", "services", "sidekicks", "stacks"];
/// What Go's `url.QueryEscape` leaves alone stays as it is.
const IN_LIST: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
/// The same of a path.
const IN_PATH: &AsciiSet = &IN_LIST
    .remove(b'/')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b',')
    .remove(b':')
    .remove(b';')
    .remove(b'=')
    .remove(b'@');

/// What a path asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Route {
    /// No URL: the server itself refuses it.
    Malformed,
    /// The path has a shorter form.
    Moved(String),
    NoPage,
    Versions,
    /// Something of the tree.
    Tree {
        version: String,
        path: Vec<String>,
    },
}

impl Route {
    /// Of a path as it was sent.
    pub fn of(path: &str) -> Self {
        let bytes = path.as_bytes();
        let is_escape = |at: usize| bytes.get(at + 1..at + 3).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit));
        if bytes.iter().enumerate().any(|(at, byte)| *byte == b'%' && !is_escape(at)) {
            return Self::Malformed;
        }
        let decoded = percent_decode_str(path).decode_utf8_lossy().into_owned();
        let clean = clean(&decoded);
        if clean != decoded {
            return Self::Moved(utf8_percent_encode(&clean, IN_PATH).to_string());
        }
        match clean.as_str() {
            "/" => return Self::Versions,
            "/favicon.ico" => return Self::NoPage,
            _ => {}
        }
        let version = clean[1..].split('/').next().unwrap_or_default();
        let parts = path[1..].trim_end_matches('/').split('/').skip(1);
        let unescape = |part: &str| percent_decode_str(&part.replace('+', " ")).decode_utf8_lossy().into_owned();
        Self::Tree { version: version.to_owned(), path: parts.map(unescape).collect() }
    }
}

/// A path without what says nothing, as Go's `path.Clean` makes it; a slash at the end stays.
fn clean(path: &str) -> String {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let mut clean = format!("/{}", parts.join("/"));
    if path.ends_with('/') && clean != "/" {
        clean.push('/');
    }
    clean
}

/// What a path leads to.
#[derive(Debug, PartialEq)]
pub enum Found<'a> {
    Value(&'a Value),
    Nothing,
    /// The server fails, and closes the connection.
    Crash,
}

/// Follows a path from the root, in lower case where it leads nowhere as it is.
pub fn find<'a>(root: &'a Value, path: &[String]) -> Found<'a> {
    match walk(root, path) {
        Found::Nothing => {
            let lower: Vec<String> = path.iter().map(|part| part.to_lowercase()).collect();
            walk(root, &lower)
        }
        found => found,
    }
}

/// By key, by index, or by an element's name or uuid.
fn walk<'a>(root: &'a Value, path: &[String]) -> Found<'a> {
    let (mut at, mut key) = (root, "");
    for part in path {
        let next = match at {
            Value::Object(map) => map.get(part),
            Value::Array(list) => match part.parse::<i64>() {
                Ok(index) => usize::try_from(index).ok().and_then(|index| list.get(index)),
                Err(_) => list.iter().find(|value| NAMES.iter().any(|name| value[*name] == **part)),
            },
            // It asks for the type of what is nothing.
            Value::Null if !EMPTY.contains(&key) => return Found::Crash,
            _ => None,
        };
        match next {
            Some(value) => (at, key) = (value, part),
            None => return Found::Nothing,
        }
    }
    Found::Value(at)
}

/// What a client waits to see change; `None` for what no text says.
pub fn known_as(value: &Value) -> Option<String> {
    match value {
        Value::Object(_) | Value::Array(_) => None,
        Value::Null => Some("<nil>".to_owned()),
        scalar => Some(text(scalar)),
    }
}

/// A value as text.
pub fn text(value: &Value) -> String {
    let encode = |name: &str| utf8_percent_encode(name, IN_LIST).to_string().replace("%20", "+");
    match value {
        Value::Object(map) => {
            let holds_more = |(key, value): (&String, &Value)| {
                value.is_object() || value.is_array() || (value.is_null() && EMPTY.contains(&key.as_str()))
            };
            let mut lines: Vec<String> = map
                .iter()
                .map(|(key, value)| format!("{}{}\n", encode(key), if holds_more((key, value)) { "/" } else { "" }))
                .collect();
            lines.sort();
            lines.concat()
        }
        Value::Array(list) => list
            .iter()
            .enumerate()
            .map(|(index, value)| {
                let name = NAMES.iter().find_map(|name| value.get(name)).and_then(Value::as_str);
                match name {
                    Some(name) => format!("{index}={}\n", encode(name)),
                    None => format!("{index}{}\n", if value.is_object() || value.is_array() { "/" } else { "" }),
                }
            })
            .collect(),
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Number(number) if number.is_f64() => {
            let text = format!("{:.6}", number.as_f64().unwrap_or_default());
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        other => other.to_string(),
    }
}

/// A value as Go writes JSON: keys in order, what HTML means something by escaped, no fraction where there is none.
pub fn json_text(value: &Value) -> String {
    let text = in_order(value).to_string();
    text.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

fn in_order(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            Value::Object(entries.into_iter().map(|(key, value)| (key.clone(), in_order(value))).collect::<Map<_, _>>())
        }
        Value::Array(list) => list.iter().map(in_order).collect(),
        Value::Number(number) => Value::Number(whole(number).unwrap_or_else(|| number.clone())),
        other => other.clone(),
    }
}

#[allow(clippy::cast_possible_truncation, reason = "only where nothing is lost")]
fn whole(number: &Number) -> Option<Number> {
    let float = number.as_f64().filter(|float| number.is_f64() && float.fract() == 0.0 && float.abs() < 1e15)?;
    Some(Number::from(float as i64))
}

/// An error as it is told, with the line's end that Go's `http.Error` adds.
pub fn error(status: u16, message: &str, as_json: bool) -> String {
    if as_json {
        format!("{}\n", json_text(&json!({"type": "error", "code": status, "message": message})))
    } else {
        format!("{message}\n")
    }
}

/// Whether a client that accepts these types gets JSON. Text is what it gets if it asks for neither, or for both.
pub fn wants_json(accept: &str) -> bool {
    let mut best = (false, -1.0, 3);
    let mut wishes = Vec::new();
    for desired in accept.split(',') {
        let (kind, quality) = desired.split_once(';').unwrap_or((desired, "q=1"));
        // What cannot be read ends the list.
        let Some(quality) = quality.trim().strip_prefix("q=").and_then(|text| text.trim().parse::<f64>().ok()) else {
            break;
        };
        wishes.push((kind.trim(), quality));
    }
    for (is_json, offer) in [(false, "text/plain"), (true, "application/json")] {
        for (kind, quality) in &wishes {
            let wild = match kind.strip_suffix("/*") {
                Some("*") => 2,
                Some(family) if offer.starts_with(&format!("{family}/")) => 1,
                None if *kind == offer => 0,
                _ => continue,
            };
            if *quality > 0.0 && *quality >= best.1 && (*quality > best.1 || best.2 > wild) {
                best = (is_json, *quality, wild);
            }
        }
    }
    best.0
}
