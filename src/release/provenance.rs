//! A record of how the files of a release came about: an in-toto statement (v1) with a SLSA provenance predicate (v1).
//!
//! Only what is known stands in it. It is not signed: `cosign sign-blob` can. What is known of the image is signed with it
//! (`image_provenance`).

use serde_json::{Value, json};

use super::plan::ReleasePlan;
use super::pull_request::Circumstances;
use crate::entries::Publication;
use rancher_catalog::digest::sha256_hex;

const STATEMENT: &str = "https://in-toto.io/Statement/v1";
const PREDICATE: &str = "https://slsa.dev/provenance/v1";

/// The statement on all files of the released versions and those beside them that changed.
pub fn statement(plan: &ReleasePlan, publication: &Publication, about: &Circumstances<'_>) -> Value {
    let mut files: Vec<(&str, &[u8])> = plan
        .templates
        .iter()
        .flat_map(|template| template.files.iter().map(|(path, text)| (path.as_str(), text.as_slice())))
        .chain(plan.changes().filter_map(|change| Some((change.path.as_str(), change.after.as_deref()?))))
        .collect();
    files.sort_unstable();
    files.dedup_by_key(|(path, _)| *path);
    let subject: Vec<Value> =
        files.iter().map(|(path, text)| json!({ "name": path, "digest": { "sha256": sha256_hex(text) } })).collect();
    let repository = env!("CARGO_PKG_REPOSITORY");
    let mut dependencies = vec![json!({
        "name": "catalog",
        "digest": { "gitCommit": about.base.commit },
    })];
    let mut generator = json!({ "name": "generator", "uri": format!("git+{repository}") });
    if let Some(commit) = about.generator_commit {
        generator["digest"] = json!({ "gitCommit": commit });
    }
    dependencies.push(generator);
    let mut image = json!({ "name": "image", "uri": format!("docker://{}", about.image) });
    if let Some(digest) = about.image.digest.as_deref().and_then(|digest| digest.strip_prefix("sha256:")) {
        image["digest"] = json!({ "sha256": digest });
    }
    dependencies.push(image);
    json!({
        "_type": STATEMENT,
        "subject": subject,
        "predicateType": PREDICATE,
        "predicate": {
            "buildDefinition": {
                "buildType": format!("{repository}/blob/v{}/README.md#provenance", env!("CARGO_PKG_VERSION")),
                "externalParameters": {
                    "version": publication.version,
                    "templates": plan.templates.iter().map(|template| &template.folder).collect::<Vec<_>>(),
                    "options": about.options.trim_start(),
                },
                "resolvedDependencies": dependencies,
            },
            "runDetails": {
                "builder": {
                    "id": repository,
                    "version": { "gen-catalog": env!("CARGO_PKG_VERSION") },
                },
            },
        },
    })
}
