//! What a version of a catalog changes for those who run it.

pub mod comparison;
pub mod difference;
mod facts;
pub mod meaning;
pub mod references;
mod rights;
pub mod running;
pub mod upgrade;
pub mod words;
