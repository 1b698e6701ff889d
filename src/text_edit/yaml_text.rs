//! A YAML file of somebody's: a value in it is changed in its own style, and all else is read back as it was.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_yaml::{Mapping, Value};

use super::{EditError, Edits};
use crate::render::first_difference;
use rancher_catalog::model::Scalar;
use rancher_catalog::yaml::{self, Document, Node, NodeKind, Typed};

/// The text of a file, read.
#[derive(Debug)]
pub struct YamlText<'t> {
    text: &'t [u8],
    document: Document,
}

/// What scalars become, each by where it begins in the text.
pub type Changed = BTreeMap<usize, String>;

impl<'t> YamlText<'t> {
    /// Reads a text.
    ///
    /// # Errors
    /// It is no YAML to Rancher.
    pub fn read(text: &'t [u8]) -> Result<Self, EditError> {
        let document = Document::read_bytes(text).map_err(|error| EditError::Unreadable(error.to_string()))?;
        Ok(Self { text, document })
    }

    /// What it says.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// The value that the whole is.
    ///
    /// # Errors
    /// It is empty.
    pub fn root(&self) -> Result<&Node, EditError> {
        self.document.root.as_ref().ok_or_else(|| EditError::Layout("it".to_owned()))
    }

    /// The text with the value of a key changed to a scalar, written as the one before was: quoted as that, or plain.
    ///
    /// # Errors
    /// It is laid out so that more would change than that value.
    pub fn with_value(&self, (key, value): (&Node, &Node), new: &str) -> Result<Vec<u8>, EditError> {
        let place = place(value);
        let changed = Changed::from([(place.start, new.to_owned())]);
        let edits = |place: Range<usize>, by: String| {
            let mut edits = Edits::default();
            edits.replace(place, by);
            edits
        };
        let tries: Vec<Edits> = if place.is_empty() {
            let behind = key.span.end.offset;
            let colon = self.text[behind..].iter().position(|byte| *byte == b':');
            let colon = colon.map(|at| behind + at + 1).unwrap_or(behind);
            vec![edits(colon..colon, format!(" {}", yaml::scalar(&Value::String(new.to_owned()))))]
        } else {
            let raw = self.text.get(place.clone()).unwrap_or_default();
            let old = value.text().unwrap_or_default().as_bytes();
            let spelled = spellings(raw, old, new);
            spelled
                .into_iter()
                .map(|(inner, by)| edits(place.start + inner.start..place.start + inner.end, by))
                .collect()
        };
        let named = || EditError::Layout(key.text().unwrap_or_default().to_owned());
        // What an alias repeats would change there too.
        let is_repeated = self.document.root.as_ref().is_some_and(|root| standing_at(root, place.start) > 1);
        if is_repeated || !matches!(value.kind, NodeKind::Scalar { .. }) {
            return Err(named());
        }
        tries.iter().find_map(|edits| self.with_edits(edits, &changed)).ok_or_else(named)
    }

    /// The text with some places changed, if it then reads as before but for the scalars that are said to change.
    pub fn with_edits(&self, edits: &Edits, changed: &Changed) -> Option<Vec<u8>> {
        let edited = edits.apply(self.text);
        let read = Document::read_bytes(&edited).ok()?;
        let is_same = match (&self.document.root, &read.root) {
            (Some(before), Some(after)) => reads_as(before, after, changed),
            (before, after) => before.is_none() && after.is_none(),
        };
        is_same.then_some(edited)
    }

    /// The text with one more entry in a map, in a line of its own: behind that of the entry that is named, or else behind
    /// all.
    ///
    /// # Errors
    /// It is laid out so that more would change.
    pub fn with_entry(
        &self,
        map: &Node,
        behind: Option<&(Node, Node)>,
        key: &str,
        new: &str,
    ) -> Result<Vec<u8>, EditError> {
        let named = || EditError::Layout(key.to_owned());
        let (like, _) = behind.or(map.entries().first()).ok_or_else(named)?;
        let indent = " ".repeat(like.span.start.column.saturating_sub(1) as usize);
        let end = match behind {
            Some((_, value)) => {
                let end = value.span.end.offset.min(self.text.len());
                self.text[end..].iter().position(|byte| *byte == b'\n').map(|at| end + at + 1)
            }
            None => None,
        };
        let (before, after) = self.text.split_at(end.unwrap_or(self.text.len()));
        let line_end: &[u8] = if before.ends_with(b"\r\n") { b"\r\n" } else { b"\n" };
        let missing: &[u8] = if before.is_empty() || before.ends_with(b"\n") { b"" } else { line_end };
        let line = format!("{indent}{}: {}", yaml::key(&key.into()), yaml::scalar(&Value::String(new.to_owned())));
        let edited = [before, missing, line.as_bytes(), line_end, after].concat();
        let wanted = self.document.root.as_ref().map(|root| with_entry(root, place(map), key, new));
        let read = Document::read_bytes(&edited).map_err(|_| named())?;
        let is_same = wanted.is_some_and(|wanted| first_difference(&read.to_value(), &wanted).is_none());
        if is_same { Ok(edited) } else { Err(named()) }
    }
}

