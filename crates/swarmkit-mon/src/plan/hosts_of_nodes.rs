//! Which host each node is of, as the record is to have it.

use std::collections::{BTreeMap, HashMap};

use crate::observe::RancherView;
use crate::rancher::HostEntry;

/// The hosts of the nodes, looked up by node: there may be thousands.
pub(super) struct HostsOfNodes<'a> {
    uuids: HashMap<&'a str, &'a str>,
    registered: HashMap<&'a str, &'a HostEntry>,
}

impl<'a> HostsOfNodes<'a> {
    /// `members` are the nodes by the UUIDs of their hosts.
    pub(super) fn new(view: &'a RancherView, members: &'a BTreeMap<String, String>) -> Self {
        Self {
            uuids: members.iter().map(|(host, node)| (node.as_str(), host.as_str())).collect(),
            registered: view.registered_hosts().map(|host| (host.uuid.as_str(), host)).collect(),
        }
    }

    /// The UUID of a node's host, registered or not.
    pub(super) fn uuid(&self, node: &str) -> Option<&'a str> {
        self.uuids.get(node).copied()
    }

    /// A node's host, if it is registered.
    pub(super) fn registered(&self, node: &str) -> Option<&'a HostEntry> {
        self.registered.get(self.uuid(node)?).copied()
    }
}
