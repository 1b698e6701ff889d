//! Whatever was changed of a signed image is found.

use std::fs;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rancher_catalog::digest::sha256_hex;
use serde_json::{Value, json};
use swarm_lab::generator::outcome;
use swarm_lab::trial::Trial;
use swarm_lab::trials;

use super::made::{self, Files, TAG, blob, entry, image, json_of, key, read, sbom, sign, signed, verify, write, wrong};

pub fn trials() -> Vec<Trial> {
    trials![whatever_was_changed_is_found]
}

/// Replaces an attached manifest by what becomes of it; every digest above it is made right again.
fn reattach(files: &mut Files, end: &str, change: impl FnOnce(&mut Files, &mut Vec<Value>)) {
    let old = entry(files, end);
    let mut manifest = json_of(blob(files, &old));
    let mut layers: Vec<Value> = serde_json::from_value(manifest["layers"].take()).unwrap();
    change(files, &mut layers);
    manifest["layers"] = json!(layers);
    let new = put(files, manifest.to_string().into_bytes());
    let index = files.iter_mut().find(|(name, _)| name == "index.json").unwrap();
    let mut json = json_of(&index.1);
    for entry in json["manifests"].as_array_mut().unwrap().iter_mut().filter(|entry| entry["digest"] == old["digest"]) {
        (entry["digest"], entry["size"]) = (new["digest"].clone(), new["size"].clone());
    }
    index.1 = json.to_string().into_bytes();
}

fn put(files: &mut Files, content: Vec<u8>) -> Value {
    let digest = sha256_hex(&content);
    let size = content.len();
    files.push((format!("blobs/sha256/{digest}"), content));
    json!({ "digest": format!("sha256:{digest}"), "size": size })
}

/// A layer with other content.
fn relayer(files: &mut Files, layer: &mut Value, change: impl FnOnce(Value) -> Value) {
    let content = change(json_of(blob(files, layer))).to_string().into_bytes();
    let new = put(files, content);
    (layer["digest"], layer["size"]) = (new["digest"].clone(), new["size"].clone());
}

