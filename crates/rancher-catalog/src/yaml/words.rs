//! What serde says of a value of the wrong shape, in the words of those who wrote it.

use super::document::{Node, NodeKind, Typed};

/// Words for a person on an error at a value.
pub(super) fn of_shape(message: &str, at: Option<&Node>) -> String {
    let is = at.map_or("", what);
    if let Some(rest) = message.strip_prefix("missing field `")
        && let Some((name, _)) = rest.split_once('`')
    {
        return format!("`{name}` is missing here");
    }
    if message.starts_with("invalid type: ")
        && let Some((_, wanted)) = message.rsplit_once(", expected ")
    {
        return format!("{} must stand here, not {is}", wanted_words(wanted));
    }
    if message.starts_with("data did not match any variant") {
        return format!("{is} cannot stand here");
    }
    if let Some((value, wanted)) =
        message.strip_prefix("invalid value: ").and_then(|rest| rest.rsplit_once(", expected "))
    {
        let value = value.split_once(" `").and_then(|(_, value)| value.strip_suffix('`')).unwrap_or(value);
        return format!("{} must stand here, not {value}", wanted_words(wanted));
    }
    if message.starts_with("invalid length ")
        && let Some((_, wanted)) = message.rsplit_once(", expected ")
    {
        return format!("{} must stand here, no longer and no shorter", wanted_words(wanted));
    }
    for (begin, word) in [("unknown field `", "key"), ("unknown variant `", "value")] {
        let Some((name, rest)) = message.strip_prefix(begin).and_then(|rest| rest.split_once('`')) else { continue };
        let known: Vec<String> = rest.split('`').skip(1).step_by(2).map(|known| format!("`{known}`")).collect();
        let known = if known.is_empty() { String::new() } else { format!(", where {} can stand", known.join(", ")) };
        return format!("`{name}` is no {word} here{known}");
    }
    if let Some(name) = message.strip_prefix("duplicate field `").and_then(|rest| rest.strip_suffix('`')) {
        return format!("`{name}` is here twice");
    }
    message.to_owned()
}

/// What was expected.
fn wanted_words(wanted: &str) -> String {
    match wanted {
        "a sequence" | "seq" | "an array" => "a list".to_owned(),
        "a string" | "str" | "string" => "a text".to_owned(),
        "a boolean" | "bool" => "true or false".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        "unit" => "nothing".to_owned(),
        "i8" | "i16" | "i32" | "i64" | "i128" => "a whole number".to_owned(),
        "u8" | "u16" | "u32" | "u64" | "u128" | "usize" => "a whole number, and none below 0,".to_owned(),
        // Types have no names to people.
        _ if wanted.starts_with("struct ") || wanted.starts_with("map") => "a map".to_owned(),
        _ if wanted.starts_with("tuple ") => "a list".to_owned(),
        _ if wanted.contains("enum ") => "something else".to_owned(),
        other => other.to_owned(),
    }
}

fn what(node: &Node) -> &'static str {
    match &node.kind {
        NodeKind::List(_) => "a list",
        NodeKind::Map(_) => "a map",
        NodeKind::Scalar { value: Typed::Null, .. } => "nothing",
        NodeKind::Scalar { value: Typed::Bool(_), .. } => "true or false",
        NodeKind::Scalar { value: Typed::Number(_), .. } => "a number",
        NodeKind::Scalar { value: Typed::Text, .. } => "a text",
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::super::read_as;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "what matters is that it is not read")]
    struct Shape {
        name: String,
        #[serde(default)]
        list: Vec<u8>,
        #[serde(default)]
        is_on: bool,
        #[serde(default)]
        inner: Option<Box<Shape>>,
        #[serde(default)]
        kind: Option<Kind>,
        #[serde(default)]
        either: Option<Either>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        One,
        Two,
    }

    #[derive(Debug, Deserialize)]
    #[serde(untagged)]
    #[allow(dead_code, reason = "what matters is that it is not read")]
    enum Either {
        Text(String),
        List(Vec<String>),
    }

    #[test]
    fn the_words_are_those_of_people() {
        for (text, wanted) in [
            ("name: [a]", "1:7: name: a text must stand here, not a list"),
            ("name: 5", "1:7: name: a text must stand here, not a number"),
            ("name: a\nlist: b", "2:7: list: a list must stand here, not a text"),
            ("name: a\nlist: [300]", "2:8: list[0]: a whole number, and none below 0, must stand here, not 300"),
            ("name: a\nlist: [x]", "2:8: list[0]: a whole number, and none below 0, must stand here, not a text"),
            ("name: a\nis_on: x", "2:8: is_on: true or false must stand here, not a text"),
            ("name: a\ninner: {}", "2:8: inner: `name` is missing here"),
            ("name: a\ninner: [b]", "2:8: inner: a map must stand here, not a list"),
            ("name: a\nkind: three", "2:7: kind: `three` is no value here, where `one`, `two` can stand"),
            ("name: a\neither: {}", "2:9: either: a map cannot stand here"),
            ("- a", "1:1: a map must stand here, not a list"),
            ("{}", "1:1: `name` is missing here"),
        ] {
            assert_eq!(read_as::<Shape>(text).unwrap_err().to_string(), wanted, "{text}");
        }
        let error = read_as::<Shape>("name: a\nnam: b").unwrap_err().to_string();
        assert!(error.contains("`nam` is no key here, where `name`, `list`"), "{error}");
    }
}
