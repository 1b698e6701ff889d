//! The Docker engine of this host, over its socket: the dozen calls of the Engine API that a swarm takes.
//!
//! Facts are from the Engine API's reference. Only what is used is read of an answer, and values that are not known are
//! kept apart from those that are, so that engines from Docker 1.13 (API 1.25) to the newest are understood.

mod answers;
mod host_folder;
mod networks;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::sync::Mutex;

use super::call::{self, CallError, null_as_default};
pub use answers::*;
pub use host_folder::{Access, HostFolder};
pub use networks::Network;

/// What a question may take: a manager without a leader lets some wait for ever.
const ASK: Duration = Duration::from_secs(5);
/// The same of a question whose answer is worth it: twice what the engine itself waits.
const PATIENT: Duration = Duration::from_secs(45);
/// What a change may take. The engine gives up on a join after 20 s and goes on with it by itself.
const CHANGE: Duration = Duration::from_secs(25);

/// What an answer may hold, in bytes: a node takes some 2 kB.
const LARGEST: usize = 32 << 20;

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
        let client = call::plain_client().unix_socket(socket).build()?;
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

    /// All that it says at a path, for people.
    ///
    /// # Errors
    /// As every call.
    pub async fn document(&self, path: &str) -> Result<Value, CallError> {
        self.get(path).await
    }

    /// The folder of the host in which it keeps what it has.
    ///
    /// # Errors
    /// As every call.
    pub async fn root_folder(&self) -> Result<String, CallError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Root {
            docker_root_dir: String,
        }
        self.get::<Root>("/info").await.map(|root| root.docker_root_dir)
    }

    /// The last lines that a container wrote, in the engine's frames.
    ///
    /// # Errors
    /// As every call; 501 where its log is kept elsewhere.
    pub async fn logs(&self, container: &str, lines: usize) -> Result<Vec<u8>, CallError> {
        let path = format!("/containers/{container}/logs?stdout=1&stderr=1&tail={lines}");
        let (_, request) = self.request(Method::GET, &path).await?;
        call::bytes("engine: GET /containers/logs", ASK, LARGEST, request).await
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

    /// Makes a swarm with this engine as its first manager; `further` is what else the request has.
    ///
    /// # Errors
    /// As every call; 503 where it is in one already.
    pub async fn init(&self, advertise: &str, listen: &str, further: Map<String, Value>) -> Result<(), CallError> {
        let mut body = further;
        body.insert("AdvertiseAddr".to_owned(), Value::from(advertise));
        body.insert("ListenAddr".to_owned(), Value::from(listen));
        self.change(Method::POST, "/swarm/init", Some(Value::Object(body))).await.map(drop)
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

    /// Makes an overlay network that containers outside of services may join too.
    ///
    /// # Errors
    /// As every call; 409 where there is one of that name.
    pub async fn create_network(&self, name: &str, options: Map<String, Value>) -> Result<(), CallError> {
        let body = json!({
            "Name": name, "Driver": "overlay", "Attachable": true, "CheckDuplicate": true, "Options": options
        });
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
