//! The commands, a file each.

pub mod chaos;
mod end_wanted;
pub mod form;
pub mod growth;
pub mod large;
mod pair;
pub mod picture;
pub mod repair;
pub mod simulate;
pub mod soak;
pub mod stand_in;
pub mod up;
pub mod write_cost;
