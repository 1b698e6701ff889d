//! A map that is taken apart key by key: what is left over was not understood, and that is an error.

use serde_yaml::{Mapping, Value};

/// What is left of a map, and what it is called in errors.
pub struct Parts {
    what: String,
    map: Mapping,
}

impl Parts {
    /// Begins with a whole map.
    pub fn of(what: &str, value: Value) -> Result<Self, String> {
        match value {
            Value::Mapping(map) => Ok(Self { what: what.to_owned(), map }),
            other => Err(format!("{what} is no map: {other:?}")),
        }
    }

    /// Takes a value, if it is there.
    pub fn optional(&mut self, key: &str) -> Option<Value> {
        self.map.remove(key)
    }

    /// Takes a value that must be there.
    pub fn value(&mut self, key: &str) -> Result<Value, String> {
        self.optional(key).ok_or_else(|| format!("{} has no {key}", self.what))
    }

    /// Takes a text.
    pub fn text(&mut self, key: &str) -> Result<String, String> {
        let value = self.value(key)?;
        scalar(&value).ok_or_else(|| format!("{}: {key} is no text: {value:?}", self.what))
    }

    /// Takes a text that may be absent.
    pub fn optional_text(&mut self, key: &str) -> Result<Option<String>, String> {
        if self.map.contains_key(key) { self.text(key).map(Some) } else { Ok(None) }
    }

    /// Takes a whole number.
    pub fn number(&mut self, key: &str) -> Result<u64, String> {
        let value = self.value(key)?;
        value.as_u64().ok_or_else(|| format!("{}: {key} is no whole number: {value:?}", self.what))
    }

    /// Takes yes or no.
    pub fn flag(&mut self, key: &str) -> Result<bool, String> {
        let value = self.value(key)?;
        value.as_bool().ok_or_else(|| format!("{}: {key} is neither true nor false: {value:?}", self.what))
    }

    /// Takes a list of texts; none where it is absent.
    pub fn texts(&mut self, key: &str) -> Result<Vec<String>, String> {
        self.list(key)?
            .iter()
            .map(|item| scalar(item).ok_or_else(|| format!("{}: {key}: {item:?}", self.what)))
            .collect()
    }

    /// Takes a list; none where it is absent.
    pub fn list(&mut self, key: &str) -> Result<Vec<Value>, String> {
        match self.optional(key) {
            None => Ok(Vec::new()),
            Some(Value::Sequence(items)) => Ok(items),
            Some(other) => Err(format!("{}: {key} is no list: {other:?}", self.what)),
        }
    }

    /// Takes a map within it.
    pub fn inner(&mut self, key: &str) -> Result<Self, String> {
        let value = self.value(key)?;
        Self::of(&format!("{}.{key}", self.what), value)
    }

    /// Takes a map of texts; none where it is absent.
    pub fn pairs(&mut self, key: &str) -> Result<Vec<(String, String)>, String> {
        if self.map.contains_key(key) { self.inner(key)?.into_pairs() } else { Ok(Vec::new()) }
    }

    /// All that is left, as texts.
    pub fn into_pairs(self) -> Result<Vec<(String, String)>, String> {
        let what = self.what;
        let pair = |(key, value): (Value, Value)| Some((scalar(&key)?, scalar(&value)?));
        self.map.into_iter().map(|entry| pair(entry).ok_or_else(|| format!("{what} holds more than texts"))).collect()
    }

    /// All that is left, each a map.
    pub fn into_inner(self) -> Result<Vec<(String, Self)>, String> {
        let what = self.what;
        let inner = |(key, value): (Value, Value)| {
            let key = scalar(&key).ok_or_else(|| format!("{what} has a key that is no text"))?;
            let parts = Self::of(&format!("{what}.{key}"), value)?;
            Ok((key, parts))
        };
        self.map.into_iter().map(inner).collect()
    }

    /// Nothing may be left.
    pub fn end(self) -> Result<(), String> {
        let left: Vec<String> = self.map.keys().map(|key| scalar(key).unwrap_or_default()).collect();
        if left.is_empty() { Ok(()) } else { Err(format!("{}: not understood: {}", self.what, left.join(", "))) }
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}
