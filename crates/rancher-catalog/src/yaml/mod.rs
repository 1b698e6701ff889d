//! YAML as Rancher 1.x reads and means it.
//!
//! Rancher parses every file of a catalog with go-yaml v2: YAML 1.1 typing (`yes` is a boolean, `0777` is 511), the
//! last of two equal keys wins, `<<` merges. [`Document::read`] reads that way and keeps the place of every value; its
//! parts are those of go-yaml, as no other parser refuses the same texts:
//! `reader` (characters), `scanner` (tokens), `parser` (events), `build` and `resolve` (values).
//! //! [`entry`] writes text that means the same to YAML 1.1 and YAML 1.2 readers.

mod build;
mod document;
mod emit;
mod parser;
mod reader;
mod resolve;
mod scan_scalar;
mod scan_tag;
mod scanner;
mod words;

pub use document::{Comment, Document, Node, NodeKind, Position, Problem, ReadError, Span, Step, Typed, read_as};
pub use emit::{CommentAt, comment, document, entry, key, scalar};
pub use resolve::{is_ambiguous, resolve_plain};
