//! When Rancher asks for the daemon's health, and what it makes of the answers. Times in milliseconds.

/// From one question to the next: a dead engine shows within half a minute.
pub const INTERVAL_MS: u64 = 10_000;
/// What an answer may take. The daemon answers from memory and so within milliseconds; this leaves room for a
/// host that swaps.
pub const RESPONSE_TIMEOUT_MS: u64 = 5_000;
/// Good answers that make a container healthy: one, as an answer already means that the engine is in the swarm.
pub const HEALTHY_THRESHOLD: u64 = 1;
/// Bad answers that make a container unhealthy: a restart of the engine, some 20 s, is no reason to replace it.
pub const UNHEALTHY_THRESHOLD: u64 = 3;
/// What the first start may take: five minutes, for metadata that is late, hosts that join together and slow disks.
pub const INITIALIZING_TIMEOUT_MS: u64 = 300_000;
/// What a start after a restart may take: the swarm is there already.
pub const REINITIALIZING_TIMEOUT_MS: u64 = 120_000;
/// An unhealthy container is replaced only while at least this many others are healthy. One that is stuck gets a
/// fresh start; but when none is well, as when the swarm has lost its quorum, none is torn from its work.
pub const RECREATE_QUORUM: u64 = 1;
