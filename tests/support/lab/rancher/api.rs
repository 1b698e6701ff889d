//! The Rancher API, as far as the daemon uses it: hosts, services, the project.

use serde_json::{Map, Value, json};

use super::environment::{ACCOUNT, Environment, Host, HostState, SERVICE};

/// The most that a list holds at a time, and what it holds where no limit is given.
const PAGE: usize = 1000;

/// A request, without its base path.
pub struct Request<'a> {
    pub method: &'a str,
    /// The path below `/v2-beta`, in its parts.
    pub path: &'a [&'a str],
    pub query: &'a [(String, String)],
    pub body: &'a [u8],
    /// The base of all links, such as `http://198.18.0.1:8080/v2-beta`.
    pub base: &'a str,
}

/// A status and a body.
pub type Answer = (u16, Value);

/// Answers a request, and does what it asks.
pub fn answer(environment: &mut Environment, request: &Request<'_>) -> Answer {
    let path = match request.path {
        ["projects", account, rest @ ..] if *account == ACCOUNT => rest,
        ["projects", ..] => return error(404, "NotFound"),
        path => path,
    };
    match (request.method, path) {
        ("GET", []) => (200, json!({"type": "project", "id": ACCOUNT, "name": "lab", "state": "active"})),
        ("GET", ["hosts"]) => {
            let listed = environment.hosts.iter().filter(|host| host.state.is_listed());
            (200, collection(request, "host", listed.map(|host| host_value(request.base, host)).collect()))
        }
        ("GET", ["services"]) => (200, collection(request, "service", vec![service_value(request.base, environment)])),
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
            (200, host_value(request.base, host))
        }
        ("GET" | "PUT", ["services", id]) if *id == SERVICE_ID => {
            if request.method == "PUT" {
                match replaced(request.body, "metadata") {
                    Ok(Some(metadata)) => environment.metadata = metadata,
                    Ok(None) => {}
                    Err(invalid) => return invalid,
                }
            }
            (200, service_value(request.base, environment))
        }
        ("GET" | "PUT", ["services", _]) => error(404, "NotFound"),
        (_, [] | ["hosts" | "services", ..]) => error(405, "MethodNotAllowed"),
        _ => error(404, "NotFound"),
    }
}

/// The service's name in the API.
pub const SERVICE_ID: &str = "1s1";

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

fn host_value(base: &str, host: &Host) -> Value {
    let own = format!("{base}/projects/{ACCOUNT}/hosts/{}", host.id());
    json!({
        "id": host.id(), "type": "host", "baseType": "host", "links": {"self": own}, "actions": {"update": own},
        "accountId": ACCOUNT, "uuid": host.uuid, "name": null, "description": null, "hostname": host.hostname,
        "agentIpAddress": host.agent_ip, "labels": host.labels, "state": host.state.text(), "kind": "docker",
    })
}

fn service_value(base: &str, environment: &Environment) -> Value {
    let own = format!("{base}/projects/{ACCOUNT}/services/{SERVICE_ID}");
    json!({
        "id": SERVICE_ID, "type": "service", "baseType": "service", "links": {"self": own},
        "actions": {"update": own}, "accountId": ACCOUNT, "uuid": environment.service_uuid, "name": SERVICE,
        "stackId": "1st1", "metadata": environment.metadata, "state": "active", "kind": "service",
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
