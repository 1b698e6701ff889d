//! The values of a service, as the executor has them once it filled in the answers.

use std::borrow::Cow;
use std::collections::HashMap;

use super::{Answers, Cause, Teller, quoted};
use crate::go_template::fraction;
use crate::interpolation::interpolate;
use crate::yaml::{Node, NodeKind, Typed};

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Raw<'a> {
    pub kind: Kind<'a>,
    pub at: &'a Node,
}

/// What a [`Raw`] is, in the types of Go's YAML.
#[derive(Debug, Clone)]
pub(super) enum Kind<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Large(u64),
    Float(f64),
    Text(Cow<'a, str>),
    List(Vec<Raw<'a>>),
    Map(RawMap<'a>),
}

/// A map; each key once.
pub(super) type RawMap<'a> = Vec<(Key<'a>, Raw<'a>)>;

/// A key of a map.
#[derive(Debug, Clone)]
pub(super) struct Key<'a> {
    pub text: &'a str,
    /// Whether YAML read a text, and no number or boolean.
    pub is_text: bool,
    pub at: &'a Node,
}

/// What becomes of texts and other scalars on the way.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Way {
    /// Variables are filled in.
    pub filled: bool,
    /// Scalars become texts, as those of `environment` and `labels` do.
    pub texts: bool,
    /// Texts that are whole numbers become numbers, as those of Rancher's own keys do.
    pub numbers: bool,
    /// No schema looks at the maps before they are written as YAML again.
    pub merges: bool,
}

impl<'a> Raw<'a> {
    /// Takes a value of a file.
    pub fn of(node: &'a Node, way: Way, answers: &Answers, teller: &mut Teller<'_, 'a>) -> Self {
        let kind = match &node.kind {
            NodeKind::Scalar { value, text, .. } => scalar(value, text, node, way, answers, teller),
            NodeKind::List(items) => {
                Kind::List(items.iter().map(|item| Self::of(item, way, answers, teller)).collect())
            }
            NodeKind::Map(_) => {
                let entries = merged_entries(node).into_iter();
                let entries = entries.map(|(key, value)| (key, Self::of(value, way, answers, teller))).collect();
                Kind::Map(written_again(entries, way, teller))
            }
        };
        Self { kind, at: node }
    }

    /// The text, of a text.
    pub fn text(&self) -> Option<&str> {
        if let Kind::Text(text) = &self.kind { Some(text) } else { None }
    }

    /// The items of a list; none of anything else.
    pub fn items(&self) -> &[Raw<'a>] {
        if let Kind::List(items) = &self.kind { items } else { &[] }
    }

    /// The entries of a map; none of anything else.
    pub fn entries(&self) -> &[(Key<'a>, Raw<'a>)] {
        if let Kind::Map(entries) = &self.kind { entries } else { &[] }
    }

    /// The value of a key of a map.
    pub fn get(&self, key: &str) -> Option<&Raw<'a>> {
        get(self.entries(), key)
    }

    /// The text of any scalar.
    pub fn scalar_text(&self) -> Option<Cow<'_, str>> {
        match &self.kind {
            Kind::Null | Kind::List(_) | Kind::Map(_) => None,
            Kind::Bool(value) => Some(value.to_string().into()),
            Kind::Int(value) => Some(value.to_string().into()),
            Kind::Large(value) => Some(value.to_string().into()),
            Kind::Float(value) => Some(fraction(*value).into()),
            Kind::Text(text) => Some(Cow::Borrowed(text)),
        }
    }

    /// Whether a variable gave the text.
    pub fn is_filled(&self) -> bool {
        matches!((&self.kind, &self.at.kind), (Kind::Text(_), NodeKind::Scalar { text, .. }) if text.contains('$'))
    }

    /// Says what kind of value it is: "a list", "text".
    pub fn says(&self) -> &'static str {
        match &self.kind {
            Kind::Null => "empty",
            Kind::Bool(_) => "a boolean",
            Kind::Int(_) | Kind::Large(_) | Kind::Float(_) => "a number",
            Kind::Text(_) => "text",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a map",
        }
    }
}

/// The value of a key.
pub(super) fn get<'m, 'a>(entries: &'m [(Key<'a>, Raw<'a>)], key: &str) -> Option<&'m Raw<'a>> {
    entries.iter().find(|(k, _)| k.text == key).map(|(_, value)| value)
}

