//! Engines that share one raft.

use std::collections::{BTreeMap, BTreeSet};

use swarmkit_mon::engine::{Node, Peer};

/// Engines that share one raft.
pub struct Group {
    pub cluster: String,
    pub nodes: Vec<Node>,
    /// The host of each node.
    pub host_of: BTreeMap<String, usize>,
    pub leader: Option<String>,
    pub services: usize,
    /// Which worker token is in force.
    pub token: u64,
    /// The one that a host has joined with last.
    pub joined_with: u64,
    /// Since when a node has not been reached.
    pub unreached: BTreeMap<String, u64>,
    /// When a node was last found again.
    pub returned: BTreeMap<String, u64>,
    pub electing: bool,
    /// When a leader was elected last.
    pub elected_ms: u64,
    /// Another one has gone on without it.
    pub superseded: bool,
    /// It was made by one that had begun an epoch which did not stand any more: it is for the others to say what it is.
    pub taken_back: bool,
    /// When a monitor changed a role, in milliseconds.
    pub changed_ms: u64,
    /// Nodes whose roles are about to take effect.
    pub(super) settling: BTreeSet<String>,
    /// Nodes that are about to be found again.
    pub(super) returning: BTreeSet<String>,
    /// Its managers, as its nodes tell each other.
    pub(super) peers: Vec<Peer>,
}

impl Group {
    /// A new one, of these nodes, of which the one leads.
    pub(super) fn new(cluster: String, nodes: Vec<Node>, leader: String) -> Self {
        let mut group = Self {
            cluster,
            nodes,
            host_of: BTreeMap::new(),
            leader: Some(leader),
            services: 0,
            token: 1,
            joined_with: 0,
            unreached: BTreeMap::new(),
            returned: BTreeMap::new(),
            electing: false,
            elected_ms: 0,
            superseded: false,
            taken_back: false,
            changed_ms: 0,
            settling: BTreeSet::new(),
            returning: BTreeSet::new(),
            peers: Vec::new(),
        };
        group.tell_peers();
        group
    }

    pub(super) fn tell_peers(&mut self) {
        let peer = |node: &Node| Some(Peer { node_id: node.id.clone(), addr: node.manager.as_ref()?.addr.clone() });
        self.peers = self.nodes.iter().filter_map(peer).collect();
    }

    pub fn node(&self, id: &str) -> Option<&Node> {
        self.nodes.iter().find(|node| node.id == id)
    }

    pub fn node_mut(&mut self, id: &str) -> Option<&mut Node> {
        self.nodes.iter_mut().find(|node| node.id == id)
    }

    pub fn voters(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(|node| node.manager.is_some())
    }

    pub fn mark(&self) -> String {
        format!("{}.token.{}", self.cluster, self.token)
    }
}
