#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod aside;
pub mod catalog;
mod entry;
mod put;
pub mod render;

pub use aside::{Aside, AsideError};
pub use entry::{Entry, EntryError};
pub use put::Put;
