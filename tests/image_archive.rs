//! `image` packs the same bytes from the same input, as every engine and registry take them; `verify` finds each label
//! that does not agree.

use std::fs;
use std::path::Path;
use swarm_lab::trial::Trial;
use swarm_lab::trials;

use serde_json::{Value, json};
use swarm_lab::generator::outcome;

pub fn trials() -> Vec<Trial> {
    trials![
        the_same_input_makes_the_same_bytes_and_another_another_digest,
        it_is_a_layout_for_registries_and_an_archive_for_docker_load,
        programs_of_two_platforms_make_one_image,
        what_would_not_run_is_refused,
        verify_holds_the_archive_against_the_tag_the_daemon_and_the_lock,
    ]
}

const VERSION: &str = env!("CARGO_PKG_VERSION");
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----";

/// The head of a static program for x86-64 and the note of a daemon, which is all that packing looks at.
fn static_program() -> Vec<u8> {
    [static_head(), noted(VERSION, "")].concat()
}

fn noted(version: &str, commit: &str) -> Vec<u8> {
    format!("[swarmkit-mon is version {version}, of commit {commit}, changed false]").into_bytes()
}

fn static_head() -> Vec<u8> {
    let mut head = vec![0; 64];
    head[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    head[16] = 2;
    head[18] = 62;
    head[20] = 1;
    head[52] = 64;
    head
}

/// A folder with a program and two certificates.
fn ingredients() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("program"), static_program()).unwrap();
    fs::create_dir(folder.path().join("certificates")).unwrap();
    for name in ["a.crt", "b.crt"] {
        fs::write(folder.path().join("certificates").join(name), format!("{CERTIFICATE}\n\n")).unwrap();
    }
    fs::write(folder.path().join("certificates/README"), "none").unwrap();
    folder
}

fn pack(folder: &Path, more: &[&str]) -> (i32, String, String) {
    let fixed = ["image", "program", "--certificates", "certificates", "--out", "image.tar", "--format", "json"];
    outcome(folder, &[&fixed[..], more].concat())
}

fn packed(folder: &Path, more: &[&str]) -> Value {
    let (code, text, errors) = pack(folder, more);
    assert_eq!(code, 0, "{errors}");
    serde_json::from_str(&text).unwrap()
}

fn files(archive: &Path) -> Vec<(String, Vec<u8>)> {
    let mut tar = tar::Archive::new(fs::File::open(archive).unwrap());
    let read = |entry: std::io::Result<tar::Entry<'_, fs::File>>| {
        let mut entry = entry.unwrap();
        let mut content = Vec::new();
        std::io::Read::read_to_end(&mut entry, &mut content).unwrap();
        (entry.path().unwrap().display().to_string(), content)
    };
    tar.entries().unwrap().map(read).collect()
}

fn json_file(files: &[(String, Vec<u8>)], path: &str) -> Value {
    serde_json::from_slice(&files.iter().find(|(name, _)| name == path).unwrap().1).unwrap()
}

fn the_same_input_makes_the_same_bytes_and_another_another_digest() {
    let (one, other) = (ingredients(), ingredients());
    let first = packed(one.path(), &["--revision", "abc", "--created", "5"]);
    let second = packed(other.path(), &["--revision", "abc", "--created", "5"]);
    assert_eq!(first, second);
    let bytes = |folder: &Path| fs::read(folder.join("image.tar")).unwrap();
    assert!(bytes(one.path()) == bytes(other.path()));
    for more in [["--revision", "abd", "--created", "5"], ["--revision", "abc", "--created", "6"]] {
        assert_ne!(packed(one.path(), &more)["digest"], first["digest"], "{more:?}");
    }
    fs::write(one.path().join("certificates/c.crt"), CERTIFICATE).unwrap();
    assert_ne!(packed(one.path(), &["--revision", "abc", "--created", "5"])["digest"], first["digest"]);
}

