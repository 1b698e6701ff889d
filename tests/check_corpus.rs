//! What `check` finds in the real catalogs: at the places where it is, and nothing else.

use std::path::{Path, PathBuf};
use swarm_lab::trial::Trial;

use catalog_check::{CheckOptions, Checked, Severity, check};
use swarm_lab::generator::corpus;
use swarm_lab::trial::trial;

pub fn trials() -> Vec<Trial> {
    let missing = corpus().is_none().then_some("needs the real catalogs (CATALOG_CORPUS)");
    vec![
        trial("every_known_defect_is_found_at_its_line", missing, known_defects),
        trial("our_own_catalog_has_no_finding_but_two_notes", None, own),
    ]
}

fn all(paths: &[PathBuf]) -> Checked {
    check(paths, &CheckOptions { level: Some(Severity::Note), ..CheckOptions::default() }).unwrap()
}

/// What it finds in the copies of the public catalogs.
pub fn of_corpus() -> Checked {
    let corpus = corpus().unwrap();
    all(&[corpus.join("community-catalog"), corpus.join("rancher-catalog")])
}

fn known_defects() {
    let checked = of_corpus();
    let root = std::path::absolute(corpus().unwrap()).unwrap();
    let places: Vec<(String, &str, u32)> = checked
        .findings
        .iter()
        .map(|finding| {
            let path = finding.path.strip_prefix(&root).unwrap().display().to_string();
            (path, finding.rule.id, finding.start.line)
        })
        .collect();
    // Rule, file, line (0: the file or folder as a whole), from a survey of the same data by other means.
    for (id, path, line) in [
        ("catalog-unknown-key", "community-catalog/infra-templates/gandi-dns/0/rancher-compose.yml", 6),
        ("readme-missing", "community-catalog/infra-templates/gandi-dns/0", 0),
        ("health-check-tcp", "community-catalog/infra-templates/mesos/0/rancher-compose.yml", 12),
        ("health-check-request-line", "community-catalog/infra-templates/mesos/0/rancher-compose.yml", 23),
        ("image-tag-missing", "community-catalog/infra-templates/mesos/0/docker-compose.yml", 13),
        ("image-latest", "community-catalog/infra-templates/mesos/0/docker-compose.yml", 22),
        ("label-not-text", "community-catalog/infra-templates/pipeline/0/docker-compose.yml.tpl", 21),
        ("label-not-text", "community-catalog/infra-templates/portainer/0/docker-compose.yml", 4),
        ("privileged", "community-catalog/infra-templates/swarm/0/docker-compose.yml", 15),
        ("host-network", "community-catalog/infra-templates/pipework/0/docker-compose.yml", 7),
        ("host-pid", "rancher-catalog/infra-templates/efs/0/docker-compose.yml", 7),
        ("docker-socket", "community-catalog/infra-templates/mesos/0/docker-compose.yml", 46),
        ("capability-added", "rancher-catalog/infra-templates/ipsec/0/docker-compose.yml", 5),
        ("question-unused", "community-catalog/infra-templates/infoblox/0/rancher-compose.yml", 46),
        ("question-unused", "rancher-catalog/infra-templates/ebs/0/rancher-compose.yml", 17),
        ("question-unused", "rancher-catalog/infra-templates/netapp-eseries/0/rancher-compose.yml", 14),
        ("variable-unasked", "rancher-catalog/infra-templates/portworx/0/rancher-compose.yml", 47),
        ("enum-option-retyped", "rancher-catalog/infra-templates/ebs/0/rancher-compose.yml", 23),
        ("enum-option-retyped", "rancher-catalog/infra-templates/efs/0/rancher-compose.yml", 23),
        ("password-default", "rancher-catalog/infra-templates/netapp-eseries/0/rancher-compose.yml", 60),
        ("stray-file", "rancher-catalog/infra-templates/portworx/docker-compose.yml", 0),
        ("stray-file", "rancher-catalog/infra-templates/netapp-ontap-nas/na_logo_vrt_2c_rgb.svg", 0),
        ("config-key-missing", "rancher-catalog/infra-templates/ipsec/config.yml", 0),
        ("maintainer-missing", "community-catalog/infra-templates/alidns/config.yml", 0),
        ("default-version-not-newest", "rancher-catalog/infra-templates/secrets-bridge-v2/config.yml", 4),
        ("default-version-not-newest", "rancher-catalog/infra-templates/portworx/config.yml", 4),
        ("revision-gap", "rancher-catalog/infra-templates/portworx/40", 0),
        ("version-order", "rancher-catalog/infra-templates/ipsec/6/rancher-compose.yml", 3),
        ("version-order", "rancher-catalog/infra-templates/network-services/11/rancher-compose.yml", 3),
        ("version-not-semver", "rancher-catalog/infra-templates/netapp-ontap-san/1/rancher-compose.yml", 3),
        ("minimum-rancher-version-missing", "rancher-catalog/infra-templates/netapp-eseries/0/rancher-compose.yml", 2),
        ("versions-identical", "rancher-catalog/infra-templates/ipsec/8/docker-compose.yml", 0),
        ("text-final-newline", "community-catalog/infra-templates/mesos/config.yml", 4),
        ("text-final-newline", "community-catalog/infra-templates/gandi-dns/0/docker-compose.yml", 13),
        ("text-trailing-space", "community-catalog/infra-templates/autospotting/0/rancher-compose.yml", 16),
        ("text-blank-end", "rancher-catalog/infra-templates/netapp-eseries/0/rancher-compose.yml", 121),
        ("yaml-duplicate-key", "rancher-catalog/infra-templates/vxlan/0/rancher-compose.yml", 41),
    ] {
        assert!(places.contains(&(path.to_owned(), id, line)), "{path}:{line} {id}");
    }
    // What looks like a defect and is none: a service that is a driver, a request line as Rancher's own UI writes it, a
    // key that is made of an answer which must be given, a version that is lower to semver alone.
    for (id, path) in [
        ("version-order", "community-catalog/infra-templates/swarm/1/rancher-compose.yml"),
        ("orchestration-health-check", "rancher-catalog/infra-templates/windows/0/docker-compose.yml"),
        ("health-check-request-line", "rancher-catalog/infra-templates/ipsec/15/rancher-compose.yml"),
        ("yaml-syntax", "rancher-catalog/infra-templates/secrets-bridge-v2/0/docker-compose.yml"),
    ] {
        assert!(!places.iter().any(|(found, rule, _)| found == path && *rule == id), "{path} {id}");
    }
}

fn own() {
    let checked = all(&[Path::new(env!("CARGO_MANIFEST_DIR")).join("community-catalog")]);
    let ids: Vec<&str> = checked.findings.iter().map(|finding| finding.rule.id).collect();
    assert_eq!(ids, ["host-network", "docker-socket"], "{:?}", checked.findings);
}
