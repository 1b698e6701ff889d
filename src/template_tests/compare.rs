//! What differs between a value that is expected and one that is there.

use std::collections::{HashMap, HashSet};

use rancher_catalog::yaml::{Node, NodeKind};
use serde_yaml::{Mapping, Value};

use super::failure::in_words;

/// So many differences of one expectation are told.
const MOST: usize = 10;

/// A place where two values differ.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Difference {
    /// Its path below that of the expectation, as it is added to that.
    pub below: String,
    pub expected: String,
    pub got: String,
    /// The line of what is there, if something is.
    pub line: Option<u32>,
}

/// The differences between what is expected and what is there. What is null is not there.
pub(super) fn differences(expected: &Value, got: &Node) -> Vec<Difference> {
    let mut found = Vec::new();
    collect(expected, got, String::new(), &mut found);
    found
}

fn collect(expected: &Value, got: &Node, below: String, found: &mut Vec<Difference>) {
    if found.len() >= MOST {
        return;
    }
    let line = Some(got.span.start.line);
    match (expected, &got.kind) {
        (Value::Mapping(wanted), NodeKind::Map(_)) => {
            let there = by_key(got);
            for (key, value) in wanted {
                let below = format!("{below}{}", key_step(key));
                match there.get(key_text(key).as_str()).copied() {
                    Some(there) => collect(value, there, below, found),
                    None if value.is_null() => {}
                    None => found.push(Difference {
                        below,
                        expected: in_words(value),
                        got: in_words(&Value::Null),
                        line: None,
                    }),
                }
            }
            let named: HashSet<String> = wanted.keys().map(key_text).collect();
            for (key, value) in got.entries() {
                let text = key.text().unwrap_or_default();
                if !value.is_null() && !named.contains(text) && found.len() < MOST {
                    found.push(Difference {
                        below: format!("{below}{}", key_step(&Value::String(text.to_owned()))),
                        expected: in_words(&Value::Null),
                        got: in_words(&value.to_value()),
                        line: Some(key.span.start.line),
                    });
                }
            }
        }
        (Value::Sequence(wanted), NodeKind::List(items)) if wanted.len() == items.len() => {
            for (at, (value, there)) in wanted.iter().zip(items).enumerate() {
                collect(value, there, format!("{below}[{at}]"), found);
            }
        }
        _ => {
            let there = got.to_value();
            if !is_same(expected, &there) {
                found.push(Difference { below, expected: in_words(expected), got: in_words(&there), line });
            }
        }
    }
}

/// The values of a map; of equal keys the last.
fn by_key(map: &Node) -> HashMap<&str, &Node> {
    map.entries().iter().filter_map(|(key, value)| Some((key.text()?, value))).collect()
}

/// Whether there is no difference.
fn is_equal(expected: &Value, got: &Node) -> bool {
    match (expected, &got.kind) {
        (Value::Mapping(_), NodeKind::Map(_)) => differences(expected, got).is_empty(),
        (Value::Sequence(wanted), NodeKind::List(items)) => {
            wanted.len() == items.len() && wanted.iter().zip(items).all(|(value, item)| is_equal(value, item))
        }
        (Value::String(text), NodeKind::Scalar { value, text: there, .. }) => value.is_text() && text == there,
        (Value::Mapping(_) | Value::Sequence(_), _) | (_, NodeKind::Map(_) | NodeKind::List(_)) => false,
        (expected, _) => is_same(expected, &got.to_value()),
    }
}

fn key_text(key: &Value) -> String {
    match key {
        Value::String(text) => text.clone(),
        other => rancher_catalog::yaml::scalar(other),
    }
}

fn key_step(key: &Value) -> String {
    let text = key_text(key);
    if text.contains(['.', '[', '"']) || text.is_empty() { format!("[{text:?}]") } else { format!(".{text}") }
}

fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        _ => one == other,
    }
}

/// Why a value does not contain another one; nothing where it does.
pub(super) fn lacks(part: &Value, got: &Node) -> Option<String> {
    match (&got.kind, part) {
        (NodeKind::List(items), Value::Sequence(wanted)) => {
            let missing = wanted.iter().find(|wanted| !items.iter().any(|item| is_equal(wanted, item)));
            missing.map(|missing| format!("the list has no item that is {}", in_words(missing)))
        }
        (NodeKind::List(items), item) => {
            let is_there = items.iter().any(|there| is_equal(item, there));
            (!is_there).then(|| format!("the list has no item that is {}", in_words(item)))
        }
        (NodeKind::Map(_), Value::Mapping(wanted)) => wanted.iter().find_map(|(key, value)| {
            let name = key_text(key);
            match (got.get(&name), value) {
                (None, _) => Some(format!("the map has no `{name}`")),
                (Some(there), Value::Mapping(_)) => lacks(value, there).map(|why| format!("in `{name}`: {why}")),
                (Some(there), _) => {
                    let first = differences(value, there).into_iter().next()?;
                    Some(format!("`{name}{}` is {}, and not {}", first.below, first.got, first.expected))
                }
            }
        }),
        (NodeKind::Scalar { text, .. }, Value::String(part)) => {
            (!text.contains(part.as_str())).then(|| format!("the text does not contain {part:?}"))
        }
        (NodeKind::Map(_), _) => Some("this is a map: say which keys it contains, in a map".to_owned()),
        (NodeKind::Scalar { .. }, _) => Some("this is a single value: say which text it contains".to_owned()),
    }
}

