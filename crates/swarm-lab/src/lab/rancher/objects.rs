//! The environment as Cattle sends it to each host's rancher-metadata: a list of objects, of which metadata makes a tree.

use serde_json::{Map, Value, json};

use super::environment::{Container, CreateIndex, Environment, Host, Service};
use super::states::ApiVersion;

/// What is sent to the server of a host, or to one of a machine that Rancher does not know.
pub fn objects(environment: &Environment, own: Option<&Host>) -> Vec<Value> {
    let mut all = vec![json!({
        "metadata_kind": "environment", "uuid": environment.uuid, "name": "Default", "region_name": "", "system": false,
    })];
    for stack in &environment.stacks {
        all.push(object(
            environment,
            "stack",
            json!({
                "uuid": stack.uuid, "name": stack.name, "environment_name": "Default", "system": stack.system,
            }),
        ));
    }
    all.extend(environment.services.iter().map(|service| service_object(environment, service)));
    let listed = environment.hosts.iter().filter(|host| host.state.is_listed());
    all.extend(listed.map(|host| host_object(environment, host)));
    for container in &environment.containers {
        all.push(container_object(environment, container));
        if let Some(service) = &container.service_uuid {
            all.push(json!({
                "metadata_kind": "serviceContainerLink", "service_uuid": service, "container_uuid": container.uuid,
                "service_name": environment.service_of(service).name,
            }));
        }
    }
    let own: Map<String, Value> = own.map(|host| ("host".to_owned(), json!({"uuid": host.uuid}))).into_iter().collect();
    all.push(json!({"metadata_kind": "defaultData", "version": "1", "self": own}));
    all
}

fn object(environment: &Environment, kind: &str, mut fields: Value) -> Value {
    fields["metadata_kind"] = json!(kind);
    fields["environment_uuid"] = json!(environment.uuid);
    fields
}

fn service_object(environment: &Environment, service: &Service) -> Value {
    let stack = environment.stack_of(service);
    let mine = |one: &&Container| one.service_uuid.as_ref() == Some(&service.uuid);
    let labels = if service.global { json!({"io.rancher.scheduler.global": "true"}) } else { json!({}) };
    object(
        environment,
        "service",
        json!({
            "uuid": service.uuid, "name": service.name, "stack_name": stack.name, "stack_uuid": stack.uuid,
            "primary_service_name": service.name, "kind": "service", "create_index": 1,
            "scale": environment.containers.iter().filter(mine).count(), "state": service.state.text(),
            "system": stack.system, "sidekicks": [], "links": {}, "ports": [], "expose": [], "external_ips": [],
            "labels": labels, "metadata": service.metadata, "token": format!("token-of-{}", service.number),
        }),
    )
}

fn host_object(environment: &Environment, host: &Host) -> Value {
    let (state, agent_state) = host.state.texts(ApiVersion::V1);
    let mut value = object(
        environment,
        "host",
        json!({
            "uuid": host.uuid, "hostId": host.number, "name": host.hostname, "hostname": host.hostname, "state": state,
            "agent_state": agent_state, "labels": host.labels, "memory": 8_000_000_000_u64, "milli_cpu": 2000,
            "local_storage_mb": 100_000,
        }),
    );
    if let Some(agent_ip) = host.agent_ip {
        value["agent_ip"] = json!(agent_ip);
    }
    value
}

fn container_object(environment: &Environment, container: &Container) -> Value {
    let host = environment.host(&container.host_uuid);
    let index = container.create_index;
    let as_text = match environment.create_index {
        CreateIndex::Number => false,
        CreateIndex::Text => true,
        CreateIndex::Mixed => index % 2 == 1,
    };
    let address = container.address.or(host.agent_ip);
    let mut value = object(
        environment,
        "container",
        json!({
            "uuid": container.uuid, "name": container.name, "external_id": container.external_id,
            "host_uuid": container.host_uuid, "host_ip": host.agent_ip, "hostname": host.hostname,
            "primary_ip": address, "ips": address.iter().collect::<Vec<_>>(), "ports": container.ports,
            "create_index": if as_text { json!(index.to_string()) } else { json!(index) }, "start_count": 1,
            "state": container.state, "health_state": "healthy", "labels": labels(environment, container), "links": {},
            "dns": [], "dns_search": [], "health_check_hosts": [], "system": true,
        }),
    );
    if container.service_uuid.is_some() {
        value["service_index"] = json!(container.service_index.to_string());
    }
    value
}

/// The labels that Rancher gives a container, on its engine as in metadata.
pub fn labels(environment: &Environment, container: &Container) -> Map<String, Value> {
    let mut labels = vec![
        ("io.rancher.container.uuid", container.uuid.clone()),
        ("io.rancher.container.name", container.name.clone()),
    ];
    if let Some(service) = &container.service_uuid {
        let service = environment.service_of(service);
        let stack = &environment.stack_of(service).name;
        let named = format!("{stack}/{}", service.name);
        labels.extend([
            ("io.rancher.stack.name", stack.clone()),
            ("io.rancher.stack_service.name", named.clone()),
            ("io.rancher.project.name", stack.clone()),
            ("io.rancher.project_service.name", named),
            ("io.rancher.service.launch.config", "io.rancher.service.primary.launch.config".to_owned()),
        ]);
        if service.global {
            labels.push(("io.rancher.scheduler.global", "true".to_owned()));
        }
    }
    labels.into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect()
}
