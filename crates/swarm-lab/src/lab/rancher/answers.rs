//! The tree that rancher-metadata makes of Cattle's objects for each version of its documents and each client, as its
//! `config/generator.go` does.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

const FIRST: &str = "2015-07-25";
const SECOND: &str = "2015-12-19";
const THIRD: &str = "2016-07-29";
/// The versions; `latest` is another name of the last.
pub const VERSIONS: [&str; 4] = [FIRST, SECOND, THIRD, "latest"];

type Object = Map<String, Value>;

/// The tree as a client at an address sees it; `None` for a version that there is not.
pub fn tree(objects: &[Value], version: &str, client: &str, news: &str) -> Option<Value> {
    let version = if version == "latest" { THIRD } else { version };
    if !VERSIONS.contains(&version) {
        return None;
    }
    let parts = Parts::of(objects, version);
    let mut root = parts.environment.clone();
    root.remove("metadata_kind");
    root.insert("containers".to_owned(), list(&parts.containers));
    root.insert("services".to_owned(), list(&parts.services));
    root.insert("stacks".to_owned(), list(&parts.stacks));
    root.insert("hosts".to_owned(), list(&parts.hosts));
    root.insert("networks".to_owned(), json!([]));
    root.insert("version".to_owned(), json!(news));
    if version == THIRD {
        // Those of other installations, of which there are none.
        root.insert("environments".to_owned(), Value::Null);
    }
    let own = match parts.client(client) {
        Some(own) => own,
        // The map of the default answers is one for all versions: the last version's host is in it.
        None => Parts::of(objects, THIRD).default_self(),
    };
    root.insert("self".to_owned(), own);
    Some(Value::Object(root))
}

/// Go's own nil: what was never appended to.
fn list<'a>(items: impl IntoIterator<Item = &'a Object>) -> Value {
    let items: Vec<Value> = items.into_iter().cloned().map(Value::Object).collect();
    if items.is_empty() { Value::Null } else { Value::Array(items) }
}

/// The objects by their kinds, each with what belongs to it in it.
#[derive(Default)]
struct Parts {
    environment: Object,
    default: Object,
    stacks: Vec<Object>,
    services: Vec<Object>,
    hosts: Vec<Object>,
    containers: Vec<Object>,
    /// The containers of each service.
    links: BTreeMap<String, Vec<String>>,
}

impl Parts {
    fn of(objects: &[Value], version: &str) -> Self {
        let mut parts = Self::default();
        for object in objects.iter().filter_map(Value::as_object).cloned() {
            match text(&object, "metadata_kind") {
                "environment" => parts.environment = object,
                "defaultData" => parts.default = object,
                "stack" => parts.stacks.push(object),
                "service" => parts.services.push(object),
                "host" => parts.hosts.push(object),
                "container" => parts.containers.push(object),
                "serviceContainerLink" => {
                    let service = parts.links.entry(text(&object, "service_uuid").to_owned()).or_default();
                    service.push(text(&object, "container_uuid").to_owned());
                }
                _ => {}
            }
        }
        parts.apply(version);
        parts
    }

    fn apply(&mut self, version: &str) {
        for container in &mut self.containers {
            if version == THIRD {
                lower(container, "name");
            }
            ports(container, version);
            container.insert("links".to_owned(), Value::Null);
            container.remove("host_ip");
        }
        for service in &mut self.services {
            service.insert("links".to_owned(), Value::Null);
            if version == THIRD {
                for key in ["name", "stack_name", "primary_service_name"] {
                    lower(service, key);
                }
                service.insert("links".to_owned(), json!({}));
                service.insert("sidekicks".to_owned(), Value::Null);
            }
            let linked = self.links.get(text(service, "uuid")).map(Vec::as_slice).unwrap_or_default();
            for container in &mut self.containers {
                if linked.iter().any(|uuid| *uuid == text(container, "uuid")) {
                    for (key, of) in [
                        ("service_name", "name"),
                        ("service_uuid", "uuid"),
                        ("stack_name", "stack_name"),
                        ("stack_uuid", "stack_uuid"),
                    ] {
                        container.insert(key.to_owned(), service[of].clone());
                    }
                    // Who asks from that container is told the token, once; all others are not.
                    if container["primary_ip"] != Value::Null {
                        service.insert("token".to_owned(), Value::Null);
                    }
                }
            }
        }
        for service in &mut self.services {
            let own = self.containers.iter().filter(|container| container.get("service_uuid") == service.get("uuid"));
            service.insert("containers".to_owned(), inner(own, version));
        }
        for stack in &mut self.stacks {
            let own = self.services.iter().filter(|service| service.get("stack_uuid") == stack.get("uuid"));
            stack.insert("services".to_owned(), inner(own, version));
            if version == THIRD {
                lower(stack, "name");
            }
        }
        if version == THIRD {
            for host in &mut self.hosts {
                host.remove("hostId");
            }
        }
    }

    fn default_self(&self) -> Value {
        let mut own = self.default["self"].clone();
        let host = own.pointer("/host/uuid").and_then(|uuid| find(&self.hosts, uuid));
        if let Some(host) = host {
            own["host"] = Value::Object(host.clone());
        }
        own
    }

    /// What `self` is for a container that asks from its own address. Where several have one address any of them is it.
    fn client(&self, address: &str) -> Option<Value> {
        let container = self.containers.iter().find(|container| text(container, "primary_ip") == address)?;
        let mut own = Object::new();
        own.insert("container".to_owned(), Value::Object(container.clone()));
        let host = find(&self.hosts, &container["host_uuid"]);
        own.insert("host".to_owned(), host.map_or(Value::Null, |host| Value::Object(host.clone())));
        if let Some(stack) = container.get("stack_uuid") {
            for (key, found) in
                [("stack", find(&self.stacks, stack)), ("service", find(&self.services, &container["service_uuid"]))]
            {
                own.insert(key.to_owned(), found.map_or(Value::Null, |found| Value::Object(found.clone())));
            }
        }
        Some(Value::Object(own))
    }
}

fn find<'a>(objects: &'a [Object], uuid: &Value) -> Option<&'a Object> {
    objects.iter().find(|object| object.get("uuid") == Some(uuid))
}

/// The first version has the names alone.
fn inner<'a>(items: impl Iterator<Item = &'a Object>, version: &str) -> Value {
    if version != FIRST {
        return list(items);
    }
    let names: Vec<Value> = items.map(|item| item["name"].clone()).collect();
    if names.is_empty() { Value::Null } else { Value::Array(names) }
}

fn text<'a>(object: &'a Object, key: &str) -> &'a str {
    object.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn lower(object: &mut Object, key: &str) {
    let lowered = text(object, key).to_lowercase();
    object.insert(key.to_owned(), json!(lowered));
}

/// Each port with an address: of the host, or, in the last version, any.
fn ports(container: &mut Object, version: &str) {
    let host = text(container, "host_ip").to_owned();
    let Some(Value::Array(ports)) = container.get_mut("ports") else { return };
    for port in ports.iter_mut() {
        let given = port.as_str().unwrap_or_default();
        let (address, rest) = match given.splitn(2, ':').collect::<Vec<_>>()[..] {
            [address, rest] if given.matches(':').count() == 2 => (address, rest),
            _ => ("", given),
        };
        *port = match (address, version) {
            ("", THIRD) => json!(format!("0.0.0.0:{rest}")),
            ("" | "0.0.0.0", FIRST | SECOND) => json!(format!("{host}:{rest}")),
            _ => json!(given),
        };
    }
    if ports.is_empty() && version == THIRD {
        container.insert("ports".to_owned(), Value::Null);
    }
}
