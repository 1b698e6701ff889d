//! The hosts of a model that a checker explores: how each is called, and what rancher-metadata tells it.

use std::collections::BTreeMap;

use swarmkit_mon::observe::{MetadataView, MonitorView, RancherView};
use swarmkit_mon::rancher::HostEntry;
use swarmkit_mon::record::Record;

pub fn uuid(at: usize) -> String {
    format!("host-{at}")
}

pub fn address(at: usize) -> String {
    format!("10.0.0.{}", at + 1)
}

/// What Rancher's API tells where all is well with it.
pub fn rancher_view(hosts: Vec<HostEntry>, record: Record) -> RancherView {
    RancherView { hosts, record, plain_tokens: Vec::new(), takes_writes: true }
}

/// What one of them is told, by which monitors run: the first is the oldest.
pub fn metadata(at: usize, running: impl Iterator<Item = bool>, record: &Record) -> MetadataView {
    let monitor = |(at, running)| (uuid(at), MonitorView { age: at as u64, running });
    MetadataView {
        host: uuid(at),
        agent_ip: address(at),
        labels: BTreeMap::new(),
        service: "service".into(),
        monitors: running.enumerate().map(monitor).collect(),
        record: Ok(record.clone()),
        refusal: None,
    }
}
