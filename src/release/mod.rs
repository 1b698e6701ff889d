//! From a version to a pull request of a catalog: what a version changes for those who run it, the commit, its text.

pub mod comparison;
pub mod difference;
pub mod digest;
mod facts;
pub mod meaning;
pub mod references;
mod rights;
pub mod upgrade;
pub mod words;
