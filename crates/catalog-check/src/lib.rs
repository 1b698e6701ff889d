//! The rules over what a catalog holds, and what they find.

mod allowance;
pub mod answers;
mod asked;
pub mod baseline;
mod before;
pub mod changed;
pub mod config;
mod config_file;
pub mod config_schema;
mod config_text;
pub mod fix;
mod launch;
pub mod layout;
mod multi_line;
mod nearest;
mod progress;
pub mod published;
pub mod report;
pub mod rule;
pub mod rules;
mod run;
mod silence;
pub mod since;
pub mod used_variables;
mod view;

pub use asked::catalogs_below;
pub use before::Before;
pub use config_file::catalog_of_project;
pub use nearest::{is_it, nearest};
pub use progress::Progress;
pub use report::{Finding, Fix, Place, Report, Severity};
pub use rule::{Edit, Example, RefusedBy, Rule};
pub use run::{Audience, CheckOptions, Checked, check, roots};
pub use silence::{Silence, Silenced};
