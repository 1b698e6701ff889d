//! The catalog block of a rancher-compose.yml: what the catalog says of one version.

use serde_yaml::{Mapping, Value};

use super::known_keys::known_keys;
use super::{Field, Labels, Question, Scalar, Version};

known_keys! {
    /// The block under `catalog` or `.catalog`. Rancher reads `version`, the two Rancher versions, `upgrade_from`, `labels`
    /// and `questions`; authors write the others for people.
    #[schemars(extend("required" = ["version"]))]
    pub struct CatalogBlock {
        /// A title; not read.
        name: Field<Scalar>,
        /// The version. Rancher drops a version without one.
        version: Field<Version>,
        /// A text; not read.
        description: Field<Scalar>,
        /// The oldest Rancher that is offered this version.
        minimum_rancher_version: Field<Version>,
        /// The newest Rancher that is offered this version.
        maximum_rancher_version: Field<Version>,
        /// A semver range of the versions from which an upgrade is offered; absent: all.
        upgrade_from: Field<Scalar>,
        /// Labels of the version.
        labels: Field<Labels>,
        /// An id; not read.
        uuid: Field<Scalar>,
        /// What the UI asks.
        questions: Field<Vec<Question>>,
    }
}

impl CatalogBlock {
    /// Reads what can be read of a block: a key with a value of another shape than is due is as if it were absent.
    pub fn of(value: &Value) -> Self {
        readable(value, |key, value| match (key, value) {
            ("questions", Value::Sequence(questions)) => {
                let questions =
                    questions.iter().map(|question| readable::<Question>(question, |_, value| value.clone()));
                serde_yaml::to_value(questions.collect::<Vec<_>>()).unwrap_or_default()
            }
            _ => value.clone(),
        })
    }

    /// The questions; none where it has none, or no list.
    pub fn asked(&self) -> &[Question] {
        self.questions.value().map_or(&[], Vec::as_slice)
    }
}

/// A map as a type, without the keys that do not fit it.
fn readable<T: serde::de::DeserializeOwned + Default>(value: &Value, mended: impl Fn(&str, &Value) -> Value) -> T {
    if let Ok(read) = serde_yaml::from_value(value.clone()) {
        return read;
    }
    let Value::Mapping(map) = value else { return T::default() };
    let fitting = map.iter().filter_map(|(key, value)| {
        let value = mended(key.as_str()?, value);
        let alone = Mapping::from_iter([(key.clone(), value.clone())]);
        serde_yaml::from_value::<T>(Value::Mapping(alone)).is_ok().then(|| (key.clone(), value))
    });
    serde_yaml::from_value(Value::Mapping(fitting.collect())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::Document;

    #[test]
    fn one_odd_value_leaves_the_rest_of_the_block() {
        let text = "version: v1\nlabels: 3\nquestions:\n  - variable: A\n    options: text\n    label: L\n  - a\n";
        let block = CatalogBlock::of(&Document::read(text).unwrap().to_value());
        assert_eq!(block.version.value().map(Version::text).as_deref(), Some("v1"));
        assert!(block.labels.value().is_none());
        let questions = block.questions.value().unwrap();
        assert_eq!(questions.len(), 2);
        assert_eq!(questions[0].variable.value().map(ToString::to_string).as_deref(), Some("A"));
        assert!(questions[0].options.value().is_none() && questions[0].label.value().is_some());
    }

    #[test]
    fn a_blank_option_is_the_empty_text() {
        let block = CatalogBlock::of(&Document::read("questions: [{options: [a, ~]}]").unwrap().to_value());
        assert_eq!(block.questions.value().unwrap()[0].options.value().unwrap()[1], Scalar::from(""));
    }
}
