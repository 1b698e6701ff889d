//! The daemon: forms, watches and heals a Docker Swarm on the hosts of a Rancher environment.

pub mod command_line;
pub mod settings;
