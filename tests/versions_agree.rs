//! One version: config.yml, the catalog block, the image's tag, both programs and the CHANGELOG cannot differ.

use std::fs;
use std::path::Path;
use std::process::Command;
use swarm_lab::trial::Trial;
use swarm_lab::trials;

use rancher_catalog::model::{Config, DockerCompose, RancherCompose};
use rancher_catalog::yaml::read_as;
use swarm_lab::generator::{outcome, rendered_catalog};

pub fn trials() -> Vec<Trial> {
    trials![
        every_place_names_the_same_version,
        both_programs_print_it,
        ci_reads_what_is_published_as_json,
        the_changelog_has_a_section_for_it,
    ]
}

const VERSION: &str = env!("CARGO_PKG_VERSION");

fn every_place_names_the_same_version() {
    let folder = rendered_catalog();
    let read = |file: &str| fs::read_to_string(folder.path().join("community-catalog").join(file)).unwrap();
    let wanted = format!("v{VERSION}");
    for (config, compose) in [
        ("infra-templates/swarm/config.yml", "infra-templates/swarm/4/rancher-compose.yml"),
        ("project-templates/swarm/config.yml", "project-templates/swarm/0/rancher-compose.yml"),
    ] {
        let config: Config = read_as(&read(config)).unwrap();
        let compose: RancherCompose = read_as(&read(compose)).unwrap();
        assert_eq!(config.version.value().unwrap().text(), wanted);
        assert_eq!(compose.catalog().unwrap().version.value().unwrap().text(), wanted);
        config.version.value().unwrap().semver().unwrap();
    }
    let compose: DockerCompose = read_as(&read("infra-templates/swarm/4/docker-compose.yml")).unwrap();
    for service in compose.services().unwrap().values() {
        let image = service.value().unwrap().image.value().unwrap().reference().unwrap().clone();
        assert_eq!(image.tag.as_deref(), Some(wanted.as_str()));
    }
}

fn both_programs_print_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (code, text, _) = outcome(folder, &["--version"]);
    assert_eq!((code, text), (0, format!("gen-catalog {VERSION}\nrancher/swarmkit:v{VERSION}\n")));
    let daemon = Command::new(swarm_lab::programs::swarmkit_mon()).arg("--version").output().unwrap();
    let said = String::from_utf8(daemon.stdout).unwrap();
    let commit =
        said.strip_prefix(&format!("swarmkit-mon {VERSION}\ncatalog v{VERSION}\ncommit ")).expect(&said).trim_end();
    let (hash, rest) = commit.split_at(commit.find(',').unwrap_or(commit.len()));
    assert!(matches!(rest, "" | ", with changes"), "{said}");
    assert!(hash == "unknown" || hash.len() == 40 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()), "{said}");
    let daemon = Command::new(swarm_lab::programs::swarmkit_mon()).arg("-V").output().unwrap();
    assert_eq!(String::from_utf8(daemon.stdout).unwrap(), format!("swarmkit-mon {VERSION}\n"));
}

fn ci_reads_what_is_published_as_json() {
    let folder = rendered_catalog();
    let (code, text, _) = outcome(folder.path(), &["version", "--format", "json"]);
    assert_eq!(code, 0);
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        json,
        serde_json::json!({
            "generator": VERSION,
            "image": format!("rancher/swarmkit:v{VERSION}"),
            "catalog_version": format!("v{VERSION}"),
            "revision": 4,
            "minimum_rancher_version": "v1.6.0",
        })
    );
}

fn the_changelog_has_a_section_for_it() {
    let changelog = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("CHANGELOG.md")).unwrap();
    assert!(changelog.contains(&format!("\n## {VERSION}")));
}