fn it_is_a_layout_for_registries_and_an_archive_for_docker_load() {
    let folder = ingredients();
    let report = packed(folder.path(), &["--revision", "abc", "--created", "1700000000"]);
    let files = files(&folder.path().join("image.tar"));
    let index = json_file(&files, "index.json");
    let top = &index["manifests"][0];
    assert_eq!(top["digest"], report["digest"]);
    assert_eq!(top["annotations"]["io.containerd.image.name"], format!("docker.io/rancher/swarmkit:v{VERSION}"));
    let blob = |digest: &Value| json_file(&files, &format!("blobs/{}", digest.as_str().unwrap().replace(':', "/")));
    let manifest = blob(&top["digest"]);
    // Engines before 18.06 pull nothing else.
    assert_eq!(manifest["mediaType"], "application/vnd.docker.distribution.manifest.v2+json");
    let config = blob(&manifest["config"]["digest"]);
    assert_eq!(config["created"], "2023-11-14T22:13:20Z");
    assert_eq!((&config["os"], &config["architecture"]), (&json!("linux"), &json!("amd64")));
    assert_eq!(config["config"]["Entrypoint"], json!(["/bin/swarmkit-mon"]));
    let loaded = json_file(&files, "manifest.json");
    assert_eq!(loaded[0]["RepoTags"], json!([format!("rancher/swarmkit:v{VERSION}")]));
    for (docker, oci) in
        [(&loaded[0]["Config"], &manifest["config"]), (&loaded[0]["Layers"][0], &manifest["layers"][0])]
    {
        assert_eq!(docker.as_str().unwrap(), format!("blobs/{}", oci["digest"].as_str().unwrap().replace(':', "/")));
    }
    let (code, text, errors) = outcome(folder.path(), &["lock", "image.tar", "--format", "json"]);
    assert_eq!((code, errors.as_str()), (0, ""));
    let lock: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(lock["lock"]["digest"], report["digest"]);
    assert_eq!(lock["lock"]["platforms"], json!(["linux/amd64"]));
}

fn programs_of_two_platforms_make_one_image() {
    let folder = ingredients();
    let mut arm64 = static_program();
    arm64[18] = 183;
    fs::write(folder.path().join("arm64"), arm64).unwrap();
    let alone = packed(folder.path(), &["--revision", "abc"]);
    let report = packed(folder.path(), &["arm64", "--revision", "abc"]);
    assert_eq!(report["platforms"], json!(["linux/amd64", "linux/arm64"]));
    let files = files(&folder.path().join("image.tar"));
    let top = &json_file(&files, "index.json")["manifests"][0];
    // Engines before 18.06 pull no OCI index either.
    assert_eq!(top["mediaType"], "application/vnd.docker.distribution.manifest.list.v2+json");
    let list = json_file(&files, &format!("blobs/{}", top["digest"].as_str().unwrap().replace(':', "/")));
    assert_eq!(list["manifests"][0]["digest"], alone["digest"], "what a platform gets depends on no other");
    assert_eq!(list["manifests"][1]["platform"], json!({ "architecture": "arm64", "os": "linux" }));
    // What an engine without an image store for platforms loads is one image.
    assert_eq!(json_file(&files, "manifest.json").as_array().unwrap().len(), 1);
    let (code, text, errors) = outcome(folder.path(), &["lock", "image.tar", "--format", "json"]);
    assert_eq!((code, errors.as_str()), (0, ""));
    let lock: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(lock["lock"]["digest"], report["digest"]);
    assert_eq!(lock["lock"]["platforms"], report["platforms"]);
    let commit = "1".repeat(40);
    packed(folder.path(), &["arm64", "--revision", &commit]);
    fs::remove_file(folder.path().join("image.lock")).unwrap();
    assert_eq!(wrong(folder.path(), &format!("v{VERSION}"), &commit), [""; 0]);
    let (code, _, errors) = pack(folder.path(), &["program"]);
    assert!(code == 2 && errors.contains("two of the programs are for linux/amd64"), "{errors}");
}

