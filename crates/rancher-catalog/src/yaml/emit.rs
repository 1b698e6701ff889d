//! Writing: values -> text in block style, the same to YAML 1.1 and YAML 1.2 readers.

use serde_yaml::{Mapping, Value};

use super::resolve::is_ambiguous;

/// Comments to print above keys, by the path of the key: `services.web.image`. Lists add nothing to a path.
pub type CommentAt<'a> = dyn Fn(&str) -> Option<&'a str> + 'a;

/// Lines are not filled beyond this column by a comment; values are never folded.
const COMMENT_WIDTH: usize = 100;

/// A key with its value, both in block style, indented by `indent` spaces, with the comments for it and for what is in
/// it. `path` is the path of the key. The text ends without a line break.
pub fn entry<'a>(name: &Value, value: &Value, indent: usize, path: &str, comment_at: &'a CommentAt<'a>) -> String {
    let mut writer = Writer { out: String::new(), path: path.to_owned(), comment_at };
    writer.spaces(indent);
    writer.entry(name, value, indent);
    writer.out
}

/// A whole document: the entries of a map one below the other, or any other value.
pub fn document(value: &Value) -> String {
    match value {
        Value::Mapping(map) if !map.is_empty() => {
            map.iter().map(|(name, value)| entry(name, value, 0, "", &|_| None) + "\n").collect()
        }
        Value::Sequence(items) if !items.is_empty() => {
            let mut writer = Writer { out: String::new(), path: String::new(), comment_at: &|_| None };
            // Two spaces less than any: a list at the margin.
            for item in items {
                let list = Value::Sequence(vec![item.clone()]);
                writer.value(&list, 0);
            }
            writer.out.trim_start_matches('\n').to_owned() + "\n"
        }
        other => scalar(other) + "\n",
    }
}

/// A comment, filled to the width, each line behind `indent` spaces; without a line break at its end.
pub fn comment(text: &str, indent: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = String::from("#");
        for word in paragraph.split_whitespace() {
            if line.len() > 1 && indent + line.len() + 1 + word.len() > COMMENT_WIDTH {
                lines.push(std::mem::replace(&mut line, String::from("#")));
            }
            line.push(' ');
            line.push_str(word);
        }
        lines.push(line);
    }
    let margin = " ".repeat(indent);
    lines.iter().map(|line| format!("{margin}{line}")).collect::<Vec<_>>().join("\n")
}

/// A map's key: quoted where it must be.
pub fn key(key: &Value) -> String {
    match key {
        Value::String(text) if text.contains('\n') => double_quoted(text),
        other => scalar(other),
    }
}

/// A scalar on one line, quoted where a reader would take it for something else. Lists and maps are not scalars; an
/// empty one is printed in flow style.
pub fn scalar(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) => number_text(number),
        Value::String(text) => string(text),
        Value::Sequence(_) => "[]".to_owned(),
        Value::Mapping(_) => "{}".to_owned(),
        Value::Tagged(tagged) => scalar(&tagged.value),
    }
}

struct Writer<'a> {
    out: String,
    /// The path of the key that is being written.
    path: String,
    comment_at: &'a CommentAt<'a>,
}

impl Writer<'_> {
    fn spaces(&mut self, count: usize) {
        self.out.extend(std::iter::repeat_n(' ', count));
    }

    fn line(&mut self, indent: usize) {
        self.out.push('\n');
        self.spaces(indent);
    }

    /// At a place that is indented already.
    fn entry(&mut self, name: &Value, value: &Value, indent: usize) {
        if let Some(text) = (self.comment_at)(&self.path) {
            self.out.push_str(comment(text, indent).trim_start());
            self.line(indent);
        }
        self.out.push_str(&key(name));
        self.out.push(':');
        self.value(value, indent);
    }

    fn entries(&mut self, map: &Mapping, indent: usize, mut first_is_indented: bool) {
        let parent = self.path.len();
        for (name, value) in map {
            if !std::mem::take(&mut first_is_indented) {
                self.line(indent);
            }
            if let Value::String(name) = name {
                self.path.push('.');
                self.path.push_str(name);
            }
            self.entry(name, value, indent);
            self.path.truncate(parent);
        }
    }

    /// Behind a colon or a dash, in a line that is indented by `indent`.
    fn value(&mut self, value: &Value, indent: usize) {
        match value {
            Value::Mapping(map) if !map.is_empty() => self.entries(map, indent + 2, false),
            Value::Sequence(items) if !items.is_empty() => {
                for item in items {
                    self.line(indent + 2);
                    self.out.push('-');
                    match item {
                        Value::Mapping(map) if !map.is_empty() => {
                            self.out.push(' ');
                            self.entries(map, indent + 4, true);
                        }
                        other => self.value(other, indent + 2),
                    }
                }
            }
            Value::String(text) if wants_literal(text) => self.literal(text, indent + 2),
            other => {
                self.out.push(' ');
                self.out.push_str(&scalar(other));
            }
        }
    }

    fn literal(&mut self, text: &str, indent: usize) {
        let body = text.trim_end_matches('\n');
        let breaks = text.len() - body.len();
        self.out.push_str(match breaks {
            0 => " |-",
            1 => " |",
            _ => " |+",
        });
        for part in body.split('\n') {
            if part.is_empty() {
                self.out.push('\n');
            } else {
                self.line(indent);
                self.out.push_str(part);
            }
        }
        // The line break that ends the last line is the caller's.
        self.out.extend(std::iter::repeat_n('\n', breaks.saturating_sub(1)));
    }
}

