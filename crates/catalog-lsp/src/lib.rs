#![doc = include_str!("../README.md")]

mod completion;
mod cursor;
mod diagnostics;
mod documents;
mod hover;
mod label_values;
mod lines;
mod mirror;
mod questions;
mod quick_fixes;
mod schema_path;
mod session;

pub use session::{ServeError, serve};