/// The same value, with its keys in the order of another one: so a diff shows what differs alone.
pub(super) fn in_order_of(value: &Value, other: &Node) -> Value {
    match (value, &other.kind) {
        (Value::Mapping(map), NodeKind::Map(entries)) => {
            let mut ordered = Mapping::new();
            let wanted: HashMap<String, (&Value, &Value)> =
                map.iter().map(|(name, value)| (key_text(name), (name, value))).collect();
            for (key, there) in entries {
                if let Some((name, value)) = key.text().and_then(|key| wanted.get(key).copied()) {
                    ordered.insert(name.clone(), in_order_of(value, there));
                }
            }
            for (name, value) in map {
                if !ordered.contains_key(name) {
                    ordered.insert(name.clone(), value.clone());
                }
            }
            Value::Mapping(ordered)
        }
        (Value::Sequence(items), NodeKind::List(others)) => {
            let ordered = items.iter().enumerate();
            let ordered =
                ordered.map(|(at, item)| others.get(at).map_or_else(|| item.clone(), |o| in_order_of(item, o)));
            Value::Sequence(ordered.collect())
        }
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rancher_catalog::yaml::Document;

    fn node(text: &str) -> Node {
        Document::read(text).unwrap().root.unwrap()
    }

    #[test]
    fn kinds_of_values_are_told_apart_and_the_order_of_keys_is_not() {
        let told = |expected: &str, got: &str| -> Vec<String> {
            let found = differences(&node(expected).to_value(), &node(got));
            found
                .into_iter()
                .map(|d| format!("{} {}: {} / {}", d.line.unwrap_or(0), d.below, d.expected, d.got))
                .collect()
        };
        assert_eq!(told("{a: 1, b: 2}", "{b: 2, a: 1}"), [""; 0]);
        assert_eq!(told("{a: 1.0, c: null}", "{a: 1}"), [""; 0]);
        assert_eq!(told("5", "'5'"), ["1 : the number 5 / the text \"5\""]);
        assert_eq!(told("yes", "'yes'"), ["1 : the boolean true / the text \"yes\""]);
        assert_eq!(told("{a: [1, {b: c}]}", "a:\n- 1\n- b: d\n"), ["3 .a[1].b: the text \"c\" / the text \"d\""]);
        assert_eq!(told("{x.y: 1}", "{x.y: 2, z: 3}").len(), 2);
        assert_eq!(told("{x.y: 1}", "{x.y: 2}"), ["1 [\"x.y\"]: the number 1 / the number 2"]);
        assert_eq!(told("[a]", "[a, b]"), ["1 : a list of 1: [\"a\"] / a list of 2: [\"a\",\"b\"]"]);
        assert_eq!(told("{a: 1}", "{b: null}"), ["0 .a: the number 1 / nothing"]);
    }

    #[test]
    fn a_part_is_an_item_some_keys_or_a_piece_of_text() {
        let lacking = |part: &str, got: &str| lacks(&node(part).to_value(), &node(got));
        for (part, got) in [
            ("a", "[a, b]"),
            ("[b, a]", "[a, b]"),
            ("{x: 1}", "{x: 1, y: 2}"),
            ("ell", "hello"),
            ("{a: {b: 1}}", "{a: {b: 1, c: 2}}"),
        ] {
            assert_eq!(lacking(part, got), None, "{part} {got}");
        }
        for (part, got, says) in [
            ("c", "[a, b]", "no item that is the text \"c\""),
            ("[a, c]", "[a, b]", "no item that is the text \"c\""),
            ("{x: 2}", "{x: 1, y: 2}", "`x` is the number 1, and not the number 2"),
            ("{a: {d: 1}}", "{a: {b: 1}}", "in `a`: the map has no `d`"),
            ("x", "hello", "does not contain"),
            ("1", "{a: 1}", "this is a map"),
            ("1", "hello", "single value"),
        ] {
            assert!(lacking(part, got).is_some_and(|told| told.contains(says)), "{part} {got}");
        }
    }
}
