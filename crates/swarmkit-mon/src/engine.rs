//! The Docker engine of this host, over its socket: the dozen calls of the Engine API that a swarm takes.
//!
//! Facts are from the Engine API's reference. Only what is used is read of an answer, and values that are not known are
//! kept apart from those that are, so that engines from Docker 1.13 (API 1.25) to the newest are understood.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::call::{self, CallError};

/// The oldest API that is spoken: Docker 1.13's, the first with attachable overlay networks.
pub const OLDEST_API: ApiVersion = ApiVersion(1, 25);
/// The newest API that is asked for: Docker 25's, which every engine since serves.
pub const NEWEST_API: ApiVersion = ApiVersion(1, 44);

/// What a question may take: a manager without a leader lets some wait for ever.
const ASK: Duration = Duration::from_secs(5);
/// The same of a question whose answer is worth it: twice what the engine itself waits.
const PATIENT: Duration = Duration::from_secs(45);
/// What a change may take. The engine gives up on a join after 20 s and goes on with it by itself.
const CHANGE: Duration = Duration::from_secs(25);

/// What an answer may hold, in bytes: a node takes some 2 kB.
const LARGEST: usize = 32 << 20;

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

fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// The engine, over its socket.
pub struct Engine {
    client: Client,
    version: Mutex<Option<ApiVersion>>,
}

impl Engine {
    /// The engine behind a socket. It is not called yet.
    ///
    /// # Errors
    /// The client cannot be made.
    pub fn new(socket: &Path) -> Result<Self, reqwest::Error> {
        let client = call::client().unix_socket(socket).build()?;
        Ok(Self { client, version: Mutex::new(None) })
    }

