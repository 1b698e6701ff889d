//! The Rancher API, as far as the daemon uses it: hosts, services, the project.

use serde_json::{Map, Value, json};

use super::environment::{ACCOUNT, Environment, Host, HostState, Service};
use super::states::{ApiVersion, Write};

/// The most that a list holds at a time, and what it holds where no limit is given.
const PAGE: usize = 1000;

/// A request, without its base path.
pub struct Request<'a> {
    pub method: &'a str,
    pub version: ApiVersion,
    /// The path below the version, in its parts.
    pub path: &'a [&'a str],
    pub query: &'a [(String, String)],
    pub body: &'a [u8],
    /// The base of all links, such as `http://198.18.0.1:8080/v1`.
    pub base: &'a str,
}

/// A status and a body.
pub type Answer = (u16, Value);

/// The path below the project.
fn path<'a>(request: &'a Request<'_>) -> Option<&'a [&'a str]> {
    match request.path {
        ["projects", account, rest @ ..] if *account == ACCOUNT => Some(rest),
        ["projects", ..] => None,
        path => Some(path),
    }
}

/// Whether metadata is told of what a request does.
pub fn is_told(environment: &Environment, request: &Request<'_>) -> bool {
    match (request.method, path(request)) {
        ("PUT", Some(["services", id])) => {
            let found = environment.services.iter().find(|service| service.id() == *id);
            found.is_none_or(|service| service.state.write() != Write::Stored)
        }
        _ => true,
    }
}

/// Answers a request, and does what it asks.
pub fn answer(environment: &mut Environment, request: &Request<'_>) -> Answer {
    let Some(path) = path(request) else { return error(404, "NotFound") };
    match (request.method, path) {
        ("GET", []) => (200, json!({"type": "project", "id": ACCOUNT, "name": "Default", "state": "active"})),
        ("GET", ["hosts"]) => {
            let listed = environment.hosts.iter().filter(|host| host.state.is_listed());
            (200, collection(request, "host", listed.map(|host| host_value(request, host)).collect()))
        }
        ("GET", ["services"]) => {
            let all = environment.services.iter().map(|service| service_value(request, environment, service));
            (200, collection(request, "service", all.collect()))
        }
        ("GET" | "PUT", ["hosts", id]) => {
            let found = environment.hosts.iter_mut().find(|host| host.id() == *id && host.state != HostState::Purged);
            let Some(host) = found else { return error(404, "NotFound") };
            if request.method == "PUT" {
                if host.state == HostState::Removed {
                    return error(404, "NotFound");
                }
                match replaced(request.body, "labels").and_then(|labels| labels.map(texts).transpose()) {
                    Ok(Some(labels)) => host.labels = labels,
                    Ok(None) => {}
                    Err(invalid) => return invalid,
                }
            }
            (200, host_value(request, host))
        }
        ("GET" | "PUT", ["services", id]) => {
            let Some(at) = environment.services.iter().position(|service| service.id() == *id) else {
                return error(404, "NotFound");
            };
            if request.method == "PUT" {
                if environment.services[at].state.write() == Write::Conflict {
                    return error(409, "Conflict");
                }
                match replaced(request.body, "metadata") {
                    Ok(Some(metadata)) => environment.services[at].metadata = metadata,
                    Ok(None) => {}
                    Err(invalid) => return invalid,
                }
            }
            (200, service_value(request, environment, &environment.services[at]))
        }
        (_, [] | ["hosts" | "services", ..]) => error(405, "MethodNotAllowed"),
        _ => error(404, "NotFound"),
    }
}

/// An error's document.
pub fn error(status: u16, code: &str) -> Answer {
    (status, json!({"type": "error", "status": status, "code": code, "message": code, "detail": null}))
}

/// What a body has for a map, which replaces the whole of what is there; `None` where the body does not name it.
fn replaced(body: &[u8], field: &str) -> Result<Option<Map<String, Value>>, Answer> {
    let Ok(Value::Object(mut body)) = serde_json::from_slice(body) else { return Err(error(422, "InvalidFormat")) };
    match body.remove(field) {
        None => Ok(None),
        Some(Value::Object(map)) => Ok(Some(map)),
        Some(_) => Err(error(422, "InvalidType")),
    }
}

fn texts(map: Map<String, Value>) -> Result<std::collections::BTreeMap<String, String>, Answer> {
    map.into_iter()
        .map(|(key, value)| match value {
            Value::String(text) => Ok((key, text)),
            _ => Err(error(422, "InvalidType")),
        })
        .collect()
}

fn host_value(request: &Request<'_>, host: &Host) -> Value {
    let own = format!("{}/projects/{ACCOUNT}/hosts/{}", request.base, host.id());
    let (state, agent_state) = host.state.texts(request.version);
    json!({
        "id": host.id(), "type": "host", "baseType": "host", "links": {"self": own}, "actions": {"update": own},
        "accountId": ACCOUNT, "uuid": host.uuid, "name": null, "description": null, "hostname": host.hostname,
        "agentIpAddress": host.agent_ip, "agentState": agent_state, "labels": host.labels, "state": state,
        "kind": "docker",
    })
}

fn service_value(request: &Request<'_>, environment: &Environment, service: &Service) -> Value {
    let own = format!("{}/projects/{ACCOUNT}/services/{}", request.base, service.id());
    // The older API calls a stack an environment.
    let stack = match request.version {
        ApiVersion::V1 => "environmentId",
        ApiVersion::V2Beta => "stackId",
    };
    json!({
        "id": service.id(), "type": "service", "baseType": "service", "links": {"self": own},
        "actions": {"update": own}, "accountId": ACCOUNT, "uuid": service.uuid, "name": service.name,
        stack: environment.stack_of(service).id(), "metadata": service.metadata, "state": service.state.text(),
        "kind": "service", "healthState": "healthy",
    })
}

/// One page of what the query's filters let through.
fn collection(request: &Request<'_>, kind: &str, all: Vec<Value>) -> Value {
    let given = |name: &str| request.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let limit = given("limit").and_then(|text| text.parse().ok()).unwrap_or(PAGE).clamp(1, PAGE);
    let from = given("marker").and_then(|text| text.strip_prefix('m')?.parse().ok()).unwrap_or(0_usize);
    let filters: Vec<_> = request.query.iter().filter(|(key, _)| key != "limit" && key != "marker").collect();
    let wanted = |value: &Value| filters.iter().all(|(key, wanted)| value[key] == **wanted);
    let found: Vec<Value> = all.into_iter().filter(wanted).collect();
    let next = (from + limit < found.len()).then(|| {
        let mut query: String = filters.iter().map(|(key, value)| format!("{key}={value}&")).collect();
        query.push_str(&format!("limit={limit}&marker=m{}", from + limit));
        format!("{}/{}?{query}", request.base, request.path.join("/"))
    });
    let data: Vec<Value> = found.into_iter().skip(from).take(limit).collect();
    json!({
        "type": "collection", "resourceType": kind, "links": {}, "actions": {},
        "pagination": {"first": null, "previous": null, "next": next, "limit": limit, "total": null},
        "data": data,
    })
}
