//! `lock` takes the digest of what was built, verified from its content; `render` pins the entry to it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use swarm_lab::trial::Trial;

use gen_catalog::release::image_lock::ImageLock;
use rancher_catalog::digest::sha256_hex;
use serde_json::{Value, json};
use swarm_lab::generator::outcome;
use swarm_lab::lab::engine::{Engine, client_missing, missing};
use swarm_lab::lab::network::Network;
use swarm_lab::trial::trial;

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

pub fn trials() -> Vec<Trial> {
    let no_engine = missing().or_else(client_missing);
    vec![
        trial("a_layout_in_a_folder_and_in_an_archive_have_one_digest", None, folder_and_archive),
        trial("of_several_images_the_one_of_this_version_is_taken", None, several),
        trial("an_image_of_another_version_is_refused", None, other_version),
        trial("what_docker_save_writes", None, docker_save),
        trial("a_real_docker_save", no_engine, real_docker_save),
        trial("what_is_not_what_it_is_called_is_refused", None, not_what_it_is_called),
        trial("hostile_and_broken_archives_are_clear_errors", None, hostile),
        trial("check_tells_drift_and_writes_nothing", None, check),
        trial("render_version_and_release_use_it", None, used),
        trial("a_lock_of_another_version_or_form_is_an_error", None, wrong_lock),
    ]
}

/// The files of a layout, by path.
type Layout = Vec<(String, Vec<u8>)>;

fn put(layout: &mut Layout, content: &[u8]) -> String {
    let digest = sha256_hex(content);
    layout.push((format!("blobs/sha256/{digest}"), content.to_vec()));
    format!("sha256:{digest}")
}

fn described(layout: &mut Layout, kind: &str, content: &[u8]) -> Value {
    json!({ "mediaType": kind, "digest": put(layout, content), "size": content.len() })
}

fn text(value: &Value) -> Vec<u8> {
    serde_json::to_vec_pretty(value).unwrap()
}

/// An image for a platform; its descriptor.
fn image(layout: &mut Layout, architecture: &str, layer_type: &str) -> Value {
    let config = text(&json!({ "os": "linux", "architecture": architecture }));
    let config = described(layout, "application/vnd.oci.image.config.v1+json", &config);
    let layer = described(layout, layer_type, format!("layer of {architecture}").as_bytes());
    let manifest = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer] });
    described(layout, MANIFEST, &text(&manifest))
}

