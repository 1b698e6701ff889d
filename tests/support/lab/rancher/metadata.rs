//! rancher-metadata: the environment as a tree, and a path's answer from it.

use std::net::IpAddr;

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::environment::{Container, CreateIndex, Environment, Host, SERVICE, STACK};

/// The versions that are served. They all have the same tree: what differs between them is not read by the daemon.
pub const VERSIONS: [&str; 4] = ["2015-07-25", "2015-12-19", "2016-07-29", "latest"];
/// By which a path may name an element of a list.
const NAMES: [&str; 2] = ["name", "uuid"];

/// The tree as a client at an address sees it.
pub fn tree(environment: &Environment, version: u64, source: IpAddr) -> Value {
    let listed = environment.hosts.iter().filter(|host| host.state.is_listed());
    let hosts: Vec<Value> = listed.map(host_value).collect();
    let containers: Vec<Value> =
        environment.containers.iter().map(|container| container_value(environment, container)).collect();
    let service = service_value(environment, &containers);
    let stack = json!({
        "environment_name": "lab", "name": STACK, "uuid": format!("{}-stack", environment.service_uuid),
        "services": [service],
    });
    let mut root = json!({
        "version": version.to_string(),
        "hosts": hosts,
        "containers": containers,
        "services": [service],
        "stacks": [stack],
        "environment_name": "lab",
    });
    if let Some(host) = environment.host_at(source) {
        let mut own = Map::new();
        own.insert("host".to_owned(), host_value(host));
        if let Some(container) = environment.containers.iter().find(|container| container.host_uuid == host.uuid) {
            own.insert("container".to_owned(), container_value(environment, container));
            own.insert("service".to_owned(), service);
            own.insert("stack".to_owned(), stack);
        }
        root["self"] = Value::Object(own);
    }
    root
}

fn host_value(host: &Host) -> Value {
    let mut value = json!({
        "hostId": host.number, "hostname": host.hostname, "labels": host.labels, "name": host.hostname,
        "uuid": host.uuid,
    });
    if let Some(agent_ip) = host.agent_ip {
        value["agent_ip"] = json!(agent_ip);
    }
    value
}

fn container_value(environment: &Environment, container: &Container) -> Value {
    let index = container.create_index;
    let as_text = match environment.create_index {
        CreateIndex::Number => false,
        CreateIndex::Text => true,
        CreateIndex::Mixed => index % 2 == 1,
    };
    let address = environment.host(&container.host_uuid).agent_ip;
    json!({
        "create_index": if as_text { json!(index.to_string()) } else { json!(index) },
        "host_uuid": container.host_uuid,
        "ips": address.iter().collect::<Vec<_>>(),
        "labels": {"io.rancher.scheduler.global": "true", "io.rancher.stack.name": STACK},
        "name": format!("{STACK}-{SERVICE}-{}", container.service_index),
        "primary_ip": address,
        "service_index": container.service_index.to_string(),
        "service_name": SERVICE,
        "stack_name": STACK,
        "state": container.state,
        "uuid": container.uuid,
    })
}

fn service_value(environment: &Environment, containers: &[Value]) -> Value {
    json!({
        "containers": containers,
        "kind": "service",
        "labels": {"io.rancher.scheduler.global": "true"},
        "metadata": environment.metadata,
        "name": SERVICE,
        "stack_name": STACK,
        "uuid": environment.service_uuid,
    })
}

/// Follows a path from the root: by key, by index, or by an element's name or uuid.
pub fn find<'a>(root: &'a Value, path: &str) -> Option<&'a Value> {
    let mut at = root;
    for part in path.split('/').filter(|part| !part.is_empty()) {
        let part = percent_decode_str(part).decode_utf8().ok()?;
        at = match at {
            Value::Object(map) => map.get(part.as_ref())?,
            Value::Array(list) => {
                let named = |value: &&Value| NAMES.iter().any(|name| value[*name] == *part);
                part.parse::<usize>().ok().and_then(|index| list.get(index)).or_else(|| list.iter().find(named))?
            }
            _ => return None,
        };
    }
    Some(at)
}

/// A value as text.
pub fn text(value: &Value) -> String {
    let holds_more = |value: &Value| value.is_object() || value.is_array();
    let encode = |name: &str| utf8_percent_encode(name, UNSAFE).to_string();
    match value {
        Value::Object(map) => {
            let mut lines: Vec<String> = map
                .iter()
                .map(|(key, value)| format!("{}{}\n", encode(key), if holds_more(value) { "/" } else { "" }))
                .collect();
            lines.sort();
            lines.concat()
        }
        Value::Array(list) => list
            .iter()
            .enumerate()
            .map(|(index, value)| {
                let name = NAMES.iter().find_map(|name| value.get(name)).and_then(Value::as_str);
                match name {
                    Some(name) => format!("{index}={}\n", encode(name)),
                    None => format!("{index}{}\n", if holds_more(value) { "/" } else { "" }),
                }
            })
            .collect(),
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// What Go's `url.QueryEscape` leaves alone stays as it is.
const UNSAFE: &percent_encoding::AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
