//! Changes of single values in texts that someone else wrote: every other byte stays, and what results is read back.

mod edits;
mod lines;
mod yaml_text;

pub use edits::Edits;
pub use lines::Lines;
pub use yaml_text::YamlText;

/// Why a file is not changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// It cannot be read.
    #[error("it cannot be read, line {0}")]
    Unreadable(String),
    /// It is written in a way in which a value cannot be changed alone.
    #[error("it is written in a way in which `{0}` cannot be set without writing all of it anew")]
    Layout(String),
}