/// A layout as buildx writes it: one index of two platforms and an attestation. The digest of that index.
fn buildx(tag: &str) -> (Layout, String) {
    let mut layout = Layout::new();
    let mut manifests = Vec::new();
    for (name, architecture) in [("amd64", "amd64"), ("arm64", "arm64"), ("unknown", "unknown")] {
        let mut descriptor = image(&mut layout, architecture, LAYER);
        let os = if name == "unknown" { "unknown" } else { "linux" };
        descriptor["platform"] = json!({ "os": os, "architecture": architecture });
        manifests.push(descriptor);
    }
    let index = text(&json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": manifests }));
    let mut top = described(&mut layout, INDEX, &index);
    top["annotations"] = json!({ "org.opencontainers.image.ref.name": tag });
    let digest = top["digest"].as_str().unwrap().to_owned();
    finish(&mut layout, &[top]);
    (layout, digest)
}

fn finish(layout: &mut Layout, manifests: &[Value]) {
    layout.push(("oci-layout".to_owned(), br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec()));
    layout.push(("index.json".to_owned(), text(&json!({ "schemaVersion": 2, "manifests": manifests }))));
}

fn as_folder(layout: &Layout, folder: &Path) {
    for (path, content) in layout {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}

fn as_archive(layout: &Layout, file: &Path) {
    let mut archive = tar::Builder::new(fs::File::create(file).unwrap());
    for (path, content) in layout {
        append(&mut archive, path, content);
    }
    archive.finish().unwrap();
}

fn append(archive: &mut tar::Builder<fs::File>, path: &str, content: &[u8]) {
    let mut header = tar::Header::new_ustar();
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    // Whatever the path: `set_path` would refuse some.
    header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
    header.set_cksum();
    archive.append(&header, content).unwrap();
}

fn sandbox(layout: &Layout) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    as_archive(layout, &folder.path().join("image.tar"));
    folder
}

fn locked(folder: &Path) -> ImageLock {
    ImageLock::read(&folder.join("image.lock")).unwrap().unwrap()
}

fn folder_and_archive() {
    let (layout, digest) = buildx("v2.0.0");
    let folder = sandbox(&layout);
    as_folder(&layout, &folder.path().join("layout"));
    for image in ["image.tar", "layout"] {
        let (code, text, errors) = outcome(folder.path(), &["lock", image]);
        assert_eq!((code, errors.as_str()), (0, ""), "{text}");
        assert!(text.contains(&format!("rancher/swarmkit:v2.0.0@{digest} (linux/amd64, linux/arm64)")), "{text}");
        let lock = locked(folder.path());
        assert_eq!((lock.digest, lock.version.as_str(), lock.media_type.as_str()), (digest.clone(), "2.0.0", INDEX));
        assert_eq!(
            (lock.platforms, lock.uncompressed_layers),
            (vec!["linux/amd64".to_owned(), "linux/arm64".to_owned()], false)
        );
    }
    // Another tool's word for the same: GNU tar packs the folder, with `./` before every name.
    let packed = Command::new("tar")
        .arg("-C")
        .arg(folder.path().join("layout"))
        .args(["-cf", "packed.tar", "."])
        .current_dir(folder.path())
        .status();
    assert!(packed.unwrap().success());
    assert_eq!(outcome(folder.path(), &["lock", "packed.tar", "--check"]).0, 0);
}

fn several() {
    let mut layout = Layout::new();
    let mut named = |architecture: &str, key: &str, name: &str| {
        let mut descriptor = image(&mut layout, architecture, LAYER);
        descriptor["annotations"] = json!({ key: name });
        descriptor
    };
    let old = named("one", "org.opencontainers.image.ref.name", "v1.9.0");
    let new = named("two", "io.containerd.image.name", "example.com:5000/team/swarmkit:v2.0.0");
    let digest = new["digest"].as_str().unwrap().to_owned();
    let twin = named("three", "org.opencontainers.image.ref.name", "v2.0.0");
    let mut two = layout.clone();
    finish(&mut two, &[old.clone(), new.clone()]);
    let folder = sandbox(&two);
    assert_eq!(outcome(folder.path(), &["lock", "image.tar"]).0, 0);
    assert_eq!(locked(folder.path()).digest, digest);
    assert_eq!(locked(folder.path()).platforms, ["linux/two"]);
    let mut three = layout;
    finish(&mut three, &[old, new, twin]);
    refused(&three, &["names 2 images with the tag v2.0.0"]);
}

fn other_version() {
    let (layout, _) = buildx("v1.9.0");
    refused(&layout, &["holds no image with the tag v2.0.0, but v1.9.0"]);
    // One without a name is taken, and that is said.
    let (mut layout, digest) = buildx("v2.0.0");
    for (path, content) in &mut layout {
        if path == "index.json" {
            let text = String::from_utf8(content.clone()).unwrap();
            *content = text.replace("org.opencontainers.image.ref.name", "x").into_bytes();
        }
    }
    let folder = sandbox(&layout);
    let (code, _, errors) = outcome(folder.path(), &["lock", "image.tar"]);
    assert_eq!(code, 0);
    assert!(errors.contains("does not say which image it holds"), "{errors}");
    assert_eq!(locked(folder.path()).digest, digest);
}

fn docker_save() {
    // Since Docker 25: an OCI layout beside the older files; the classic store leaves layers uncompressed.
    let mut layout = Layout::new();
    let mut top = image(&mut layout, "amd64", "application/vnd.oci.image.layer.v1.tar");
    top["annotations"] = json!({ "io.containerd.image.name": "docker.io/rancher/swarmkit:v2.0.0", "org.opencontainers.image.ref.name": "v2.0.0" });
    let digest = top["digest"].as_str().unwrap().to_owned();
    finish(&mut layout, &[top]);
    layout.push(("manifest.json".to_owned(), b"[{}]".to_vec()));
    let folder = sandbox(&layout);
    let (code, _, errors) = outcome(folder.path(), &["lock", "image.tar"]);
    assert_eq!(code, 0, "{errors}");
    assert!(errors.contains("docker push` compresses them") && errors.contains("--preserve-digests"), "{errors}");
    let lock = locked(folder.path());
    assert_eq!((lock.digest, lock.uncompressed_layers), (digest, true));
    // Whoever uses it is told again.
    let (code, _, errors) = outcome(folder.path(), &["version"]);
    assert_eq!(code, 0);
    assert!(errors.contains("image.lock: the image has layers that are not compressed"), "{errors}");
    // Of the containerd store one platform is saved, though the index names more.
    let (layout, digest) = buildx("v2.0.0");
    let arm = layout.iter().position(|(_, content)| content.starts_with(b"layer of arm64")).unwrap();
    let without: Layout = layout
        .iter()
        .enumerate()
        .filter(|(at, _)| !(arm - 1..=arm + 1).contains(at))
        .map(|(_, file)| file.clone())
        .collect();
    let folder = sandbox(&without);
    let (code, _, errors) = outcome(folder.path(), &["lock", "image.tar"]);
    assert_eq!(code, 0, "{errors}");
    assert!(errors.contains("were not verified: linux/arm64"), "{errors}");
    assert_eq!(locked(folder.path()).digest, digest);
    // Before that there is no manifest.
    let old: Layout = vec![("manifest.json".to_owned(), b"[{}]".to_vec()), ("abc/layer.tar".to_owned(), Vec::new())];
    refused(&old, &["before Docker 25", "holds no manifest", "./scripts/image", "--digest"]);
}

fn real_docker_save() {
    let network = Network::start();
    let engine = Engine::started(network.join("lock").0);
    engine.import_client_image("rancher/swarmkit:v2.0.0");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("image.tar");
    assert!(
        engine.docker(&["save", "-o", file.to_str().unwrap(), "rancher/swarmkit:v2.0.0"]).status().unwrap().success()
    );
    let listed = Command::new("tar").arg("-tf").arg(&file).output().unwrap();
    let has_index = String::from_utf8_lossy(&listed.stdout).lines().any(|name| name == "index.json");
    let (code, text, errors) = outcome(folder.path(), &["lock", "image.tar"]);
    if has_index {
        assert_eq!(code, 0, "{text}{errors}");
        assert!(locked(folder.path()).digest.starts_with("sha256:"));
    } else {
        assert_eq!(code, 2, "{text}{errors}");
        assert!(errors.contains("before Docker 25"), "{errors}");
    }
}

/// As an archive and as a folder: exit code 2, says why, nothing written.
fn refused(layout: &Layout, says: &[&str]) {
    let folder = sandbox(layout);
    as_folder(layout, &folder.path().join("layout"));
    for image in ["image.tar", "layout"] {
        refused_file(folder.path(), image, says);
    }
}

fn refused_file(folder: &Path, image: &str, says: &[&str]) {
    let (code, text, errors) = outcome(folder, &["lock", image]);
    assert_eq!((code, text.as_str()), (2, ""), "{errors}");
    for part in says {
        assert!(errors.contains(part), "{part}: {errors}");
    }
    assert!(!folder.join("image.lock").exists());
}

fn not_what_it_is_called() {
    let change = |wanted: &dyn Fn(&str, &[u8]) -> bool, by: &dyn Fn(&mut Vec<u8>)| {
        let (mut layout, _) = buildx("v2.0.0");
        let (_, content) = layout.iter_mut().find(|(path, content)| wanted(path, content)).unwrap();
        by(content);
        layout
    };
    let layer = |_: &str, content: &[u8]| content.starts_with(b"layer of amd64");
    refused(&change(&layer, &|content| content[0] = b'x'), &["is not what it is called: its SHA-256 is"]);
    let index = |_: &str, content: &[u8]| {
        content.starts_with(b"{") && String::from_utf8_lossy(content).contains("\"platform\"")
    };
    refused(&change(&index, &|content| content.push(b'\n')), &["is not what it is called"]);
    let top = |path: &str, _: &[u8]| path == "index.json";
    let size = |content: &mut Vec<u8>| {
        let mut value: Value = serde_json::from_slice(content).unwrap();
        value["manifests"][0]["size"] = json!(1);
        *content = text(&value);
    };
    refused(&change(&top, &size), &["and not the 1 that are named"]);
    let digest = |content: &mut Vec<u8>| {
        let mut value: Value = serde_json::from_slice(content).unwrap();
        value["manifests"][0]["digest"] = json!("sha256:../../../../etc/passwd");
        *content = text(&value);
    };
    refused(&change(&top, &digest), &["64 hexadecimal digits"]);
    let (mut layout, _) = buildx("v2.0.0");
    layout.retain(|(_, content)| !content.starts_with(b"layer of amd64"));
    refused(&layout, &["is not there: it is cut off"]);
    for (file, content, says) in [
        ("index.json", &b"{"[..], "index.json: EOF"),
        ("index.json", b"[]", "is no JSON"),
        ("index.json", b"{}", "names no image"),
        ("oci-layout", b"{\"imageLayoutVersion\":\"2.0.0\"}", "and 1.x is known"),
        ("oci-layout", b"", "its oci-layout is of version"),
    ] {
        let changed = change(&|path, _| path == file, &|old| *old = content.to_vec());
        refused(&changed, &[says]);
    }
}

fn hostile() {
    let (layout, _) = buildx("v2.0.0");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("image.tar");
    let with = |path: &str, content: &[u8]| {
        let mut more: Layout = vec![(path.to_owned(), content.to_vec())];
        more.extend(layout.clone());
        as_archive(&more, &file);
    };
    let refuses = |says: &str| refused_file(folder.path(), "image.tar", &[says]);
    for path in ["../escaped", "blobs/../../escaped", "/etc/escaped"] {
        with(path, b"x");
        refuses("leads out of it");
    }
    with("index.json", b"{}");
    refuses("has the entry \"index.json\" twice");
    // Cut off: in a header, in a content, between two entries.
    as_archive(&layout, &file);
    let whole = fs::read(&file).unwrap();
    for length in [100, 700, 512 + 512, whole.len() / 2 + 37] {
        fs::write(&file, &whole[..length]).unwrap();
        let (code, _, errors) = outcome(folder.path(), &["lock", "image.tar"]);
        assert_eq!(code, 2, "{length}: {errors}");
    }
    fs::write(&file, b"").unwrap();
    refuses("it is empty");
    fs::write(&file, [7; 4096]).unwrap();
    refuses("neither an OCI image layout nor a tar archive");
    for (head, with) in [(&[0x1f, 0x8b, 8][..], "gzip -d"), (&[0x28, 0xb5, 0x2f, 0xfd], "zstd -d")] {
        fs::write(&file, [head, &[0; 600]].concat()).unwrap();
        refuses(with);
    }
    // Entries that claim to be enormous, or whose name does.
    for (kind, says) in [
        (tar::EntryType::Regular, "it is cut off within"),
        (tar::EntryType::GNULongName, "cut off"),
        (tar::EntryType::GNUSparse, ""),
    ] {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(1 << 50);
        header.set_path("index.json").unwrap();
        header.set_cksum();
        fs::write(&file, header.as_bytes()).unwrap();
        let (code, _, errors) = outcome(folder.path(), &["lock", "image.tar"]);
        assert_eq!(code, 2, "{errors}");
        assert!(errors.contains(says), "{kind:?}: {errors}");
    }
    refused_file(folder.path(), "nowhere.tar", &["cannot read nowhere.tar"]);
    // A layout that leads elsewhere.
    let links = folder.path().join("links");
    as_folder(&layout, &links);
    fs::remove_file(links.join("index.json")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", links.join("index.json")).unwrap();
    refused_file(folder.path(), "links", &["links are not followed"]);
    // Indexes in one another without an end.
    let mut deep = Layout::new();
    let mut descriptor = image(&mut deep, "amd64", LAYER);
    for _ in 0..12 {
        let index = text(&json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [descriptor] }));
        descriptor = described(&mut deep, INDEX, &index);
    }
    finish(&mut deep, &[descriptor]);
    refused(&deep, &["too deep"]);
}

