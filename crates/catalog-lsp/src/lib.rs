#![doc = include_str!("../README.md")]

mod completion;
mod cursor;
mod diagnostics;
mod documents;
mod editor_process;
mod hover;
mod label_values;
mod lines;
mod mirror;
mod questions;
mod quick_fixes;
mod schema_path;
mod session;
mod wire;
mod workspace;

pub use session::serve;
pub use wire::ServeError;
