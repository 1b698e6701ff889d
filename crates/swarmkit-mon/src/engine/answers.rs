//! What the Engine API answers: only what is used of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::call::null_as_default;

/// The oldest API that is spoken: Docker 1.13's, the first with attachable overlay networks.
pub const OLDEST_API: ApiVersion = ApiVersion(1, 25);
/// The newest API that is asked for: Docker 25's, which every engine since serves.
pub const NEWEST_API: ApiVersion = ApiVersion(1, 44);

/// A version of the Engine API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ApiVersion(pub u32, pub u32);

impl std::fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

impl ApiVersion {
    fn read(text: &str) -> Option<Self> {
        let (major, minor) = text.split_once('.')?;
        Some(Self(major.parse().ok()?, minor.parse().ok()?))
    }
}

/// The newest version that both sides speak.
///
/// # Errors
/// What to do where there is none.
pub fn negotiate(served: &str, oldest_served: Option<&str>) -> Result<ApiVersion, String> {
    let newest = ApiVersion::read(served).ok_or_else(|| format!("the engine's API version is `{served}`"))?;
    // Docker 1.13 names no oldest version.
    let oldest = oldest_served.and_then(ApiVersion::read).unwrap_or(ApiVersion(1, 12));
    if newest < OLDEST_API {
        return Err(format!(
            "the engine speaks API {newest}, which is older than {OLDEST_API}: Docker 1.13 or later is needed"
        ));
    }
    if oldest > NEWEST_API {
        return Err(format!(
            "the engine speaks no API older than {oldest}, and this monitor none newer than {NEWEST_API}: upgrade the entry"
        ));
    }
    Ok(newest.min(NEWEST_API))
}

/// What the engine says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Info {
    /// The name of its machine.
    #[serde(rename = "Name", default)]
    pub name: String,
    /// The engine's version, as `20.10.24`.
    #[serde(rename = "ServerVersion", default)]
    pub server_version: String,
    /// Its part in a swarm.
    #[serde(rename = "Swarm")]
    pub swarm: SwarmInfo,
}

/// An engine's part in a swarm, as it knows it alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct SwarmInfo {
    /// Its node's ID; empty outside of a swarm.
    #[serde(rename = "NodeID")]
    pub node_id: String,
    /// Its address in the swarm.
    pub node_addr: String,
    /// How it stands.
    pub local_node_state: LocalNodeState,
    /// Whether it is a manager.
    pub control_available: bool,
    /// What went wrong last.
    pub error: String,
    /// The managers that it knows.
    #[serde(deserialize_with = "null_as_default")]
    pub remote_managers: Vec<Peer>,
    /// The swarm; managers alone know it.
    pub cluster: Option<ClusterId>,
}

impl SwarmInfo {
    /// Whether it is neither in a swarm nor out of all.
    pub fn is_stuck(&self) -> bool {
        matches!(self.local_node_state, LocalNodeState::Pending | LocalNodeState::Error)
    }
}

/// A manager that an engine knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    /// Its node's ID.
    #[serde(rename = "NodeID")]
    pub node_id: String,
    /// Its address, with the port.
    #[serde(rename = "Addr")]
    pub addr: String,
}

/// A swarm's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterId {
    /// Its ID.
    #[serde(rename = "ID", default)]
    pub id: String,
}

/// How an engine stands to swarms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LocalNodeState {
    /// In none.
    #[default]
    #[serde(alias = "")]
    Inactive,
    /// Joining, or waiting for a manager.
    Pending,
    /// In one.
    Active,
    /// It cannot go on by itself.
    Error,
    /// It waits for the key that unlocks it.
    Locked,
    /// Something that later engines say.
    #[serde(other)]
    Unknown,
}

/// A swarm, as its managers see it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct Swarm {
    /// Its ID.
    #[serde(rename = "ID")]
    pub id: String,
    /// From which networks those of the swarm get their subnets. Engines before Docker 18.09 do not tell.
    #[serde(rename = "DefaultAddrPool", default, deserialize_with = "null_as_default")]
    pub pools: Vec<String>,
    /// What lets others join; never logged.
    #[serde(rename = "JoinTokens")]
    tokens: Tokens,
}

