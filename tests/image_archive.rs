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
        verify_reads_the_program_and_not_its_labels_alone,
        licences_are_packed_and_missed,
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

fn of_machine(machine: u8) -> Vec<u8> {
    let mut head = static_head();
    head[18] = machine;
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
    fs::write(folder.path().join("arm64"), [of_machine(183), noted(VERSION, "")].concat()).unwrap();
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
    for (name, head) in [("program", static_head()), ("arm64", of_machine(183))] {
        fs::write(folder.path().join(name), [head, noted(VERSION, &commit)].concat()).unwrap();
    }
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
    let says = |commit: &str| format!("image program: swarmkit-mon {VERSION} of {commit}");
    // Of no known commit, whatever its label says.
    packed(folder.path(), &["--revision", &commit]);
    assert_eq!(wrong(folder.path(), &tag, &commit), [says("unknown")]);
    for unsure in ["unknown".to_owned(), format!("{commit}, with changes")] {
        packed(folder.path(), &["--revision", &unsure]);
        assert_eq!(wrong(folder.path(), &tag, &unsure), [format!("image revision: {unsure}"), says("unknown")]);
    }
    fs::write(folder.path().join("program"), [static_head(), noted(VERSION, &commit)].concat()).unwrap();
    packed(folder.path(), &["--revision", &commit]);
    assert_eq!(wrong(folder.path(), &tag, &commit), [""; 0]);
    assert_eq!(wrong(folder.path(), &tag, &other), [format!("image revision: {commit}"), says(&commit)]);
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

/// An archive that says of itself what it should, around a layer of somebody else's.
fn hostile(folder: &Path, commit: &str, layer: &[u8], starts: &Value) {
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    let mut blob = |kind: &str, content: Vec<u8>| {
        let digest = rancher_catalog::digest::sha256_hex(&content);
        let descriptor = json!({ "mediaType": kind, "size": content.len(), "digest": format!("sha256:{digest}") });
        files.push((format!("blobs/sha256/{digest}"), content));
        descriptor
    };
    let config = json!({ "os": "linux", "architecture": "amd64", "config": { "Entrypoint": starts, "Labels": {
        "org.opencontainers.image.version": VERSION,
        "org.opencontainers.image.revision": commit,
        "org.opencontainers.image.source": env!("CARGO_PKG_REPOSITORY"),
        "org.opencontainers.image.licenses": env!("CARGO_PKG_LICENSE"),
    }}});
    let config = blob("application/vnd.oci.image.config.v1+json", config.to_string().into_bytes());
    let layer = blob("application/vnd.oci.image.layer.v1.tar", layer.to_vec());
    let manifest = json!({ "schemaVersion": 2, "config": config, "layers": [layer] }).to_string().into_bytes();
    let mut top = blob("application/vnd.oci.image.manifest.v1+json", manifest);
    top["annotations"] = json!({ "org.opencontainers.image.ref.name": format!("v{VERSION}") });
    files.push(("index.json".to_owned(), json!({ "schemaVersion": 2, "manifests": [top] }).to_string().into_bytes()));
    files.push(("oci-layout".to_owned(), b"{\"imageLayoutVersion\":\"1.0.0\"}".to_vec()));
    let named = files.iter().map(|(name, content)| (name.as_str(), EntryKind::File(content)));
    fs::write(folder.join("image.tar"), tar_of(named)).unwrap();
}

enum EntryKind<'a> {
    File(&'a [u8]),
    Link(tar::EntryType, &'a str),
    /// A file that is said to have more than is there.
    Claimed(u64),
}

fn tar_of<'a>(entries: impl IntoIterator<Item = (&'a str, EntryKind<'a>)>) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, kind) in entries {
        let mut header = tar::Header::new_ustar();
        header.set_mode(0o755);
        match kind {
            EntryKind::File(content) => {
                header.set_size(content.len() as u64);
                tar.append_data(&mut header, name, content).unwrap();
            }
            EntryKind::Link(kind, to) => {
                header.set_entry_type(kind);
                header.set_size(0);
                tar.append_link(&mut header, name, to).unwrap();
            }
            EntryKind::Claimed(size) => {
                header.set_path(name).unwrap();
                header.set_size(size);
                header.set_cksum();
                tar.get_mut().extend(header.as_bytes());
            }
        }
    }
    tar.into_inner().unwrap()
}

