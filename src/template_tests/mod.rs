//! The tests beside a template: answers, and what is expected of the files that a stack gets for them.
//!
//! `keys` is the format, `test_file` reads it, `places` finds it; `run` takes each test through `launch` (what Rancher
//! says and makes), `upgraded` (what an upgrade does) and `expected` (what is in the files).

mod broken;
mod compare;
mod expected;
mod failure;
mod keys;
mod launch;
mod path;
mod places;
mod run;
mod shape;
mod snapshot;
mod test_file;
mod upgraded;

pub use broken::Broken;
pub use failure::Failure;
pub use keys::schema;
pub use places::{TemplateTests, find};
pub use run::{TestResult, Tested};
pub use snapshot::Snapshot;
