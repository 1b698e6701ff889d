//! What others would read otherwise is neither signed nor found good: skopeo unpacks an archive, where links are followed and
//! names can be given by other entries, and an engine's `docker load` goes by a list of its own.

use std::fs;

use rancher_catalog::digest::sha256_hex;
use serde_json::{Value, json};
use swarm_lab::generator::outcome;
use swarm_lab::trial::Trial;
use swarm_lab::trials;
use tar::EntryType;

use super::made::{Files, content, image, json_of, key, read, sign, signed, verify, write, wrong};

pub fn trials() -> Vec<Trial> {
    trials![
        an_archive_that_is_unpacked_to_another_image_is_refused,
        an_archive_that_loads_another_image_is_refused,
        what_is_not_in_the_archive_is_not_vouched_for,
    ]
}

/// An entry of an archive.
fn raw(kind: EntryType, name: &str, link: &str, content: &[u8]) -> Vec<u8> {
    let mut header = tar::Header::new_ustar();
    header.set_entry_type(kind);
    header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
    if !link.is_empty() {
        header.set_link_name_literal(link).unwrap();
    }
    header.set_mode(0o644);
    header.set_size(content.len() as u64);
    header.set_cksum();
    let mut entry = [header.as_bytes().as_slice(), content].concat();
    entry.resize(entry.len().next_multiple_of(512), 0);
    entry
}

fn pax(key: &str, value: &str) -> Vec<u8> {
    let body = format!(" {key}={value}\n");
    let length = (1..).find(|length: &usize| length.to_string().len() + body.len() == *length).unwrap();
    format!("{length}{body}").into_bytes()
}

fn an_archive_that_is_unpacked_to_another_image_is_refused() {
    let (folder, _) = signed();
    let path = folder.path().join("signed.tar");
    let good = fs::read(&path).unwrap();
    let end = good.len() - 1024;
    assert!(good[end..].iter().all(|byte| *byte == 0) && good[end - 512..end].iter().any(|byte| *byte != 0));
    let (files, other) = (&good[..end], b"{\"manifests\":[]}".as_slice());
    let file = |name: &str| raw(EntryType::Regular, name, "", other);
    let link = |kind: EntryType, name: &str, to: &str| raw(kind, name, to, b"");
    for (what, entries, wanted) in [
        ("a name by PAX", [raw(EntryType::XHeader, "x", "", &pax("path", "index.json")), file("x")], "another name"),
        (
            "one for all",
            [raw(EntryType::XGlobalHeader, "x", "", &pax("path", "index.json")), file("x")],
            "another name",
        ),
        ("a size by PAX", [raw(EntryType::XHeader, "x", "", &pax("size", "0")), file("x")], "another name or size"),
        ("a long name", [raw(EntryType::GNULongName, "x", "", b"index.json\0"), file("x")], "another name"),
        ("a name spelled otherwise", [file(".//./index.json"), file("y")], "\"index.json\" twice"),
        ("a folder spelled otherwise", [file("blobs//sha256/x"), file("blobs/./sha256/x")], "\"blobs/sha256/x\" twice"),
        ("a link", [file("x"), link(EntryType::Symlink, "index.json", "x")], "is a link"),
        ("a hard link", [file("x"), link(EntryType::Link, "./index.json", "x")], "is a link"),
        ("a folder that is a link", [file("x"), link(EntryType::Symlink, "blobs", "x")], "is a link"),
        ("through a link", [link(EntryType::Symlink, "x", "."), file("x/index.json")], "through a link"),
        ("over a link", [link(EntryType::Symlink, "x", "index.json"), file("x")], "through a link"),
        ("behind the end", [vec![0; 1024], file("index.json")], "behind its end"),
    ] {
        fs::write(&path, [files, &entries.concat(), &[0; 1024]].concat()).unwrap();
        let (code, _, errors) = verify(folder.path(), &[]);
        assert!(code == 2 && errors.contains(wanted), "{what}: {code} {errors}");
        let args = ["sign", "signed.tar", "--provenance", "p", "--quiet"];
        let (code, _, errors) = outcome(folder.path(), &args);
        assert!(code == 2 && errors.contains(wanted), "{what}: {code} {errors}");
    }
    // What says no more than when a file was written changes nothing.
    let harmless = raw(EntryType::XHeader, "x", "", &pax("mtime", "1.5"));
    fs::write(&path, [&harmless, &good[..]].concat()).unwrap();
    assert_eq!(wrong(folder.path(), &[]), [""; 0]);
}

