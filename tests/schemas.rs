//! The schemas describe what Rancher reads: what we render is valid, what Rancher would drop or refuse is not.

use std::fs;
use std::path::Path;
use swarm_lab::trial::Trial;
use swarm_lab::trials;

use rancher_catalog::schema::{SchemaKind, schema};
use rancher_catalog::yaml::Document;
use serde_json::{Value, json};
use swarm_lab::generator::{outcome, rendered_catalog};

pub fn trials() -> Vec<Trial> {
    trials![
        every_schema_is_a_schema,
        what_is_rendered_is_valid_and_a_misspelt_key_is_not,
        the_mistakes_of_real_catalogs_are_refused,
        the_command_prints_them_and_the_entry_without_asking,
    ]
}

fn rendered(file: &str) -> Value {
    let folder = rendered_catalog();
    let text = fs::read_to_string(folder.path().join("community-catalog").join(file)).unwrap();
    serde_json::to_value(Document::read(&text).unwrap().to_value()).unwrap()
}

const FILES: [(SchemaKind, &str); 4] = [
    (SchemaKind::Config, "infra-templates/swarm/config.yml"),
    (SchemaKind::DockerCompose, "infra-templates/swarm/4/docker-compose.yml"),
    (SchemaKind::RancherCompose, "infra-templates/swarm/4/rancher-compose.yml"),
    (SchemaKind::Project, "project-templates/swarm/0/project.yml"),
];

fn every_schema_is_a_schema() {
    for kind in SchemaKind::ALL {
        assert!(jsonschema::meta::is_valid(&schema(kind)), "{kind:?}");
    }
}

fn what_is_rendered_is_valid_and_a_misspelt_key_is_not() {
    for (kind, file) in FILES {
        let validator = jsonschema::validator_for(&schema(kind)).unwrap();
        let mut value = rendered(file);
        assert!(validator.is_valid(&value), "{file}");
        value["nmae"] = json!("x");
        assert!(!validator.is_valid(&value), "{file}");
    }
}

fn the_mistakes_of_real_catalogs_are_refused() {
    let refuses = |kind, file: &str, pointer: &str, value: Value| {
        let validator = jsonschema::validator_for(&schema(kind)).unwrap();
        let mut whole = rendered(file);
        assert!(validator.is_valid(&whole));
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let parent = whole.pointer_mut(parent).unwrap();
        match value {
            Value::Null => drop(parent.as_object_mut().unwrap().remove(key)),
            value => parent[key] = value,
        }
        assert!(!validator.is_valid(&whole), "{pointer}");
    };
    let rancher = (SchemaKind::RancherCompose, "infra-templates/swarm/4/rancher-compose.yml");
    refuses(rancher.0, rancher.1, "/catalog/minimun_rancher_version", json!("v1.0.1"));
    refuses(rancher.0, rancher.1, "/catalog/questions/0/descrition", json!("x"));
    refuses(rancher.0, rancher.1, "/catalog/questions/0/type", json!("number"));
    refuses(rancher.0, rancher.1, "/catalog/questions/0/variable", Value::Null);
    refuses(rancher.0, rancher.1, "/catalog/version", Value::Null);
    refuses(rancher.0, rancher.1, "/services/swarmkit-mon/health_check/strategy", json!("restart"));
    refuses(rancher.0, rancher.1, "/services/swarmkit-mon/health_check/port", json!("http"));
    refuses(rancher.0, rancher.1, "/services/swarmkit-mon/health_check/port", json!(70000));
    let docker = (SchemaKind::DockerCompose, "infra-templates/swarm/4/docker-compose.yml");
    refuses(docker.0, docker.1, "/services/swarmkit-mon/priviledged", json!(true));
    refuses(docker.0, docker.1, "/services/swarmkit-mon/read_only", json!("yes"));
    refuses(docker.0, docker.1, "/services/swarmkit-mon/volumes", json!("/a:/a"));
    let config = (SchemaKind::Config, "infra-templates/swarm/config.yml");
    refuses(config.0, config.1, "/minimum_rancher_version", json!("v1.0.0"));
}

fn the_command_prints_them_and_the_entry_without_asking() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let entry = outcome(folder, &["schema"]);
    assert_eq!(entry, outcome(folder, &["schema", "entry"]));
    for (name, kind) in [
        ("config", SchemaKind::Config),
        ("docker-compose", SchemaKind::DockerCompose),
        ("rancher-compose", SchemaKind::RancherCompose),
        ("project", SchemaKind::Project),
        ("entry", SchemaKind::Entry),
    ] {
        let (code, text, _) = outcome(folder, &["schema", name]);
        assert_eq!(code, 0);
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), schema(kind), "{name}");
    }
}
