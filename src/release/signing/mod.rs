//! Signatures of an image as cosign makes and finds them (its specifications of signatures and attestations), without a
//! registry and without a network.
//!
//! Beside the image a layout holds two more manifests, found by tags that the image's digest makes: `sha256-….sig` with
//! the signature, `sha256-….att` with what is attested of the image. Each is a layer; so a registry keeps them.

pub mod archive;
pub mod attestation;
mod encrypted_key;
pub mod key;
pub mod signature;
pub mod verdict;

/// The media type of what is signed of an image.
const SIMPLE_SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
/// The media type of an attestation.
const DSSE_ENVELOPE: &str = "application/vnd.dsse.envelope.v1+json";
/// The annotation of a layer with its signature.
const SIGNATURE: &str = "dev.cosignproject.cosign/signature";

/// The tag of what is attached to an image: `sig` or `att`.
pub fn tag_of(digest: &str, what: &str) -> String {
    format!("{}.{what}", digest.replacen(':', "-", 1))
}
