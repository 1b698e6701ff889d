//! Rendering into a real catalog touches the entry alone, and Rancher's own schemas accept it.

use std::collections::BTreeSet;
use std::fs;
use swarm_lab::trial::Trial;

use rancher_catalog::yaml::Document;
use swarm_lab::generator::{corpus, empty_catalog, outcome, rendered_catalog};
use swarm_lab::tree::{copy, snapshot};
use swarm_lab::trial::trial;

pub fn trials() -> Vec<Trial> {
    let missing = corpus().is_none().then_some("needs the real catalogs (CATALOG_CORPUS)");
    vec![
        trial("rendering_into_the_community_catalog_touches_the_entry_alone", missing, touches),
        trial("rendering_into_the_rancher_catalog_numbers_the_environment_template", missing, numbers),
        trial("ranchers_own_schema_accepts_the_service", missing, accepts),
    ]
}

fn touches() {
    let folder = empty_catalog();
    let catalog = folder.path().join("community-catalog");
    copy(&corpus().unwrap().join("community-catalog"), &catalog);
    let before = snapshot(&catalog);
    let (code, _, errors) = outcome(folder.path(), &["render"]);
    assert_eq!((code, errors.as_str()), (0, ""));
    let after = snapshot(&catalog);
    let changed: BTreeSet<&str> = after
        .iter()
        .filter(|(name, content)| before.get(*name) != Some(content))
        .map(|(name, _)| name.as_str())
        .chain(before.keys().filter(|name| !after.contains_key(*name)).map(String::as_str))
        .collect();
    let expected = [
        "infra-templates/swarm/4/",
        "infra-templates/swarm/4/README.md",
        "infra-templates/swarm/4/docker-compose.yml",
        "infra-templates/swarm/4/rancher-compose.yml",
        "infra-templates/swarm/catalogIcon-swarm.svg",
        "infra-templates/swarm/config.yml",
        "project-templates/",
        "project-templates/swarm/",
        "project-templates/swarm/0/",
        "project-templates/swarm/0/project.yml",
        "project-templates/swarm/0/rancher-compose.yml",
        "project-templates/swarm/config.yml",
    ];
    assert_eq!(changed, BTreeSet::from(expected));
    assert_eq!(outcome(folder.path(), &["render", "--check"]).0, 0);
}

fn numbers() {
    let folder = empty_catalog();
    let catalog = folder.path().join("community-catalog");
    copy(&corpus().unwrap().join("rancher-catalog"), &catalog);
    let (code, text, _) = outcome(folder.path(), &["render"]);
    assert_eq!(code, 0);
    assert!(text.contains("infra-templates/swarm gets v2.0.0 as revision 4\n"), "{text}");
    assert!(text.contains("project-templates/swarm gets v2.0.0 as revision 1\n"), "{text}");
}

fn accepts() {
    let schema = corpus().unwrap().join("../rancher/schemas/servicesSchemaDataV2.json");
    let schema: serde_json::Value = serde_json::from_str(&fs::read_to_string(schema).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let folder = rendered_catalog();
    let revision = folder.path().join("community-catalog/infra-templates/swarm/4");
    for file in ["docker-compose.yml", "rancher-compose.yml"] {
        let text = fs::read_to_string(revision.join(file)).unwrap();
        let value = Document::read(&text).unwrap().to_value();
        let mut services = serde_json::to_value(&value["services"]).unwrap();
        let errors: Vec<String> = validator.iter_errors(&services).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{file}: {errors:?}");
        services["swarmkit-mon"]["priviledged"] = true.into();
        assert!(!validator.is_valid(&services), "the schema refuses nothing");
    }
}