impl Swarm {
    /// What lets an engine join as a worker. The token for managers is never read.
    pub fn worker_token(&self) -> &str {
        &self.tokens.worker
    }
}

#[derive(Clone, PartialEq, Eq, Deserialize)]
struct Tokens {
    #[serde(rename = "Worker")]
    worker: String,
}

/// A node of a swarm, as its managers see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// Its ID.
    #[serde(rename = "ID")]
    pub id: String,
    /// Which state of it this is; a change names the one that it is meant for.
    #[serde(rename = "Version")]
    pub version: Version,
    /// What it is wanted to be.
    #[serde(rename = "Spec")]
    pub spec: NodeSpec,
    /// What it says of itself.
    #[serde(rename = "Description", default)]
    pub description: Description,
    /// Whether it is there.
    #[serde(rename = "Status", default)]
    pub status: NodeStatus,
    /// A manager's state: it is there as long as the node is one of those that vote.
    #[serde(rename = "ManagerStatus")]
    pub manager: Option<ManagerStatus>,
}

impl ManagerStatus {
    /// Whether the leader reaches it, or it is that one.
    pub fn is_reached(&self) -> bool {
        self.leader || self.reachability == Reachability::Reachable
    }
}

impl Node {
    /// Whether it is the manager that leads.
    pub fn leads(&self) -> bool {
        self.manager.as_ref().is_some_and(|manager| manager.leader)
    }

    /// Whether it is there no more: the swarm calls it down; or it is a manager which no other manager gets through to and
    /// which has said nothing since the leader changed. That one is called down only half a minute later, as a new leader
    /// waits twice as long for each node.
    pub fn is_away(&self) -> bool {
        let unheard = matches!(self.status.state, NodeState::Unknown | NodeState::Disconnected);
        let unreachable =
            self.manager.as_ref().is_some_and(|manager| manager.reachability == Reachability::Unreachable);
        self.status.state == NodeState::Down || (unheard && unreachable)
    }

    /// Whether it was let in and has never said a word: its engine was cut off between its certificate and its first
    /// heartbeat, and has come back as another node since, or never will.
    pub fn is_mute(&self) -> bool {
        self.status.state != NodeState::Ready
            && self.manager.is_none()
            && self.description.hostname.is_empty()
            && self.status.addr.is_empty()
    }
}

/// Which state of an object it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// It grows with each change.
    #[serde(rename = "Index")]
    pub index: u64,
}

/// What a node is wanted to be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct NodeSpec {
    /// Manager or worker.
    pub role: Role,
    /// Whether it takes tasks.
    pub availability: Availability,
    /// The node's labels.
    #[serde(deserialize_with = "null_as_default")]
    pub labels: BTreeMap<String, String>,
}

/// A node's part.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "Docker's own words")]
pub enum Role {
    Manager,
    #[default]
    #[serde(other)]
    Worker,
}

/// Whether a node takes tasks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "Docker's own words")]
pub enum Availability {
    Drain,
    Pause,
    #[default]
    #[serde(other)]
    Active,
}

/// What a node says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Description {
    /// Its host's name: for people, never to tell nodes apart.
    pub hostname: String,
}

/// Whether a node is there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct NodeStatus {
    /// Its state.
    pub state: NodeState,
    /// The address from which it speaks.
    pub addr: String,
}

/// Whether a node is there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "Docker's own words")]
pub enum NodeState {
    Ready,
    Down,
    Disconnected,
    #[default]
    #[serde(other)]
    Unknown,
}

/// A manager's state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ManagerStatus {
    /// Whether it leads.
    pub leader: bool,
    /// Whether the leader reaches it.
    pub reachability: Reachability,
    /// Where others join, with the port.
    pub addr: String,
}

/// Whether a manager is reached.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "Docker's own words")]
pub enum Reachability {
    Reachable,
    Unreachable,
    #[default]
    #[serde(other)]
    Unknown,
}
