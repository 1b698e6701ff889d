//! What the operator of a made-up environment wants.

use swarmkit_mon::observe::{Recovery, Wanted};

/// So many managers; all else as it is unless an operator says otherwise, but for the overlay network.
pub fn wanted(managers: usize) -> Wanted {
    Wanted {
        managers,
        drain_managers: false,
        manager_label: "swarm.manager".into(),
        zone_label: "swarm.zone".into(),
        network: None,
        grace_ms: 60_000,
        recovery: Recovery::Removed,
        period_ms: 30_000,
    }
}