fn check() {
    let (layout, _) = buildx("v2.0.0");
    let folder = sandbox(&layout);
    let (code, text, _) = outcome(folder.path(), &["lock", "image.tar", "--check"]);
    assert_eq!(code, 1);
    assert!(text.contains("image.lock is not up to date: it should say rancher/swarmkit:v2.0.0@sha256:"), "{text}");
    assert!(!folder.path().join("image.lock").exists());
    let (code, text, _) = outcome(folder.path(), &["lock", "image.tar", "--format", "json"]);
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, report["status"].as_str()), (0, Some("written")));
    let before = fs::metadata(folder.path().join("image.lock")).unwrap().modified().unwrap();
    let (code, text, _) = outcome(folder.path(), &["lock", "image.tar"]);
    assert!(code == 0 && text.contains("is up to date"), "{text}");
    assert_eq!(fs::metadata(folder.path().join("image.lock")).unwrap().modified().unwrap(), before);
}

fn used() {
    let (layout, digest) = buildx("v2.0.0");
    let folder = sandbox(&layout);
    fs::create_dir(folder.path().join("community-catalog")).unwrap();
    assert_eq!(outcome(folder.path(), &["lock", "image.tar"]).0, 0);
    assert_eq!(outcome(folder.path(), &["render"]).0, 0);
    let compose =
        fs::read_to_string(folder.path().join("community-catalog/infra-templates/swarm/4/docker-compose.yml"));
    assert!(compose.unwrap().contains(&format!("image: rancher/swarmkit:v2.0.0@{digest}\n")));
    assert_eq!(outcome(folder.path(), &["render", "--check"]).0, 0);
    assert_eq!(outcome(folder.path(), &["render", "--check", "--no-lock"]).0, 1);
    assert_eq!(outcome(folder.path(), &["render", "--check", "--digest", &digest]).0, 0);
    let (code, _, errors) = outcome(folder.path(), &["render", "--digest", &format!("sha256:{}", "0".repeat(64))]);
    assert_eq!(code, 2);
    assert!(errors.contains("but image.lock says"), "{errors}");
    let (_, text, _) = outcome(folder.path(), &["version", "--format", "json", "--image", "example.com/mine"]);
    assert!(text.contains(&format!("example.com/mine:v2.0.0@{digest}")), "{text}");
    // From elsewhere, by name.
    fs::rename(folder.path().join("image.lock"), folder.path().join("other.lock")).unwrap();
    assert_eq!(outcome(folder.path(), &["render", "--check", "--lock", "other.lock"]).0, 0);
    let (code, _, errors) = outcome(folder.path(), &["render", "--lock", "nowhere.lock"]);
    assert_eq!(code, 2);
    assert!(errors.contains("there is no nowhere.lock"), "{errors}");
}