fn verify_reads_the_program_and_not_its_labels_alone() {
    use EntryKind::{Claimed, File, Link};
    const PROGRAM: &str = "bin/swarmkit-mon";
    let folder = ingredients();
    let (commit, tag) = ("1".repeat(40), format!("v{VERSION}"));
    let ours = [static_head(), noted(VERSION, &commit)].concat();
    let (older, elsewhere) = (noted("1.9.9", &commit), noted(VERSION, &"2".repeat(40)));
    let starts = json!([format!("/{PROGRAM}")]);
    let told = |layer: Vec<u8>, starts: &Value| {
        hostile(folder.path(), &commit, &layer, starts);
        wrong(folder.path(), &tag, &commit)
    };
    let good = || tar_of([(PROGRAM, File(&ours)), ("bin/sh", Link(tar::EntryType::Symlink, "swarmkit-mon"))]);
    assert_eq!(told(good(), &starts), [""; 0]);
    let mut cut_off = good();
    cut_off.truncate(600);
    let mut followed = good();
    followed.extend(tar_of([(PROGRAM, File(&static_head()))]));
    let bomb = {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        std::io::Write::write_all(&mut gzip, &tar_of([(PROGRAM, Claimed(30 << 20))])).unwrap();
        for _ in 0..60 {
            std::io::Write::write_all(&mut gzip, &vec![0; 1 << 20]).unwrap();
        }
        gzip.finish().unwrap()
    };
    for (layer, starts, wanted) in [
        (tar_of([(PROGRAM, File(&static_head()))]), &starts, "is no swarmkit-mon"),
        (tar_of([(PROGRAM, File(&older))]), &starts, "swarmkit-mon 1.9.9 of 1"),
        (tar_of([(PROGRAM, File(&elsewhere))]), &starts, "of 2222"),
        (tar_of([("bin/other", File(&ours))]), &starts, "also holds \"bin/other\""),
        (tar_of([("etc/ld.so.preload", File(&ours)), (PROGRAM, File(&ours))]), &starts, "etc/ld.so.preload"),
        (tar_of([(PROGRAM, File(&ours)), (PROGRAM, File(&static_head()))]), &starts, "twice"),
        (tar_of([(PROGRAM, Link(tar::EntryType::Symlink, "/proc/self/exe"))]), &starts, "also holds"),
        (tar_of([(PROGRAM, Link(tar::EntryType::Link, "../image.tar"))]), &starts, "also holds"),
        (tar_of([(PROGRAM, File(&ours)), ("bin/sh", Link(tar::EntryType::Symlink, "/x"))]), &starts, "also holds"),
        (tar_of([("bin", Link(tar::EntryType::Symlink, "/x")), (PROGRAM, File(&ours))]), &starts, "also holds"),
        (tar_of([(PROGRAM, Claimed(1 << 60))]), &starts, "no more than"),
        (tar_of([(PROGRAM, Claimed(1 << 20))]), &starts, "cut off"),
        (bomb, &starts, "behind the end"),
        (tar_of([]), &starts, "there is no bin/swarmkit-mon"),
        (b"no tar".to_vec(), &starts, "cut off, or no tar"),
        (cut_off, &starts, "cut off"),
        (followed, &starts, "behind the end"),
        (good(), &json!(["/bin/sh"]), "it starts /bin/sh"),
        (good(), &json!(["/bin/swarmkit-mon", "--once"]), "--once"),
        (good(), &Value::Null, "starts no program"),
    ] {
        let rows = told(layer, starts);
        assert!(rows.len() == 1 && rows[0].starts_with("image program: "), "{wanted}: {rows:?}");
        assert!(rows[0].contains(wanted), "{wanted}: {rows:?}");
    }
}

fn licences_are_packed_and_missed() {
    let folder = ingredients();
    let (code, _, errors) = pack(folder.path(), &[]);
    assert!(code == 0 && errors.contains("no licences") && errors.contains("--licences"), "{errors}");
    fs::write(folder.path().join("licences"), "The licences.\n").unwrap();
    let commit = "1".repeat(40);
    fs::write(folder.path().join("program"), [static_head(), noted(VERSION, &commit)].concat()).unwrap();
    let (code, _, errors) = pack(folder.path(), &["--licences", "licences"]);
    assert!(code == 0 && !errors.contains("--licences"), "{errors}");
    let layer =
        files(&folder.path().join("image.tar")).into_iter().find(|(_, content)| content.starts_with(&[31, 139]));
    let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(std::io::Cursor::new(layer.unwrap().1)));
    let mut entries = tar.entries().unwrap().map(Result::unwrap);
    let mut entry = entries.find(|entry| *entry.path_bytes() == b"usr/share/doc/swarmkit-mon/licences.gz"[..]).unwrap();
    let mut text = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&mut entry), &mut text).unwrap();
    assert_eq!(text, "The licences.\n");
    assert_eq!(wrong(folder.path(), &format!("v{VERSION}"), &commit), [""; 0]);
    fs::write(folder.path().join("licences"), "\n").unwrap();
    for (file, wanted) in [("licences", "is empty"), ("none", "cannot read none")] {
        let (code, _, errors) = pack(folder.path(), &["--licences", file]);
        assert!(code == 2 && errors.contains(wanted), "{errors}");
    }
}