fn whatever_was_changed_is_found() {
    let (folder, report) = signed();
    let path = folder.path().join("signed.tar");
    let good = read(&path);
    let told = |change: &dyn Fn(&mut Files)| {
        let mut files = good.clone();
        change(&mut files);
        write(&path, &files);
        wrong(folder.path(), &[])
    };
    assert_eq!(told(&|_| {}), [""; 0]);
    let not_signed = |what: &str| format!("{what}: not signed by this key");
    let all_three = ["signature", "provenance", "SBOM"].map(not_signed);
    assert_eq!(wrong(folder.path(), &["--key", &key("another-public.pem")]), all_three);

    // Nothing is attached, or another thing in its place.
    let without = |files: &mut Files| {
        let image = read(&folder.path().join("image.tar"));
        *files = image;
    };
    assert_eq!(told(&without), ["signature", "provenance", "SBOM"].map(|what| format!("{what}: there is none")));
    let renamed = |files: &mut Files| {
        let index = files.iter_mut().find(|(name, _)| name == "index.json").unwrap();
        let text = String::from_utf8(index.1.clone()).unwrap();
        index.1 = text.replace(".sig\"", ".gis\"").replace(".att\"", ".sig\"").into_bytes();
    };
    assert_eq!(told(&renamed).len(), 3);
    let twice = |files: &mut Files| {
        let again = entry(files, ".sig");
        let index = files.iter_mut().find(|(name, _)| name == "index.json").unwrap();
        let mut json = json_of(&index.1);
        json["manifests"].as_array_mut().unwrap().push(again);
        index.1 = json.to_string().into_bytes();
    };
    assert!(told(&twice)[0].contains("names several manifests"));
    assert_eq!(told(&|files| reattach(files, ".sig", |_, layers| layers.clear())), ["signature: there is none"]);

    // The signature of another image of the same key, and one that names this image without the key.
    let other = image();
    fs::write(other.path().join("ca"), "-----BEGIN CERTIFICATE-----\nMAB=\n-----END CERTIFICATE-----\n").unwrap();
    assert_eq!(
        outcome(other.path(), &["image", "62", "183", "--certificates", "ca", "--out", "image.tar", "--quiet"]).0,
        0
    );
    assert_eq!(sign(other.path(), &["--key", &key("pkcs8.pem")]).0, 0);
    let theirs = read(&other.path().join("signed.tar"));
    let digest = entry(&theirs, TAG)["digest"].as_str().unwrap().to_owned();
    let moved = |end: &'static str| {
        let theirs = theirs.clone();
        move |files: &mut Files| {
            reattach(files, end, |files, layers| {
                *layers = made::layers(&theirs, end);
                files.extend(layers.iter().map(|layer| {
                    (format!("blobs/sha256/{}", &layer["digest"].as_str().unwrap()[7..]), blob(&theirs, layer).to_vec())
                }));
            });
        }
    };
    assert_eq!(told(&moved(".sig")), [format!("signature: it is the signature of another image, {digest}")]);
    let about = ["provenance", "SBOM"].map(|what| format!("{what}: it is about another image"));
    assert_eq!(told(&moved(".att")), about);
    // One good one is enough, wherever it stands; cosign too puts new ones beside old ones.
    let both = |files: &mut Files| {
        let ours = made::layers(files, ".sig");
        moved(".sig")(files);
        reattach(files, ".sig", |_, layers| layers.insert(0, ours[0].clone()));
    };
    assert_eq!(told(&both), [""; 0]);
    let forged = |files: &mut Files| {
        reattach(files, ".sig", |files, layers| {
            relayer(files, &mut layers[0], |mut payload| {
                payload["optional"] = json!({ "more": true });
                payload
            });
        });
    };
    assert_eq!(told(&forged), [not_signed("signature")]);
    let unsigned = |files: &mut Files| {
        reattach(files, ".sig", |_, layers| layers[0]["annotations"] = json!({}));
    };
    assert_eq!(told(&unsigned), [not_signed("signature")]);

    // A statement that was changed, or is said to be another one.
    for at in [0, 1] {
        let what = ["provenance", "SBOM"][at];
        let statement = |change: &dyn Fn(&mut Value)| {
            told(&|files| {
                reattach(files, ".att", |files, layers| {
                    relayer(files, &mut layers[at], |mut envelope| {
                        change(&mut envelope);
                        envelope
                    });
                });
            })
        };
        let changed = |envelope: &mut Value| {
            let payload = STANDARD.decode(envelope["payload"].as_str().unwrap()).unwrap();
            let text = String::from_utf8(payload).unwrap().replace("1.0.0", "1.0.1");
            envelope["payload"] = json!(STANDARD.encode(text));
        };
        assert_eq!(statement(&changed), [not_signed(what)]);
        assert_eq!(statement(&|envelope| envelope["payloadType"] = json!("text/plain")), [not_signed(what)]);
        assert_eq!(statement(&|envelope| envelope["signatures"] = json!([])), [not_signed(what)]);
        assert_eq!(statement(&|envelope| envelope["payload"] = json!("%")), [format!("{what}: it is damaged")]);
        assert_eq!(statement(&|envelope| *envelope = json!({})), [format!("{what}: it is damaged")]);
    }
    // The annotation is no part of what is signed: it decides nothing.
    let swapped = |files: &mut Files| {
        reattach(files, ".att", |_, layers| {
            let kinds = [layers[1]["annotations"].clone(), layers[0]["annotations"].clone()];
            [layers[0]["annotations"], layers[1]["annotations"]] = kinds;
        });
    };
    assert_eq!(told(&swapped), [""; 0]);

    // An SBOM that leaves out what is in the program, and an image that was changed after it was signed.
    fs::write(folder.path().join("sbom.json"), sbom("swarmkit-mon", &[]).to_string()).unwrap();
    assert_eq!(sign(folder.path(), &["--key", &key("pkcs8.pem")]).0, 0);
    assert_eq!(wrong(folder.path(), &[]), ["SBOM's packages: it lacks serde 1.0.0"]);
    let replaced = |files: &mut Files| {
        let theirs = entry(&theirs, TAG);
        let index = files.iter_mut().find(|(name, _)| name == "index.json").unwrap();
        let ours = report["digest"].as_str().unwrap();
        let text = String::from_utf8(index.1.clone()).unwrap();
        index.1 = text.replace(ours, theirs["digest"].as_str().unwrap()).into_bytes();
        let image = read(&other.path().join("image.tar"));
        files.extend(image.into_iter().filter(|(name, _)| name.starts_with("blobs/")));
        files.sort();
        files.dedup();
    };
    let none = ["signature", "provenance", "SBOM"].map(|what| format!("{what}: there is none"));
    let found = told(&replaced);
    assert!(found[0].starts_with("image loaded: its manifest.json names the image"), "{found:?}");
    assert_eq!(found[1..], none);
    // What cannot be read at all is no verdict.
    let bytes = fs::read(folder.path().join("image.tar")).unwrap();
    for (content, wanted) in [
        (bytes[..bytes.len() / 2].to_vec(), "cut off"),
        (b"no archive".to_vec(), "it is no tar archive"),
        (Vec::new(), "it is empty"),
    ] {
        fs::write(&path, content).unwrap();
        let (code, _, errors) = verify(folder.path(), &[]);
        assert!(code == 2 && errors.contains(wanted), "{wanted}: {errors}");
    }
}