/// How many scalars stand at a place.
fn standing_at(node: &Node, start: usize) -> usize {
    match &node.kind {
        NodeKind::Map(entries) => {
            entries.iter().map(|(key, value)| standing_at(key, start) + standing_at(value, start)).sum()
        }
        NodeKind::List(items) => items.iter().map(|item| standing_at(item, start)).sum(),
        NodeKind::Scalar { .. } => usize::from(node.span.start.offset == start),
    }
}

/// Where a value stands.
fn place(node: &Node) -> Range<usize> {
    node.span.start.offset..node.span.end.offset.max(node.span.start.offset)
}

/// The ways in which a scalar may be written, best first: the old text in its place becomes the new one; the same quotes
/// around it; other ones.
fn spellings(raw: &[u8], old: &[u8], new: &str) -> Vec<(Range<usize>, String)> {
    let mut ways = Vec::new();
    if !old.is_empty()
        && let Some(at) = raw.windows(old.len()).rposition(|window| window == old)
    {
        ways.push((at..at + old.len(), new.to_owned()));
    }
    let plain = yaml::scalar(&Value::String(new.to_owned()));
    let single = format!("'{}'", new.replace('\'', "''"));
    // What JSON escapes YAML reads alike.
    let double = Value::String(new.to_owned());
    let double = serde_json::to_string(&double).unwrap_or_default();
    let all = match raw.first() {
        Some(b'"') => [double, single, plain],
        Some(b'\'') => [single, double, plain],
        _ => [plain, single, double],
    };
    // A block ends behind its last line break.
    let length = raw.trim_ascii_end().len();
    ways.extend(all.into_iter().map(|way| (0..length, way)));
    ways
}

/// Whether a value reads as another one did, but for what was to change.
fn reads_as(before: &Node, after: &Node, changed: &Changed) -> bool {
    match (&before.kind, &after.kind) {
        (NodeKind::Map(before), NodeKind::Map(after)) => {
            before.len() == after.len()
                && before.iter().zip(after).all(|((key, value), (new_key, new_value))| {
                    reads_as(key, new_key, changed) && reads_as(value, new_value, changed)
                })
        }
        (NodeKind::List(before), NodeKind::List(after)) => {
            before.len() == after.len() && before.iter().zip(after).all(|(one, other)| reads_as(one, other, changed))
        }
        (NodeKind::Scalar { value, .. }, NodeKind::Scalar { value: new_value, text: new_text, .. }) => {
            match changed.get(&before.span.start.offset) {
                None => before.to_value() == after.to_value(),
                Some(wanted) if new_value.is_text() => new_text == wanted,
                // A number stays one where Rancher makes the same text of it.
                Some(wanted) if !value.is_text() && *value != Typed::Null => {
                    serde_yaml::from_value::<Scalar>(after.to_value())
                        .is_ok_and(|scalar| scalar.text() == wanted.as_str())
                }
                Some(_) => false,
            }
        }
        _ => false,
    }
}

