#![doc = include_str!("../README.md")]

mod answers;
pub mod api;
mod card;
pub mod catalog;
mod compare;
mod environments;
mod findings;
mod form;
mod html;
mod icon;
pub mod launch;
pub mod links;
mod matrix;
mod pages;
mod query;
mod reading;
mod readme;
mod result;
mod room;
pub mod server;
pub mod site;
mod unreadable;
mod upgrade;
mod versions;

pub use html::STYLE;
pub use pages::Preview;
pub use query::Query;

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// Nothing of this name is there.
    #[error("{0}")]
    NotThere(String),
    /// Something cannot be answered so.
    #[error("{0}")]
    Answer(String),
    /// The catalog cannot be read.
    #[error("{0}")]
    Unreadable(String),
    /// A template of a page is wrong, which is a fault of this program.
    #[error("a page cannot be made: {0}")]
    Template(String),
}
