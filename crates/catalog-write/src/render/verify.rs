//! The check that a template did not lie: read back and compared.

use serde::de::DeserializeOwned;
use serde_yaml::Value;

use super::RenderError;
use rancher_catalog::yaml::{Document, Problem, ReadError};

/// Reads a rendered file back with Rancher's rules and compares it with the model that it was made of.
///
/// # Errors
/// It cannot be read, or says something else.
pub(super) fn verify<T: DeserializeOwned + PartialEq + Send>(
    template: &'static str,
    file: &str,
    text: &str,
    model: &T,
    value: &Value,
) -> Result<(), RenderError> {
    let unreadable =
        |error: ReadError| RenderError::Unreadable { template, file: file.to_owned(), error, text: text.to_owned() };
    let document = Document::read(text).map_err(unreadable)?;
    if let Some(problem) = document.problems.first() {
        let (position, message) = match problem {
            Problem::DuplicateKey { key, again, .. } => (*again, format!("the key `{key}` stands there twice")),
            Problem::FurtherDocument { at } => (*at, "a second document begins".to_owned()),
        };
        return Err(unreadable(ReadError::new(position, message)));
    }
    let read = document.to_value();
    let differs = |path: String| RenderError::Differs { template, file: file.to_owned(), path };
    if let Some(path) = first_difference(&read, value) {
        return Err(differs(path));
    }
    if document.to_typed::<T>().map_err(unreadable)? != *model {
        return Err(differs(".".to_owned()));
    }
    Ok(())
}

/// The path of the first place at which two values differ; the order of keys does not count.
pub fn first_difference(left: &Value, right: &Value) -> Option<String> {
    fn at(left: &Value, right: &Value, path: &str) -> Option<String> {
        match (left, right) {
            (Value::Mapping(left), Value::Mapping(right)) => {
                let keys = left.keys().chain(right.keys().filter(|key| !left.contains_key(*key)));
                keys.into_iter().find_map(|key| {
                    let name = format!("{path}.{}", rancher_catalog::yaml::key(key));
                    match (left.get(key), right.get(key)) {
                        (Some(left), Some(right)) => at(left, right, &name),
                        _ => Some(name),
                    }
                })
            }
            (Value::Sequence(left), Value::Sequence(right)) if left.len() == right.len() => left
                .iter()
                .zip(right)
                .enumerate()
                .find_map(|(index, (left, right))| at(left, right, &format!("{path}[{index}]"))),
            _ => (left != right).then(|| if path.is_empty() { ".".to_owned() } else { path.to_owned() }),
        }
    }
    at(left, right, "").map(|path| path.trim_start_matches('.').to_owned())
}
