//! How an image came about: a SLSA provenance predicate (v1). Only what is known stands in it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::auditable::{self, Package};
use super::oci::FoundImage;
use super::unpack::Started;
use rancher_catalog::model::ImageReference;
use swarmkit_settings::built_from;

/// The predicate on an image, out of the programs in it.
pub fn predicate(image: &ImageReference, found: &FoundImage, started: &[Started], builder: &str) -> Value {
    let repository = env!("CARGO_PKG_REPOSITORY");
    let mut source = json!({ "name": "source", "uri": format!("git+{repository}") });
    if let Some(commit) = commit_of_all(started) {
        source["uri"] = json!(format!("git+{repository}@{commit}"));
        source["digest"] = json!({ "gitCommit": commit });
    }
    let mut dependencies = vec![source];
    let packages: BTreeSet<Package> =
        started.iter().filter_map(|started| auditable::packages(&started.program)).flatten().collect();
    let registry = packages.iter().filter(|package| package.is_from_registry);
    dependencies
        .extend(registry.map(
            |Package { name, version, .. }| json!({ "name": name, "uri": format!("pkg:cargo/{name}@{version}") }),
        ));
    let version = env!("CARGO_PKG_VERSION");
    json!({
        "buildDefinition": {
            "buildType": format!("{repository}/blob/v{version}/docs/gen-catalog.md#the-image"),
            "externalParameters": {
                "image": image.to_string(),
                "platforms": found.platforms,
                "version": started.first().map(|started| &started.noted.version),
            },
            "resolvedDependencies": dependencies,
        },
        "runDetails": { "builder": { "id": builder, "version": { "gen-catalog": version } } },
    })
}

/// The commit that every program is of, without changes.
fn commit_of_all(started: &[Started]) -> Option<&str> {
    let commits: BTreeSet<&str> = started.iter().map(|started| started.noted.commit.as_str()).collect();
    match commits.into_iter().collect::<Vec<_>>().as_slice() {
        [commit] if built_from::is_commit(commit) => Some(commit),
        _ => None,
    }
}

/// The commit that a predicate names as its source.
pub fn source_of(predicate: &Value) -> Option<&str> {
    let dependencies = predicate["buildDefinition"]["resolvedDependencies"].as_array()?;
    let source = dependencies.iter().find(|dependency| dependency["name"] == "source")?;
    source["digest"]["gitCommit"].as_str()
}

/// Who built it, by a predicate.
pub fn builder_of(predicate: &Value) -> Option<&str> {
    predicate["runDetails"]["builder"]["id"].as_str()
}
