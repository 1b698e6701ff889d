//! Go's `text/template`, as Rancher 1.6 has it: that of Go 1.9.
//!
//! Rancher runs both compose files of a version through it with the 84 functions of its sprig and one of its own, unless
//! the text begins with `# notemplating`. It ignores an error while a template runs, and goes on with the
//! output up to there; [`Execution`] keeps both. Answers are strings, in `.Values`.

mod argument;
mod builtin;
mod dates;
mod evaluate;
mod functions;
mod lex;
mod literal;
mod numbers;
mod parse;
mod paths;
mod pipeline;
mod print_number;
mod printf;
mod quote;
mod texts;
mod time;
mod tree;
mod value;
mod values;
mod words;

use std::fmt;

pub use evaluate::{Execution, Limits};
pub use parse::{Reference, Template};
pub(crate) use print_number::fraction;
pub use value::{Stack, Struct, Value};

/// An error and its place in the template; lines and columns from 1, columns in characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateError {
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
    /// What is wrong, in Go's words where Go has words for it.
    pub message: String,
    /// Whether Rancher would not fail here: it is this tool that lacks something.
    pub beyond_this_tool: bool,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for TemplateError {}

/// Whether a text asks not to be run through the template engine.
pub fn is_notemplating(text: &str) -> bool {
    let start = text.trim_start();
    start.starts_with("# notemplating") || start.starts_with("#notemplating")
}

#[cfg(test)]
mod tests;
