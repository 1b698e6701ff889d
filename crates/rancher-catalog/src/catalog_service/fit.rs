//! Whether go-yaml v2 can put a value into a Go type.

use crate::yaml::{Node, NodeKind, Typed};

/// A Go type, as far as it decides which values fit.
#[derive(Debug, Clone, Copy)]
pub enum Want {
    /// `string`: every scalar.
    Text,
    /// `int`: a number, whose fraction is cut off.
    Whole,
    /// `uint`.
    Unsigned,
    /// `bool`.
    Truth,
    /// `interface{}`.
    Anything,
    /// A slice.
    List(&'static Want),
    /// A map with texts as keys.
    Map(&'static Want),
    /// A struct: its keys; others are passed over.
    Fields(&'static [(&'static str, Want)]),
}

impl Want {
    /// What is due, for people.
    pub fn due(&self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Whole | Self::Unsigned => "a number without quotes",
            Self::Truth => "true or false without quotes",
            Self::Anything => "anything",
            Self::List(_) => "a list",
            Self::Map(_) | Self::Fields(_) => "a map",
        }
    }
}

/// A value that does not fit.
#[derive(Debug, Clone)]
pub struct Misfit<'n> {
    /// The value.
    pub node: &'n Node,
    /// The keys on the way to it; that of a list stands for its items too.
    pub path: Vec<&'n str>,
    /// What would fit.
    pub want: Want,
}

impl Misfit<'_> {
    /// What is wrong, for people.
    pub fn told(&self) -> String {
        let is = match &self.node.kind {
            NodeKind::List(_) => "a list".to_owned(),
            NodeKind::Map(_) => "a map".to_owned(),
            NodeKind::Scalar { value: Typed::Number(_) | Typed::Bool(_), text, .. } => format!("`{text}`"),
            NodeKind::Scalar { text, .. } => {
                let short: String = text.chars().take(40).collect();
                format!("the text {short:?}")
            }
        };
        let due = self.want.due();
        match self.path.last() {
            None => format!("this is {is}, and {due} is due"),
            Some(key) => format!("{key} holds {is}, and {due} is due"),
        }
    }
}

/// The values below a node that do not fit.
pub fn misfits<'n>(node: &'n Node, want: &Want) -> Vec<Misfit<'n>> {
    let mut found = Vec::new();
    collect(node, want, &mut Vec::new(), &mut found);
    found
}

fn collect<'n>(node: &'n Node, want: &Want, path: &mut Vec<&'n str>, found: &mut Vec<Misfit<'n>>) {
    match (&node.kind, want) {
        (NodeKind::Scalar { value: Typed::Null, .. }, _) | (_, Want::Anything) => {}
        (NodeKind::Scalar { value, .. }, want) if fits(value, want) => {}
        (NodeKind::List(items), Want::List(want)) => {
            items.iter().for_each(|item| collect(item, want, path, found));
        }
        (NodeKind::Map(entries), Want::Map(_) | Want::Fields(_)) => {
            for (key, value) in entries {
                if is_merge(key) {
                    let several = std::slice::from_ref(value);
                    let maps = if let NodeKind::List(items) = &value.kind { items } else { several };
                    maps.iter().for_each(|map| collect(map, want, path, found));
                    continue;
                }
                let name = key.text().unwrap_or_default();
                let wanted = match want {
                    Want::Map(want) => Some(*want),
                    Want::Fields(fields) => fields.iter().find(|(field, _)| *field == name).map(|(_, want)| want),
                    _ => None,
                };
                if let Some(wanted) = wanted {
                    path.push(name);
                    collect(value, wanted, path, found);
                    path.pop();
                }
            }
        }
        _ => found.push(Misfit { node, path: path.clone(), want: *want }),
    }
}

fn fits(value: &Typed, want: &Want) -> bool {
    match (want, value) {
        (Want::Text, _) | (Want::Truth, Typed::Bool(_)) => true,
        (Want::Whole, Typed::Number(number)) => {
            // Go cuts the fraction off, and whatever is lower than the lowest `int` becomes one.
            number.is_i64() || (number.is_f64() && number.as_f64().is_some_and(|number| number <= i64::MAX as f64))
        }
        (Want::Unsigned, Typed::Number(number)) => {
            number.is_u64() || (number.is_f64() && number.as_f64().is_some_and(|number| number <= u64::MAX as f64))
        }
        _ => false,
    }
}

/// A key of a map and its value, as go-yaml finds them: of equal keys the last, and what a merge key brings stands where
/// the merge key does.
pub fn field<'n>(map: &'n Node, name: &str) -> Option<(&'n Node, &'n Node)> {
    let mut found = None;
    for (key, value) in map.entries() {
        if is_merge(key) {
            let merged = match &value.kind {
                // Of several maps the first wins.
                NodeKind::List(maps) => maps.iter().find_map(|map| field(map, name)),
                _ => field(value, name),
            };
            found = merged.or(found);
        } else if key.text() == Some(name) {
            found = Some((key, value));
        }
    }
    found
}

fn is_merge(key: &Node) -> bool {
    matches!(&key.kind, NodeKind::Scalar { text, plain: true, .. } if text == "<<")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::Document;

    const QUESTION: Want = Want::Fields(&[
        ("required", Want::Truth),
        ("min", Want::Whole),
        ("label", Want::Text),
        ("options", Want::List(&Want::Text)),
    ]);

    #[test]
    fn what_go_yaml_takes_fits_and_nothing_else() {
        for (text, told) in [
            ("required: yes\nmin: 1.5\nlabel: 3\noptions: [a, 1, ~]", &[][..]),
            ("required: ~\nmin:\nlabel:\noptions: ~\nother: [1]", &[]),
            ("required: 'true'", &["required holds the text \"true\", and true or false without quotes is due"]),
            ("required: 1", &["required holds `1`, and true or false without quotes is due"]),
            ("min: '3'", &["min holds the text \"3\", and a number without quotes is due"]),
            ("min: 1e30", &["min holds `1e30`, and a number without quotes is due"]),
            ("min: 18446744073709551615", &["min holds `18446744073709551615`, and a number without quotes is due"]),
            ("label: [a]", &["label holds a list, and a text is due"]),
            ("options: a", &["options holds the text \"a\", and a list is due"]),
            ("options: {a: b}", &["options holds a map, and a list is due"]),
            ("options: [[a]]", &["options holds a list, and a text is due"]),
            ("options: ''", &["options holds the text \"\", and a list is due"]),
            ("<<: {min: x}", &["min holds the text \"x\", and a number without quotes is due"]),
            ("[a]", &["this is a list, and a map is due"]),
        ] {
            let document = Document::read(text).unwrap();
            let found: Vec<String> =
                misfits(document.root.as_ref().unwrap(), &QUESTION).iter().map(Misfit::told).collect();
            assert_eq!(found, told, "{text}");
        }
    }

    #[test]
    fn a_merge_key_is_looked_into_where_it_stands() {
        for (text, value) in [
            ("a: 1\na: 2", "2"),
            ("a: 1\n<<: {a: 2}", "2"),
            ("<<: {a: 2}\na: 1", "1"),
            ("<<: [{b: 0}, {a: 3}, {a: 4}]", "3"),
        ] {
            let document = Document::read(text).unwrap();
            let found = field(document.root.as_ref().unwrap(), "a").unwrap().1.text();
            assert_eq!(found, Some(value), "{text}");
        }
    }
}