fn scalar<'a>(
    value: &'a Typed,
    text: &'a str,
    node: &'a Node,
    way: Way,
    answers: &Answers,
    teller: &mut Teller<'_, 'a>,
) -> Kind<'a> {
    let kind = match value {
        Typed::Null => return Kind::Null,
        Typed::Bool(value) => Kind::Bool(*value),
        Typed::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(value), _) => Kind::Int(value),
            (None, Some(value)) => Kind::Large(value),
            (None, None) => Kind::Float(number.as_f64().unwrap_or_default()),
        },
        Typed::Text if way.filled && text.contains('$') => match interpolate(text, |name| answers.get(name).cloned()) {
            Ok(filled) => Kind::Text(filled.into()),
            Err(error) => {
                teller.tell(Cause::Interpolation, node, error.to_string());
                Kind::Text(Cow::Borrowed(text))
            }
        },
        Typed::Text => Kind::Text(Cow::Borrowed(text)),
    };
    match kind {
        Kind::Text(text) if way.numbers => whole_number(&text).map_or(Kind::Text(text), Kind::Int),
        Kind::Bool(value) if way.texts => Kind::Text(value.to_string().into()),
        Kind::Int(value) if way.texts => Kind::Text(value.to_string().into()),
        Kind::Large(value) if way.texts => Kind::Text(value.to_string().into()),
        Kind::Float(value) if way.texts => Kind::Text(fraction(value).into()),
        Kind::Float(value) if !value.is_finite() => {
            teller.tell(Cause::ValueKind, node, format!("{} is no number that Rancher can take", quoted(text)));
            Kind::Null
        }
        kind => kind,
    }
}

/// The executor writes what it read as YAML again, `<<` without the quotes that it had: then it merges.
fn written_again<'a>(mut entries: RawMap<'a>, way: Way, teller: &mut Teller<'_, 'a>) -> RawMap<'a> {
    let Some(at) = entries.iter().position(|(key, _)| key.text == "<<" && key.is_text) else { return entries };
    let is_map = |value: &Raw<'a>| matches!(value.kind, Kind::Map(_));
    let value = &entries[at].1;
    let can_merge = is_map(value) || matches!(&value.kind, Kind::List(items) if items.iter().all(is_map));
    if can_merge && !way.merges {
        return entries;
    }
    let (key, value) = entries.remove(at);
    if !can_merge {
        let message = "Rancher loses the quotes of the key `<<`, and wants a map to merge: give it another name";
        teller.tell(Cause::ValueKind, key.at, message);
        return entries;
    }
    let merges = if let Kind::List(items) = value.kind { items } else { vec![value] };
    for (key, value) in merges.into_iter().flat_map(|map| if let Kind::Map(of) = map.kind { of } else { Vec::new() }) {
        if !entries.iter().any(|(known, _)| known.text == key.text && known.is_text == key.is_text) {
            entries.push((key, value));
        }
    }
    entries
}

/// A text as Go's `strconv.Atoi` reads it.
fn whole_number(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

/// The entries of a map as go-yaml takes them: what `<<` merges is laid in where it stands, and of equal keys the last wins.
pub(super) fn merged_entries(node: &Node) -> Vec<(Key<'_>, &Node)> {
    let mut merged = Merged::default();
    merged.take(node);
    merged.entries
}

#[derive(Default)]
struct Merged<'a> {
    entries: Vec<(Key<'a>, &'a Node)>,
    /// Where each key stands, once there are many.
    places: HashMap<(&'a str, bool), usize>,
}

impl<'a> Merged<'a> {
    /// Up to how many keys are looked through one by one.
    const FEW: usize = 24;

    fn take(&mut self, node: &'a Node) {
        for (key, value) in node.entries() {
            let NodeKind::Scalar { value: typed, text, plain } = &key.kind else { continue };
            if *plain && text == "<<" {
                match &value.kind {
                    NodeKind::List(items) => items.iter().rev().for_each(|item| self.take(item)),
                    _ => self.take(value),
                }
                continue;
            }
            self.put(Key { text, is_text: typed.is_text(), at: key }, value);
        }
    }

    fn put(&mut self, key: Key<'a>, value: &'a Node) {
        let known = if self.entries.len() <= Self::FEW {
            self.entries.iter().position(|(known, _)| known.text == key.text && known.is_text == key.is_text)
        } else {
            if self.places.is_empty() {
                let places = self.entries.iter().enumerate();
                self.places = places.map(|(at, (known, _))| ((known.text, known.is_text), at)).collect();
            }
            self.places.get(&(key.text, key.is_text)).copied()
        };
        match known {
            Some(at) => self.entries[at] = (key, value),
            None => {
                if self.entries.len() > Self::FEW {
                    self.places.insert((key.text, key.is_text), self.entries.len());
                }
                self.entries.push((key, value));
            }
        }
    }
}
