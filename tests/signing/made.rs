//! Images, signed ones, and what is in their archives.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use swarm_lab::generator::outcome;
use swarm_lab::made_program::{MACHINES, made_program};
use swarm_lab::programs;

pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");
pub(super) const TAG: &str = concat!("v", env!("CARGO_PKG_VERSION"));
pub(super) const COMMIT: &str = "1111111111111111111111111111111111111111";

pub(super) fn key(name: &str) -> String {
    programs::root().join("tests/data/keys").join(name).display().to_string()
}

pub(super) fn packages() -> Vec<Value> {
    vec![
        json!({ "name": "swarmkit-mon", "version": VERSION, "source": "local", "root": true }),
        json!({ "name": "serde", "version": "1.0.0", "source": "crates.io" }),
        json!({ "name": "cc", "version": "1.0.0", "source": "crates.io", "kind": "build" }),
    ]
}

pub(super) fn sbom(name: &str, components: &[&str]) -> Value {
    let components: Vec<Value> = components.iter().map(|name| json!({ "name": name, "version": "1.0.0" })).collect();
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "metadata": { "component": { "name": name, "version": VERSION } },
        "components": components,
    })
}

/// A folder with an image for two platforms, image.tar, and its SBOM.
pub(super) fn image() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for machine in MACHINES {
        fs::write(path(&machine.to_string()), made_program(machine, VERSION, COMMIT, &packages())).unwrap();
    }
    fs::write(path("ca"), "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n").unwrap();
    fs::write(path("sbom.json"), sbom("swarmkit-mon", &["serde"]).to_string()).unwrap();
    let args = ["image", "62", "183", "--certificates", "ca", "--out", "image.tar", "--quiet"];
    assert_eq!(outcome(folder.path(), &args).0, 0);
    folder
}

pub(super) fn sign(folder: &Path, more: &[&str]) -> (i32, String, String) {
    let fixed = ["sign", "image.tar", "--sbom", "sbom.json", "--out", "signed.tar", "--format", "json"];
    outcome(folder, &[&fixed[..], more].concat())
}

/// The folder of a signed image, and what `sign` reported.
pub(super) fn signed() -> (tempfile::TempDir, Value) {
    let folder = image();
    let (code, text, errors) = sign(folder.path(), &["--key", &key("pkcs8.pem")]);
    assert_eq!((code, errors.as_str()), (0, ""));
    (folder, serde_json::from_str(&text).unwrap())
}

pub(super) fn verify(folder: &Path, more: &[&str]) -> (i32, Value, String) {
    let public = key("public.pem");
    let mut args = vec!["verify-image", "signed.tar", "--format", "json"];
    if !more.contains(&"--key") {
        args.extend(["--key", &public]);
    }
    args.extend(more);
    let (code, text, errors) = outcome(folder, &args);
    (code, serde_json::from_str(&text).unwrap_or_default(), errors)
}

/// The rows of `verify-image` that do not agree, each as `what: says`.
pub(super) fn wrong(folder: &Path, more: &[&str]) -> Vec<String> {
    let (code, report, errors) = verify(folder, more);
    let rows = report["rows"].as_array().unwrap_or_else(|| panic!("{errors}"));
    let rows: Vec<String> = rows
        .iter()
        .filter(|row| row["agrees"] == false)
        .map(|row| format!("{}: {}", row["what"].as_str().unwrap(), row["says"].as_str().unwrap()))
        .collect();
    assert_eq!((code, report["agree"] == true), (i32::from(!rows.is_empty()), rows.is_empty()));
    rows
}

pub(super) type Files = Vec<(String, Vec<u8>)>;

pub(super) fn read(archive: &Path) -> Files {
    let mut tar = tar::Archive::new(fs::File::open(archive).unwrap());
    let file = |entry: std::io::Result<tar::Entry<'_, fs::File>>| {
        let mut entry = entry.unwrap();
        let mut content = Vec::new();
        std::io::Read::read_to_end(&mut entry, &mut content).unwrap();
        (entry.path().unwrap().display().to_string(), content)
    };
    tar.entries().unwrap().map(file).collect()
}

pub(super) fn write(archive: &Path, files: &Files) {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = tar::Header::new_ustar();
        header.set_mode(0o644);
        header.set_size(content.len() as u64);
        tar.append_data(&mut header, name, content.as_slice()).unwrap();
    }
    fs::write(archive, tar.into_inner().unwrap()).unwrap();
}

pub(super) fn content<'f>(files: &'f Files, name: &str) -> &'f [u8] {
    &files.iter().find(|(found, _)| found == name).unwrap_or_else(|| panic!("no {name}")).1
}

pub(super) fn blob<'f>(files: &'f Files, descriptor: &Value) -> &'f [u8] {
    content(files, &format!("blobs/{}", descriptor["digest"].as_str().unwrap().replace(':', "/")))
}

pub(super) fn json_of(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

/// The entry of index.json whose name ends so.
pub(super) fn entry(files: &Files, end: &str) -> Value {
    let index = json_of(content(files, "index.json"));
    let entries = index["manifests"].as_array().unwrap().iter();
    let name =
        |entry: &&Value| entry["annotations"]["org.opencontainers.image.ref.name"].as_str().unwrap().ends_with(end);
    entries.clone().find(name).unwrap().clone()
}

pub(super) fn layers(files: &Files, end: &str) -> Vec<Value> {
    json_of(blob(files, &entry(files, end)))["layers"].as_array().unwrap().clone()
}
