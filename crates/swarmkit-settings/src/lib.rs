//! What both programs share, so that they never disagree.
//!
//! From [`SETTINGS`] come the daemon's command line and its checks ([`command_line`]), the questions that Rancher's UI asks and
//! the `environment` of the service (the catalog entry), and the documented table.

pub mod built_from;
pub mod command_line;
mod endpoints;
pub mod health;
mod networks;
mod setting;
mod table;
mod typed;

pub use endpoints::*;
pub use setting::{Invalid, InvalidSettings, Kind, Resolved, Setting, resolve};
pub use table::{SETTINGS, Settings, markdown_table};
pub use typed::{LogFormat, LogLevel, ManagerAvailability, NetworkEncryption, QuorumRecovery, Secret};