fn what_would_not_run_is_refused() {
    let folder = ingredients();
    let program = folder.path().join("program");
    let dynamic = fs::read(swarm_lab::programs::swarmkit_mon()).unwrap();
    let mut other = static_program();
    other[18] = 8;
    let mut object = static_program();
    object[16] = 1;
    for (content, wanted) in [
        (dynamic, "not linked statically"),
        (b"#!/bin/sh\n".to_vec(), "no ELF program"),
        (Vec::new(), "no ELF program"),
        (other, "for the machine 8"),
        (object, "of type 1"),
        (static_head(), "no swarmkit-mon"),
        ([static_head(), noted("1.9.9", "")].concat(), "it is swarmkit-mon 1.9.9, and this image is of"),
        ([static_head(), noted(VERSION, "abc")].concat(), "it is of commit abc, and this image is to be of def"),
    ] {
        fs::write(&program, content).unwrap();
        let (code, _, errors) = pack(folder.path(), &["--revision", "def"]);
        assert!(code == 2 && errors.contains(wanted), "{wanted}: {errors}");
    }
    fs::write(&program, [static_head(), noted(VERSION, "abc")].concat()).unwrap();
    assert_eq!(packed(folder.path(), &[])["revision"], "abc");
    fs::remove_file(folder.path().join("image.tar")).unwrap();
    // The daemon has such a note, whatever machine it is for.
    let daemon = fs::read(swarm_lab::programs::swarmkit_mon()).unwrap();
    assert_eq!(swarmkit_settings::built_from::noted(&daemon).unwrap().version, VERSION);
    fs::write(&program, static_program()).unwrap();
    for (text, wanted) in [
        (String::new(), "there is none"),
        ("-----BEGIN CERTIFICATE-----\n".to_owned(), "does not end"),
        (format!("{CERTIFICATE}\n-----BEGIN PRIVATE KEY-----\n"), "private key"),
    ] {
        fs::write(folder.path().join("bundle"), text).unwrap();
        let (code, _, errors) =
            outcome(folder.path(), &["image", "program", "--certificates", "bundle", "--out", "image.tar"]);
        assert!(code == 2 && errors.contains(wanted), "{wanted}: {errors}");
    }
    assert!(!folder.path().join("image.tar").exists());
}

/// The rows of `verify` that are about the archive and do not agree.
fn wrong(folder: &Path, tag: &str, commit: &str) -> Vec<String> {
    let monitor = folder.join("monitor");
    fs::write(
        &monitor,
        format!("#!/bin/sh\nprintf 'swarmkit-mon {VERSION}\\ncatalog v{VERSION}\\ncommit {commit}\\n'\n"),
    )
    .unwrap();
    fs::set_permissions(&monitor, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let args =
        ["verify", "--tag", tag, "--archive", "image.tar", "--format", "json", "--monitor", monitor.to_str().unwrap()];
    let (_, text, errors) = outcome(folder, &args);
    let report: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{errors}"));
    let rows = report["rows"].as_array().unwrap().iter();
    let rows = rows.filter(|row| row["agrees"] == false && row["place"].as_str().unwrap().starts_with("image.tar"));
    rows.map(|row| format!("{}: {}", row["what"].as_str().unwrap(), row["says"].as_str().unwrap())).collect()
}

fn verify_holds_the_archive_against_the_tag_the_daemon_and_the_lock() {
    let folder = ingredients();
    let (commit, other) = ("1".repeat(40), "2".repeat(40));
    let tag = format!("v{VERSION}");
    packed(folder.path(), &["--revision", &commit]);
    assert_eq!(wrong(folder.path(), &tag, &commit), [""; 0]);
    assert_eq!(wrong(folder.path(), &tag, &other), [format!("image revision: {commit}")]);
    for unsure in ["unknown".to_owned(), format!("{commit}, with changes")] {
        packed(folder.path(), &["--revision", &unsure]);
        assert_eq!(wrong(folder.path(), &tag, &unsure), [format!("image revision: {unsure}")]);
    }
    let rows = wrong(folder.path(), "v9.9.9", &commit);
    assert!(rows.len() == 1 && rows[0].contains("no image with the tag v9.9.9"), "{rows:?}");
    packed(folder.path(), &["--revision", &commit]);
    assert_eq!(outcome(folder.path(), &["lock", "image.tar"]).0, 0);
    assert_eq!(wrong(folder.path(), &tag, &commit), [""; 0]);
    let digest = packed(folder.path(), &["--revision", &commit, "--created", "1"])["digest"].clone();
    assert_eq!(wrong(folder.path(), &tag, &commit), [format!("image archive's digest: {}", digest.as_str().unwrap())]);
    fs::write(folder.path().join("image.tar"), "no archive").unwrap();
    assert_eq!(wrong(folder.path(), &tag, &commit).len(), 1);
}
