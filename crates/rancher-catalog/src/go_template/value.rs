//! The values of a template.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::printf::shortest;

/// A value of a running template.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing: `nil`, or a key that is not in a map.
    Nil,
    /// A boolean.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// A string.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// A map, which Go ranges over by sorted keys.
    Map(BTreeMap<String, Value>),
}

impl Value {
    /// The data of a Rancher compose file: the answers as `.Values`, and the other three roots empty.
    pub fn answers<'a>(answers: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let values = answers.into_iter().map(|(key, value)| (key.to_owned(), Self::Text(value.to_owned()))).collect();
        let empty = || Self::Map(BTreeMap::new());
        Self::Map(BTreeMap::from([
            ("Values".to_owned(), Self::Map(values)),
            ("Release".to_owned(), empty()),
            ("Stack".to_owned(), empty()),
            ("Environment".to_owned(), empty()),
        ]))
    }

    pub(super) fn truth(&self) -> bool {
        match self {
            Self::Nil => false,
            Self::Bool(truth) => *truth,
            Self::Int(number) => *number != 0,
            Self::Float(number) => *number != 0.0,
            Self::Text(text) => !text.is_empty(),
            Self::List(items) => !items.is_empty(),
            Self::Map(map) => !map.is_empty(),
        }
    }

    /// The name of its kind in Go.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Nil => "invalid",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float64",
            Self::Text(_) => "string",
            Self::List(_) => "slice",
            Self::Map(_) => "map",
        }
    }

    /// As `{{ . }}` prints it.
    pub(super) fn print(&self) -> Cow<'_, str> {
        match self {
            Self::Nil => Cow::Borrowed("<no value>"),
            Self::Bool(truth) => Cow::Owned(truth.to_string()),
            Self::Int(number) => Cow::Owned(number.to_string()),
            Self::Float(number) => Cow::Owned(shortest(*number)),
            Self::Text(text) => Cow::Borrowed(text),
            Self::List(items) => {
                Cow::Owned(format!("[{}]", items.iter().map(Self::print).collect::<Vec<_>>().join(" ")))
            }
            Self::Map(map) => {
                let entries = map.iter().map(|(key, value)| format!("{key}:{}", value.print()));
                Cow::Owned(format!("map[{}]", entries.collect::<Vec<_>>().join(" ")))
            }
        }
    }

    /// As `fmt` prints it: nil there is `<nil>`.
    pub(super) fn format(&self) -> Cow<'_, str> {
        if *self == Self::Nil { Cow::Borrowed("<nil>") } else { self.print() }
    }

    pub(super) fn equals(&self, other: &Self) -> Result<bool, String> {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => Ok(a == b),
            (Self::Int(a), Self::Int(b)) => Ok(a == b),
            #[allow(clippy::float_cmp, reason = "Go compares so")]
            (Self::Float(a), Self::Float(b)) => Ok(a == b),
            (Self::Text(a), Self::Text(b)) => Ok(a == b),
            (a, b) if a.is_basic() && b.is_basic() => Err("incompatible types for comparison".to_owned()),
            _ => Err("invalid type for comparison".to_owned()),
        }
    }

    pub(super) fn order(&self, other: &Self) -> Result<Ordering, String> {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => Ok(a.cmp(b)),
            (Self::Float(a), Self::Float(b)) => a.partial_cmp(b).ok_or_else(|| "NaN has no order".to_owned()),
            (Self::Text(a), Self::Text(b)) => Ok(a.cmp(b)),
            (a, b) if a.is_basic() && b.is_basic() && !matches!(a, Self::Bool(_)) => {
                Err("incompatible types for comparison".to_owned())
            }
            _ => Err("invalid type for comparison".to_owned()),
        }
    }

    fn is_basic(&self) -> bool {
        matches!(self, Self::Bool(_) | Self::Int(_) | Self::Float(_) | Self::Text(_))
    }
}
