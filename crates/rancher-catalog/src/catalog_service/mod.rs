//! What Rancher's catalog service makes of the files of a catalog: whether it can put their values into its own types,
//! which block of a rancher-compose.yml it takes, which folders are versions, and to whom it offers them.
//!
//! Each is as the service of Rancher 1.6 does it (rancher/catalog-service v0.19.10), its oddities included.

mod compose_file;
mod config_file;
mod fit;
mod folder;
mod go_float;
mod offer;
mod version_order;

pub use compose_file::{Refusal, catalog_block, refusals};
pub use config_file::misfits_of_config;
pub use fit::{Misfit, Want, field};
pub use folder::{FolderName, base_of};
pub use go_float::{go_float, text_of};
pub use offer::{is_offered, is_offered_to_any, is_semver, is_templated, offers_upgrade};
pub use version_order::is_later;
