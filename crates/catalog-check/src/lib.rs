//! The rules over what a catalog holds, and what they find.

pub mod changed;
pub mod config;
pub mod fix;
mod launch;
mod multi_line;
pub mod report;
pub mod rule;
pub mod rules;
mod run;
mod silence;
mod used_variables;
mod view;

pub use report::{Finding, Fix, Report, Severity};
pub use rule::{Edit, Example, RefusedBy, Rule};
pub use run::{Audience, CheckOptions, Checked, check};
