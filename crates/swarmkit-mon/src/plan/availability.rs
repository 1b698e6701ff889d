//! Which nodes take tasks: by what the operator wants of managers, and of hosts under maintenance.

use crate::engine::{Availability, Node, Role};
use crate::labels;
use crate::observe::{Observation, SwarmView};
use crate::rancher::HostEntry;

use super::hosts_of_nodes::HostsOfNodes;
use super::{Change, NodeChange};

/// The label of a node that says that this monitor drained it, and not an operator.
pub const DRAINED: &str = "swarmkit.drained";

/// Whether a host is to run nothing for now, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Maintenance {
    /// It is not.
    None,
    /// Its label says so.
    Labelled,
    /// It was deactivated in Rancher.
    Inactive,
    /// Rancher does not tell: its state says something else, as of a host that is away.
    Untold,
}

fn maintenance(host: Option<&HostEntry>) -> Maintenance {
    // A node of no host is as the setting for managers has it.
    let Some(host) = host else { return Maintenance::None };
    if is_labelled(host) {
        return Maintenance::Labelled;
    }
    match host.state.as_str() {
        "deactivating" | "inactive" | "updating-inactive" => Maintenance::Inactive,
        "active" | "updating-active" => Maintenance::None,
        _ => Maintenance::Untold,
    }
}

/// Whether a host's label says that it is under maintenance. It is not made a manager then.
pub(super) fn is_labelled(host: &HostEntry) -> bool {
    host.labels.get(labels::MAINTENANCE).is_some_and(|value| labels::is_yes(value))
}

/// The next node that is to be drained, or to take tasks again, and why. What an operator drained or paused by hand stays
/// so. A host under maintenance keeps its role: a manager that is drained counts for the quorum as before.
pub(super) fn plan(seen: &Observation, swarm: &SwarmView, hosts: &HostsOfNodes) -> Option<(Change, String)> {
    // What is drained since its host is gone stays so.
    let is_gone = |node: &Node| hosts.uuid(&node.id).is_some_and(|host| seen.past.unlisted_ms.contains_key(host));
    swarm.nodes.iter().filter(|node| !is_gone(node)).find_map(|node| {
        let uuid = hosts.uuid(&node.id);
        let maintenance = maintenance(hosts.registered(&node.id));
        let manages_only = seen.wanted.drain_managers && node.spec.role == Role::Manager;
        let by_us = node.spec.labels.contains_key(DRAINED);
        let change = |to| Change::Availability {
            node: NodeChange { id: node.id.clone(), version: node.version.index, host: uuid.map(str::to_owned) },
            to,
        };
        let drains = |why: &str| Some((change(Availability::Drain), format!("{why}: its node {} is drained", node.id)));
        let host = || format!("host {}", uuid.unwrap_or_default());
        match (node.spec.availability, maintenance) {
            (Availability::Active, Maintenance::Labelled) => {
                drains(&format!("{} has the label {}", host(), labels::MAINTENANCE))
            }
            (Availability::Active, Maintenance::Inactive) => drains(&format!("{} was deactivated in Rancher", host())),
            (Availability::Active, _) if manages_only => {
                Some((change(Availability::Drain), format!("managers only manage: node {} is drained", node.id)))
            }
            (Availability::Drain, Maintenance::None) if by_us && !manages_only => {
                Some((change(Availability::Active), format!("nothing keeps node {} from tasks any more", node.id)))
            }
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_under_maintenance_by_its_label_or_as_it_is_deactivated() {
        let host = |state: &str, label: Option<&str>| HostEntry {
            uuid: "u".into(),
            hostname: String::new(),
            agent_ip_address: None,
            state: state.into(),
            agent_state: None,
            labels: label.map(|value| (labels::MAINTENANCE.to_owned(), value.to_owned())).into_iter().collect(),
        };
        for (state, label, is) in [
            ("active", None, Maintenance::None),
            ("updating-active", Some("false"), Maintenance::None),
            ("active", Some(" True "), Maintenance::Labelled),
            ("inactive", Some("yes"), Maintenance::Labelled),
            ("inactive", None, Maintenance::Inactive),
            ("deactivating", None, Maintenance::Inactive),
            // Whether it is still deactivated is told once it is back.
            ("disconnected", None, Maintenance::Untold),
            ("activating", None, Maintenance::Untold),
        ] {
            assert_eq!(maintenance(Some(&host(state, label))), is, "{state} {label:?}");
        }
        assert_eq!(maintenance(None), Maintenance::None);
    }
}