/// A value with one more entry in the map that stands at a place.
fn with_entry(node: &Node, at: Range<usize>, key: &str, new: &str) -> Value {
    match &node.kind {
        NodeKind::Scalar { .. } => node.to_value(),
        NodeKind::List(items) => {
            Value::Sequence(items.iter().map(|item| with_entry(item, at.clone(), key, new)).collect())
        }
        NodeKind::Map(entries) => {
            let mut map: Mapping = entries
                .iter()
                .map(|(name, value)| (name.to_value(), with_entry(value, at.clone(), key, new)))
                .collect();
            if place(node) == at {
                map.insert(key.into(), new.into());
            }
            Value::Mapping(map)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn set(text: &str, new: &str) -> Option<String> {
        let yaml = YamlText::read(text.as_bytes()).ok()?;
        let (key, value) = yaml.root().ok()?.entry("v")?;
        let edited = yaml.with_value((key, value), new).ok()?;
        Some(String::from_utf8(edited).unwrap())
    }

    #[test]
    fn a_value_is_written_as_the_one_before_it() {
        for (before, new, after) in [
            ("v: a # a\n", "b", "v: b # a\n"),
            ("v: \"a\"", "b", "v: \"b\""),
            ("v: 'a'\r\nw: a\r\n", "it's", "v: 'it''s'\r\nw: a\r\n"),
            ("\u{feff}v: a\n", "b", "\u{feff}v: b\n"),
            ("v: &x a\nw: 1\n", "b", "v: &x b\nw: 1\n"),
            ("v: !!str 1.10\n", "1.20", "v: !!str 1.20\n"),
            ("{v: a, w: a}", "b", "{v: b, w: a}"),
            ("v: |-\n  a\nw: a\n", "b", "v: |-\n  b\nw: a\n"),
            ("v:\nw: a\n", "b", "v: b\nw: a\n"),
            ("v: ~\n", "b", "v: b\n"),
            ("v: 1.2\n", "1.3", "v: 1.3\n"),
            // An unquoted 1.10 is 1.1 to Rancher.
            ("v: 1.2\n", "1.10", "v: '1.10'\n"),
            ("v: 1.2.3\n", "1.10", "v: '1.10'\n"),
            ("v: \"\\x61\"\n", "b", "v: \"b\"\n"),
            ("? v\n: a\n", "b", "? v\n: b\n"),
        ] {
            assert_eq!(set(before, new).as_deref(), Some(after), "{before:?}");
        }
    }

    #[test]
    fn what_cannot_change_alone_does_not_change() {
        for text in ["v: [a]\n", "v: {a: b}\n", "v: &x a\nw: *x\n", "w: &x a\nv: *x\n", "v: [", ""] {
            assert_eq!(set(text, "b"), None, "{text:?}");
        }
    }

    #[test]
    fn an_entry_is_added_in_a_line_of_its_own() {
        let add = |text: &str, behind: bool| {
            let yaml = YamlText::read(text.as_bytes()).ok()?;
            let map = yaml.root().ok()?.get("m")?;
            let edited = yaml.with_entry(map, map.entries().first().filter(|_| behind), "k", "yes").ok()?;
            Some(String::from_utf8(edited).unwrap())
        };
        assert_eq!(add("m:\n  a: 1 # c\n  b: 2\n", true).as_deref(), Some("m:\n  a: 1 # c\n  k: 'yes'\n  b: 2\n"));
        assert_eq!(add("m:\r\n  a: 1", true).as_deref(), Some("m:\r\n  a: 1\n  k: 'yes'\n"));
        assert_eq!(add("m:\n  a: 1\n", false).as_deref(), Some("m:\n  a: 1\n  k: 'yes'\n"));
        assert_eq!(add("m: {a: 1}\n", true), None);
        assert_eq!(add("m: {}\n", true), None);
    }

    /// Scalars in every style, and what else stands in files.
    fn files() -> impl Strategy<Value = String> {
        let scalar = prop_oneof![
            "[a-z0-9./:-]{1,8}".prop_map(|text| format!("x{text}x")),
            "[a-z' ]{0,6}".prop_map(|text| format!("\"{text}\"")),
            "[a-z\" é]{0,6}".prop_map(|text| format!("'{text}'")),
            Just("|\n      text\n      more".to_owned()),
            Just(">-\n      folded\n      text".to_owned()),
            Just("1.10".to_owned()),
            Just("yes".to_owned()),
            Just("&anchor value".to_owned()),
        ];
        let line = (scalar, prop_oneof![Just(""), Just("   "), Just("\r")]);
        proptest::collection::vec(line, 1..6).prop_map(|lines| {
            let mut text = "# k0: a comment\nmap:\n".to_owned();
            for (at, (scalar, end)) in lines.iter().enumerate() {
                let end = if scalar.contains('\n') { "" } else { end };
                text.push_str(&format!("  k{at}: {scalar}{end}\n"));
            }
            text
        })
    }

    proptest! {
        #[test]
        fn a_change_touches_the_bytes_of_its_scalar_alone(text in files(), at in 0_usize..6, new in "[a-z0-9.:'\" #-]{1,12}") {
            let Ok(yaml) = YamlText::read(text.as_bytes()) else { return Ok(()) };
            let map = yaml.root().unwrap().get("map").unwrap();
            let key = format!("k{at}");
            let Some(entry) = map.entry(&key) else { return Ok(()) };
            let edited = yaml.with_value(entry, &new);
            let Ok(edited) = edited else { return Ok(()) };
            let place = place(entry.1);
            let behind = &text.as_bytes()[place.end..];
            prop_assert!(edited.starts_with(&text.as_bytes()[..place.start]) && edited.ends_with(behind));
            let mut wanted = yaml.document().to_value();
            wanted["map"][key.as_str()] = new.clone().into();
            let mut read = Document::read_bytes(&edited).unwrap().to_value();
            let scalar: Scalar = serde_yaml::from_value(read["map"][key.as_str()].clone()).unwrap();
            prop_assert_eq!(scalar.text(), new.as_str());
            read["map"][key.as_str()] = new.into();
            prop_assert_eq!(read, wanted);
        }

        #[test]
        fn every_scalar_can_be_set_to_a_plain_word(text in files()) {
            let Ok(yaml) = YamlText::read(text.as_bytes()) else { return Ok(()) };
            for (key, value) in yaml.root().unwrap().get("map").unwrap().entries() {
                prop_assert!(yaml.with_value((key, value), "word").is_ok(), "{:?}", key.text());
            }
        }
    }
}
