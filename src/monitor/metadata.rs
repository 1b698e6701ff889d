//! rancher-metadata: what Rancher tells the containers of a host. It can be late, and is never written to.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::Client;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::call::{self, CallError};

/// Where it answers, inside of every host. It tells the host by the address that asks.
pub const ADDRESS: &str = "http://rancher-metadata.rancher.internal";
/// The version of its documents.
const VERSION: &str = "2016-07-29";
/// What a question may take.
const ASK: Duration = Duration::from_secs(5);
/// The longest that one wait for news takes, in seconds.
const WAIT_S: u64 = 60;

/// What it says of this container's surroundings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Surroundings {
    /// The host.
    pub host: Host,
    /// The service.
    pub service: Service,
}

/// A host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// Its UUID.
    pub uuid: String,
    /// Its address; it can be missing for a while.
    #[serde(default, deserialize_with = "null_as_default")]
    pub agent_ip: String,
    /// Its name: for people.
    #[serde(default, deserialize_with = "null_as_default")]
    pub hostname: String,
    /// Its labels, as they were some seconds ago.
    #[serde(default, deserialize_with = "texts")]
    pub labels: BTreeMap<String, String>,
}

/// The service of the monitors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Service {
    /// Its UUID.
    pub uuid: String,
    /// Its metadata, as they were some seconds ago.
    #[serde(default, deserialize_with = "null_as_default")]
    pub metadata: Map<String, Value>,
    /// Its containers: one a host.
    #[serde(default, deserialize_with = "null_as_default")]
    pub containers: Vec<Container>,
}

/// A container of the service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Container {
    /// The UUID of its host.
    #[serde(default, deserialize_with = "null_as_default")]
    pub host_uuid: String,
    /// It grows with creation: the lowest is the oldest. It comes as a number or as a text.
    #[serde(default = "youngest", deserialize_with = "number_or_text")]
    pub create_index: u64,
    /// Its state: `running`, `stopped`, …
    #[serde(default, deserialize_with = "null_as_default")]
    pub state: String,
}

impl Container {
    /// Whether it runs, as far as is known.
    pub fn is_running(&self) -> bool {
        self.state.is_empty() || self.state == "running"
    }
}

fn null_as_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Labels as texts, whatever type each has.
pub(super) fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error> {
    let labels: Option<BTreeMap<String, Value>> = Option::deserialize(deserializer)?;
    let text = |value: Value| match value {
        Value::String(text) => text,
        Value::Null => String::new(),
        other => other.to_string(),
    };
    Ok(labels.unwrap_or_default().into_iter().map(|(name, value)| (name, text(value))).collect())
}

/// One whose index is not told is taken for the youngest.
fn youngest() -> u64 {
    u64::MAX
}

fn number_or_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let number = match Value::deserialize(deserializer)? {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    Ok(number.unwrap_or_else(youngest))
}

/// rancher-metadata.
#[derive(Clone)]
pub struct Metadata {
    client: Client,
    address: String,
}

impl Metadata {
    /// The one at an address. It is not called yet.
    ///
    /// # Errors
    /// The client cannot be made.
    pub fn new(address: &str) -> Result<Self, reqwest::Error> {
        let client = call::client().connect_timeout(ASK).build()?;
        Ok(Self { client, address: address.to_owned() })
    }

    /// This host and this service, in one document.
    ///
    /// # Errors
    /// As every call; 404 while it does not know this host yet, an unreadable answer while parts of it are missing.
    pub async fn surroundings(&self) -> Result<Surroundings, CallError> {
        let request = self.client.get(format!("{}/{VERSION}/self", self.address)).header("Accept", "application/json");
        call::json("metadata: GET /self", ASK, request).await
    }

    /// Waits until anything has changed since `known`, a minute at most, and answers with what is then known.
    ///
    /// # Errors
    /// As every call.
    pub async fn news(&self, known: &str) -> Result<String, CallError> {
        let parameters = [("wait", "true"), ("value", known), ("maxWait", &WAIT_S.to_string())];
        let what = "metadata: GET /version";
        let address = reqwest::Url::parse_with_params(&format!("{}/{VERSION}/version", self.address), parameters)
            .map_err(|error| CallError::Unreadable { what: what.to_owned(), reason: error.to_string() })?;
        let limit = Duration::from_secs(WAIT_S) + ASK;
        let answer = call::bytes(what, limit, self.client.get(address)).await?;
        Ok(String::from_utf8_lossy(&answer).trim().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_with_gaps_are_read_and_those_without_a_host_are_not() {
        let text = r#"{"host":{"uuid":"h","agent_ip":null,"labels":{"a":"b","n":1,"t":true,"e":null}},
            "service":{"uuid":"s","metadata":null,"containers":[{"host_uuid":"h","create_index":"7"},{"create_index":9},{"host_uuid":"x"}]}}"#;
        let read: Surroundings = serde_json::from_str(text).unwrap();
        assert_eq!(read.host.agent_ip, "");
        assert_eq!(read.host.labels["n"], "1");
        let indices: Vec<u64> = read.service.containers.iter().map(|container| container.create_index).collect();
        assert_eq!(indices, [7, 9, u64::MAX]);
        assert!(serde_json::from_str::<Surroundings>(r#"{"service":{"uuid":"s"}}"#).is_err());
        assert!(serde_json::from_str::<Surroundings>(r#"{"host":{},"service":{"uuid":"s"}}"#).is_err());
    }
}
