//! The figures for Prometheus, at `/metrics`.

use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::registry::{Registry, Unit};

use super::engine::{Reachability, Role};
use super::plan::Stage;
use super::status::Status;

/// The figures as text.
pub fn text(status: &Status, healthy: bool) -> String {
    let mut registry = Registry::with_prefix("swarmkit_mon");
    let gauge = |value: u64| ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
    registry.register("healthy", "Whether this host's engine is an active member", gauge(u64::from(healthy)));
    registry.register("reconciles", "Rounds of observing, planning and acting", ConstCounter::new(status.reconciles));
    registry.register("changes", "Changes that were made", ConstCounter::new(status.changes));
    registry.register("failures", "Changes that were planned and not made", ConstCounter::new(status.failures));
    registry.register(
        "labels_met",
        "Whether the host's labels are as they shall be",
        gauge(u64::from(status.labels.met)),
    );
    if let Some(age) = status.age_ms() {
        let age = ConstGauge::new(Duration::from_millis(age).as_secs_f64());
        registry.register_with_unit("reconcile_age", "How long ago the latest reconcile observed", Unit::Seconds, age);
    }
    if let Some(plan) = status.plan() {
        let stages = Family::<[(&str, &str); 1], Gauge>::default();
        for stage in Stage::ALL {
            stages.get_or_create(&[("stage", stage.name())]).set(i64::from(*stage == plan.stage));
        }
        registry.register("stage", "Where this host stands", stages);
    }
    if let Some(Ok(swarm)) = status.seen().and_then(|seen| seen.swarm.as_ref()) {
        let managers = swarm.nodes.iter().filter(|node| node.spec.role == Role::Manager);
        let reachable = managers.clone().filter(|node| {
            node.manager.as_ref().is_some_and(|manager| manager.reachability == Reachability::Reachable)
        });
        registry.register("nodes", "Nodes of the swarm", gauge(swarm.nodes.len() as u64));
        registry.register("managers", "Managers of the swarm", gauge(managers.count() as u64));
        registry.register("managers_reachable", "Managers that the leader reaches", gauge(reachable.count() as u64));
    }
    let mut text = String::new();
    // Writing to a text does not fail.
    let _ = encode(&mut text, &registry);
    text
}
