//! What is attached has the shapes that cosign gives it, and OpenSSL, skopeo and cosign itself take it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rancher_catalog::digest::sha256_hex;
use serde_json::{Value, json};
use swarm_lab::generator::outcome;
use swarm_lab::trial::{Trial, trial};
use swarm_lab::trials;

use super::made::{COMMIT, TAG, blob, entry, image, json_of, key, layers, read, sign, signed, wrong};

pub fn trials() -> Vec<Trial> {
    let mut all =
        trials![the_layout_is_what_cosign_looks_for, the_provenance_tells_what_is_known_and_stands_alone_for_cosign,];
    let missing = |program: &'static str, said: &'static str| {
        let there = Command::new(program).arg("version").output().is_ok_and(|output| output.status.success());
        (!there).then_some(said)
    };
    let openssl = missing("openssl", "openssl is not installed");
    all.push(trial("openssl_takes_what_is_signed", openssl, openssl_takes_what_is_signed));
    let cosign = missing("cosign", "cosign is not installed");
    all.push(trial("cosign_takes_what_is_signed", cosign, cosign_takes_what_is_signed));
    let there = Command::new("skopeo").arg("--version").output().is_ok();
    let skopeo = (!there).then_some("skopeo is not installed");
    all.push(trial("skopeo_copies_all_three_byte_for_byte", skopeo, skopeo_copies_all_three_byte_for_byte));
    all
}

/// What is signed of an envelope: written anew here, by DSSE's own words.
fn signed_of_envelope(envelope: &Value) -> Vec<u8> {
    let payload = STANDARD.decode(envelope["payload"].as_str().unwrap()).unwrap();
    let kind = envelope["payloadType"].as_str().unwrap();
    [format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len()).as_bytes(), &payload].concat()
}

fn the_layout_is_what_cosign_looks_for() {
    let (folder, report) = signed();
    let files = read(&folder.path().join("signed.tar"));
    let digest = report["digest"].as_str().unwrap();
    let tag = |what: &str| format!("{}.{what}", digest.replace(':', "-"));
    assert_eq!(report["tags"], json!([TAG, tag("sig"), tag("att")]));
    let kinds = |end: &str| entry(&files, end)["annotations"]["kind"].clone();
    assert_eq!(kinds(TAG), "dev.cosignproject.cosign/imageIndex");
    assert_eq!(kinds(&tag("sig")), "dev.cosignproject.cosign/sigs");
    assert_eq!(kinds(&tag("att")), "dev.cosignproject.cosign/atts");
    for what in ["sig", "att"] {
        let entry = entry(&files, what);
        assert_eq!(entry["mediaType"], "application/vnd.oci.image.manifest.v1+json");
        let manifest = json_of(blob(&files, &entry));
        assert_eq!((&manifest["schemaVersion"], &manifest["mediaType"]), (&json!(2), &entry["mediaType"]));
        assert_eq!(manifest["config"]["mediaType"], "application/vnd.oci.image.config.v1+json");
        let config = json_of(blob(&files, &manifest["config"]));
        let digests: Vec<&Value> =
            manifest["layers"].as_array().unwrap().iter().map(|layer| &layer["digest"]).collect();
        assert_eq!(config["rootfs"]["diff_ids"], json!(digests));
        assert_eq!(config["history"].as_array().unwrap().len(), digests.len());
        for described in manifest["layers"].as_array().unwrap().iter().chain([&manifest["config"], &entry]) {
            let bytes = blob(&files, described);
            assert_eq!(described["size"], bytes.len());
            assert_eq!(described["digest"], format!("sha256:{}", sha256_hex(bytes)));
        }
    }
    let [layer] = layers(&files, "sig").try_into().unwrap();
    assert_eq!(layer["mediaType"], "application/vnd.dev.cosign.simplesigning.v1+json");
    assert_eq!(
        std::str::from_utf8(blob(&files, &layer)).unwrap(),
        format!(
            "{{\"critical\":{{\"identity\":{{\"docker-reference\":\"index.docker.io/rancher/swarmkit\"}},\
             \"image\":{{\"docker-manifest-digest\":\"{digest}\"}},\"type\":\"cosign container image signature\"}},\
             \"optional\":null}}"
        )
    );
    let kinds = ["https://slsa.dev/provenance/v1", "https://cyclonedx.org/bom"];
    for (layer, kind) in layers(&files, "att").iter().zip(kinds) {
        assert_eq!(layer["mediaType"], "application/vnd.dsse.envelope.v1+json");
        let wanted = json!({ "dev.cosignproject.cosign/signature": "", "predicateType": kind });
        assert_eq!(layer["annotations"], wanted);
        let envelope = json_of(blob(&files, layer));
        assert_eq!(envelope["payloadType"], "application/vnd.in-toto+json");
        let statement = json_of(&STANDARD.decode(envelope["payload"].as_str().unwrap()).unwrap());
        assert_eq!(statement["_type"], "https://in-toto.io/Statement/v1");
        assert_eq!(statement["predicateType"], kind);
        let subject = json!({ "name": "index.docker.io/rancher/swarmkit", "digest": { "sha256": &digest[7..] } });
        assert_eq!(statement["subject"], json!([subject]));
    }
}

