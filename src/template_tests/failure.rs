//! What is told of a test that fails.

use rancher_catalog::yaml::Position;
use serde::Serialize;
use serde_yaml::Value;

/// The longest text of a value that is shown, in characters.
const LONG: usize = 200;
/// The most of a diff that is shown, in lines.
const MOST_LINES: usize = 200;
/// The most of a diff that is kept, in bytes.
const MOST_BYTES: usize = 20_000;

/// One thing that is not as a test expects it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// The line of the expectation in the test file.
    pub line: u32,
    /// Its column.
    pub column: u32,
    /// What is wrong.
    pub message: String,
    /// The compose file, or the snapshot, that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The path in that file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What is expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub got: Option<String>,
    /// The line in the rendered file, where there is something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rendered_line: Option<u32>,
    /// What stands in that line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rendered_text: Option<String>,
    /// Whole files: from what is expected to what is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
}

impl Failure {
    /// One that is said in words alone.
    pub(super) fn said(at: Position, message: impl Into<String>) -> Self {
        Self { line: at.line, column: at.column, message: message.into(), ..Self::default() }
    }
}

/// A value in words, with its kind: `5` and `"5"` are not the same.
pub(super) fn in_words(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(truth) => format!("the boolean {truth}"),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) => format!("the text {}", short(&format!("{text:?}"))),
        Value::Sequence(items) => format!("a list of {}: {}", items.len(), in_json(value)),
        Value::Mapping(_) => format!("a map: {}", in_json(value)),
        Value::Tagged(tagged) => in_words(&tagged.value),
    }
}

fn in_json(value: &Value) -> String {
    short(&serde_json::to_string(value).unwrap_or_else(|_| rancher_catalog::yaml::scalar(value)))
}

fn short(text: &str) -> String {
    match text.char_indices().nth(LONG) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// A diff, but not more of it than anybody reads.
pub(super) fn bounded(diff: &str) -> String {
    let mut out = String::new();
    for (at, line) in diff.split_inclusive('\n').enumerate() {
        if at == MOST_LINES || out.len() + line.len() > MOST_BYTES {
            out.push_str(&format!("… and {} lines more\n", diff.lines().count() - at));
            break;
        }
        out.push_str(line);
    }
    out
}
