//! What is attested of an image: an in-toto statement in a signed envelope (DSSE).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::key::{PrivateKey, PublicKey};
use super::signature::full_name;
use rancher_catalog::model::Repository;

/// The predicate type of a provenance record.
pub const PROVENANCE: &str = "https://slsa.dev/provenance/v1";
/// The predicate type of an SBOM of CycloneDX.
pub const CYCLONEDX: &str = "https://cyclonedx.org/bom";

const STATEMENT: &str = "https://in-toto.io/Statement/v1";
/// Before in-toto had a version 1; cosign still writes it.
const OLD_STATEMENT: &str = "https://in-toto.io/Statement/v0.1";
const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// The statement that something is so of an image.
pub fn statement(repository: &Repository, digest: &str, kind: &str, predicate: &Value) -> Value {
    let sha256 = digest.trim_start_matches("sha256:");
    json!({
        "_type": STATEMENT,
        "subject": [{ "name": full_name(repository), "digest": { "sha256": sha256 } }],
        "predicateType": kind,
        "predicate": predicate,
    })
}

/// A statement in an envelope that a key signed.
pub fn envelope(statement: &Value, key: &PrivateKey) -> Vec<u8> {
    let payload = statement.to_string().into_bytes();
    let signature = key.sign(&before_signing(PAYLOAD_TYPE, &payload));
    let envelope = json!({
        "payloadType": PAYLOAD_TYPE,
        "payload": STANDARD.encode(payload),
        "signatures": [{ "keyid": "", "sig": signature }],
    });
    envelope.to_string().into_bytes()
}

/// DSSE's encoding of what is signed: neither the type nor the end of the payload can be taken for another.
fn before_signing(kind: &str, payload: &[u8]) -> Vec<u8> {
    let mut text = format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len()).into_bytes();
    text.extend_from_slice(payload);
    text
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "payloadType")]
    kind: String,
    payload: String,
    signatures: Vec<Signature>,
}

#[derive(Deserialize)]
struct Signature {
    sig: String,
}

#[derive(Deserialize)]
struct Statement {
    #[serde(rename = "_type")]
    kind: String,
    subject: Vec<Subject>,
    #[serde(rename = "predicateType")]
    predicate_type: String,
    predicate: Value,
}

#[derive(Deserialize)]
struct Subject {
    digest: serde_json::Map<String, Value>,
}

/// Opens an envelope; what it attests of the image, with the predicate's type.
///
/// # Errors
/// Why it attests nothing of the image of that digest.
pub fn open(envelope: &[u8], key: &PublicKey, digest: &str) -> Result<(String, Value), String> {
    let damaged = |_| "it is damaged".to_owned();
    let envelope: Envelope = serde_json::from_slice(envelope).map_err(damaged)?;
    let payload = STANDARD.decode(envelope.payload).map_err(|_| "it is damaged".to_owned())?;
    let signed = before_signing(&envelope.kind, &payload);
    // First of all: of what nobody signed nothing is believed.
    if !envelope.signatures.iter().take(10).any(|signature| key.signed(&signed, &signature.sig)) {
        return Err("not signed by this key".to_owned());
    }
    if envelope.kind != PAYLOAD_TYPE {
        return Err(format!("what is signed is no statement, but {:?}", envelope.kind));
    }
    let statement: Statement = serde_json::from_slice(&payload).map_err(damaged)?;
    if ![STATEMENT, OLD_STATEMENT].contains(&statement.kind.as_str()) {
        return Err(format!("it is a statement of a kind not known here, {:?}", statement.kind));
    }
    let sha256 = digest.trim_start_matches("sha256:");
    if !statement.subject.iter().any(|subject| subject.digest.get("sha256").and_then(Value::as_str) == Some(sha256)) {
        return Err("it is about another image".to_owned());
    }
    Ok((statement.predicate_type, statement.predicate))
}