fn the_provenance_tells_what_is_known_and_stands_alone_for_cosign() {
    let folder = image();
    let builder = "https://ci.example.com/runs";
    let args = ["sign", "image.tar", "--provenance", "p.json", "--builder", builder];
    let (code, _, errors) = outcome(folder.path(), &args);
    assert_eq!((code, errors.as_str()), (0, ""));
    let provenance = json_of(&fs::read(folder.path().join("p.json")).unwrap());
    let definition = &provenance["buildDefinition"];
    assert_eq!(definition["externalParameters"]["image"], format!("rancher/swarmkit:{TAG}"));
    assert_eq!(definition["externalParameters"]["platforms"], json!(["linux/amd64", "linux/arm64"]));
    let repository = env!("CARGO_PKG_REPOSITORY");
    // What only built it is no part of it, and what is of these sources is in the commit.
    let wanted = json!([
        { "name": "source", "uri": format!("git+{repository}@{COMMIT}"), "digest": { "gitCommit": COMMIT } },
        { "name": "serde", "uri": "pkg:cargo/serde@1.0.0" },
    ]);
    assert_eq!(definition["resolvedDependencies"], wanted);
    assert_eq!(provenance["runDetails"]["builder"]["id"], builder);
    // What is signed is the same.
    assert_eq!(sign(folder.path(), &["--key", &key("pkcs8.pem"), "--builder", builder]).0, 0);
    let files = read(&folder.path().join("signed.tar"));
    let envelope = json_of(blob(&files, &layers(&files, "att")[0]));
    let statement = json_of(&STANDARD.decode(envelope["payload"].as_str().unwrap()).unwrap());
    assert_eq!(statement["predicate"], provenance);
    assert_eq!(wrong(folder.path(), &[]), [format!("provenance's builder: {builder}")]);
    assert_eq!(wrong(folder.path(), &["--builder", builder]), [""; 0]);
    for args in [
        &["sign", "image.tar"][..],
        &["sign", "image.tar", "--key", "k"],
        &["sign", "image.tar", "--provenance", "p.json", "--builder", "no address"],
    ] {
        assert_eq!(outcome(folder.path(), args).0, 2, "{args:?}");
    }
}

fn openssl(folder: &Path, args: &[&str]) -> Output {
    Command::new("openssl").current_dir(folder).args(args).output().unwrap()
}

fn openssl_takes_what_is_signed() {
    let (folder, _) = signed();
    let files = read(&folder.path().join("signed.tar"));
    let [layer] = layers(&files, "sig").try_into().unwrap();
    let mut all =
        vec![(blob(&files, &layer).to_vec(), layer["annotations"]["dev.cosignproject.cosign/signature"].clone())];
    for layer in layers(&files, "att") {
        let envelope = json_of(blob(&files, &layer));
        all.push((signed_of_envelope(&envelope), envelope["signatures"][0]["sig"].clone()));
    }
    assert_eq!(all.len(), 3);
    for (bytes, signature) in all {
        fs::write(folder.path().join("bytes"), &bytes).unwrap();
        fs::write(folder.path().join("sig"), STANDARD.decode(signature.as_str().unwrap()).unwrap()).unwrap();
        let judged = |public: &str| {
            let args = ["dgst", "-sha256", "-verify", &key(public), "-signature", "sig", "bytes"];
            String::from_utf8(openssl(folder.path(), &args).stdout).unwrap()
        };
        assert_eq!(judged("public.pem"), "Verified OK\n");
        assert_eq!(judged("another-public.pem"), "Verification failure\n");
    }
}

fn cosign_takes_what_is_signed() {
    let (folder, _) = signed();
    let unpacked = folder.path().join("d");
    tar::Archive::new(fs::File::open(folder.path().join("signed.tar")).unwrap()).unpack(&unpacked).unwrap();
    let run = |args: &[&str], public: &str| {
        let key = key(public);
        let more = ["--key", &key, "--insecure-ignore-tlog=true", "--local-image", unpacked.to_str().unwrap()];
        let mut command = Command::new("cosign");
        command.args(args).args(more).output().unwrap()
    };
    for args in [
        &["verify"][..],
        &["verify-attestation", "--type", "slsaprovenance1"],
        &["verify-attestation", "--type", "cyclonedx"],
    ] {
        let good = run(args, "public.pem");
        assert!(good.status.success(), "{args:?}: {}", String::from_utf8_lossy(&good.stderr));
        assert!(!run(args, "another-public.pem").status.success(), "{args:?}");
    }
}

fn skopeo_copies_all_three_byte_for_byte() {
    let (folder, report) = signed();
    let files = read(&folder.path().join("signed.tar"));
    for tag in report["tags"].as_array().unwrap() {
        let tag = tag.as_str().unwrap();
        // Docker's media types are known to Docker's registries, and to skopeo if nothing else is in the archive.
        let from =
            if tag == TAG { "oci-archive:image.tar".to_owned() } else { format!("oci-archive:signed.tar:{tag}") };
        let output = Command::new("skopeo")
            .current_dir(folder.path())
            .args(["--insecure-policy", "copy", "--all", "--preserve-digests"])
            .args([from, format!("dir:{tag}")])
            .output()
            .unwrap();
        assert!(output.status.success(), "{tag}: {}", String::from_utf8_lossy(&output.stderr));
        let manifest = fs::read(folder.path().join(tag).join("manifest.json")).unwrap();
        assert!(manifest == blob(&files, &entry(&files, tag)), "{tag}");
        for layer in json_of(&manifest)["layers"].as_array().into_iter().flatten() {
            let digest = layer["digest"].as_str().unwrap();
            assert!(fs::read(folder.path().join(tag).join(&digest[7..])).unwrap() == blob(&files, layer), "{digest}");
        }
    }
}
