//! What both programs share, so that they never disagree: the settings, the ports and paths, the version.

pub mod built_from;
pub mod command_line;
pub mod settings;