fn number_text(number: &serde_yaml::Number) -> String {
    if let Some(float) = number.as_f64().filter(|_| number.is_f64()) {
        if float.is_nan() {
            return ".nan".to_owned();
        }
        if float.is_infinite() {
            return if float > 0.0 { ".inf" } else { "-.inf" }.to_owned();
        }
        let text = float.to_string();
        // `5` would come back as an integer.
        return if text.contains(['.', 'e', 'E']) { text } else { format!("{text}.0") };
    }
    number.to_string()
}

fn string(text: &str) -> String {
    if text.chars().any(must_be_escaped) {
        return double_quoted(text);
    }
    let plain = !is_ambiguous(text)
        && !text.starts_with(|c: char| c.is_whitespace() || "-?:,[]{}#&*!|>'\"%@`".contains(c))
        && !text.ends_with(|c: char| c.is_whitespace() || c == ':')
        && !text.contains(": ")
        && !text.contains(" #");
    if plain {
        text.to_owned()
    } else if text.contains('\'') {
        double_quoted(text)
    } else {
        format!("'{text}'")
    }
}

/// Line breaks of either YAML version, what is not printable there, and what acts where it is printed.
fn must_be_escaped(c: char) -> bool {
    crate::hidden::acts(c) || matches!(c, '\u{fffe}' | '\u{ffff}')
}

fn double_quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if must_be_escaped(c) => {
                let code = u32::from(c);
                out.push_str(&match code {
                    0..0x100 => format!("\\x{code:02X}"),
                    0x100..0x10000 => format!("\\u{code:04X}"),
                    _ => format!("\\U{code:08X}"),
                });
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Whether a text is printed as a literal block: it has several lines, each of which can stand as it is.
fn wants_literal(text: &str) -> bool {
    let first = text.split('\n').find(|line| !line.is_empty());
    text.contains('\n')
        && !text.chars().any(|c| c != '\n' && c != '\t' && must_be_escaped(c))
        && first.is_some_and(|line| !line.starts_with([' ', '\t']))
        // Trailing white space is invisible in a block, and an editor may strip it.
        && !text.lines().any(|line| line.ends_with([' ', '\t']))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::yaml::Document;

    fn any_value() -> impl Strategy<Value = Value> {
        let text = prop_oneof![
            any::<String>(),
            "[ -~]{0,12}",
            "[a-z#: \n\t'\"|>-]{0,16}",
            "[0-9xobeE_.:+-]{1,8}",
            prop::sample::select(vec![
                "yes", "No", "on", "y", "~", "null", "<<", "=", "---", "...", "0777", "1.10", "{{x}}"
            ])
            .prop_map(str::to_owned),
        ];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_filter("NaN is not equal to itself", |f| !f.is_nan()).prop_map(Value::from),
            text.clone().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 5, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Sequence),
                prop::collection::vec((text.clone(), inner), 0..5)
                    .prop_map(|pairs| Value::Mapping(pairs.into_iter().map(|(k, v)| (Value::from(k), v)).collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_emitted_reads_back_the_same(value in any_value(), indent in 0usize..5) {
            let text = entry(&Value::from("k"), &value, indent, "k", &|_| None) + "\n";
            let read = Document::read(&text).unwrap_or_else(|e| panic!("{e}\n{text}"));
            prop_assert_eq!(read.to_value(), Value::Mapping([(Value::from("k"), value)].into_iter().collect()), "{}", text);
        }
    }

    #[test]
    fn comments_stand_above_their_keys_and_are_filled() {
        let value: Value = serde_yaml::from_str("{b: [{c: 1}], d: 2}").unwrap();
        let long = "word ".repeat(30);
        let text = entry(&Value::from("a"), &value, 2, "a", &|path| match path {
            "a" => Some("top"),
            "a.b.c" => Some("deep"),
            "a.d" => Some(&long),
            _ => None,
        });
        assert!(text.starts_with("  # top\n  a:\n    b:\n      - # deep\n        c: 1\n    # word"), "{text}");
        assert!(text.lines().all(|line| line.len() <= COMMENT_WIDTH), "{text}");
        assert!(text.ends_with("    d: 2"), "{text}");
    }
}