    /// The version of the API that is spoken with it.
    ///
    /// # Errors
    /// It does not answer, or there is none that both speak.
    pub async fn api_version(&self) -> Result<ApiVersion, CallError> {
        let mut known = self.version.lock().await;
        if let Some(version) = *known {
            return Ok(version);
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Served {
            api_version: String,
            #[serde(rename = "MinAPIVersion")]
            oldest: Option<String>,
        }
        let what = "engine: GET /version";
        let served: Served = call::json(what, ASK, LARGEST, self.client.get("http://engine/version")).await?;
        let version = negotiate(&served.api_version, served.oldest.as_deref())
            .map_err(|reason| CallError::Unreadable { what: what.to_owned(), reason })?;
        *known = Some(version);
        Ok(version)
    }

    async fn request(&self, method: Method, path: &str) -> Result<(String, RequestBuilder), CallError> {
        let version = self.api_version().await?;
        let shown = path.split('?').next().unwrap_or(path);
        let request = self.client.request(method.clone(), format!("http://engine/v{version}{path}"));
        Ok((format!("engine: {method} {shown}"), request))
    }

    async fn get<T: serde::de::DeserializeOwned>(&self, path: &str) -> Result<T, CallError> {
        self.get_within(path, ASK).await
    }

    async fn get_within<T: serde::de::DeserializeOwned>(&self, path: &str, limit: Duration) -> Result<T, CallError> {
        let (what, request) = self.request(Method::GET, path).await?;
        let answer = call::json(&what, limit, LARGEST, request).await;
        if matches!(answer, Err(CallError::Unreachable { .. } | CallError::Refused { status: 400, .. })) {
            // The next one behind this socket may be of another version.
            *self.version.lock().await = None;
        }
        answer
    }

    async fn change(&self, method: Method, path: &str, body: Option<Value>) -> Result<Vec<u8>, CallError> {
        let (what, request) = self.request(method, path).await?;
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        call::bytes(&what, CHANGE, LARGEST, request).await
    }

    /// What it says of itself.
    ///
    /// # Errors
    /// As every call: see [`CallError`].
    pub async fn info(&self) -> Result<Info, CallError> {
        self.get("/info").await
    }

    /// The same of an engine that takes its time: a manager without a leader answers once it has given up asking for
    /// one, after 20 s (`swarmRequestTimeout` in the engine's daemon/cluster).
    ///
    /// # Errors
    /// As every call.
    pub async fn patient_info(&self) -> Result<Info, CallError> {
        self.get_within("/info", PATIENT).await
    }

    /// The swarm that it manages.
    ///
    /// # Errors
    /// As every call; 503 where it is no manager.
    pub async fn swarm(&self) -> Result<Swarm, CallError> {
        self.get("/swarm").await
    }

    /// The nodes of the swarm that it manages.
    ///
    /// # Errors
    /// As every call; 503 where it is no manager, a time-out or 500 where there is no leader.
    pub async fn nodes(&self) -> Result<Vec<Node>, CallError> {
        self.get("/nodes").await
    }

    /// How many services the swarm runs.
    ///
    /// # Errors
    /// As [`Self::nodes`].
    pub async fn services(&self) -> Result<usize, CallError> {
        self.get::<Vec<serde::de::IgnoredAny>>("/services").await.map(|services| services.len())
    }

    /// Makes a swarm with this engine as its first manager.
    ///
    /// # Errors
    /// As every call; 503 where it is in one already.
    pub async fn init(&self, advertise: &str, listen: &str) -> Result<(), CallError> {
        let body = json!({ "AdvertiseAddr": advertise, "ListenAddr": listen });
        self.change(Method::POST, "/swarm/init", Some(body)).await.map(drop)
    }

    /// Joins a swarm, as what the token stands for.
    ///
    /// # Errors
    /// As every call. After a time-out of the engine's own (503) it goes on by itself.
    pub async fn join(&self, advertise: &str, listen: &str, remotes: &[String], token: &str) -> Result<(), CallError> {
        let body =
            json!({ "AdvertiseAddr": advertise, "ListenAddr": listen, "RemoteAddrs": remotes, "JoinToken": token });
        self.change(Method::POST, "/swarm/join", Some(body)).await.map(drop)
    }

    /// Makes this manager, with all that it knows of its swarm, the only manager of it: the way out of a quorum that is
    /// lost for good.
    ///
    /// # Errors
    /// As every call.
    pub async fn force_new_cluster(&self, advertise: &str, listen: &str) -> Result<(), CallError> {
        let body = json!({ "ForceNewCluster": true, "AdvertiseAddr": advertise, "ListenAddr": listen });
        self.change(Method::POST, "/swarm/init", Some(body)).await.map(drop)
    }

    /// Takes a node out of the swarm; one that is not down only if it is forced.
    ///
    /// # Errors
    /// As every call.
    pub async fn remove_node(&self, id: &str, force: bool) -> Result<(), CallError> {
        self.change(Method::DELETE, &format!("/nodes/{id}?force={}", u8::from(force)), None).await.map(drop)
    }

    /// Makes new join tokens, so that old ones are of no use.
    ///
    /// # Errors
    /// As every call; 409 where the swarm was changed meanwhile.
    pub async fn rotate_tokens(&self, managers_too: bool) -> Result<(), CallError> {
        let swarm: Value = self.get("/swarm").await?;
        let version = swarm["Version"]["Index"].as_u64().unwrap_or_default();
        let query = format!("version={version}&rotateWorkerToken=1&rotateManagerToken={}", u8::from(managers_too));
        self.change(Method::POST, &format!("/swarm/update?{query}"), Some(swarm["Spec"].clone())).await.map(drop)
    }

    /// Whether it answers at all, also while its swarm does not.
    ///
    /// # Errors
    /// It does not.
    pub async fn ping(&self) -> Result<(), CallError> {
        call::bytes("engine: GET /_ping", ASK, LARGEST, self.client.get("http://engine/_ping")).await.map(drop)
    }

    /// Leaves the swarm. A manager leaves only when forced.
    ///
    /// # Errors
    /// As every call.
    pub async fn leave(&self, force: bool) -> Result<(), CallError> {
        self.change(Method::POST, &format!("/swarm/leave?force={}", u8::from(force)), None).await.map(drop)
    }

    /// The labels of a container.
    ///
    /// # Errors
    /// As every call; 404 where it is none of this engine's.
    pub async fn container_labels(&self, id: &str) -> Result<BTreeMap<String, String>, CallError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Container {
            config: Config,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Config {
            #[serde(default, deserialize_with = "null_as_default")]
            labels: BTreeMap<String, String>,
        }
        let container: Container = self.get(&format!("/containers/{id}/json")).await?;
        Ok(container.config.labels)
    }

    /// Changes what a node is wanted to be, if it is still what it was at `version`: of two who change the same state
    /// one is refused. All that `alter` leaves alone is kept, also what this monitor does not know.
    ///
    /// # Errors
    /// As every call; 409 where it has changed meanwhile.
    pub async fn alter_node(&self, id: &str, version: u64, alter: impl FnOnce(&mut Value)) -> Result<(), CallError> {
        let mut node: Value = self.get(&format!("/nodes/{id}")).await?;
        let what = format!("engine: POST /nodes/{id}/update");
        if node["Version"]["Index"].as_u64() != Some(version) {
            let message = "the node has changed since it was looked at".to_owned();
            return Err(CallError::Refused { what, status: 409, message });
        }
        let mut spec = node["Spec"].take();
        alter(&mut spec);
        self.change(Method::POST, &format!("/nodes/{id}/update?version={version}"), Some(spec)).await.map(drop)
    }

    /// Whether the swarm has a network of that name.
    ///
    /// # Errors
    /// As every call.
    pub async fn has_network(&self, name: &str) -> Result<bool, CallError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Network {
            name: String,
            scope: String,
        }
        // The filter finds parts of names too.
        let networks: Vec<Network> = self.get(&format!("/networks?filters={}", filters("name", &[name]))).await?;
        Ok(networks.iter().any(|network| network.name == name && network.scope == "swarm"))
    }

    /// Makes an overlay network that containers outside of services may join too.
    ///
    /// # Errors
    /// As every call; 409 where there is one of that name.
    pub async fn create_network(&self, name: &str) -> Result<(), CallError> {
        let body = json!({ "Name": name, "Driver": "overlay", "Attachable": true, "CheckDuplicate": true });
        self.change(Method::POST, "/networks/create", Some(body)).await.map(drop)
    }

