//! Compose's alternative forms: a string or a list of them, a map or a list of `key=value`.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Field, Scalar};

/// `command`, `entrypoint`, `dns`, `tmpfs` and the like: one string, or a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum OneOrMany {
    /// One; a command is split by the rules of a shell.
    One(Scalar),
    /// A list.
    Many(Vec<Scalar>),
}

/// `environment`, `labels`, `sysctls` and the like: a map, or a list of `key=value`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ListOrMap {
    /// A map; a key without a value takes its value from elsewhere.
    Map(IndexMap<String, Field<Scalar>>),
    /// A list of `key=value`; a `key` alone as a key without a value.
    List(Vec<Scalar>),
}

impl ListOrMap {
    /// The keys and values of either form, as the strings that Rancher makes of them.
    pub fn pairs(&self) -> Vec<(String, Option<String>)> {
        match self {
            Self::Map(map) => {
                map.iter().map(|(key, value)| (key.clone(), value.value().map(ToString::to_string))).collect()
            }
            Self::List(items) => items
                .iter()
                .map(|item| {
                    let text = item.text();
                    // A label may be written `key: value` in a list too.
                    match text.split_once('=') {
                        Some((key, value)) => (key.to_owned(), Some(value.to_owned())),
                        None => (text.into_owned(), None),
                    }
                })
                .collect(),
        }
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<String> {
        self.pairs().into_iter().rev().find(|(k, _)| k == key).and_then(|(_, value)| value)
    }
}

impl<K: Into<String>, V: Into<Scalar>> FromIterator<(K, V)> for ListOrMap {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        Self::Map(pairs.into_iter().map(|(key, value)| (key.into(), Field::Value(value.into()))).collect())
    }
}
