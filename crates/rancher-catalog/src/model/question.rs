//! A question that Rancher's UI asks before it launches a stack.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};

use super::known_keys::known_keys;
use super::{Field, Scalar, Templated};

known_keys! {
    /// A question (`model.Question` of the catalog service). The UI itself enforces `required` alone, and that not for
    /// booleans, so that any answer can reach a container.
    #[schemars(extend("required" = ["variable", "label", "type"]))]
    pub struct Question {
        /// The variable of the compose files that the answer becomes.
        variable: Field<Scalar>,
        /// The title of the input.
        label: Field<Scalar>,
        /// The text below the input.
        description: Field<Scalar>,
        /// The kind of input.
        kind as "type": Field<QuestionType>,
        /// Whether an empty answer is refused.
        required: Field<Templated<bool>>,
        /// The answer that stands there from the start.
        default: Field<Scalar>,
        /// A heading; the UI does not show it.
        group: Field<Scalar>,
        /// The least number of characters; not enforced.
        min_length: Field<Scalar>,
        /// The greatest number of characters; not enforced.
        max_length: Field<Scalar>,
        /// The least number; not enforced.
        min: Field<Scalar>,
        /// The greatest number; not enforced.
        max: Field<Scalar>,
        /// The choices of an enum.
        options: Field<Vec<Scalar>>,
        /// The characters that an answer may hold; not enforced.
        valid_chars: Field<Scalar>,
        /// The characters that an answer may not hold; not enforced.
        invalid_chars: Field<Scalar>,
    }
}

impl Question {
    /// The name of its variable.
    pub fn name(&self) -> Option<String> {
        self.variable.value().map(ToString::to_string)
    }

    /// The answer that stands there from the start; an empty one if there is none.
    pub fn default_answer(&self) -> String {
        self.default.value().map(ToString::to_string).unwrap_or_default()
    }

    /// The answers that the UI offers to choose from; none where any text may be written.
    pub fn offered(&self) -> Vec<String> {
        match self.kind.value() {
            Some(QuestionType::Boolean) => vec!["true".to_owned(), "false".to_owned()],
            Some(QuestionType::Enum) => self.options.value().into_iter().flatten().map(ToString::to_string).collect(),
            _ => Vec::new(),
        }
    }

    /// Whether its author wants an answer.
    pub fn says_required(&self) -> bool {
        match self.required.value() {
            Some(Templated::Value(required)) => *required,
            Some(Templated::Text(text)) => text == "true",
            None => false,
        }
    }

    /// Whether the UI insists on an answer: of a boolean it does not.
    pub fn is_required(&self) -> bool {
        self.says_required() && self.kind.value() != Some(&QuestionType::Boolean)
    }
}

/// The kinds of input that the UI has (`C.SUPPORTED_SCHEMA_INPUTS`); any other gets a text box and a complaint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "each is the name of its input")]
pub enum QuestionType {
    Boolean,
    Certificate,
    Date,
    Enum,
    Float,
    Int,
    Masked,
    Multiline,
    Password,
    Secret,
    Service,
    String,
    /// A kind that the UI does not have.
    #[serde(untagged)]
    Unknown(String),
}

impl QuestionType {
    /// The names of the kinds that the UI has.
    pub const NAMES: [&'static str; 12] = [
        "boolean",
        "certificate",
        "date",
        "enum",
        "float",
        "int",
        "masked",
        "multiline",
        "password",
        "secret",
        "service",
        "string",
    ];
}

/// From any scalar: Rancher makes a text of it.
impl<'de> Deserialize<'de> for QuestionType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = Scalar::deserialize(deserializer)?.to_string();
        Ok(match name.as_str() {
            "boolean" => Self::Boolean,
            "certificate" => Self::Certificate,
            "date" => Self::Date,
            "enum" => Self::Enum,
            "float" => Self::Float,
            "int" => Self::Int,
            "masked" => Self::Masked,
            "multiline" => Self::Multiline,
            "password" => Self::Password,
            "secret" => Self::Secret,
            "service" => Self::Service,
            "string" => Self::String,
            _ => Self::Unknown(name),
        })
    }
}

impl JsonSchema for QuestionType {
    fn schema_name() -> Cow<'static, str> {
        "QuestionType".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "description": "The kind of input", "enum": Self::NAMES })
    }
}
