//! Whether a test file has the shape that is due, and what is said of one that has not.

use catalog_check::is_it;
use rancher_catalog::yaml::{Document, Node, NodeKind, Position, Problem, Typed};

use super::keys::{FILES, Key, Shape};

/// What is wrong with a test file, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    pub at: Position,
    pub reason: String,
}

impl Wrong {
    pub(super) fn new(at: Position, reason: impl Into<String>) -> Self {
        Self { at, reason: reason.into() }
    }
}

/// Holds a document against a shape.
pub(super) fn check(document: &Document, shape: &Shape) -> Result<(), Wrong> {
    if let Some(problem) = document.problems.first() {
        return Err(match problem {
            Problem::DuplicateKey { key, first, again } => {
                Wrong::new(*again, format!("`{key}` stands here twice; the first is in line {}", first.line))
            }
            Problem::FurtherDocument { at } => {
                Wrong::new(*at, "a second document begins here, and nobody would read it: use another file")
            }
        });
    }
    match &document.root {
        Some(root) => holds(root, shape, "a test file"),
        None => Err(Wrong::new(
            Position { line: 1, column: 1, offset: 0 },
            "the file is empty: begin with `tests:`, and a list of tests below",
        )),
    }
}

fn holds(node: &Node, shape: &Shape, what: &str) -> Result<(), Wrong> {
    let wrong = |due: &str| Err(Wrong::new(node.span.start, format!("{what} is {}; {due} is due", says(node))));
    let is_map = matches!(node.kind, NodeKind::Map(_));
    match shape {
        Shape::Anything => Ok(()),
        Shape::Text if node.text().is_some() && !node.is_null() => Ok(()),
        Shape::Answer if node.text().is_some() => Ok(()),
        Shape::Text | Shape::Answer => wrong("one text"),
        Shape::TextOrTruth => match &node.kind {
            NodeKind::Scalar { value: Typed::Bool(_) | Typed::Text, .. } => Ok(()),
            _ => wrong("true, false or a text"),
        },
        Shape::List(item) => match &node.kind {
            NodeKind::List(items) => items.iter().try_for_each(|one| holds(one, item, &format!("an item of {what}"))),
            _ => wrong("a list"),
        },
        Shape::Map(value) if is_map => node.entries().iter().try_for_each(|(key, node)| {
            let name = key.text().ok_or_else(|| Wrong::new(key.span.start, format!("a key of {what} is no text")))?;
            holds(node, value, &format!("`{name}`"))
        }),
        Shape::PerFile(value) if is_map => node.entries().iter().try_for_each(|(key, node)| {
            known(key, &FILES, what)?;
            holds(node, value, &format!("`{}`", key.text().unwrap_or_default()))
        }),
        Shape::Keys(keys) if is_map => {
            let names: Vec<&str> = keys.iter().map(|key| key.name).collect();
            for (key, value) in node.entries() {
                let name = known(key, &names, what)?;
                if let Some(Key { shape, .. }) = keys.iter().find(|key| key.name == name) {
                    holds(value, shape, &format!("`{name}`"))?;
                }
            }
            match keys.iter().find(|key| key.must && node.get(key.name).is_none_or(Node::is_null)) {
                Some(missing) => {
                    Err(Wrong::new(node.span.start, format!("{what} has no `{}`: {}", missing.name, missing.says)))
                }
                None => Ok(()),
            }
        }
        Shape::Map(_) | Shape::PerFile(_) | Shape::Keys(_) => wrong("a map"),
    }
}

fn known<'n>(key: &'n Node, names: &[&str], what: &str) -> Result<&'n str, Wrong> {
    let name = key.text().unwrap_or_default();
    if names.contains(&name) {
        return Ok(name);
    }
    let listed = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let meant = is_it(names.iter().copied(), name);
    Err(Wrong::new(key.span.start, format!("there is no `{name}` in {what}, where {listed} can stand{meant}")))
}

fn says(node: &Node) -> String {
    match &node.kind {
        NodeKind::List(_) => "a list".to_owned(),
        NodeKind::Map(_) => "a map".to_owned(),
        NodeKind::Scalar { value: Typed::Null, .. } => "empty".to_owned(),
        NodeKind::Scalar { value: Typed::Number(_), text, .. } => format!("the number {text}"),
        NodeKind::Scalar { value: Typed::Bool(_), text, .. } => format!("the boolean {text}"),
        NodeKind::Scalar { .. } => "a text".to_owned(),
    }
}
