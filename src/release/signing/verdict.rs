//! Whether an image on disk is signed by a key, with its provenance and SBOM, and is what these say: offline, in rows.

use std::collections::BTreeSet;

use serde_json::Value;

use super::attestation::{self, CYCLONEDX, PROVENANCE};
use super::key::PublicKey;
use super::{DSSE_ENVELOPE, SIGNATURE, SIMPLE_SIGNING, signature, tag_of};
use crate::release::agreement::{Row, Rows, label_of_all, program_of_all};
use crate::release::auditable::{self, Package};
use crate::release::layout::{Descriptor, Layout};
use crate::release::oci::FoundImage;
use crate::release::{docker_load, image_provenance, pack, sbom, unpack};

/// The most that is read of what is attached: of one layer, and how many of these.
const MAX_ATTACHED: u64 = 4 << 20;
const MAX_LAYERS: usize = 100;

/// What an image is held against.
#[derive(Debug, Clone, Copy)]
pub struct Trusted<'a> {
    /// Whose signatures count.
    pub key: &'a PublicKey,
    /// Who may have built it.
    pub builder: &'a str,
    /// The version that it should be of.
    pub version: &'a str,
}

/// Looks at an image.
pub fn look(layout: &Layout<'_>, found: &FoundImage, trusted: &Trusted<'_>) -> Vec<Row> {
    let place = layout.path().display().to_string();
    let by_key = format!("signed by {}", trusted.key.fingerprint());
    let mut rows = Rows::default();
    rows.add(
        "image version",
        &format!("{place} {}", pack::VERSION_LABEL),
        label_of_all(found, pack::VERSION_LABEL),
        trusted.version,
    );
    let commit = label_of_all(found, pack::REVISION_LABEL);
    let says = |commit: &str| format!("swarmkit-mon {} of {commit}", trusted.version);
    let should = commit.as_deref().map_or_else(|_| says("the commit of its label"), says);
    rows.add("image program", &format!("{place} {}", pack::PROGRAM), program_of_all(layout, found), &should);

    rows.add("image loaded", &place, docker_load::takes(layout, found), docker_load::SAME);

    let (signatures, attestations) = (tag_of(&found.digest, "sig"), tag_of(&found.digest, "att"));
    let signed = of_layers(layout, &signatures, SIMPLE_SIGNING, |layer, content| {
        let signature = layer.annotations.get(SIGNATURE).map_or("", String::as_str);
        signature::judge(&content, signature, trusted.key, &found.digest)
    });
    let signed = signed.and_then(best);
    rows.add("signature", &signatures, signed.map(|()| by_key.clone()), &by_key);

    let attested = of_layers(layout, &attestations, DSSE_ENVELOPE, |layer, content| {
        // Which one it claims to be, for the row that says why it does not count.
        let claimed = layer.annotations.get("predicateType").cloned().unwrap_or_default();
        (claimed, attestation::open(&content, trusted.key, &found.digest))
    });
    let of_kind = |kind: &str| {
        let attested = attested.as_ref().map_err(String::clone)?;
        let judged = attested.iter().filter_map(|(claimed, opened)| match opened {
            Ok((is, predicate)) => (is == kind).then(|| Ok(predicate.clone())),
            Err(why) => (claimed == kind || claimed.is_empty()).then(|| Err(why.clone())),
        });
        best(judged.collect())
    };
    let provenance = of_kind(PROVENANCE);
    rows.add("provenance", &attestations, provenance.as_ref().map(|_| by_key.clone()).map_err(String::clone), &by_key);
    if let Ok(provenance) = &provenance {
        let told = |text: Option<&str>| text.map(str::to_owned).ok_or_else(|| "nothing".to_owned());
        let should = commit.clone().unwrap_or_else(|_| "the commit of the image's label".to_owned());
        rows.add("provenance's commit", &attestations, told(image_provenance::source_of(provenance)), &should);
        rows.add(
            "provenance's builder",
            &attestations,
            told(image_provenance::builder_of(provenance)),
            trusted.builder,
        );
    }
    let sbom = of_kind(CYCLONEDX);
    rows.add("SBOM", &attestations, sbom.as_ref().map(|_| by_key.clone()).map_err(String::clone), &by_key);
    if let Ok(sbom) = &sbom {
        let should = format!("swarmkit-mon {}", trusted.version);
        rows.add("SBOM's program", &attestations, sbom::subject(sbom), &should);
        packages(layout, found, sbom, &attestations, &mut rows);
    }
    rows.rows
}

/// Whether the SBOM names every package that the programs say is in them; nothing where they do not say.
fn packages(layout: &Layout<'_>, found: &FoundImage, sbom: &Value, place: &str, rows: &mut Rows) {
    let programs = found.described.iter().filter_map(|image| unpack::daemon(layout, image).ok());
    let packages: BTreeSet<Package> =
        programs.filter_map(|started| auditable::packages(&started.program)).flatten().collect();
    if packages.is_empty() {
        return;
    }
    let should = format!("all {} packages of the program", packages.len());
    let lacking = sbom::lacking(sbom, &packages);
    let says = if lacking.is_empty() { Ok(should.clone()) } else { Err(format!("it lacks {}", lacking.join(", "))) };
    rows.add("SBOM's packages", place, says, &should);
}

/// The last good one, as new ones are put behind; else why the last one is not good.
fn best<T>(mut judged: Vec<Result<T, String>>) -> Result<T, String> {
    match judged.iter().rposition(Result::is_ok) {
        Some(at) => judged.swap_remove(at),
        None => judged.pop().unwrap_or_else(|| Err("there is none".to_owned())),
    }
}

/// What comes of each layer of a media type in the manifest of a tag.
fn of_layers<T>(
    layout: &Layout<'_>,
    tag: &str,
    media_type: &str,
    judge: impl Fn(&Descriptor, Vec<u8>) -> T,
) -> Result<Vec<T>, String> {
    let read = || {
        let Some(manifest) = layout.manifest_of(tag)? else { return Ok(None) };
        let layers = manifest.layers.unwrap_or_default();
        if layers.len() > MAX_LAYERS {
            return Err(
                layout.broken(format!("{tag} has {} layers, and no more than {MAX_LAYERS} are read", layers.len()))
            );
        }
        let layers = layers.iter().filter(|layer| layer.media_type == media_type);
        layers.map(|layer| Ok(judge(layer, layout.content(layer, MAX_ATTACHED)?))).collect::<Result<_, _>>().map(Some)
    };
    match read() {
        Ok(judged) => judged.ok_or_else(|| "there is none".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}
