//! The signature of an image: what is signed is a few lines that name the image's digest (simple signing).

use serde::Deserialize;
use serde_json::json;

use super::key::PublicKey;
use rancher_catalog::model::Repository;

/// What says that it is cosign's.
const TYPE: &str = "cosign container image signature";

/// What is signed.
pub fn payload(repository: &Repository, digest: &str) -> Vec<u8> {
    let simple = json!({
        "critical": {
            "identity": { "docker-reference": full_name(repository) },
            "image": { "docker-manifest-digest": digest },
            "type": TYPE,
        },
        "optional": null,
    });
    simple.to_string().into_bytes()
}

/// With its registry, as cosign names it.
pub(super) fn full_name(repository: &Repository) -> String {
    match repository.registry {
        Some(_) => repository.to_string(),
        None => format!("index.docker.io/{repository}"),
    }
}

#[derive(Deserialize)]
struct Simple {
    critical: Critical,
}

#[derive(Deserialize)]
struct Critical {
    image: Image,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct Image {
    #[serde(rename = "docker-manifest-digest")]
    digest: String,
}

/// Judges a signature.
///
/// # Errors
/// Why it does not vouch for the image of that digest.
pub fn judge(payload: &[u8], signature: &str, key: &PublicKey, digest: &str) -> Result<(), String> {
    // First of all: of what nobody signed nothing is believed.
    if !key.signed(payload, signature) {
        return Err("not signed by this key".to_owned());
    }
    let simple: Simple = serde_json::from_slice(payload).map_err(|_| "what is signed names no image".to_owned())?;
    if simple.critical.kind != TYPE {
        return Err(format!("what is signed is no image, but {:?}", simple.critical.kind));
    }
    if simple.critical.image.digest != digest {
        return Err(format!("it is the signature of another image, {}", simple.critical.image.digest));
    }
    Ok(())
}
