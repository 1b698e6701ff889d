//! Where the daemon and those that it works with are found: names, ports, paths.

/// The service of the entry's stack that the monitors are. Rancher's UI knows it by this name.
pub const SERVICE: &str = "swarmkit-mon";
/// The port on which managers listen for other nodes: the Engine API's own default.
pub const SWARM_PORT: u16 = 2377;
/// The port on which the daemon answers health checks; earlier monitors used the same.
pub const HEALTH_PORT: u16 = 2378;
/// The port on which the daemon forwards this host's own engine to a manager; closed to all other hosts.
pub const FORWARD_PORT: u16 = 2374;
/// The path of the health check.
pub const HEALTH_PATH: &str = "/ping";
/// The path at which a monitor tells others who it is.
pub const IDENTITY_PATH: &str = "/identity";
/// The Docker engine's socket.
pub const DOCKER_SOCKET: &str = "/var/run/docker.sock";
/// The folder on the host in which the daemon keeps what must outlive its container.
pub const STATE_FOLDER: &str = "/var/lib/rancher/state";
/// The folder on the host in which the daemon keeps backups of the swarm.
pub const BACKUP_FOLDER: &str = "/var/lib/rancher/swarm-backups";
/// The folder on the host in which Rancher's agent leaves the certificate of a private authority, as `ca.crt`.
pub const AGENT_CA_FOLDER: &str = "/var/lib/rancher/etc/ssl";