fn an_archive_that_loads_another_image_is_refused() {
    let (folder, _) = signed();
    let path = folder.path().join("signed.tar");
    let good = read(&path);
    let hex = sha256_hex(b"other");
    let config = format!("blobs/sha256/{hex}");
    let told = |change: &dyn Fn(&mut Files, &mut Value)| {
        let mut files = good.clone();
        let mut list = json_of(content(&files, "manifest.json"));
        change(&mut files, &mut list);
        files.iter_mut().find(|(name, _)| name == "manifest.json").unwrap().1 = list.to_string().into_bytes();
        write(&path, &files);
        wrong(folder.path(), &[])
    };
    assert_eq!(told(&|_, _| {}), [""; 0]);
    let names = |what: &str| {
        vec![format!("image loaded: its manifest.json names the image {what:?}, which its index.json does not")]
    };
    let ours = json_of(content(&good, "manifest.json"))[0]["Config"].as_str().unwrap().to_owned();
    assert_eq!(
        told(&|files, list| {
            files.push((config.clone(), b"other".to_vec()));
            list[0]["Config"] = json!(config);
        }),
        names(&config)
    );
    assert_eq!(told(&|_, list| list[0]["Layers"] = json!([])), names(&ours));
    assert_eq!(
        told(&|_, list| list.as_array_mut().unwrap().push(json!({ "Config": config, "Layers": [] }))),
        names(&config)
    );
    assert_eq!(told(&|_, list| *list = json!({})), ["image loaded: its manifest.json cannot be read"]);
    // Without a list, older engines look for folders.
    for name in ["repositories", "abc/json", "blobs/json"] {
        let mut files = good.clone();
        files.retain(|(found, _)| found != "manifest.json");
        files.push((name.to_owned(), b"{}".to_vec()));
        write(&path, &files);
        let part = format!("image loaded: it also holds {name:?}, which is no part of an image layout");
        assert_eq!(wrong(folder.path(), &[]), [part]);
    }
    // Nor is it signed.
    let unsigned = folder.path().join("image.tar");
    let mut files = read(&unsigned);
    files.push(("abc/layer.tar".to_owned(), Vec::new()));
    write(&unsigned, &files);
    let (code, _, errors) = sign(folder.path(), &["--key", &key("pkcs8.pem")]);
    assert!(code == 2 && errors.contains("would take another image"), "{errors}");
}

fn what_is_not_in_the_archive_is_not_vouched_for() {
    let folder = image();
    let path = folder.path().join("image.tar");
    let good = read(&path);
    let top = super::made::entry(&good, super::made::TAG);
    for platform in [json!({ "os": "linux", "architecture": "s390x" }), Value::Null] {
        let mut files = good.clone();
        let mut index = json_of(super::made::blob(&files, &top));
        let absent = json!({
            "mediaType": index["manifests"][0]["mediaType"], "size": 5, "platform": platform,
            "digest": format!("sha256:{}", sha256_hex(b"other")),
        });
        index["manifests"].as_array_mut().unwrap().push(absent);
        let text = index.to_string().into_bytes();
        let digest = sha256_hex(&text);
        let old = top["digest"].as_str().unwrap();
        let mut outer = json_of(content(&files, "index.json"));
        outer["manifests"][0]["size"] = json!(text.len());
        outer["manifests"][0]["digest"] = json!(format!("sha256:{digest}"));
        files.retain(|(name, _)| !old.ends_with(name.rsplit('/').next().unwrap()) && name != "index.json");
        files.push((format!("blobs/sha256/{digest}"), text));
        files.push(("index.json".to_owned(), outer.to_string().into_bytes()));
        write(&path, &files);
        let (code, _, errors) = sign(folder.path(), &["--key", &key("pkcs8.pem")]);
        assert!(code == 2 && errors.contains("what nobody has seen"), "{errors}");
        fs::copy(&path, folder.path().join("signed.tar")).unwrap();
        let found = wrong(folder.path(), &[]);
        assert!(found.iter().any(|row| row.starts_with("image program: the index also names")), "{found:?}");
    }
}
