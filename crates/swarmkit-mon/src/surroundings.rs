//! What rancher-metadata tells of this host and of this monitor's service. Fields can be missing, `null`, or of another
//! type than is told of them; what is not needed is not kept.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::call::null_as_default;
use super::record::Record;

/// The largest record that is read, in bytes: that of thousands of hosts.
const LARGEST_RECORD: usize = 1 << 20;

/// How many containers of a service are read: one a host.
const MOST_CONTAINERS: usize = 20_000;

/// What it says of this monitor's surroundings.
#[derive(Debug, Clone, PartialEq)]
pub struct Surroundings {
    /// The host.
    pub host: Host,
    /// The service.
    pub service: Service,
    /// Services of the same name in other stacks.
    pub rivals: Vec<Service>,
}

/// A host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
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

/// A service of the monitors.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(from = "ServiceDocument")]
pub struct Service {
    /// Its UUID.
    pub uuid: String,
    /// Its name in its stack.
    pub name: String,
    /// The name of its stack.
    pub stack: String,
    /// The record in its metadata, as it was some seconds ago.
    pub record: Result<Record, String>,
    /// Its containers: one a host.
    pub containers: Vec<Container>,
}

impl Service {
    /// `STACK/SERVICE`, as Rancher's UI has it.
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.stack, self.name)
    }

    /// Which of several keeps the swarm, as all monitors see it: one that has recorded a swarm, or has kept what was recorded
    /// (`keeps`), else the oldest.
    pub fn rank(&self, keeps: bool) -> (bool, u64, &str) {
        let has_swarm = keeps || self.record.as_ref().map_or(true, |record| record.cluster.is_some());
        let oldest = self.containers.iter().map(|container| container.create_index).min();
        (!has_swarm, oldest.unwrap_or(u64::MAX), &self.uuid)
    }
}

#[derive(Deserialize)]
struct ServiceDocument {
    uuid: String,
    #[serde(default, deserialize_with = "null_as_default")]
    name: String,
    #[serde(default, deserialize_with = "null_as_default")]
    stack_name: String,
    #[serde(default, deserialize_with = "null_as_default")]
    metadata: ServiceMetadata,
    #[serde(default, deserialize_with = "of_hosts")]
    containers: Vec<Container>,
}

/// Other keys are of no concern here.
#[derive(Default, Deserialize)]
struct ServiceMetadata {
    #[serde(default)]
    swarmkit: Option<Box<RawValue>>,
}

impl From<ServiceDocument> for Service {
    fn from(from: ServiceDocument) -> Self {
        let record = match from.metadata.swarmkit.as_deref().map(RawValue::get) {
            None => Ok(Record::default()),
            Some(text) if text.len() > LARGEST_RECORD => {
                Err(format!("the record in the service's metadata has more than {LARGEST_RECORD} bytes"))
            }
            Some(text) => Record::parse(text),
        };
        Self { uuid: from.uuid, name: from.name, stack: from.stack_name, record, containers: from.containers }
    }
}

/// A container of the service.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
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

/// A container, and the service that it is of.
#[derive(Debug, Deserialize)]
pub struct ServiceContainer {
    /// The service's UUID; a container that was just made is of none yet.
    #[serde(default)]
    pub service_uuid: Option<String>,
    /// The host's UUID.
    #[serde(default)]
    pub host_uuid: Option<String>,
}

/// Containers that are on a host. Their number is bounded, as each takes many times what an empty one takes in a document.
fn of_hosts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Container>, D::Error> {
    struct OfHosts;
    impl<'de> Visitor<'de> for OfHosts {
        type Value = Vec<Container>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "a list of at most {MOST_CONTAINERS} containers")
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(Vec::new())
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let mut containers = Vec::new();
            while let Some(container) = list.next_element::<Container>()? {
                if containers.len() == MOST_CONTAINERS {
                    return Err(A::Error::custom(format!("more than {MOST_CONTAINERS} containers")));
                }
                if !container.host_uuid.is_empty() {
                    containers.push(container);
                }
            }
            Ok(containers)
        }
    }
    deserializer.deserialize_any(OfHosts)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_with_gaps_are_read_and_those_without_an_identity_are_not() {
        let host = r#"{"uuid":"h","agent_ip":null,"agent_state":null,"labels":{"a":"b","n":1,"t":true,"e":null}}"#;
        let host: Host = serde_json::from_str(host).unwrap();
        assert_eq!((host.agent_ip.as_str(), host.labels["n"].as_str()), ("", "1"));
        let service = r#"{"uuid":"s","metadata":null,
            "containers":[{"host_uuid":"h","create_index":"7"},{"host_uuid":"i","create_index":9},{},{"host_uuid":"x"}]}"#;
        let service: Service = serde_json::from_str(service).unwrap();
        let indices: Vec<u64> = service.containers.iter().map(|container| container.create_index).collect();
        assert_eq!(indices, [7, 9, u64::MAX]);
        assert_eq!(service.record, Ok(Record::default()));
        assert!(serde_json::from_str::<Service>(r#"{"name":"swarmkit-mon"}"#).is_err());
        assert!(serde_json::from_str::<Host>("{}").is_err());
    }

    #[test]
    fn a_record_that_is_none_is_told_and_the_service_is_read_all_the_same() {
        let service = |metadata: &str| -> Service {
            serde_json::from_str(&format!(r#"{{"uuid":"s","metadata":{metadata}}}"#)).unwrap()
        };
        assert_eq!(service(r#"{"swarmkit":{"cluster":"c"}}"#).record.unwrap().cluster.as_deref(), Some("c"));
        assert_eq!(service(r#"{"swarmkit":null,"other":[1]}"#).record, Ok(Record::default()));
        assert!(service(r#"{"swarmkit":"x"}"#).record.unwrap_err().contains("no record"));
        let huge = format!(r#"{{"swarmkit":"{}"}}"#, "x".repeat(LARGEST_RECORD));
        assert!(service(&huge).record.unwrap_err().contains("more than"));
    }

    #[test]
    fn of_two_services_the_one_that_has_a_swarm_keeps_it_else_the_older_one() {
        let service = |uuid: &str, cluster: Option<&str>, oldest: u64| Service {
            uuid: uuid.into(),
            name: "n".into(),
            stack: "s".into(),
            record: Ok(Record { cluster: cluster.map(str::to_owned), ..Record::default() }),
            containers: vec![Container { host_uuid: "h".into(), create_index: oldest, state: "running".into() }],
        };
        assert!(service("a", None, 9).rank(false) > service("b", Some("c"), 99).rank(false));
        assert!(service("a", None, 99).rank(true) < service("b", None, 9).rank(false), "its record was written over");
        assert!(service("a", None, 9).rank(false) > service("b", None, 8).rank(false));
        assert!(service("a", None, 9).rank(false) < service("b", None, 9).rank(false));
    }
}
