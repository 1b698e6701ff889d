//! Where the daemon finds what it talks to, and where it keeps what it remembers.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use super::metadata;
use swarmkit_settings::{BACKUP_FOLDER, DOCKER_SOCKET, STATE_FOLDER};

/// All of them but Rancher's API, which the environment names.
#[derive(Debug, Clone)]
pub struct Places {
    /// The engine's socket.
    pub engine: PathBuf,
    /// rancher-metadata, such as `http://169.254.169.250`.
    pub metadata: String,
    /// The folder of what this host remembers.
    pub state: PathBuf,
    /// The folder of the backups.
    pub backups: PathBuf,
    /// The address at which the health port is opened.
    pub listen: IpAddr,
}

impl Default for Places {
    /// Those of the container that Rancher starts.
    fn default() -> Self {
        Self {
            engine: DOCKER_SOCKET.into(),
            metadata: metadata::ADDRESS.to_owned(),
            state: STATE_FOLDER.into(),
            backups: BACKUP_FOLDER.into(),
            listen: Ipv4Addr::UNSPECIFIED.into(),
        }
    }
}
