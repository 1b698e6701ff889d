#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod catalog;
mod entry;
mod put;
pub mod render;

pub use entry::{Entry, EntryError};
pub use put::Put;
