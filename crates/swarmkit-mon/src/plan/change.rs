//! What is done: at most one change in a reconcile, so that none is made on a stale view.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::Serialize;

use crate::engine::Availability;

/// A change to this host's engine, to the record's claim, or to the swarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Says in the record that this host will make, or record, the swarm.
    Claim,
    /// Makes the swarm.
    Init {
        /// The address under which the others reach it.
        advertise: IpAddr,
    },
    /// Joins the swarm as a worker.
    Join {
        /// The address under which the others reach this host.
        advertise: IpAddr,
        /// The swarm's cluster ID.
        cluster: String,
        /// The managers, as `address:port`.
        managers: Vec<String>,
        /// The token, sealed to this host.
        #[serde(skip)]
        sealed: String,
    },
    /// Leaves a swarm which is this host's own and not the recorded one.
    Leave {
        /// The node that it is there.
        node: String,
        /// Whether it is its manager.
        manager: bool,
    },
    /// Makes a worker a manager.
    Promote(NodeChange),
    /// Makes a manager a worker.
    Demote(NodeChange),
    /// Changes whether a node takes tasks.
    Availability {
        /// The node.
        node: NodeChange,
        /// What it shall be.
        to: Availability,
    },
    /// Changes labels of a node; the others stay.
    Label {
        /// The node.
        node: NodeChange,
        /// By name: the value that it shall have, or that it shall be gone.
        #[serde(skip)]
        labels: BTreeMap<String, Option<String>>,
    },
    /// Takes a node out of the swarm.
    Remove {
        /// The node.
        node: NodeChange,
        /// Whether it goes though it is not down.
        force: bool,
        /// Whether the worker token is to be renewed, since whoever has the host may know it.
        renew_token: bool,
    },
    /// Says in the record that this host will go on alone with the swarm.
    ClaimRecovery,
    /// Goes on alone with the swarm.
    ForceNewCluster {
        /// The address under which the others reach this host.
        advertise: IpAddr,
    },
    /// Renews the worker token: whoever has learned it from a host that joined can use it no more.
    RenewToken,
    /// Renews all join tokens, and takes those out of the service's metadata that all can read.
    WithdrawTokens,
    /// Makes the overlay network.
    CreateNetwork {
        /// Its name.
        name: String,
    },
}

/// A node as it was seen; a change is refused if it has become another since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NodeChange {
    /// Its ID.
    pub id: String,
    /// Its version's index.
    pub version: u64,
    /// The UUID of its host, if that is known.
    pub host: Option<String>,
}

/// What kinds of changes there are, as metrics count them.
pub const KINDS: [&str; 15] = [
    "claim",
    "init",
    "join",
    "leave",
    "promote",
    "demote",
    "drain",
    "activate",
    "label",
    "remove",
    "claim_recovery",
    "force_new_cluster",
    "renew_token",
    "withdraw_tokens",
    "create_network",
];

impl Change {
    /// Of which kind it is: one of [`KINDS`].
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Claim => "claim",
            Self::Init { .. } => "init",
            Self::Join { .. } => "join",
            Self::Leave { .. } => "leave",
            Self::Promote(_) => "promote",
            Self::Demote(_) => "demote",
            Self::Availability { to: Availability::Drain, .. } => "drain",
            Self::Availability { .. } => "activate",
            Self::Label { .. } => "label",
            Self::Remove { .. } => "remove",
            Self::ClaimRecovery => "claim_recovery",
            Self::ForceNewCluster { .. } => "force_new_cluster",
            Self::RenewToken => "renew_token",
            Self::WithdrawTokens => "withdraw_tokens",
            Self::CreateNetwork { .. } => "create_network",
        }
    }
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Claim => write!(f, "claim"),
            Self::Init { advertise } => write!(f, "init {advertise}"),
            Self::Join { managers, .. } => write!(f, "join {}", managers.join(",")),
            Self::Leave { node, .. } => write!(f, "leave {node}"),
            Self::Promote(node) => write!(f, "promote {}", node.id),
            Self::Demote(node) => write!(f, "demote {}", node.id),
            Self::Availability { node, to: Availability::Drain } => write!(f, "drain {}", node.id),
            Self::Availability { node, .. } => write!(f, "activate {}", node.id),
            Self::Label { node, labels } => {
                write!(f, "label {}: {}", node.id, labels.keys().map(String::as_str).collect::<Vec<_>>().join(", "))
            }
            Self::Remove { node, force, .. } => {
                write!(f, "remove {}{}", node.id, if *force { " by force" } else { "" })
            }
            Self::ClaimRecovery => write!(f, "claim recovery"),
            Self::ForceNewCluster { advertise } => write!(f, "force new cluster {advertise}"),
            Self::RenewToken => write!(f, "renew the worker token"),
            Self::WithdrawTokens => write!(f, "withdraw plain tokens"),
            Self::CreateNetwork { name } => write!(f, "create network {name}"),
        }
    }
}
