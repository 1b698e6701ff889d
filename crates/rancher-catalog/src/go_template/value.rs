//! The values of a template, with the types that they have in Rancher's Go.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes, mostly of a text.
pub(super) type Text = Arc<[u8]>;
/// What `dict` makes: the one kind of value that functions change in place.
pub(super) type Dict = Arc<Mutex<BTreeMap<Vec<u8>, Value>>>;

/// A value of a running template.
#[derive(Debug, Clone)]
pub enum Value {
    /// Nothing: `nil`, or a key that is not in a map.
    Nil,
    /// A `nil` that an item of a list or map holds. Its fields cannot be asked for, those of nothing can.
    NilItem,
    /// A boolean.
    Bool(bool),
    /// An `int`.
    Int(i64),
    /// An `int64`, which no function takes that wants an `int`.
    Int64(i64),
    /// A byte of a text.
    Byte(u8),
    /// A `float64`.
    Float(f64),
    /// A `complex128`.
    Complex(f64, f64),
    /// A string; its bytes need not be UTF-8.
    Text(Arc<[u8]>),
    /// A `[]int`, which has steps.
    Ints {
        /// The first.
        start: i64,
        /// From one to the next.
        step: i64,
        /// How many.
        count: usize,
    },
    /// A `[]string`.
    Texts(Arc<Vec<Text>>),
    /// A `[]interface {}`.
    List(Arc<Vec<Value>>),
    /// A `map[string]string`.
    Answers(Arc<BTreeMap<Vec<u8>, Text>>),
    /// A `map[string]interface {}`.
    Map(Arc<Mutex<BTreeMap<Vec<u8>, Value>>>),
    /// A struct of the executor.
    Struct(Arc<Struct>),
    /// A time, in seconds since 1970.
    Time(i64),
}

/// A struct that the executor gives to a template.
#[derive(Debug)]
pub struct Struct {
    pub(super) name: &'static str,
    pub(super) fields: Vec<(&'static str, Value)>,
}

/// What a template knows of where it runs, beside the answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stack<'a> {
    /// The stack's name.
    pub name: &'a str,
    /// The version of the catalog entry that is launched.
    pub version: &'a str,
    /// The version that was launched before it; empty but for an upgrade.
    pub previous_version: &'a str,
    /// The environment's name.
    pub environment: &'a str,
}

impl Value {
    /// The data of a compose file: the answers as `.Values`, and a stack without names.
    pub fn answers<'a>(answers: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self::data(answers, Stack::default())
    }

    /// The data of a compose file: the answers as `.Values`, and `.Stack`, `.Release` and `.Environment`.
    pub fn data<'a>(answers: impl IntoIterator<Item = (&'a str, &'a str)>, stack: Stack<'_>) -> Self {
        let answers = answers.into_iter().map(|(name, value)| (name.as_bytes().to_vec(), Arc::from(value.as_bytes())));
        let of_stack = || {
            let fields = vec![
                ("Version", Self::text(stack.version)),
                ("PreviousVersion", Self::text(stack.previous_version)),
                ("Name", Self::text(stack.name)),
            ];
            Self::Struct(Arc::new(Struct { name: "template.StackInfo", fields }))
        };
        let environment =
            Struct { name: "template.EnvironmentInfo", fields: vec![("Name", Self::text(stack.environment))] };
        Self::map(BTreeMap::from([
            (b"Values".to_vec(), Self::Answers(Arc::new(answers.collect()))),
            (b"Release".to_vec(), of_stack()),
            (b"Stack".to_vec(), of_stack()),
            (b"Environment".to_vec(), Self::Struct(Arc::new(environment))),
        ]))
    }

    pub(super) fn text(text: impl AsRef<[u8]>) -> Self {
        Self::Text(Arc::from(text.as_ref()))
    }

    pub(super) fn map(map: BTreeMap<Vec<u8>, Value>) -> Self {
        Self::Map(Arc::new(Mutex::new(map)))
    }

    /// As what it is where Go takes it out of an interface.
    pub(super) fn unwrapped(self) -> Self {
        if matches!(self, Self::NilItem) { Self::Nil } else { self }
    }

    pub(super) fn is_nil(&self) -> bool {
        matches!(self, Self::Nil | Self::NilItem)
    }

    /// What `if` makes of it.
    pub(super) fn truth(&self) -> bool {
        match self {
            Self::Nil | Self::NilItem => false,
            Self::Bool(truth) => *truth,
            Self::Int(number) | Self::Int64(number) => *number != 0,
            Self::Byte(number) => *number != 0,
            Self::Float(number) => *number != 0.0,
            Self::Complex(real, imaginary) => *real != 0.0 || *imaginary != 0.0,
            Self::Text(_) | Self::Ints { .. } | Self::Texts(_) | Self::List(_) | Self::Answers(_) | Self::Map(_) => {
                self.length() != Some(0)
            }
            Self::Struct(_) | Self::Time(_) => true,
        }
    }

    /// How many items or bytes it has.
    pub(super) fn length(&self) -> Option<usize> {
        Some(match self {
            Self::Text(text) => text.len(),
            Self::Ints { count, .. } => *count,
            Self::Texts(items) => items.len(),
            Self::List(items) => items.len(),
            Self::Answers(map) => map.len(),
            Self::Map(map) => locked(map).len(),
            _ => return None,
        })
    }

    /// The type in Go.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Nil => "<nil>",
            Self::NilItem => "interface {}",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Int64(_) => "int64",
            Self::Byte(_) => "uint8",
            Self::Float(_) => "float64",
            Self::Complex(..) => "complex128",
            Self::Text(_) => "string",
            Self::Ints { .. } => "[]int",
            Self::Texts(_) => "[]string",
            Self::List(_) => "[]interface {}",
            Self::Answers(_) => "map[string]string",
            Self::Map(_) => "map[string]interface {}",
            Self::Struct(one) => one.name,
            Self::Time(_) => "time.Time",
        }
    }

    /// The kind in Go.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Nil | Self::NilItem => "invalid",
            Self::Ints { .. } | Self::Texts(_) | Self::List(_) => "slice",
            Self::Answers(_) | Self::Map(_) => "map",
            Self::Struct(_) | Self::Time(_) => "struct",
            other => other.type_name(),
        }
    }

    /// The item of a list or the byte of a text.
    pub(super) fn item(&self, at: usize) -> Option<Value> {
        match self {
            Self::Text(text) => text.get(at).copied().map(Self::Byte),
            Self::Ints { start, step, count } if at < *count => {
                Some(Self::Int(start.wrapping_add(step.wrapping_mul(i64::try_from(at).ok()?))))
            }
            Self::Texts(items) => items.get(at).cloned().map(Self::Text),
            Self::List(items) => items.get(at).cloned(),
            _ => None,
        }
    }

    /// The value of a map at a key.
    pub(super) fn entry(&self, key: &[u8]) -> Option<Value> {
        match self {
            Self::Answers(map) => map.get(key).cloned().map(Self::Text),
            Self::Map(map) => locked(map).get(key).cloned(),
            _ => None,
        }
    }

    /// The keys of a map, in order.
    pub(super) fn keys(&self) -> Vec<Vec<u8>> {
        match self {
            Self::Answers(map) => map.keys().cloned().collect(),
            Self::Map(map) => locked(map).keys().cloned().collect(),
            _ => Vec::new(),
        }
    }
}

/// The map, for as long as it is looked at.
pub(super) fn locked(map: &Dict) -> MutexGuard<'_, BTreeMap<Vec<u8>, Value>> {
    map.lock().unwrap_or_else(PoisonError::into_inner)
}