fn wrong_lock() {
    let folder = swarm_lab::generator::empty_catalog();
    let file: PathBuf = folder.path().join("image.lock");
    let digest = format!("sha256:{}", "0".repeat(64));
    let lock = |version: &str, digest: &str| {
        format!("version = \"{version}\"\ndigest = \"{digest}\"\nmedia_type = \"x\"\nplatforms = []\n")
    };
    for (text, says) in [
        (lock("1.9.0", &digest), "image.lock is of version 1.9.0, and this program is 2.0.0"),
        (lock("2.0.0", "sha256:0"), "64 hexadecimal digits"),
        (lock("2.0.0", &digest) + "more = 1\n", "unknown field `more`"),
        ("version = 2".to_owned(), "image.lock: TOML parse error"),
        ("\u{0}".repeat(100_000), "more than 65536 bytes"),
        (String::new(), "missing field `version`"),
    ] {
        fs::write(&file, text).unwrap();
        let (code, _, errors) = outcome(folder.path(), &["render"]);
        assert_eq!(code, 2, "{says}");
        assert!(errors.contains(says) && errors.contains("--no-lock"), "{says}: {errors}");
    }
    fs::write(&file, [0xff, 0xfe]).unwrap();
    assert!(outcome(folder.path(), &["render"]).2.contains("not UTF-8"));
    assert_eq!(outcome(folder.path(), &["render", "--no-lock"]).0, 0);
}