    /// The engine's events about nodes, from now on. Engines before Docker 17.06 know none.
    ///
    /// # Errors
    /// As every call.
    pub async fn events(&self) -> Result<Events, CallError> {
        let (what, request) =
            self.request(Method::GET, &format!("/events?filters={}", filters("type", &["node"]))).await?;
        let opened = tokio::time::timeout(ASK, request.send()).await;
        let response = opened
            .map_err(|_| CallError::TimedOut { what: what.clone(), limit_ms: ASK.as_millis() })?
            .map_err(|error| call::unreachable(&what, &error))?;
        call::good(&what, response.status(), b"")?;
        Ok(Events { what, response })
    }
}

/// A stream of events.
pub struct Events {
    what: String,
    response: reqwest::Response,
}

impl Events {
    /// Waits for the next ones. What they say does not matter: they are a reason to reconcile.
    ///
    /// # Errors
    /// The stream has ended, as when the engine stops.
    pub async fn next(&mut self) -> Result<(), CallError> {
        match self.response.chunk().await {
            Ok(Some(_)) => Ok(()),
            Ok(None) => {
                Err(CallError::Unreachable { what: self.what.clone(), reason: "the stream has ended".to_owned() })
            }
            Err(error) => Err(call::unreachable(&self.what, &error)),
        }
    }
}

/// A filter as the Engine API takes it, ready for an address.
fn filters(key: &str, values: &[&str]) -> String {
    let text = json!({ key: values }).to_string();
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_that_both_speak_is_taken() {
        assert_eq!(negotiate("1.25", None), Ok(ApiVersion(1, 25)));
        assert_eq!(negotiate("1.41", Some("1.12")), Ok(ApiVersion(1, 41)));
        assert_eq!(negotiate("1.52", Some("1.44")), Ok(ApiVersion(1, 44)));
        assert_eq!(negotiate("1.54", Some("1.40")), Ok(ApiVersion(1, 44)));
        assert!(negotiate("1.24", Some("1.12")).unwrap_err().contains("Docker 1.13 or later"));
        assert!(negotiate("1.90", Some("1.60")).unwrap_err().contains("upgrade the entry"));
        assert!(negotiate("new", None).is_err());
    }

    #[test]
    fn old_new_and_bare_answers_are_read() {
        let worker = r#"{"ServerVersion":"1.13.1","Swarm":{"NodeID":"n","NodeAddr":"10.0.0.2","LocalNodeState":"active",
            "ControlAvailable":false,"Error":"","RemoteManagers":[{"NodeID":"m","Addr":"10.0.0.1:2377"}],
            "Cluster":{"ID":"","Version":{}}},"Isolation":"odd"}"#;
        let info: Info = serde_json::from_str(worker).unwrap();
        assert_eq!(info.swarm.remote_managers[0].addr, "10.0.0.1:2377");
        let none: Info = serde_json::from_str(r#"{"Swarm":{"LocalNodeState":"","RemoteManagers":null}}"#).unwrap();
        assert_eq!(none.swarm.local_node_state, LocalNodeState::Inactive);
        let later: Info = serde_json::from_str(r#"{"Swarm":{"LocalNodeState":"resting"}}"#).unwrap();
        assert_eq!(later.swarm.local_node_state, LocalNodeState::Unknown);
        assert!(serde_json::from_str::<Info>(r#"{"message":"no"}"#).is_err());
        let node = r#"{"ID":"n","Version":{"Index":9},"Spec":{"Labels":null,"Role":"manager","Availability":"active"},
            "Status":{"State":"odd"},"ManagerStatus":{"Leader":true,"Reachability":"reachable","Addr":"10.0.0.1:2377"}}"#;
        let node: Node = serde_json::from_str(node).unwrap();
        assert_eq!((node.spec.role, node.status.state), (Role::Manager, NodeState::Unknown));
        assert!(node.manager.unwrap().leader);
    }

    #[test]
    fn away_is_what_is_down_and_a_manager_that_nobody_reaches_or_hears() {
        let node = |state: &str, manager: &str| -> bool {
            let node = format!(
                r#"{{"ID":"n","Version":{{"Index":9}},"Spec":{{}},"Status":{{"State":"{state}"}},"ManagerStatus":{manager}}}"#
            );
            serde_json::from_str::<Node>(&node).unwrap().is_away()
        };
        let (reached, lost) = (r#"{"Reachability":"reachable"}"#, r#"{"Reachability":"unreachable"}"#);
        assert!(node("down", "null") && node("down", reached) && node("down", lost));
        assert!(node("unknown", lost) && node("disconnected", lost));
        assert!(!node("unknown", "null") && !node("unknown", reached) && !node("ready", lost));
    }

    #[test]
    fn a_filter_is_one_word_of_an_address() {
        assert_eq!(filters("name", &["a b"]), "%7B%22name%22%3A%5B%22a%20b%22%5D%7D");
    }
}
